// SPDX-License-Identifier: AGPL-3.0-or-later
//! The sentences that answer the first questions of admins.
//!
//! Rule: they are a list of their own because one file would be too long; [`super::list`] puts all
//! sentences together.

macro_rules! with_faq {
    ($($listed:tt)*) => {
        with_pages! {
            $($listed)*
            HelpFaq = "help-faq",
            HelpFaqWhat = "help-faq-what",
            FaqIntro = "faq-intro",
            FaqLine = "faq-line",
            FaqEverything = "faq-everything",
            FaqHead = "faq-head",
            FaqRights = "faq-rights",
            FaqWho = "faq-who",
            FaqData = "faq-data",
            FaqBans = "faq-bans",
            FaqStop = "faq-stop",
            FaqCost = "faq-cost",
            FaqMatrix = "faq-matrix",
            FaqRightsShare = "faq-rights-share",
            FaqRightsModerate = "faq-rights-moderate",
            FaqRightsChat = "faq-rights-chat",
            FaqRightsThreads = "faq-rights-threads",
            FaqRightsThere = "faq-rights-there",
            FaqRightsElsewhere = "faq-rights-elsewhere",
            FaqWhoShared = "faq-who-shared",
            FaqWhoNothing = "faq-who-nothing",
            FaqNamesFull = "faq-names-full",
            FaqNamesFirst = "faq-names-first",
            FaqNamesInvented = "faq-names-invented",
            FaqReadersMembers = "faq-readers-members",
            FaqReadersEverybody = "faq-readers-everybody",
            FaqRoomClear = "faq-room-clear",
            FaqRoomSealed = "faq-room-sealed",
            FaqBansCross = "faq-bans-cross",
            FaqBansTyped = "faq-bans-typed",
            FaqBansSides = "faq-bans-sides",
            FaqBansWho = "faq-bans-who",
            FaqStopOne = "faq-stop-one",
            FaqStopRemove = "faq-stop-remove",
            FaqCostNothing = "faq-cost-nothing",
            FaqMatrixNobodyMust = "faq-matrix-nobody-must",
        }
    };
}
