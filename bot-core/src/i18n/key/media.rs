// SPDX-License-Identifier: AGPL-3.0-or-later
//! The sentences about public addresses of media, and about taking media away.
//!
//! Rule: they are a list of their own because one file would be too long; [`super::list`] puts all
//! sentences together.

macro_rules! with_media {
    ($($listed:tt)*) => {
        with_moderation! {
            $($listed)*
            NoteFileLinked = "note-file-linked",
            MediaExpired = "media-expired",
            MediaGone = "media-gone",
            MediaUnknown = "media-unknown",
            MediaPurgeInRoom = "media-purge-in-room",
            MediaPurgeAsk = "media-purge-ask",
            MediaPurgeTelegram = "media-purge-telegram",
            MediaPurged = "media-purged",
            MediaPurgedElsewhere = "media-purged-elsewhere",
            DeedMediaPurged = "deed-media-purged",
            SettingAtRisk = "setting-at-risk",
            AtRiskNotice = "at-risk-notice",
            NoteFileStays = "note-file-stays",
        }
    };
}
