// SPDX-License-Identifier: AGPL-3.0-or-later
//! The sentences of pages for a browser.
//!
//! Rule: [`super::list`] puts all sentences together.

macro_rules! with_pages {
    ($($listed:tt)*) => {
        with_self_tests! {
            $($listed)*
            PageSkip = "page-skip",
            PageLanguages = "page-languages",
            PageSource = "page-source",
            PageStatusTitle = "page-status-title",
            PageNotFound = "page-not-found",
            PageNotFoundMore = "page-not-found-more",
            PageLater = "page-later",
            PageLaterMore = "page-later-more",
            PageStatusWell = "page-status-well",
            PageStatusPartly = "page-status-partly",
            PageParts = "page-parts",
            PagePart = "page-part",
            PageState = "page-state",
            PageWorks = "page-works",
            PageFails = "page-fails",
            PagePartHomeserver = "page-part-homeserver",
            PagePartStore = "page-part-store",
        }
    };
}
