// SPDX-License-Identifier: AGPL-3.0-or-later
//! The core bot at work: commands, invitations, lost chats.
//!
//! Rule: nothing is ever executed for a ghost or a bot. A command ends in one transaction:
//! its change, its answer and the removal of its entry happen together, once.

pub mod accounts;
pub mod appearance;
pub mod appoint;
pub mod buttons;
pub mod claim;
pub mod code;
pub mod commands;
pub mod create;
pub mod due;
pub mod effects;
pub mod exception;
pub mod gates;
pub mod info;
pub mod link;
pub mod links;
pub mod notice;
pub mod plan;
pub mod remove;
pub mod report;
pub mod settings;
pub mod stage;
pub mod topics;
mod typed;
pub mod vote;
pub mod wiki;

use std::sync::Arc;

use async_trait::async_trait;
use bridge_model::{
    AuthorKind, Button, ChatId, Command, Content, Event, Media, Message, NetworkId, Place,
    RichText, Rights,
};

use bridge_config::Catalogue;
use bridge_policy::budget::Limits;
use bridge_policy::gate::Thresholds;
use bridge_policy::stage::Stage;

use crate::clock::{Clock, Dice};
use crate::courier::{Attempt, Executor};
use crate::homeserver::{Accounts, Rooms};
use crate::i18n::{Arg, Key};
use crate::lane::{Answer, LaneHead, Work, chat_of_core_place};
use crate::migration::Task;
use crate::network::AskError;
use crate::network::MATRIX;
use crate::order::{DeliverError, Failure};
use crate::portal::{EndState, Settings};
use crate::pseudonym::Pseudonyms;
use crate::refusal::Refusal;
use crate::relay::Networks;
use crate::store::{Change, Settlement, Store, StoreError};
use crate::wording::{Wording, label};

/// What `version` and `source` answer, and who runs this bridge.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The version.
    pub version: String,
    /// The commit it was built from.
    pub commit: String,
    /// Where the source is.
    pub source_url: String,
    /// Matrix ids of those who run the bridge.
    pub operators: Vec<String>,
    /// The homeserver's name.
    pub server: String,
    /// A client in the browser that opens rooms at `#/room/...`; empty for none.
    pub web_client: String,
}

/// The core bot at work.
#[derive(Clone)]
pub struct Desk {
    /// Who is reachable.
    pub networks: Networks,
    /// The Matrix side, for rooms.
    pub matrix: Arc<dyn Rooms>,
    /// What is known.
    pub store: Arc<Store>,
    /// What the bot says.
    pub wording: Arc<Wording>,
    /// Names of remote places in state events.
    pub pseudonyms: Pseudonyms,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Codes.
    pub dice: Arc<dyn Dice>,
    /// What it says about itself.
    pub about: About,
    /// How a new link behaves.
    pub defaults: Settings,
    /// Where a new link begins.
    pub first: Stage,
    /// What the stages ask for.
    pub thresholds: Thresholds,
    /// What is known of services that people link to.
    pub catalogue: Arc<Catalogue>,
    /// How many notices there may be.
    pub limits: Limits,
    /// Who gives accounts to those who move, where that is set up.
    pub accounts: Option<Arc<dyn Accounts>>,
}

/// What a command leads to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What the person reads.
    pub answer: RichText,
    /// Pictures of the answer.
    pub pictures: Vec<Media>,
    /// What can be done next with one touch; the answer says how the same is typed.
    pub buttons: Vec<Button>,
    /// What changes.
    pub changes: Vec<Change>,
    /// What else is said and done.
    pub then: Vec<(Place, Work)>,
}

/// A command that cannot be carried out now; it waits.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// A platform cannot be asked now.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Who typed a command, and where.
pub struct Caller<'a> {
    /// The command.
    pub command: &'a Command,
    /// The chat.
    pub place: &'a Place,
}

impl Outcome {
    /// Only an answer.
    pub fn say(answer: RichText) -> Self {
        Self { answer, ..Self::default() }
    }
}

#[async_trait]
impl Executor for Desk {
    async fn execute(
        &self,
        head: &LaneHead,
        _attempt: &mut Attempt,
    ) -> Result<Settlement, Failure> {
        let lane = &head.entry.lane;
        let chat = chat_of_core_place(lane).unwrap_or_else(|| lane.clone());
        match self.language_for(head) {
            Some(language) => self.speaking(&language).carry_out(head, chat).await,
            None => self.carry_out(head, chat).await,
        }
    }

    async fn halted(&self, _head: &LaneHead, _why: &Refusal) -> Vec<(Place, Work)> {
        Vec::new()
    }
}

impl Desk {
    /// The same, in another language.
    fn speaking(&self, language: &str) -> Self {
        let wording = Arc::new(self.wording.speaking(language));
        Self { wording, ..self.clone() }
    }

    /// The language of an answer, where it is not the bot's own: what only one person sees is in
    /// theirs, all else in that of the chats.
    fn language_for(&self, head: &LaneHead) -> Option<String> {
        let work = &head.entry.work;
        let own = |language: &String| language == self.wording.language();
        if let Some(Content::Commanded(command)) = work.event().map(|event| &event.content)
            && (command.private || command.answer_via.is_some())
            && let Some(tag) = &command.language
            && let Some(language) = self.wording.closest(tag)
        {
            return Some(language).filter(|language| !own(language));
        }
        head.portal.as_ref()?.settings.language.clone().filter(|language| !own(language))
    }

    async fn carry_out(&self, head: &LaneHead, chat: Place) -> Result<Settlement, Failure> {
        let work = &head.entry.work;
        let handled = match work {
            Work::Task(Task::Effect(tag)) => self.effect(&chat, tag).await,
            Work::Task(Task::Due(due)) => self.due(&chat, due).await,
            Work::Task(Task::Room(end, root)) => self.topic_room(&chat, end, root).await,
            Work::Task(Task::Tell(news)) => self.tell(&chat, news).await,
            Work::Relay(relayed) => self.handle(&relayed.event, &chat).await,
            // The bot speaks in the lanes of chats only.
            Work::Say(_) | Work::Summary(_) => Ok(Outcome::default()),
        };
        let outcome = match handled {
            Ok(outcome) => outcome,
            Err(DeskError::Ask(AskError::Retry { after, reason })) => {
                return Err(Failure::clean(DeliverError::Retry { after, reason }));
            }
            Err(DeskError::Ask(AskError::Refused(reason))) => match work.completes() {
                Some(tag) => Self::effect_refused(&tag, reason),
                None => {
                    let reason = self.wording.reason(&chat.network, &reason);
                    Outcome::say(self.wording.say(Key::CommandFailed, &[Arg::text(reason)]))
                }
            },
            Err(DeskError::Store(error)) => {
                let reason = error.to_string();
                return Err(Failure::clean(DeliverError::Retry { after: None, reason }));
            }
        };
        let answer = work.event().map(hook).unwrap_or_default();
        let said = (!outcome.answer.is_empty()).then(|| self.words_of(&chat, answer, &outcome));
        let Outcome { changes, mut then, .. } = outcome;
        if let Some(said) = said {
            then.insert(0, said);
        }
        Ok(Settlement {
            lane: head.entry.lane.clone(),
            entry: head.entry.id,
            parts: Vec::new(),
            also: Vec::new(),
            refused: false,
            summaries: Vec::new(),
            changes,
            then,
            now: self.clock.now(),
        })
    }
}

/// Where the answer to an event hangs.
fn hook(event: &Event) -> Answer {
    match &event.content {
        Content::Commanded(Command { answer_via: Some(via), .. }) => {
            Answer { via: Some(via.clone()), ..Answer::default() }
        }
        Content::Commanded(command) => {
            let to = command.pressed.as_ref().unwrap_or(&event.message);
            Answer { to: Some(to.clone()), ..Answer::default() }
        }
        Content::Posted(_)
        | Content::Edited(_)
        | Content::Deleted { .. }
        | Content::Reacted { .. }
        | Content::Unreacted { .. }
        | Content::Moved { .. }
        | Content::Closed
        | Content::Invited { .. }
        | Content::Pinned
        | Content::Unpinned
        | Content::Voted { .. }
        | Content::Counted { .. }
        | Content::PollClosed { .. }
        | Content::ChatChanged { .. }
        | Content::MemberChanged { .. }
        | Content::ThreadChanged { .. } => Answer::default(),
    }
}

impl Desk {
    async fn handle(&self, event: &Event, chat: &Place) -> Result<Outcome, DeskError> {
        match &event.content {
            Content::Commanded(command) if command.by.kind == AuthorKind::Bot => {
                Ok(Outcome::default())
            }
            Content::Commanded(command) => self.command(&Caller { command, place: chat }).await,
            Content::Invited { whom, .. } => self.invited(chat, whom).await,
            Content::Closed => self.lost(chat).await,
            Content::Moved { .. } => self.moved(chat).await,
            Content::Posted(message) => self.links(event, message).await,
            Content::Edited(_)
            | Content::Deleted { .. }
            | Content::Reacted { .. }
            | Content::Unreacted { .. }
            | Content::Pinned
            | Content::Unpinned
            | Content::Voted { .. }
            | Content::Counted { .. }
            | Content::PollClosed { .. }
            | Content::ChatChanged { .. }
            | Content::MemberChanged { .. }
            | Content::ThreadChanged { .. } => Ok(Outcome::default()),
        }
    }

    /// What the caller may do in the chat where they typed.
    pub(super) async fn rights(&self, caller: &Caller<'_>) -> Result<Rights, DeskError> {
        if let Some(rights) = caller.command.rights {
            return Ok(rights);
        }
        let Some(network) = self.networks.get(&caller.place.network) else {
            return Ok(Rights::default());
        };
        Ok(network.rights(&caller.place.chat, &caller.command.by.user).await?)
    }

    /// What is answered where nothing is joined.
    pub(super) fn not_linked(&self) -> Outcome {
        Outcome::say(self.wording.say(Key::NotLinked, &[]))
    }

    /// The line that names the right which is missing.
    pub(super) fn not_allowed(&self, place: &Place) -> RichText {
        self.wording.say(Key::NotAllowed.on(&place.network), &[])
    }

    /// Words of the bot for a chat, as an entry of its lane.
    pub(super) fn words(&self, chat: &Place, key: Option<&str>, text: RichText) -> (Place, Work) {
        (chat.clone(), Work::say(chat, key, self.wording.message(text, self.clock.now())))
    }

    /// The words of an answer for a chat, with its pictures and buttons.
    pub(super) fn words_of(&self, chat: &Place, answer: Answer, said: &Outcome) -> (Place, Work) {
        let message = self.wording.message(said.answer.clone(), self.clock.now());
        let (buttons, media) = (said.buttons.clone(), said.pictures.clone());
        (chat.clone(), Work::answer(chat, answer, Message { buttons, media, ..message }))
    }

    /// A remote chat is lost; the room and its members stay.
    async fn lost(&self, chat: &Place) -> Result<Outcome, DeskError> {
        if let Some(outcome) = self.topic_room_lost(chat).await? {
            return Ok(outcome);
        }
        let Some(portal) = self.store.portal_of(chat).await? else {
            return Ok(Outcome::default());
        };
        if portal.room == *chat {
            // Nobody is left to be told in the room; those on the other side are.
            let text = self.wording.say(Key::RoomLost, &[]);
            let ends = portal.ends.iter();
            let then = ends.map(|end| self.words(&end.place, None, text.clone())).collect();
            return Ok(Outcome { then, ..Outcome::default() });
        }
        let known =
            portal.ends.iter().any(|end| end.place == *chat && end.state == EndState::Active);
        // At the end the bot leaves by itself.
        if !known || portal.stage == Stage::Sunset {
            return Ok(Outcome::default());
        }
        let text = self.wording.say(Key::Severed, &[Arg::text(label(&chat.network))]);
        let then = vec![self.words(&portal.room, None, text)];
        let changes = vec![Change::Severed(chat.clone(), true)];
        Ok(Outcome { answer: RichText::default(), changes, then, ..Outcome::default() })
    }

    async fn moved(&self, chat: &Place) -> Result<Outcome, DeskError> {
        let Some(portal) = self.store.portal_of(chat).await? else {
            return Ok(Outcome::default());
        };
        if portal.room == *chat {
            return self.room_moved(&portal).await;
        }
        let text = self.wording.say(Key::Moved, &[Arg::text(label(&chat.network))]);
        let then = vec![self.words(&portal.room, None, text)];
        Ok(Outcome { then, ..Outcome::default() })
    }

    /// The address under which a room opens in a browser.
    pub(super) fn join_link(&self, room: &ChatId) -> String {
        let address = crate::address::matrix_to(room.as_str());
        format!("{address}?via={}", self.about.server)
    }

    /// The address under which a room opens in a client in the browser.
    pub(super) fn web_link(&self, room: &ChatId) -> String {
        match self.about.web_client.trim_end_matches('/') {
            "" => self.join_link(room),
            base => format!("{base}/#/room/{}?via={}", room.as_str(), self.about.server),
        }
    }

    /// The network that a person names, if it is configured and not Matrix.
    pub(super) fn remote_network(&self, name: &str) -> Option<NetworkId> {
        let id = NetworkId::from(name.to_ascii_lowercase().as_str());
        (id.as_str() != MATRIX && self.networks.get(&id).is_some()).then_some(id)
    }

    /// The names of the configured networks, for lines that say what can be typed.
    pub(super) fn remote_names(&self) -> String {
        let all = self.networks.all().map(|network| network.id().as_str());
        let mut names: Vec<&str> = all.filter(|name| *name != MATRIX).collect();
        names.sort_unstable();
        names.join(" | ")
    }
}
