// SPDX-License-Identifier: AGPL-3.0-or-later
//! Reasons why something cannot be done, in words.
//!
//! Rule: what a platform said is shown as a quotation under its name; nothing of the bridge's own
//! is in English only.

use bridge_model::NetworkId;

use super::{Wording, label};
use crate::i18n::{Arg, Key};
use crate::refusal::{MissingRight, Refusal, Right};

impl Wording {
    /// Why something cannot be done on `network`, as a clause that stands behind a colon.
    pub fn reason(&self, network: &NetworkId, refusal: &Refusal) -> String {
        let named = || Arg::text(label(network));
        let (key, args) = match refusal {
            Refusal::Platform(words) if words.trim().is_empty() => {
                (Key::ReasonPlatformSilent, vec![named()])
            }
            Refusal::Platform(words) => (Key::ReasonPlatform, vec![named(), Arg::text(words)]),
            Refusal::MissingRights(missing) => {
                let all: Vec<String> = missing.iter().map(|right| self.right(right)).collect();
                (Key::ReasonRights, vec![Arg::text(all.join(" / "))])
            }
            Refusal::NotInChat => (Key::ReasonNotInChat, Vec::new()),
            Refusal::Encrypted => (Key::ReasonEncrypted, Vec::new()),
            Refusal::Barred(_) => (Key::ReasonBarred, Vec::new()),
            Refusal::NotInvited(bot) => (Key::ReasonNotInvited, vec![Arg::text(bot)]),
            Refusal::NotConfigured => (Key::ReasonNotConfigured, vec![named()]),
            Refusal::NotTheirsToDelete => (Key::ReasonNotTheirsToDelete, Vec::new()),
            Refusal::NotTheirsToClose => (Key::ReasonNotTheirsToClose, Vec::new()),
            Refusal::AlbumStays => (Key::ReasonAlbumStays, Vec::new()),
            Refusal::AlbumFile => (Key::ReasonAlbumFile, Vec::new()),
            Refusal::AlbumWords => (Key::ReasonAlbumWords, Vec::new()),
            Refusal::ThreadLocked => (Key::ReasonThreadLocked, Vec::new()),
            Refusal::ThreadHidden => (Key::ReasonThreadHidden, Vec::new()),
            Refusal::ThreadGone => (Key::ReasonThreadGone, Vec::new()),
            Refusal::PosterGone => (Key::ReasonPosterGone, Vec::new()),
            Refusal::NameRefused => (Key::ReasonNameRefused, vec![named()]),
            Refusal::NotAGroup => (Key::ReasonNotAGroup, Vec::new()),
            Refusal::UnknownEmoji | Refusal::NoReaction => (Key::ReasonReaction, Vec::new()),
            Refusal::TooManyChanges => (Key::ReasonTooManyChanges, vec![named()]),
            Refusal::File(_) => (Key::ReasonFile, Vec::new()),
            Refusal::AccessUnknown => (Key::ReasonAccessUnknown, Vec::new()),
            Refusal::AccessFixed => (Key::ReasonAccessFixed, Vec::new()),
            Refusal::ServerDenied(server) => (Key::ReasonServerDenied, vec![Arg::text(server)]),
            Refusal::ActsOnModerator => (Key::ReasonActsOnModerator, Vec::new()),
            Refusal::StandsHigher => (Key::ReasonStandsHigher, Vec::new()),
            Refusal::NotSo => (Key::ReasonNotSo, vec![named()]),
            Refusal::NoRoleAbove => (Key::ReasonNoRoleAbove, Vec::new()),
            Refusal::HaltedByHand => (Key::ReasonHaltedByHand, Vec::new()),
            Refusal::LeftOutByHand => (Key::ReasonLeftOutByHand, Vec::new()),
            Refusal::Unexpected(_) => (Key::ReasonUnexpected, Vec::new()),
        };
        self.plain(key, &args)
    }

    /// A right, with its name in the menus of the platform beside it.
    pub fn right(&self, missing: &MissingRight) -> String {
        let key = match missing.right {
            Right::Read => Key::RightRead,
            Right::Write => Key::RightWrite,
            Right::SpeakForOthers => Key::RightSpeakForOthers,
            Right::React => Key::RightReact,
            Right::Pin => Key::RightPin,
            Right::Delete => Key::RightDelete,
            Right::ChangeChat => Key::RightChangeChat,
            Right::DecideWhoSpeaks => Key::RightDecideWhoSpeaks,
            Right::ManageThreads => Key::RightManageThreads,
            Right::OfferCommands => Key::RightOfferCommands,
            Right::Ban => Key::RightBan,
            Right::Mute => Key::RightMute,
        };
        let right = Arg::text(self.plain(key, &[]));
        self.plain(Key::RightInMenu, &[right, Arg::text(&missing.menu)])
    }
}
