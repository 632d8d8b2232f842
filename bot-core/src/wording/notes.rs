// SPDX-License-Identifier: AGPL-3.0-or-later
//! Says the lines that stand for what cannot be shown otherwise.
//!
//! Rule: one sentence a note; its values are data.

use bridge_model::{Message, Missing, NetworkId, Note, RichText, Service, Timestamp};

use super::{Wording, label};
use crate::i18n::{Arg, Key};

impl Wording {
    /// The words of a note.
    pub fn note(&self, note: &Note) -> RichText {
        let text = |words: &str| Arg::text(words);
        match note {
            Note::FileMissing { name, size, why } => self.missing_file(name.as_deref(), *size, why),
            Note::Dice { emoji, value } => {
                self.say(Key::NoteDice, &[text(emoji), Arg::number(u64::from(*value))])
            }
            Note::Game { title } => self.say(Key::NoteGame, &[text(title)]),
            Note::Invoice { title, amount: Some(amount) } => {
                self.say(Key::NoteInvoiceAmount, &[text(title), text(amount)])
            }
            Note::Invoice { title, amount: None } => self.say(Key::NoteInvoice, &[text(title)]),
            Note::PaidMedia => self.say(Key::NotePaidMedia, &[]),
            Note::Giveaway => self.say(Key::NoteGiveaway, &[]),
            Note::Gift => self.say(Key::NoteGift, &[]),
            Note::Story { from: Some(from) } => self.say(Key::NoteStoryFrom, &[text(from)]),
            Note::Story { from: None } => self.say(Key::NoteStory, &[]),
            Note::Contact { name } => self.say(Key::NoteContact, &[text(name)]),
            Note::PollElsewhere => self.say(Key::NotePollElsewhere, &[]),
            Note::PollClosed => self.say(Key::NotePollClosed, &[]),
            Note::Quiz => self.say(Key::NoteQuiz, &[]),
            Note::LiveLocation { until: Some(until) } => {
                self.say(Key::NoteLiveLocation, &[Arg::Time(*until)])
            }
            Note::LiveLocation { until: None } => self.say(Key::NoteLiveLocationEnded, &[]),
            Note::Button { label } => self.say(Key::NoteButton, &[text(label)]),
            Note::Unknown => self.say(Key::NoteUnknown, &[]),
            Note::Service(service) => self.service(service),
            Note::ChatFull { network, title } => {
                self.say(Key::NoteChatFull, &[Arg::text(chat(network, title.as_deref()))])
            }
            Note::LeftOut { network, title, messages, changes, since, until } => {
                let args = [
                    Arg::text(chat(network, title.as_deref())),
                    Arg::number(*messages),
                    Arg::number(*changes),
                    Arg::Time(*since),
                    Arg::Time(*until),
                ];
                self.say(Key::NoteLeftOut, &args)
            }
            Note::Missed { network, title, messages, since, until } => {
                let from = Arg::text(chat(network, title.as_deref()));
                let (since, until) = (Arg::Time(*since), Arg::Time(*until));
                match messages {
                    0 => self.say(Key::NoteMissedUncounted, &[from, since, until]),
                    some => self.say(Key::NoteMissed, &[from, Arg::number(*some), since, until]),
                }
            }
            Note::SentAt { at } => self.say(Key::NoteSentAt, &[Arg::Time(*at)]),
        }
    }

    fn missing_file(&self, name: Option<&str>, size: Option<u64>, why: &Missing) -> RichText {
        let key = match why {
            Missing::TooLargeToFetch => Key::NoteFileTooLargeToFetch,
            Missing::TooLargeToSend => Key::NoteFileTooLargeToSend,
            Missing::Unavailable => Key::NoteFileUnavailable,
            Missing::Unclean => Key::NoteFileUnclean,
            Missing::StaysHere => Key::NoteFileStays,
        };
        self.say(key, &[Arg::text(self.file(name, size))])
    }

    /// A file that is too large for a chat, with its address and until when it leads there.
    pub(super) fn linked_file(
        &self,
        name: Option<&str>,
        size: Option<u64>,
        (address, until): (&str, Timestamp),
    ) -> RichText {
        let args = [Arg::text(self.file(name, size)), Arg::url(address), Arg::Time(until)];
        self.say(Key::NoteFileLinked, &args)
    }

    fn file(&self, name: Option<&str>, size: Option<u64>) -> String {
        let name = name.map_or_else(|| self.plain(Key::NoteFileUnnamed, &[]), str::to_owned);
        match size {
            Some(bytes) => format!("{name}, {}", megabytes(bytes)),
            None => name,
        }
    }

    fn service(&self, service: &Service) -> RichText {
        let named = |key, name: &str| self.say(key, &[Arg::text(name)]);
        match service {
            Service::Joined { names } => {
                let count = u64::try_from(names.len()).unwrap_or(u64::MAX);
                self.say(Key::ServiceJoined, &[Arg::text(names.join(", ")), Arg::number(count)])
            }
            Service::Left { name, removed: false } => named(Key::ServiceLeft, name),
            Service::Left { name, removed: true } => named(Key::ServiceRemoved, name),
            Service::Renamed { to } => named(Key::ServiceRenamed, to),
            Service::Described { to } if to.is_empty() => self.say(Key::ServiceUndescribed, &[]),
            Service::Described { to } => named(Key::ServiceDescribed, to),
            Service::Pictured { removed: false } => self.say(Key::ServicePictured, &[]),
            Service::Pictured { removed: true } => self.say(Key::ServiceUnpictured, &[]),
            Service::Pinned => self.say(Key::ServicePinned, &[]),
            Service::ThreadOpened { name } if name.is_empty() => {
                self.say(Key::ServiceThreadOpenedUnnamed, &[])
            }
            Service::ThreadOpened { name } => named(Key::ServiceThreadOpened, name),
            Service::ThreadRenamed { to } => named(Key::ServiceThreadRenamed, to),
            Service::ThreadClosed => self.say(Key::ServiceThreadClosed, &[]),
            Service::ThreadReopened => self.say(Key::ServiceThreadReopened, &[]),
            Service::CallStarted => self.say(Key::ServiceCallStarted, &[]),
            Service::CallPlanned { at } => self.say(Key::ServiceCallPlanned, &[Arg::Time(*at)]),
            Service::CallEnded { seconds: Some(seconds) } => {
                let minutes = seconds.div_ceil(60);
                self.say(Key::ServiceCallEndedAfter, &[Arg::number(minutes)])
            }
            Service::CallEnded { seconds: None } => self.say(Key::ServiceCallEnded, &[]),
            Service::Boosted { count } => self.say(Key::ServiceBoosted, &[Arg::number(*count)]),
            Service::AutoDelete { seconds: 0 } => self.say(Key::ServiceAutoDeleteOff, &[]),
            Service::AutoDelete { seconds } => {
                let hours = seconds.div_ceil(3600);
                self.say(Key::ServiceAutoDelete, &[Arg::number(hours)])
            }
            Service::Followed { name } => named(Key::ServiceFollowed, name),
            Service::CommandUsed { by, command } => {
                self.say(Key::ServiceCommandUsed, &[Arg::text(by), Arg::text(command)])
            }
            Service::About { sign, names, metres: Some(metres) } => {
                RichText::plain_text(&format!("{sign} {} ({metres} m)", names.join(" – ")))
            }
            Service::About { sign, names, metres: None } => {
                RichText::plain_text(&format!("{sign} {}", names.join(", ")))
            }
            Service::Other => self.say(Key::ServiceOther, &[]),
        }
    }

    /// The message with its notes as words below its text.
    pub fn spell_notes(&self, mut message: Message) -> Message {
        for note in std::mem::take(&mut message.notes) {
            message.body.append(self.note(&note));
        }
        message
    }
}

/// A chat as its readers on other networks call it: `Telegram (Free knowledge)`.
fn chat(network: &NetworkId, title: Option<&str>) -> String {
    match title {
        Some(title) => format!("{} ({title})", label(network)),
        None => label(network),
    }
}

/// In units of a million bytes, rounded to a tenth; what is less than that in thousands.
pub fn megabytes(bytes: u64) -> String {
    let tenths = bytes.saturating_add(50_000) / 100_000;
    if tenths == 0 {
        return format!("{} kB", bytes.div_ceil(1000));
    }
    format!("{}.{} MB", tenths / 10, tenths % 10)
}
