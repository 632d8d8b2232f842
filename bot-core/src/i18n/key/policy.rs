// SPDX-License-Identifier: AGPL-3.0-or-later
//! The sentences about policy lists and server ACLs.
//!
//! Rule: [`super::list`] puts all sentences together.

macro_rules! with_policy {
    ($($listed:tt)*) => {
        with_dashboard! {
            $($listed)*
            HelpPolicy = "help-policy",
            HelpPolicyWhat = "help-policy-what",
            PolicyNone = "policy-none",
            PolicyList = "policy-list",
            PolicyOwn = "policy-own",
            PolicyUsage = "policy-usage",
            PolicyPreview = "policy-preview",
            PolicyHits = "policy-hits",
            PolicyAside = "policy-aside",
            PolicyAsideMore = "policy-aside-more",
            PolicyRooms = "policy-rooms",
            PolicyThisRoom = "policy-this-room",
            PolicyMost = "policy-most",
            PolicyAdmin = "policy-admin",
            PolicyBot = "policy-bot",
            PolicyHomeserver = "policy-homeserver",
            PolicyFollowed = "policy-followed",
            PolicyKnown = "policy-known",
            PolicyEnded = "policy-ended",
            PolicyUnknown = "policy-unknown",
            PolicyUnreadable = "policy-unreadable",
            PolicyNewAside = "policy-new-aside",
            PolicyAgree = "policy-agree",
            PolicyAgreed = "policy-agreed",
            PolicyNotWaiting = "policy-not-waiting",
            PolicyOwned = "policy-owned",
            PolicyOwnEnded = "policy-own-ended",
            PolicyOwnLacks = "policy-own-lacks",
            ButtonAgreeRule = "button-agree-rule",
            ReasonServerDenied = "reason-server-denied",
            RoomServerDenied = "room-server-denied",
            ClaimDenied = "claim-denied",
        }
    };
}
