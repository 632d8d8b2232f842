// SPDX-License-Identifier: AGPL-3.0-or-later
//! A community on its way: what the store knows of it, and what its lanes are told to do.
//!
//! Rule: a step is a list of effects that is stored when the step is taken. Each effect is carried
//! out as a lane entry, one kind after the other, and is marked when it is done; so a crash
//! resumes the list and repeats nothing that is marked.

use bridge_model::{Message, MessageId, Moderation, NetworkId, Person, Place, Timestamp};
use bridge_policy::brakes::Brake;
use bridge_policy::calendar::Date;
use bridge_policy::exception::Exception;
use bridge_policy::figures::Share;
use bridge_policy::hosts::{HostDecision, HostKind};
use bridge_policy::schedule::Schedule;
use bridge_policy::stage::{Direction, Effect, Stage};
use serde::{Deserialize, Serialize};

use crate::moving::Move;
use crate::policing::Policing;
use crate::portal::{ConsentMode, Owner, PortalId};
use crate::refusal::Refusal;
use crate::self_test::SelfTestRun;

/// The name of the first notice of a chat, and what the names of such notices begin with.
pub const DISCLOSURE: &str = "disclosure";

/// How far a portal's community has come, besides its stage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migration {
    /// Steps that were taken so far; names the texts of each.
    pub steps: u32,
    /// Since when the stage is as it is.
    pub since: Timestamp,
    /// The address of the community's last decision.
    pub decision: Option<String>,
    /// Since when a text is pinned on the legacy side.
    pub notice_since: Option<Timestamp>,
    /// The next step, where a day was set for it.
    pub schedule: Option<Schedule>,
    /// The admins who voted for the next step, as hashes.
    pub approvals: Vec<[u8; 16]>,
    /// Who decided what the chats look like before Matrix did.
    pub owner_before: Option<Owner>,
    /// Who could speak where before only the bot could, in each network's own words.
    pub access: Vec<(Place, String)>,
    /// The name of the text that is pinned on the legacy side, where [`Migration::notices`] does not
    /// say more.
    pub text: Option<String>,
    /// What the last step changes, in order.
    pub effects: Vec<Planned>,
    /// The votes of the whole community, oldest first.
    pub votes: Vec<Vote>,
    /// Where something proprietary is used all the same, oldest first.
    pub exceptions: Vec<Exception>,
    /// The notices that stand in the chats: one on each side of each connection.
    #[serde(default)]
    pub notices: Vec<StandingNotice>,
    /// The last self-test.
    #[serde(default)]
    pub self_test: Option<SelfTestRun>,
}

/// A notice that says what happens to what is written in a chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingNotice {
    /// The legacy chat of the connection that it speaks of.
    pub end: Place,
    /// Where it stands: that chat, or the room.
    pub place: Place,
    /// Its name at the core's place for that.
    pub name: String,
    /// The stage that it describes; `None` where it says that nothing crosses because the bot was
    /// removed.
    pub stage: Option<Stage>,
    /// The mode that it describes.
    #[serde(default)]
    pub consent: ConsentMode,
    /// It says that no files cross.
    #[serde(default)]
    pub at_risk: bool,
    /// It leads to the public page.
    #[serde(default)]
    pub page: bool,
}

/// One question to the whole community.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// Its number in the portal, from 1.
    pub number: u32,
    /// The question.
    pub question: String,
    /// What can be answered, in order.
    pub answers: Vec<String>,
    /// When it closes.
    pub closes: Timestamp,
    /// Where it is discussed.
    pub decision: Option<String>,
    /// How many chose each answer, once it is closed; empty when it was called off.
    pub counts: Option<Vec<u64>>,
}

/// One effect in one chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// What.
    pub effect: Effect,
    /// Where: a legacy chat, or the room for what is done once.
    pub place: Place,
    /// How far it is.
    pub progress: Progress,
}

impl Vote {
    /// The name of a vote at the core's place for the room.
    pub fn name(number: u32) -> MessageId {
        MessageId::new(format!("vote/{number}"))
    }
}

impl Planned {
    /// The platform said no.
    pub fn is_refused(&self) -> bool {
        matches!(self.progress, Progress::Refused(_))
    }
}

/// How far an effect is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Progress {
    /// What stands before it is not done yet.
    Waiting,
    /// It is in a lane.
    UnderWay,
    /// It was carried out.
    Done,
    /// The platform said no, and why; `stage retry` tries again.
    Refused(#[serde(with = "crate::refusal::stored")] Refusal),
}

/// What a lane entry of the core does besides saying something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Task {
    /// Carries out an effect.
    Effect(Tag),
    /// A moment has come.
    Due(Deadline),
    /// A topic gets a room: its chat, and the message that it hangs on.
    Room(Place, MessageId),
    /// The people in the room are told.
    Tell(News),
    /// The notices of a portal are made to say what is so.
    Notices(PortalId),
    /// Somebody moves.
    Moving(Move),
    /// A message stays where it was said, and its author is told.
    Braked(MessageId, Brake),
    /// The account that stands for somebody leaves the room of the lane, and ends with the last one.
    Retire(Person),
    /// The bot was let into this chat again, and those concerned are told.
    Returned,
    /// Bans, mutes and deletions are tried in the chat of the lane: the portal, and the number of the
    /// self-test.
    SelfTest(PortalId, u32),
    /// Something about policy lists.
    Policy(Policing),
}

/// What came of a step, after it was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum News {
    /// An effect was refused.
    Refused(Tag),
    /// What was stored about people is gone.
    Erased {
        /// So many messages.
        messages: u64,
        /// Of so many people.
        people: u64,
    },
    /// What the author of this message says reaches somebody on that network whose answers stay
    /// there, or who has answered there.
    SilentPartner {
        /// The network.
        network: NetworkId,
        /// The message, in the chat of the lane.
        message: MessageId,
    },
    /// Somebody speaks in the chat of the lane who has not said yet whether their words may leave it.
    AskConsent {
        /// Who.
        person: Person,
        /// The name of the line in the ledger of notices.
        subject: String,
    },
    /// Every side has answered the self-test with this number.
    SelfTested(u32),
}

/// Names one effect of one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// The portal.
    pub portal: PortalId,
    /// The step, see [`Migration::steps`].
    pub step: u32,
    /// The place in [`Migration::effects`].
    pub index: u32,
    /// The same effect, so that a lane knows what it does.
    pub effect: Effect,
}

/// What is due when a timer has run down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Deadline {
    /// A step comes in so many days; 0 is the day itself.
    Step {
        /// The portal.
        portal: PortalId,
        /// The schedule that this belongs to; a newer one makes it void.
        set_at: Timestamp,
        /// Days that are left.
        days: u32,
    },
    /// A vote closes.
    Vote {
        /// The portal.
        portal: PortalId,
        /// The vote.
        number: u32,
    },
    /// The day on which an exception was to be looked at is over.
    Review {
        /// The portal.
        portal: PortalId,
        /// The exception.
        number: u32,
    },
    /// The room of this lane should have been linked by now.
    Unlinked,
    /// The time for which somebody may not speak is over.
    Muted {
        /// The portal.
        portal: PortalId,
        /// The hash of the person.
        person: [u8; 16],
    },
}

/// One line of a portal's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// When.
    pub at: Timestamp,
    /// Who; nobody where the bridge itself did it.
    pub who: Option<Who>,
    /// What.
    pub deed: AuditAction,
    /// The address of the community's decision.
    pub decision: Option<String>,
    /// The authors of the last whole week.
    pub share: Option<Share>,
}

/// Somebody who did something that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// On which network.
    pub network: NetworkId,
    /// Their name there; taken away when the bridge ends.
    pub name: Option<String>,
    /// They did it on a page of the bridge.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub on_page: bool,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuditAction {
    /// The chats were joined.
    Linked,
    /// A step was taken.
    Stepped(Stage, Stage),
    /// A day was set for a step.
    Scheduled(Stage, Date),
    /// A day that was set is no more.
    Held(Stage),
    /// The day came, and the gate was closed.
    GateClosed(Stage),
    /// An admin voted for the next step.
    Approved(Stage),
    /// A platform refused an effect.
    Refused(Effect, NetworkId),
    /// What was refused is tried again.
    Retried,
    /// An admin of that network was given the same power in the room.
    Appointed(NetworkId),
    /// A vote was opened: its number and its question.
    VoteOpened(u32, String),
    /// A vote was closed: its number, and how many chose each answer.
    VoteClosed(u32, Vec<(String, u64)>),
    /// What was stored about people is gone: messages, people.
    Erased(u64, u64),
    /// An exception was put on record: its number and the service.
    ExceptionAdded(u32, String),
    /// An exception is no more.
    ExceptionEnded(u32, String),
    /// A vote was called off: its number.
    VoteCancelled(u32),
    /// It was decided what a host is: the host, what it is, where anybody can see that.
    HostDecided(String, HostKind, Option<String>),
    /// Such a decision was taken back.
    HostForgotten(String),
    /// Somebody agreed for one of the two chats to the connection with that network.
    AgreedToLink(NetworkId),
    /// A setting was changed: its name, what it was, what it is.
    Set(String, String, String),
    /// The connection with a chat of that network was ended.
    Unlinked(NetworkId),
    /// A moderator acted on somebody.
    Moderated(Moderation, Who),
    /// A self-test was asked for.
    SelfTestBegun,
    /// A self-test is over; whether it passed.
    SelfTested(bool),
    /// The copies of so many messages with files were taken away.
    MediaPurged(u64),
    /// Somebody did something by hand with what waits for a chat of that network.
    Lane(LaneDeed, NetworkId),
}

/// What somebody did with a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LaneDeed {
    /// Had its head tried at once.
    Retried,
    /// Left its head out.
    LeftOut,
    /// Stopped it.
    Halted,
    /// Set it going again.
    Resumed,
}

impl Audit {
    /// Takes the names of people away.
    pub fn forget_names(&mut self) {
        if let AuditAction::Moderated(_, whom) = &mut self.deed {
            whom.name = None;
        }
        if let Some(who) = &mut self.who {
            who.name = None;
        }
    }
}

/// A step that somebody takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The room.
    pub room: Place,
    /// The stage that it starts from; another one makes it void.
    pub from: Stage,
    /// Which way.
    pub direction: Direction,
    /// Who takes it.
    pub who: Option<Who>,
    /// The address of the community's decision.
    pub decision: Option<String>,
    /// The authors of the last whole week.
    pub share: Option<Share>,
}

/// What happens to a portal's way, as a command asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MigrationChange {
    /// Takes a step.
    Step(Step),
    /// Sets a day for the next step.
    Schedule(Place, Schedule, Option<Who>),
    /// Takes a day that was set away.
    Hold(Place, Option<Who>),
    /// An admin votes for the next step.
    Approve(Place, [u8; 16], Option<Who>),
    /// Tries what was refused again.
    Retry(Place, Option<Who>),
    /// Asks the whole community.
    OpenVote(Place, Vote, Box<Message>, Option<Who>),
    /// Closes a vote, with what was told of it.
    CloseVote(Place, u32, Vec<u64>, Option<Who>),
    /// Puts an exception on record.
    Except(Place, Box<Exception>, Option<Who>),
    /// Ends an exception.
    EndException(Place, u32, Date, Option<Who>),
    /// Decides what a host is, or takes that back.
    DecideHost(Place, String, Option<HostDecision>, Option<Who>),
    /// Only writes down what happened.
    Note(Place, Audit),
    /// A notice stands in the place of the one before.
    Notice(Place, StandingNotice),
    /// Messages cross, or do not any more.
    Relaying(Place, bool),
    /// Who could speak in a chat before only the bot could.
    Access(Place, String),
    /// An effect was carried out, or refused.
    Effected(Tag, Result<(), Refusal>),
    /// What is stored about the people of the portal goes.
    Erase(Place, Tag),
}

impl Migration {
    /// The notice about the connection with `end` that stands in `place`.
    pub fn notice(&self, end: &Place, place: &Place) -> Option<&StandingNotice> {
        self.notices.iter().find(|notice| notice.end == *end && notice.place == *place)
    }

    /// The place of `tag`, if that is still the last step.
    pub fn planned(&self, tag: &Tag) -> Option<&Planned> {
        let index = usize::try_from(tag.index).ok()?;
        self.effects
            .get(index)
            .filter(|planned| tag.step == self.steps && planned.effect == tag.effect)
    }

    /// Effects that are not carried out.
    pub fn unfinished(&self) -> impl Iterator<Item = &Planned> {
        self.effects.iter().filter(|planned| planned.progress != Progress::Done)
    }

    /// Who could speak in a chat before only the bot could.
    pub fn access_of(&self, place: &Place) -> Option<&str> {
        let mut known = self.access.iter();
        known.find(|(at, _)| at == place).map(|(_, access)| access.as_str())
    }
}
