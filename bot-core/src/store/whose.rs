// SPDX-License-Identifier: AGPL-3.0-or-later
//! Whose a record is: it is encrypted with that person's key, and gone for good when the key is.
//!
//! Rule: every table has a row here, which a test keeps true. A record that tells of many people is
//! nobody's: it is under the store's key, and [`super::forget`] takes single people out of it.

use std::any::Any;

use bridge_model::{Content, Event, NetworkId, Person, UserId};

use super::keys::{self, Hash};
use super::records::MessageRecord;
use super::tables::Table;
use super::{StoreError, tables};
use crate::lane::{CORE, Work};
use crate::migration::Task;
use crate::moving::Move;
use crate::network::MATRIX;
use crate::policing::Policing;

/// Whose a record is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordOwner {
    /// It concerns nobody, or many.
    Nobody,
    /// One person's, by their hash; see [`keys::person`] and [`of_account`].
    Of(Hash),
    /// It says that two accounts are one person's, and goes with either.
    Both(Hash, Hash),
    /// Somebody's who speaks in the place with this number.
    Author(u32, UserId),
}

/// The hash of a Matrix account in the tables that are kept by it.
pub fn of_account(mxid: &str) -> Hash {
    keys::hash(&[mxid])
}

/// The hash of a user of a network.
pub fn of_user(network: NetworkId, user: UserId) -> Hash {
    keys::person(&Person { network, user })
}

/// All hashes under which somebody owns records.
pub fn all_of(person: &Person) -> Vec<Hash> {
    let account = (person.network.as_str() == MATRIX).then(|| of_account(person.user.as_str()));
    [keys::person(person)].into_iter().chain(account).collect()
}

macro_rules! whose {
    ($($table:ident: $how:expr;)*) => {
        /// Whose a value is that is to be written.
        pub fn of(key: &[u8], value: &dyn Any) -> RecordOwner {
            $(if key.first() == Some(&tables::$table.kind().prefix) {
                return told(&tables::$table, $how, (key, value));
            })*
            RecordOwner::Nobody
        }

        /// Whose a value is that was stored without encryption.
        ///
        /// # Errors
        /// [`StoreError::Damaged`] when it cannot be read.
        pub fn of_stored(key: &[u8], value: &[u8]) -> Result<RecordOwner, StoreError> {
            $(if key.first() == Some(&tables::$table.kind().prefix) {
                return Ok($how(key, &tables::$table.open(value)?));
            })*
            Ok(RecordOwner::Nobody)
        }

        /// The tables that are decided on.
        #[cfg(test)]
        const DECIDED: &[super::codec::Kind] = &[$(tables::$table.kind()),*];
    };
}

whose! {
    META: nobody;
    MESSAGES: |_, record: &MessageRecord| message(record);
    ONCE: nobody;
    MARKS: nobody;
    FILES: nobody;
    LANES: nobody;
    LANE_NOTES: nobody;
    ENTRIES: |_, entry: &crate::lane::Entry| work(&entry.work);
    OVERFLOWS: nobody;
    GAPS: nobody;
    ANSWERS: |_, answer: &super::records::WaitingAnswer| work(&answer.work);
    UNCONFIRMED: |_, command: &super::records::Unconfirmed| person(&command.by);
    WAITING: nobody;
    PLACE_NUMBERS: nobody;
    PLACES: nobody;
    PORTALS: nobody;
    PORTAL_OF: nobody;
    PROPOSALS: nobody;
    OFFERS: |_, offer: &crate::portal::Offer| person(&offer.by);
    CLAIM_OFFERS: |_, offer: &super::ClaimOffer| person(&offer.person);
    CLAIMS: |_, it: &super::Claim| RecordOwner::Both(keys::person(&it.person), keys::person(&it.on_matrix()));
    CLAIMED: by_key;
    PRIVATE_CHATS: by_key;
    CALLS: by_key;
    GHOSTS: by_key;
    LOCALPARTS: |_, behind: &Person| person(behind);
    PEOPLE: nobody;
    LOOKS: nobody;
    EMOJI: nobody;
    EMOJI_FILES: nobody;
    STICKERS: nobody;
    LEDGERS: nobody;
    TIMERS: |_, timer: &super::records::TimerRecord| work(&timer.work);
    TIMER_MOMENTS: nobody;
    MIGRATIONS: nobody;
    AUDITS: nobody;
    ELECTORATES: nobody;
    FIGURES: nobody;
    AUTHORS: nobody;
    HOSTS: nobody;
    TOLD_GAPS: nobody;
    HABITS: nobody;
    BLOCKS: nobody;
    SAID: nobody;
    LACKING: nobody;
    REVISED: nobody;
    CONSENT: nobody;
    PSEUDONYMOUS: nobody;
    CONSENT_TOLD: nobody;
    POLICIES: nobody;
    POLICY_RULES: nobody;
    HELD: |_, held: &super::records::OrphanRecord| event(&held.event);
    VISITS: |_, visit: &super::page_records::Visit| person(&visit.person());
    ORPHANS: |_, orphan: &super::records::OrphanRecord| event(&orphan.event);
    TOPICS: nobody;
    SPEAKERS: |_, seen: &super::records::Seen| person(&seen.who.person);
    FORGOTTEN: nobody;
    SWEEP: nobody;
    TOPIC_ROOMS: nobody;
}

fn told<K, V: 'static>(
    _: &Table<K, V>,
    how: impl Fn(&[u8], &V) -> RecordOwner,
    (key, value): (&[u8], &dyn Any),
) -> RecordOwner {
    value.downcast_ref().map_or(RecordOwner::Nobody, |value| how(key, value))
}

fn nobody<V>(_: &[u8], _: &V) -> RecordOwner {
    RecordOwner::Nobody
}

/// The key ends with the hash of the person.
fn by_key<V>(key: &[u8], _: &V) -> RecordOwner {
    key.last_chunk().map_or(RecordOwner::Nobody, |hash| RecordOwner::Of(*hash))
}

fn person(person: &Person) -> RecordOwner {
    if person.network.as_str() == CORE {
        RecordOwner::Nobody
    } else {
        RecordOwner::Of(keys::person(person))
    }
}

fn user(network: &NetworkId, user: Option<&UserId>) -> RecordOwner {
    let person = |user: &UserId| Person { network: network.clone(), user: user.clone() };
    user.map_or(RecordOwner::Nobody, |user| self::person(&person(user)))
}

fn message(record: &MessageRecord) -> RecordOwner {
    match record {
        MessageRecord::Origin(origin) => RecordOwner::Author(origin.place, origin.author.clone()),
        MessageRecord::Reaction { by, .. } => person(by),
        MessageRecord::Copy(..) | MessageRecord::Alias(..) | MessageRecord::Command => {
            RecordOwner::Nobody
        }
    }
}

fn work(work: &Work) -> RecordOwner {
    match work {
        Work::Relay(relayed) => event(&relayed.event),
        Work::Task(Task::Moving(moving)) => self::moving(moving),
        Work::Task(Task::Policy(Policing::Publish(ban))) => person(&ban.person),
        Work::Say(_) | Work::Summary(_) | Work::Task(_) => RecordOwner::Nobody,
    }
}

fn moving(moving: &Move) -> RecordOwner {
    match moving {
        Move::Enter(mxid)
        | Move::Admit(mxid)
        | Move::Power(mxid, _)
        | Move::Arrived(mxid)
        | Move::Held(mxid) => person(&Person::new(MATRIX, mxid.as_str())),
        Move::Depart(account) => person(account),
        Move::Called(call) => {
            let owner = Person::new(MATRIX, call.mxid.as_str());
            RecordOwner::Both(keys::person(&call.account), keys::person(&owner))
        }
    }
}

fn event(event: &Event) -> RecordOwner {
    let by = match &event.content {
        Content::Posted(message) | Content::Edited(message) => Some(&message.author.user),
        Content::Reacted { by, .. } | Content::Invited { by, .. } => Some(&by.user),
        Content::Unreacted { by, .. } | Content::Voted { by, .. } => Some(by),
        Content::Commanded(command) => Some(&command.by.user),
        Content::MemberChanged { who, .. } => Some(&who.user),
        Content::Deleted { by } | Content::PollClosed { by } | Content::ChatChanged { by, .. } => {
            by.as_ref()
        }
        Content::ReactionsCleared { .. }
        | Content::Moved { .. }
        | Content::Closed
        | Content::Encrypted
        | Content::ReadersChanged { .. }
        | Content::RightsChanged
        | Content::PolicyChanged
        // A decision stays when the person whom it is about is forgotten.
        | Content::Moderated(_)
        | Content::Pinned
        | Content::Unpinned
        | Content::Counted { .. }
        | Content::ThreadChanged { .. } => None,
    };
    user(&event.place.network, by)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_says_whose_its_records_are() {
        let decided: Vec<_> = DECIDED.iter().map(|kind| char::from(kind.prefix)).collect();
        for kind in tables::ALL {
            let times = DECIDED.iter().filter(|known| known.prefix == kind.prefix).count();
            assert_eq!(times, 1, "{} ({})", kind.name, char::from(kind.prefix));
        }
        assert_eq!(decided.len(), tables::ALL.len());
    }
}
