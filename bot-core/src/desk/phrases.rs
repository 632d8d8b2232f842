// SPDX-License-Identifier: AGPL-3.0-or-later
//! The sentences, buttons and addresses that several features share.
//!
//! Rule: a button is only another way to type a command, which the words name, too. Whoever touches
//! it needs the right that typing it takes.

use std::collections::BTreeMap;

use bridge_model::{Button, ChatId, Event, Message, NetworkId, Place, Press, RichText, Timestamp};
use bridge_policy::stage::Stage;

use super::outcome::Outcome;
use crate::i18n::{Arg, Key};
use crate::lane::{Answer, Original, Work};
use crate::page_links::PageLinks;
use crate::portal::{Portal, PortalId};
use crate::refusal::Refusal;
use crate::relay::Networks;
use crate::wording::{Lines, Wording};

/// What the bot names in its sentences as long as it runs.
pub(super) struct Addresses {
    /// What stands before a command, by network: `/`, `!freeside `.
    prefixes: BTreeMap<NetworkId, String>,
    /// The homeserver's name.
    server: String,
    /// A client in the browser that opens rooms at `#/room/...`; empty for none.
    web_client: String,
    /// Public pages, where there are any.
    pages: Option<PageLinks>,
}

impl Addresses {
    pub(super) fn new(
        networks: &Networks,
        (server, web_client): (&str, &str),
        pages: Option<PageLinks>,
    ) -> Self {
        let prefix = |network: &dyn crate::network::Network| {
            (network.id().clone(), network.command_prefix().to_owned())
        };
        Self {
            prefixes: networks.all().map(|network| prefix(&**network)).collect(),
            server: server.to_owned(),
            web_client: web_client.trim_end_matches('/').to_owned(),
            pages,
        }
    }
}

/// A message that somebody posted, with the event that brought it.
#[derive(Clone, Copy)]
pub(super) struct Post<'a> {
    pub(super) event: &'a Event,
    pub(super) message: &'a Message,
}

/// The bot's sentences in the language of one answer.
#[derive(Clone, Copy)]
pub(super) struct Phrases<'a> {
    /// All sentences, in that language.
    pub(super) wording: &'a Wording,
    /// When they are said.
    pub(super) now: Timestamp,
    /// What they name.
    pub(super) addresses: &'a Addresses,
}

impl Phrases<'_> {
    pub(super) fn say(&self, key: Key, args: &[Arg]) -> RichText {
        self.wording.say(key, args)
    }

    /// A sentence without formatting.
    pub(super) fn plain(&self, key: Key, args: &[Arg]) -> String {
        self.wording.plain(key, args)
    }

    /// A sentence that is all of an answer.
    pub(super) fn answer(&self, key: Key, args: &[Arg]) -> Outcome {
        Outcome::say(self.wording.say(key, args))
    }

    /// Why something was refused on a network, as an argument of a sentence.
    pub(super) fn reason(&self, network: &NetworkId, reason: &Refusal) -> Arg {
        Arg::text(self.wording.reason(network, reason))
    }

    /// The name of a stage, as an argument of a sentence.
    pub(super) fn stage(&self, stage: Stage) -> Arg {
        Arg::text(self.wording.stage(stage))
    }

    /// How a command is typed on a network.
    pub(super) fn typed_on(&self, network: &NetworkId, command: &str) -> String {
        let prefix = self.addresses.prefixes.get(network).map_or("/", String::as_str);
        format!("{prefix}{command}")
    }
}

/// What is said in lanes.
impl Phrases<'_> {
    pub(super) fn message(&self, text: RichText) -> Message {
        self.wording.message(text, self.now)
    }

    /// A message for a chat, as an entry of its lane.
    pub(super) fn message_in(&self, chat: &Place, text: RichText) -> (Place, Work) {
        (chat.clone(), Work::say(chat, None, self.message(text)))
    }

    /// An answer for a chat, with its pictures and buttons, as an entry of its lane.
    pub(super) fn answer_in(&self, chat: &Place, answer: Answer, said: &Outcome) -> (Place, Work) {
        let message = self.message(said.answer.clone());
        let (buttons, media) = (said.buttons.clone(), said.pictures.clone());
        (chat.clone(), Work::answer(chat, answer, Message { buttons, media, ..message }))
    }

    /// A message below another one and each of its copies, in every chat of the portal.
    pub(super) fn below(
        &self,
        portal: &Portal,
        post: Post<'_>,
        text: RichText,
    ) -> Vec<(Place, Work)> {
        let Post { event, message } = post;
        let said = self.message(text);
        let of = Original {
            place: event.place.clone(),
            message: event.message.clone(),
            threaded: message.thread.is_some(),
        };
        let answer = Answer { of: Some(of), ..Answer::default() };
        let say = |place| {
            let work = Work::answer(&place, answer.clone(), said.clone());
            (place, work)
        };
        let mut places = portal.active();
        if !places.contains(&event.place) {
            // The room of a topic.
            places.push(event.place.clone());
        }
        places.into_iter().map(say).collect()
    }
}

/// Buttons.
impl Phrases<'_> {
    /// A button for a command, which is typed without prefix here.
    pub(super) fn button(&self, label: Key, command: impl Into<String>) -> Button {
        Button { label: self.plain(label, &[]), press: Press::Say(command.into()) }
    }

    /// A button whose label says a number.
    pub(super) fn numbered(&self, label: Key, number: u32, command: impl Into<String>) -> Button {
        let label = self.plain(label, &[Arg::text(number.to_string())]);
        Button { label, press: Press::Say(command.into()) }
    }

    /// A button that opens an address.
    pub(super) fn opens(&self, label: Key, address: String) -> Button {
        Button { label: self.plain(label, &[]), press: Press::Open(address) }
    }
}

/// Addresses.
impl Phrases<'_> {
    /// The homeserver's name.
    pub(super) fn server(&self) -> &str {
        &self.addresses.server
    }

    /// The host of the client in the browser; empty for none.
    pub(super) fn web_client(&self) -> &str {
        let base = self.addresses.web_client.as_str();
        let host = base.split_once("://").map_or(base, |(_, rest)| rest);
        host.split(['/', ':']).next().unwrap_or_default()
    }

    /// The address of the page about a portal; `None` without pages.
    pub(super) fn page_of(&self, portal: PortalId) -> Option<String> {
        Some(self.addresses.pages.as_ref()?.address(portal))
    }

    /// A text, and where the page about its connection is.
    pub(super) fn with_page(&self, text: RichText, portal: Option<PortalId>) -> RichText {
        match portal.and_then(|portal| self.page_of(portal)) {
            Some(address) => text.join_line(self.say(Key::PageLine, &[Arg::url(address)])),
            None => text,
        }
    }

    /// The address under which a room opens in any client, <https://spec.matrix.org/v1.16/appendices/#matrixto-navigation>.
    pub(super) fn join_link(&self, room: &ChatId) -> String {
        let address = crate::address::matrix_to(room.as_str());
        format!("{address}?via={}", self.addresses.server)
    }

    /// The address under which a room opens in a client in the browser.
    pub(super) fn web_link(&self, room: &ChatId) -> String {
        match self.addresses.web_client.as_str() {
            "" => self.join_link(room),
            base => format!("{base}/#/room/{}?via={}", room.as_str(), self.addresses.server),
        }
    }
}
