// SPDX-License-Identifier: AGPL-3.0-or-later
//! What an author reads whose message stays where it was said.
//!
//! Rule: the line stands below the message, and nowhere else.

use bridge_model::{MessageId, Place};
use bridge_policy::brakes::{Brake, KNOWN, WAITS_MS};

use super::outcome::Outcome;
use super::phrases::Phrases;
use crate::i18n::{Arg, Key};
use crate::lane::{Answer, Work};

/// Brake a message is not shared, and what its author or an admin can do.
pub(super) fn told(phrases: Phrases<'_>, chat: &Place, message: &MessageId, why: Brake) -> Outcome {
    let set =
        |value: &str| Arg::text(phrases.typed_on(&chat.network, &format!("set brakes {value}")));
    let set_first = Arg::text(phrases.typed_on(&chat.network, "set first-messages cross"));
    let text = match why {
        Brake::Flood => phrases.say(Key::BrakedFlood, &[]),
        Brake::Repeated => phrases.say(Key::BrakedRepeated, &[]),
        Brake::Newcomer => {
            phrases.say(Key::BrakedNewcomer, &[Arg::number(KNOWN.into()), set("flood")])
        }
        Brake::First => {
            let minutes = Arg::number(WAITS_MS.unsigned_abs() / 60_000);
            phrases.say(Key::BrakedFirst, &[minutes, set_first])
        }
        Brake::Raid => phrases.say(Key::BrakedRaid, &[set("newcomers")]),
    };
    let answer = Answer { to: Some(message.clone()), ..Answer::default() };
    let said = phrases.message(text);
    Outcome::then(vec![(chat.clone(), Work::answer(chat, answer, said))])
}
