// SPDX-License-Identifier: AGPL-3.0-or-later
//! What can be done with one touch below the bot's words.
//!
//! Rule: a button is only another way to type a command, which the words name, too. Whoever touches
//! it needs the right that typing it takes.

use bridge_model::{Button, Message, Place, Press, RichText};
use bridge_policy::stage::Stage;

use super::{Desk, Outcome};
use crate::i18n::{Arg, Key};
use crate::network::MATRIX;

impl Outcome {
    /// The same with buttons, as far as they can be carried everywhere.
    #[must_use]
    pub fn with(self, buttons: impl IntoIterator<Item = Button>) -> Self {
        let fits = |button: &Button| match &button.press {
            Press::Say(command) => command.len() <= Press::LONGEST,
            Press::Open(_) => true,
        };
        Self { buttons: buttons.into_iter().filter(fits).collect(), ..self }
    }
}

impl Desk {
    /// A button for a command, which is typed without prefix here.
    pub(super) fn button(&self, label: Key, command: impl Into<String>) -> Button {
        let press = Press::Say(command.into());
        Button { label: self.wording.plain(label, &[]), press }
    }

    /// A button whose label says a number.
    pub(super) fn numbered(&self, label: Key, number: u32, command: impl Into<String>) -> Button {
        let label = self.wording.plain(label, &[Arg::text(number.to_string())]);
        Button { label, press: Press::Say(command.into()) }
    }

    /// A button that opens an address.
    pub(super) fn opens(&self, label: Key, address: String) -> Button {
        Button { label: self.wording.plain(label, &[]), press: Press::Open(address) }
    }

    /// The notice of a chat, with the way to Matrix as long as there is one: it begins where nobody
    /// else is disturbed by the answer.
    pub(super) async fn notice(&self, place: &Place, stage: Stage, text: RichText) -> Message {
        let mut message = self.wording.message(text, self.clock.now());
        let answers = !matches!(stage, Stage::Inventory | Stage::Sunset);
        let network = self.networks.get(&place.network);
        if let Some(network) = network.filter(|_| answers && place.network.as_str() != MATRIX) {
            message.buttons.push(match network.private_chat_link(&self.matrix_word(place)).await {
                Some(address) => self.opens(Key::ButtonMatrix, address),
                None => self.button(Key::ButtonMatrix, "matrix"),
            });
        }
        message
    }
}
