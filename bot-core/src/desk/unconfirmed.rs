// SPDX-License-Identifier: AGPL-3.0-or-later
//! `confirm`: what reaches many people is shown first, and takes effect with one touch more.
//!
//! Rule: a command is kept as it was typed and is carried out as if whoever confirms it had typed it
//! then: with their rights, and with all that has changed meanwhile.

use bridge_model::{Command, RichText, Timestamp};

use super::call::Call;
use super::code;
use super::outcome::{DeskError, Outcome};
use crate::i18n::{Arg, Key};
use crate::store::unconfirmed::Unconfirmed;
use crate::store::{Change, CodeHash, Store, keys};
use crate::wording::Lines;

/// Letters of a code; they tell the few commands apart that wait in one chat.
const LETTERS: usize = 5;

/// What `confirm` is about.
pub(super) enum Found {
    /// The command, and the code under which it waits.
    Waiting(Command, CodeHash),
    /// There is none, and what the person reads.
    Nothing(Outcome),
}

/// The answer that shows what a command would do.
pub(super) fn ask(call: &Call<'_>, shown: RichText) -> Outcome {
    let phrases = call.phrases;
    if call.command.on_page {
        // The page has a button of its own, and nothing waits in the room.
        return Outcome::change(shown, vec![waiting(call, &own_code(call))]);
    }
    let code = own_code(call);
    let how = [Arg::text(call.typed("confirm"))];
    let text = shown.join_line(phrases.say(Key::ConfirmHow, &how));
    let button = phrases.button(Key::ButtonConfirm, format!("confirm {code}"));
    Outcome::change(text, vec![waiting(call, &code)]).with([button])
}

fn waiting(call: &Call<'_>, code: &str) -> Change {
    let life = i64::try_from(code::LIFE.as_millis()).unwrap_or(i64::MAX);
    let waiting = Unconfirmed {
        by: call.person(),
        command: call.command.text.clone(),
        until: Timestamp(call.phrases.now.0.saturating_add(life)),
        number: 0,
    };
    Change::Ask(call.place.clone(), code::hash(code), Box::new(waiting))
}

/// The command that a `confirm` means.
pub(super) async fn find(
    store: &Store,
    call: &Call<'_>,
    code: Option<&str>,
) -> Result<Found, DeskError> {
    let found = store.unconfirmed(call.place, code.map(code::hash), &call.person()).await?;
    Ok(match found {
        None => Found::Nothing(call.phrases.answer(Key::ConfirmNothing, &[])),
        Some((_, waiting)) if waiting.until < call.phrases.now => {
            let again = [Arg::text(call.typed(&waiting.command))];
            Found::Nothing(call.phrases.answer(Key::ConfirmStale, &again))
        }
        Some((code, waiting)) => {
            let command = Command { text: waiting.command, ..call.command.clone() };
            Found::Waiting(command, code)
        }
    })
}

/// The same after each try to carry the command out, so that it is stored once.
fn own_code(call: &Call<'_>) -> String {
    let Call { place, message, .. } = call;
    let [network, chat] = [place.network.as_str(), place.chat.as_str()];
    let hash = keys::hash(&["confirm", network, chat, message.as_str()]);
    let letters = hash.iter().take(LETTERS).map(|byte| char::from(b'a' + byte % 26));
    letters.collect()
}
