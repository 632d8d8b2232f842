// SPDX-License-Identifier: AGPL-3.0-or-later
//! A command that somebody typed, with all that its feature needs to know about where and who.
//!
//! Rule: the portal is that of the chat in which the command was typed, as it was when the command
//! was taken out of its lane. What is asked of another chat is read again.

use bridge_model::{Button, Command, MessageId, Person, Place, Press, RichText, Rights};

use super::nearest::nearest;
use super::outcome::{DeskError, Outcome};
use super::phrases::Phrases;
use crate::i18n::{Arg, Key};
use crate::lane::Work;
use crate::migration::{Audit, AuditAction, MigrationChange, Who};
use crate::network::MATRIX;
use crate::portal::Portal;
use crate::relay::Networks;
use crate::store::Change;
use crate::wording::{Lines, label};

/// Characters of a command on a button.
const LONGEST_LABEL: usize = 30;

/// A command on its way through the desk.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    /// What was typed, and by whom.
    pub(super) command: &'a Command,
    /// The chat in which it was typed.
    pub(super) place: &'a Place,
    /// The portal of that chat.
    pub(super) portal: Option<&'a Portal>,
    /// The event that brought the command.
    pub(super) message: &'a MessageId,
    /// The caller's name, as other sides may see it.
    pub(super) name: &'a str,
    /// What the command does was shown before, and somebody has said yes.
    pub(super) confirmed: bool,
    /// The bot's sentences, in the language of the answer.
    pub(super) phrases: Phrases<'a>,
    /// The same in the language of the chats, for what others are told.
    pub(super) shared: Phrases<'a>,
}

impl Call<'_> {
    pub(super) fn is_on_matrix(&self) -> bool {
        self.place.network.as_str() == MATRIX
    }

    /// How a command is typed where this one was.
    pub(super) fn typed(&self, command: &str) -> String {
        self.phrases.typed_on(&self.place.network, command)
    }

    /// What the caller may do in the chat; asked of the network where the command does not say it.
    pub(super) async fn rights(&self, networks: &Networks) -> Result<Rights, DeskError> {
        if let Some(rights) = self.command.rights {
            return Ok(rights);
        }
        let Some(network) = networks.get(&self.place.network) else {
            return Ok(Rights::default());
        };
        Ok(network.rights(&self.place.chat, &self.command.by.user).await?)
    }

    /// The answer where nothing is linked.
    pub(super) fn not_linked(&self) -> Outcome {
        let link = Arg::text(self.typed("link"));
        self.phrases.answer(Key::StatusNotLinked, &[link])
    }

    /// The answer that names the right which the caller lacks.
    pub(super) fn not_allowed(&self) -> Outcome {
        self.phrases.answer(Key::NotAllowed.on(&self.place.network), &[])
    }

    /// The answer that names a word which means nothing where it was typed, with the one that was
    /// meant as a button.
    pub(super) fn unknown_word(&self, word: &str, after: &str, known: &[&str]) -> Outcome {
        let known_words = known.iter().map(|known| known.split(' ').next().unwrap_or_default());
        if let Some(meant) = nearest(word, known_words) {
            let typed = [word, &self.typed(after), &self.typed(&format!("{after} {meant}"))];
            return self
                .phrases
                .answer(Key::WordNearest, &typed.map(Arg::text))
                .with([self.instead(word, meant)]);
        }
        let args = [Arg::text(word), Arg::text(self.typed(after)), Arg::text(known.join(" | "))];
        let key = if known.is_empty() { Key::WordTooMany } else { Key::WordUnknown };
        self.phrases.answer(key, &args)
    }

    /// A button that types the command again with another word in the place of one.
    pub(super) fn instead(&self, word: &str, meant: &str) -> Button {
        let mut changed = false;
        let words = self.command.text.split_whitespace().map(|typed| {
            let this = !changed && typed.eq_ignore_ascii_case(word);
            changed |= this;
            if this { meant } else { typed }
        });
        let command = words.collect::<Vec<_>>().join(" ");
        let mut label = command.as_str();
        if let Some((end, _)) = command.char_indices().nth(LONGEST_LABEL) {
            label = command.get(..end).unwrap_or_default();
        }
        Button { label: label.to_owned(), press: Press::Say(command) }
    }

    /// The room hears what somebody did from another side; `what` is in the language of the chats.
    pub(super) fn told(&self, room: &Place, what: RichText) -> Option<(Place, Work)> {
        let phrases = self.shared;
        let from = [Arg::text(self.name), Arg::text(label(&self.place.network))];
        let told = || phrases.say(Key::ToldFrom, &from).join_line(what);
        (self.place != room).then(|| phrases.message_in(room, told()))
    }

    /// The history says what somebody did.
    pub(super) fn noted(&self, portal: &Portal, deed: AuditAction) -> Change {
        let (at, who) = (self.phrases.now, Some(self.who()));
        let audit = Audit { at, who, deed, decision: None, share: None };
        Change::Move(Box::new(MigrationChange::Note(portal.room.clone(), audit)))
    }

    /// The same, where the right to change the chat is lacking.
    pub(super) fn may_not_change(&self) -> Outcome {
        match self.place.network.as_str() {
            "telegram" => self.phrases.answer(Key::NotAllowedChangeTelegram, &[]),
            _ => self.not_allowed(),
        }
    }

    /// The account of the caller.
    pub(super) fn person(&self) -> Person {
        Person { network: self.place.network.clone(), user: self.command.by.user.clone() }
    }

    /// The caller, as the history names them.
    pub(super) fn who(&self) -> Who {
        let on_page = self.command.on_page;
        Who { network: self.place.network.clone(), name: Some(self.name.to_owned()), on_page }
    }
}
