// SPDX-License-Identifier: AGPL-3.0-or-later
//! The sentences about moderation across sides.
//!
//! Rule: they are a list of their own because one file would be too long; [`super::list`] puts all
//! sentences together.

macro_rules! with_moderation {
    ($($listed:tt)*) => {
        with_reports! {
            $($listed)*
            HelpBan = "help-ban",
            HelpBanWhat = "help-ban-what",
            HelpUnban = "help-unban",
            HelpKick = "help-kick",
            HelpMute = "help-mute",
            HelpMuteWhat = "help-mute-what",
            HelpUnmute = "help-unmute",
            HelpPurge = "help-purge",
            HelpPurgeWhat = "help-purge-what",
            HelpModerationWhat = "help-moderation-what",
            MenuBan = "menu-ban",
            MenuKick = "menu-kick",
            MenuMute = "menu-mute",
            MenuReport = "menu-report",
            ReasonActsOnModerator = "reason-acts-on-moderator",
            ReasonStandsHigher = "reason-stands-higher",
            RightBan = "right-ban",
            RightMute = "right-mute",
            DeedBanned = "deed-banned",
            DeedUnbanned = "deed-unbanned",
            DeedKicked = "deed-kicked",
            DeedMuted = "deed-muted",
            DeedUnmuted = "deed-unmuted",
            ModerationReason = "moderation-reason",
            ModerationBy = "moderation-by",
            ModerationFrom = "moderation-from",
            ModerationSpared = "moderation-spared",
            ModerationNotDone = "moderation-not-done",
            ModerationHeldBack = "moderation-held-back",
            ModerationLacks = "moderation-lacks",
            ModerationUsage = "moderation-usage",
            ModerationUnknown = "moderation-unknown",
            ModerationNotAllowed = "moderation-not-allowed",
            ModerationEqual = "moderation-equal",
            ModerationNothing = "moderation-nothing",
            ModerationMuteUsage = "moderation-mute-usage",
            ModerationPurgeUsage = "moderation-purge-usage",
            ModerationBanned = "moderation-banned",
            ModerationUnbanned = "moderation-unbanned",
            ModerationKicked = "moderation-kicked",
            ModerationMuted = "moderation-muted",
            ModerationUnmuted = "moderation-unmuted",
            ModerationSideActs = "moderation-side-acts",
            ModerationSideHolds = "moderation-side-holds",
            ModerationUndo = "moderation-undo",
            ModerationPurged = "moderation-purged",
            ModerationReported = "moderation-reported",
            ModerationReportedBefore = "moderation-reported-before",
            ModerationReport = "moderation-report",
        }
    };
}
