// SPDX-License-Identifier: AGPL-3.0-or-later
//! The bytes of stored values: old ones are read for ever, no change of a type goes unnoticed.
//!
//! Rule: lines of `samples/pinned.txt` are only ever added: a table's prefix and a sealed value in
//! hexadecimal digits. All are read without loss, and the last one of each table is today's.

use std::collections::BTreeMap;

use bot_core::lane::{Work, core_place};
use bot_core::migration::{Deadline, Migration, StandingNotice, Task};
use bot_core::moving::Move;
use bot_core::order::{EntryId, Part};
use bot_core::policing::{FollowedList, KnownRule, OwnList, Policies, PolicyRow};
use bot_core::portal::{PortalId, Proposal};
use bot_core::refusal::{MissingRight, Refusal, Right};
use bot_core::self_test::{CheckOutcome, DeedCheck, SelfTestRun, TestedDeed, TestedSide};
use bot_core::store::blocks::{Mute, Restriction, SaidRecord};
use bot_core::store::format4::Schema;
use bot_core::store::gaps::ToldGap;
use bot_core::store::records::{
    Calls, CopyRecord, Gap, LaneRecord, LeftOut, MessageRecord, Origin, OrphanRecord, Overflow,
    PollRecord, PrivateChat, ReactionRecord, TimerRecord, Unconfirmed, VoteRecord, WaitingAnswer,
};
use bot_core::store::{Claim, StoreError, Tie, tables};
use bridge_model::{MessageId, Person, Place, Reaction, Timestamp, UserId};
use bridge_policy::brakes::{Brakes, Habits, Said};
use bridge_policy::calendar::{Date, Week};
use bridge_policy::figures::{Side, WeekFigures};
use bridge_policy::hosts::{HostDecision, HostKind, LinkedHost};
use bridge_policy::lists::{Entity, Objection, PolicyRule, RuleKind};
use bridge_policy::stage::Stage;
use data_encoding::HEXLOWER;
use serde_json::Value;

use super::pinned_pages;
use super::pinned_people::{self, named};
use super::shapes::Samples;
use crate::words::{START, group, posted, reacted, room};

/// Reads a sealed value with the type of its table, and writes it again.
fn rewritten(prefix: u8, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
    macro_rules! by_prefix {
        ($($table:ident)*) => {
            match prefix {
                $(prefix if prefix == tables::$table.kind().prefix => {
                    tables::$table.open(sealed).and_then(|value| tables::$table.seal(&value))
                })*
                _ => panic!("no table has the prefix {prefix}"),
            }
        };
    }
    by_prefix! {
        META MESSAGES ONCE MARKS FILES REVISED LANES ENTRIES WAITING OVERFLOWS GAPS TOLD_GAPS ANSWERS
        UNCONFIRMED PLACE_NUMBERS PLACES PORTALS PORTAL_OF PROPOSALS OFFERS CLAIM_OFFERS CLAIMS
        CLAIMED PRIVATE_CHATS CALLS GHOSTS LOCALPARTS PEOPLE LOOKS EMOJI EMOJI_FILES STICKERS
        LEDGERS TIMERS TIMER_MOMENTS MIGRATIONS AUDITS ELECTORATES FIGURES AUTHORS HOSTS HABITS
        HELD
        ORPHANS TOPICS SPEAKERS FORGOTTEN SWEEP TOPIC_ROOMS BLOCKS SAID LACKING CONSENT
        CONSENT_TOLD PSEUDONYMOUS POLICIES POLICY_RULES VISITS LANE_NOTES
    }
}

/// Everything that `old` says, `new` says too.
fn is_kept(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => old.iter().all(|(name, value)| {
            value.is_null() || new.get(name).is_some_and(|new| is_kept(value, new))
        }),
        (Value::Array(old), Value::Array(new)) => {
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| is_kept(old, new))
        }
        _ => old == new,
    }
}

fn assert_kept(prefix: u8, sealed: &[u8]) {
    let table = char::from(prefix);
    let again = rewritten(prefix, sealed).unwrap_or_else(|error| panic!("{table}: {error}"));
    let packed = sealed.first() == Some(&0xf0);
    if packed {
        assert_eq!(again, sealed, "{table}");
    } else {
        assert!(is_kept(&named(sealed), &named(&again)), "{table}: {}", named(sealed));
    }
}

fn pinned() -> Vec<(u8, Vec<u8>)> {
    let lines = include_str!("samples/pinned.txt").lines();
    let line = |line: &str| {
        let (prefix, value) = line.split_once(' ').unwrap();
        (prefix.bytes().next().unwrap(), HEXLOWER.decode(value.as_bytes()).unwrap())
    };
    lines.map(line).collect()
}

#[test]
fn whatever_was_ever_written_can_be_read_without_loss() {
    for (prefix, sealed) in pinned() {
        assert_kept(prefix, &sealed);
    }
}

#[test]
fn every_table_has_a_pinned_value_that_is_what_is_written_today() {
    let last: BTreeMap<u8, Vec<u8>> = pinned().into_iter().collect();
    for kind in tables::ALL {
        let table = char::from(kind.prefix);
        let sealed = last.get(&kind.prefix).unwrap_or_else(|| panic!("{table} has no line"));
        let today = rewritten(kind.prefix, sealed).unwrap();
        let add = format!("add this line:\n{table} {}", HEXLOWER.encode(&today));
        assert_eq!(&today, sealed, "{table} is written in another way than before; {add}");
        assert_eq!(sealed.get(1), Some(&kind.version), "{table} has a new version; {add}");
    }
}

#[test]
fn values_are_written_with_the_bytes_that_are_pinned() {
    let pinned = pinned();
    let missing = written().into_iter().filter(|row| !pinned.contains(row));
    let line = |(prefix, sealed): (u8, Vec<u8>)| {
        format!("{} {}\n", char::from(prefix), HEXLOWER.encode(&sealed))
    };
    let missing: String = missing.map(line).collect();
    assert!(missing.is_empty(), "these lines are not pinned:\n{missing}");
}

macro_rules! sealed {
    ($table:ident, $value:expr) => {
        (tables::$table.kind().prefix, tables::$table.seal(&$value).unwrap())
    };
}

mod movers;

fn written() -> Vec<(u8, Vec<u8>)> {
    [
        written_by_messages(),
        written_by_lanes(),
        written_by_figures(),
        movers::written(),
        pinned_people::written(),
        pinned_pages::written(),
        written_by_moderators(),
    ]
    .concat()
}

fn written_by_moderators() -> Vec<(u8, Vec<u8>)> {
    let block = Restriction {
        person: Person::new("telegram", "7"),
        name: "Ann".into(),
        banned: true,
        muted: Some(Mute { until: Some(START) }),
        since: START,
        by_policy: true,
        let_be: false,
    };
    let lacking = MissingRight { right: Right::Ban, menu: "Ban Users".into() };
    vec![
        sealed!(BLOCKS, block),
        sealed!(SAID, SaidRecord(3, 300, MessageId::from("9"))),
        sealed!(LACKING, vec![lacking]),
        sealed!(POLICIES, policies()),
        sealed!(POLICY_RULES, PolicyRow::Named(vec![[7; 16]])),
        sealed!(POLICY_RULES, PolicyRow::Patterns(vec![([7; 16], RuleKind::Server, "*.x".into())])),
        sealed!(
            POLICY_RULES,
            PolicyRow::Rule(KnownRule {
                list: 3,
                rule: PolicyRule {
                    kind: RuleKind::User,
                    entity: Entity::Hashed("aGFzaA".into()),
                    reason: Some("spam".into()),
                },
                aside: Some(Objection::Most),
                agreed: false,
            })
        ),
    ]
}

fn policies() -> Policies {
    let (room, name) = (room().chat, "#list:example.org".to_owned());
    Policies {
        lists: vec![FollowedList { number: 3, room: room.clone(), name: name.clone() }],
        own: Some(OwnList { room, name, refused: true }),
        server: "example.org".into(),
        next: 4,
    }
}

fn written_by_messages() -> Vec<(u8, Vec<u8>)> {
    let person = Person::new("telegram", "7");
    let reaction = Reaction::Custom { id: "e1".into(), name: "wave".into() };
    vec![
        sealed!(MESSAGES, MessageRecord::Command),
        sealed!(MESSAGES, MessageRecord::Copy(3, MessageId::from("$1"))),
        sealed!(MESSAGES, MessageRecord::Alias(300, MessageId::from("4/5"))),
        sealed!(
            MESSAGES,
            MessageRecord::Reaction {
                target: MessageId::from("1"),
                by: person.clone(),
                reaction: Reaction::Emoji("👍".into()),
            }
        ),
        sealed!(MESSAGES, MessageRecord::Origin(origin(person, reaction))),
        sealed!(ONCE, ()),
        sealed!(MARKS, b"7".to_vec()),
        sealed!(
            LANES,
            LaneRecord {
                place: Place::new("discord", "300400"),
                depth: 2,
                halted: Some("gone".into()),
                newest: Some(MessageId::from("6")),
                seen: None,
            }
        ),
        sealed!(WAITING, EntryId(300)),
        sealed!(REVISED, EntryId(300)),
        sealed!(PLACE_NUMBERS, 300),
        sealed!(PLACES, Place::new("matrix", "!room:example.org")),
        sealed!(PORTAL_OF, PortalId(300)),
        sealed!(TIMER_MOMENTS, Timestamp(1_700_000_000_000)),
        sealed!(TOPIC_ROOMS, [7; 16]),
        sealed!(HELD, OrphanRecord { event: posted(&group(), "1", "eve", "hello"), at: START }),
        sealed!(
            ORPHANS,
            OrphanRecord { event: reacted(&group(), "1", ("ann", "👍"), Some("2")), at: START }
        ),
        sealed!(
            TIMERS,
            TimerRecord {
                name: "vote/1".into(),
                lane: core_place(&room()),
                work: Work::Task(Task::Due(Deadline::Vote { portal: PortalId(1), number: 2 })),
            }
        ),
    ]
}

/// What is counted.
fn written_by_figures() -> Vec<(u8, Vec<u8>)> {
    let side = Side { messages: 9, crossing: 2, authors: 4, exact: true, ..Side::default() };
    let decision = HostDecision {
        kind: HostKind::Proprietary,
        evidence: Some("https://example.org/terms".into()),
        name: Some("Acme".into()),
        on: Date { year: 2026, month: 11, day: 30 },
    };
    vec![
        sealed!(AUTHORS, ()),
        sealed!(HABITS, habits()),
        sealed!(
            FIGURES,
            WeekFigures {
                week: Week(2969),
                closed: false,
                sides: vec![("telegram".into(), side)],
                links: vec![("zoom".into(), 3)],
                looked: true,
            }
        ),
        sealed!(
            HOSTS,
            LinkedHost {
                host: "acme.example".into(),
                weeks: vec![(Week(2969), 2)],
                decision: Some(decision),
            }
        ),
    ]
}

fn habits() -> Habits {
    let mut habits = Habits::known();
    habits.judge(Brakes::Flood, Said { at: START.0, digest: 7, carries: true });
    habits.tell(START.0);
    habits
}

/// A self-test that one side has answered.
fn self_test() -> SelfTestRun {
    let outcomes = [
        CheckOutcome::Done,
        CheckOutcome::RightOnly,
        CheckOutcome::Failed(Refusal::missing(Right::Delete, "Delete Messages")),
    ];
    let checks = TestedDeed::ALL.into_iter().zip(outcomes);
    let checks = checks.map(|(deed, outcome)| DeedCheck { deed, outcome }).collect();
    let sides = vec![TestedSide { place: group(), at: START, checks }];
    SelfTestRun { number: 3, began: START, asked_in: room(), sides }
}

fn migration() -> Migration {
    Migration {
        notices: vec![StandingNotice {
            end: group(),
            place: room(),
            name: "stage/1/2".into(),
            stage: Some(Stage::Bridged),
            consent: bot_core::portal::ConsentMode::OptIn,
            at_risk: true,
            page: true,
        }],
        self_test: Some(self_test()),
        ..Migration::default()
    }
}

/// What lanes leave out, and what waits.
fn written_by_lanes() -> Vec<(u8, Vec<u8>)> {
    vec![
        sealed!(
            ANSWERS,
            WaitingAnswer {
                since: START,
                work: Work::Task(Task::Due(Deadline::Vote { portal: PortalId(1), number: 2 })),
            }
        ),
        sealed!(MIGRATIONS, migration()),
        sealed!(ELECTORATES, vec![Person::new("telegram", "7")]),
        sealed!(
            PROPOSALS,
            vec![Proposal {
                setting: "metadata".into(),
                value: "matrix".into(),
                agreed: vec![room()],
                until: START,
            }]
        ),
        sealed!(
            UNCONFIRMED,
            Unconfirmed {
                by: Person::new("matrix", "@ann:example.org"),
                command: "unlink telegram".to_owned(),
                until: START,
                number: 12,
            }
        ),
        sealed!(
            TOLD_GAPS,
            ToldGap { network: "telegram".into(), messages: 12, since: START, until: START }
        ),
        sealed!(GAPS, Gap { place: room(), messages: 12, since: START, until: START }),
        sealed!(
            OVERFLOWS,
            Overflow {
                left_out: vec![LeftOut {
                    from: room(),
                    messages: 300,
                    changes: 2,
                    since: START,
                    until: START,
                }],
            }
        ),
    ]
}

fn origin(person: Person, reaction: Reaction) -> Origin {
    Origin {
        place: 3,
        message: MessageId::from("1"),
        author: UserId::from("7"),
        digest: [1; 8],
        media: [2; 8],
        words: true,
        deleted: false,
        pinned: true,
        copies: vec![CopyRecord {
            place: 4,
            parts: vec![Part { id: MessageId::from("$1"), media: true }],
            shared: vec![MessageId::from("2")],
        }],
        reactions: vec![ReactionRecord {
            by: person,
            reaction,
            live: true,
            events: vec![(4, MessageId::from("$2"))],
            refused: vec![5],
        }],
        poll: Some(PollRecord {
            answers: vec![("a".into(), "yes".into())],
            choices: 1,
            disclosed: true,
            closed: false,
            votes: vec![VoteRecord { place: 3, voter: [9; 16], answers: vec![0] }],
            counts: vec![(4, vec![2])],
        }),
        room: Some(6),
    }
}

#[test]
fn every_value_that_layout_4_could_hold_is_read_without_loss() {
    let schema = Schema::load().unwrap();
    let samples = Samples::load();
    let mut values = 0;
    for kind in tables::ALL {
        for value in samples.of(kind.prefix) {
            let old = [&[4][..], &value].concat();
            let sealed = schema.upgraded(&[kind.prefix], &old).unwrap().unwrap();
            assert_kept(kind.prefix, &sealed);
            values += 1;
        }
    }
    assert!(values > 100, "{values} values");
}
