// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the notices say, by stage and network.
//!
//! Rule: at a stage that relays each text says that messages are shown on the other side with the
//! author's name, which part of the platform is proprietary, and how to keep a message back.

use bridge_model::{Place, RichText};
use bridge_policy::stage::Stage;

use super::pair::Pair;
use super::phrases::Phrases;
use crate::i18n::{Arg, Key};
use crate::portal::ConsentMode;
use crate::store::keys;
use crate::wording::{Lines, label};

/// The language that strangers read.
const ENGLISH: &str = "en";

/// What the notice of a legacy chat says in a stage.
pub(super) fn stage_text(phrases: Phrases<'_>, pair: Pair<'_>, stage: Stage) -> RichText {
    let place = pair.remote;
    let key = match stage {
        Stage::Inventory => Key::StageTextInventory,
        Stage::Announced => Key::StageTextAnnounced,
        Stage::Bridged => Key::Disclosure.on(&place.network),
        Stage::MatrixFirst => Key::StageTextMatrixFirst,
        Stage::ReadOnly => Key::StageTextReadOnly,
        Stage::Sunset => Key::StageTextSunset,
    };
    let typed = |command: &str| Arg::text(phrases.typed_on(&place.network, command));
    let args = [
        Arg::url(phrases.join_link(&pair.room.chat)),
        typed("unlink"),
        typed("privacy"),
        Arg::text(label(&place.network)),
        typed("matrix"),
    ];
    let mut text = phrases.say(key, &args);
    if stage != Stage::Inventory {
        text = text.join_line(software(phrases, place));
    }
    if relays(stage) {
        text = text.join_line(consent_text(phrases, place, pair.consent));
        text = at_risk_text(phrases, pair, text);
    }
    text = phrases.with_page(text, pair.page);
    if phrases.wording.language() == ENGLISH || stage == Stage::Sunset {
        return text;
    }
    let [room, _, privacy, _, matrix] = args;
    let english = phrases.wording.speaking(ENGLISH);
    text.join_line(english.say(Key::InEnglish, &[room, matrix, privacy]))
}

/// The sentence that the notice in the room begins with in a stage.
pub(super) fn room_key(stage: Stage) -> Key {
    match stage {
        Stage::Inventory => Key::RoomNoticeInventory,
        Stage::Announced => Key::RoomNoticeAnnounced,
        Stage::Bridged | Stage::MatrixFirst => Key::DisclosureMatrix,
        Stage::ReadOnly => Key::RoomNoticeReadOnly,
        Stage::Sunset => Key::RoomNoticeEnded,
    }
}

/// What the notice about a connection says in the room in a stage.
pub(super) fn room_text(phrases: Phrases<'_>, pair: Pair<'_>, stage: Stage) -> RichText {
    let privacy = phrases.typed_on(&pair.room.network, "privacy");
    let args = [Arg::text(label(&pair.remote.network)), Arg::text(privacy)];
    let text = phrases.say(room_key(stage), &args);
    let text = phrases.with_page(text, pair.page);
    if matches!(stage, Stage::Inventory | Stage::Sunset) {
        return text;
    }
    let text = text.join_line(software(phrases, pair.remote));
    match relays(stage) {
        true => {
            let text = text.join_line(consent_text(phrases, pair.room, pair.consent));
            at_risk_text(phrases, pair, text)
        }
        false => text,
    }
}

/// Whether what people write crosses at a stage.
pub(super) fn relays(stage: Stage) -> bool {
    matches!(stage, Stage::Bridged | Stage::MatrixFirst)
}

/// Whose words leave a chat, and how somebody chooses.
pub(super) fn consent_text(phrases: Phrases<'_>, place: &Place, mode: ConsentMode) -> RichText {
    let (key, command) = match mode {
        ConsentMode::Notice => (Key::ConsentNotice, "optout"),
        ConsentMode::OptIn => (Key::ConsentOptIn, "optin"),
    };
    phrases.say(key, &[Arg::text(phrases.typed_on(&place.network, command))])
}

/// A notice, and that no files leave the chat where that is so.
fn at_risk_text(phrases: Phrases<'_>, pair: Pair<'_>, notice: RichText) -> RichText {
    match pair.at_risk {
        true => notice.join_line(phrases.say(Key::AtRiskNotice, &[])),
        false => notice,
    }
}

/// The version of that text, for the ledger: its language, and the beginning of the SHA-256 of its
/// words.
pub(super) fn consent_version(phrases: Phrases<'_>, place: &Place, mode: ConsentMode) -> String {
    let text = consent_text(phrases, place, mode).plain();
    let hash = keys::hash(&[&text]);
    let hash: String = hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{}/{hash}", phrases.wording.language())
}

/// What the notice that stands in one of the two chats says when nothing crosses any more.
pub(super) fn ended_text(phrases: Phrases<'_>, pair: Pair<'_>, place: &Place) -> RichText {
    if *place == *pair.room {
        return room_text(phrases, pair, Stage::Sunset);
    }
    let privacy = phrases.typed_on(&place.network, "privacy");
    phrases.say(Key::NoticeEnded, &[Arg::text(privacy)])
}

/// Which part of a platform is proprietary.
pub(super) fn software(phrases: Phrases<'_>, place: &Place) -> RichText {
    phrases.say(Key::Software.on(&place.network), &[Arg::text(label(&place.network))])
}
