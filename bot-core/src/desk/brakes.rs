// SPDX-License-Identifier: AGPL-3.0-or-later
//! What an author reads whose message stays where it was said.
//!
//! Rule: the line stands below the message, and nowhere else.

use bridge_model::{MessageId, Place};
use bridge_policy::brakes::{KNOWN, Why};

use super::outcome::Outcome;
use super::phrases::Phrases;
use crate::i18n::{Arg, Key};
use crate::lane::{Answer, Work};

/// Why a message is not shared, and what its author or an admin can do.
pub(super) fn told(phrases: Phrases<'_>, chat: &Place, message: &MessageId, why: Why) -> Outcome {
    let set =
        |value: &str| Arg::text(phrases.typed_on(&chat.network, &format!("set brakes {value}")));
    let text = match why {
        Why::Flood => phrases.say(Key::BrakedFlood, &[]),
        Why::Repeated => phrases.say(Key::BrakedRepeated, &[]),
        Why::Newcomer => {
            phrases.say(Key::BrakedNewcomer, &[Arg::number(KNOWN.into()), set("flood")])
        }
        Why::Raid => phrases.say(Key::BrakedRaid, &[set("newcomers")]),
    };
    let answer = Answer { to: Some(message.clone()), ..Answer::default() };
    let said = phrases.message(text);
    Outcome::then(vec![(chat.clone(), Work::answer(chat, answer, said))])
}
