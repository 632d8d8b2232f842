// SPDX-License-Identifier: AGPL-3.0-or-later
//! The bytes of stored values: those that older versions wrote are read for ever, and no change of a
//! type goes unnoticed.
//!
//! Rule: lines of `samples/pinned.txt` are only ever added. Each is a table's prefix and a sealed
//! value in hexadecimal digits. All can be read without losing anything, and the last one of each
//! table is what is written today.

use std::collections::BTreeMap;
use std::path::Path;

use bot_core::lane::{Work, core_place};
use bot_core::migration::{Deadline, Migration, StandingNotice, Task};
use bot_core::moving::Move;
use bot_core::order::{EntryId, Part};
use bot_core::portal::{PortalId, Proposal};
use bot_core::store::format4::Schema;
use bot_core::store::records::{
    Calls, CopyRecord, LaneRecord, LeftOut, MessageRecord, Origin, OrphanRecord, Overflow,
    PollRecord, PrivateChat, ReactionRecord, TimerRecord, Unconfirmed, VoteRecord, WaitingAnswer,
};
use bot_core::store::{Claim, StoreError, Tie, tables};
use bridge_model::{MessageId, Person, Place, Reaction, Timestamp, UserId};
use bridge_policy::calendar::{Date, Week};
use bridge_policy::figures::{Side, WeekFigures};
use bridge_policy::hosts::{HostDecision, HostKind, LinkedHost};
use bridge_policy::stage::Stage;
use data_encoding::HEXLOWER;
use serde_json::Value;

use super::pinned_people::{self, named};
use crate::words::{START, group, reacted, room};

/// Reads a sealed value with the type of its table, and writes it again.
fn rewritten(prefix: u8, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
    macro_rules! by_prefix {
        ($($table:ident),* $(,)?) => {
            match prefix {
                $(prefix if prefix == tables::$table.kind().prefix => {
                    tables::$table.open(sealed).and_then(|value| tables::$table.seal(&value))
                })*
                _ => panic!("no table has the prefix {prefix}"),
            }
        };
    }
    by_prefix!(
        META,
        MESSAGES,
        ONCE,
        MARKS,
        FILES,
        LANES,
        ENTRIES,
        WAITING,
        OVERFLOWS,
        ANSWERS,
        UNCONFIRMED,
        PLACE_NUMBERS,
        PLACES,
        PORTALS,
        PORTAL_OF,
        PROPOSALS,
        OFFERS,
        CLAIM_OFFERS,
        CLAIMS,
        CLAIMED,
        PRIVATE_CHATS,
        CALLS,
        GHOSTS,
        LOCALPARTS,
        PEOPLE,
        LOOKS,
        EMOJI,
        EMOJI_FILES,
        STICKERS,
        LEDGERS,
        TIMERS,
        TIMER_MOMENTS,
        MIGRATIONS,
        AUDITS,
        ELECTORATES,
        FIGURES,
        AUTHORS,
        HOSTS,
        ORPHANS,
        TOPICS,
        SPEAKERS,
        FORGOTTEN,
        SWEEP,
        TOPIC_ROOMS,
    )
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

fn written() -> Vec<(u8, Vec<u8>)> {
    let movers = [written_by_movers(), pinned_people::written()].concat();
    [written_by_messages(), written_by_lanes(), written_by_figures(), movers].concat()
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
        sealed!(PLACE_NUMBERS, 300),
        sealed!(PLACES, Place::new("matrix", "!room:example.org")),
        sealed!(PORTAL_OF, PortalId(300)),
        sealed!(TIMER_MOMENTS, Timestamp(1_700_000_000_000)),
        sealed!(TOPIC_ROOMS, [7; 16]),
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

/// What is known of people who have moved.
fn written_by_movers() -> Vec<(u8, Vec<u8>)> {
    vec![
        sealed!(
            PRIVATE_CHATS,
            PrivateChat { place: room(), language: Some("de".into()), seen: START }
        ),
        sealed!(
            CLAIMS,
            Claim {
                person: Person::new("telegram", "7"),
                name: "Ann".into(),
                mxid: "@ann:example.org".into(),
                own_voice: false,
                asks: true,
                portal: PortalId(1),
                since: START,
                tie: Some(Tie::Open),
                departed: Some(vec![(PortalId(1), START)]),
                asked_in: vec![PortalId(2)],
                deaf: true,
            }
        ),
        sealed!(CALLS, Calls { since: START, told: vec![[7; 16]], held: 3 }),
        sealed!(
            TIMERS,
            TimerRecord {
                name: "depart/1/telegram/7".into(),
                lane: core_place(&room()),
                work: Work::Task(Task::Moving(Move::Depart(Person::new("telegram", "7")))),
            }
        ),
    ]
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
        sealed!(
            MIGRATIONS,
            Migration {
                notices: vec![StandingNotice {
                    end: group(),
                    place: room(),
                    name: "stage/1/2".into(),
                    stage: Some(Stage::Bridged),
                }],
                ..Migration::default()
            }
        ),
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

/// Values of layout 4, made from its schema: every variant of every type is in at least one.
struct Samples(Value);

impl Samples {
    fn load() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/format4.json");
        Self(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
    }

    fn of(&self, prefix: u8) -> Vec<Vec<u8>> {
        match self.0["tables"].get(char::from(prefix).to_string()) {
            Some(format) => self.samples(format, &[]),
            None => Vec::new(),
        }
    }

    fn samples(&self, format: &Value, within: &[&str]) -> Vec<Vec<u8>> {
        let Some(name) = format.as_str() else {
            let (kind, inner) = format.as_object().unwrap().iter().next().unwrap();
            return match kind.as_str() {
                "TYPENAME" => self.named(inner.as_str().unwrap(), within),
                "OPTION" => {
                    let some = self.samples(inner, within).into_iter();
                    let some = some.map(|value| [vec![1], value].concat());
                    some.chain([vec![0]]).collect()
                }
                "SEQ" => {
                    let values = self.samples(inner, within);
                    assert!(values.len() < 128);
                    vec![[vec![u8::try_from(values.len()).unwrap()], values.concat()].concat()]
                }
                "TUPLE" => self.together(inner.as_array().unwrap().iter(), within),
                "TUPLEARRAY" => {
                    let size = usize::try_from(inner["SIZE"].as_u64().unwrap()).unwrap();
                    self.together(std::iter::repeat_n(&inner["CONTENT"], size), within)
                }
                other => panic!("{other}"),
            };
        };
        match name {
            "UNIT" => vec![vec![]],
            "BOOL" => vec![vec![1], vec![0]],
            "U8" | "I8" => vec![vec![7]],
            // 300, or 150 with a sign.
            "U16" | "U32" | "U64" | "I16" | "I32" | "I64" => vec![vec![0xac, 2]],
            "CHAR" => vec![b"\x01t".to_vec()],
            "STR" => vec![b"\x03\xc3\xa4!".to_vec()],
            other => panic!("{other}"),
        }
    }

    /// A type that is within itself is there only as what ends it.
    fn named(&self, name: &str, within: &[&str]) -> Vec<Vec<u8>> {
        if within.iter().filter(|outer| **outer == name).count() > 1 {
            return Vec::new();
        }
        let within = [within, &[name]].concat();
        let container = &self.0["types"][name];
        if container == "UNITSTRUCT" {
            return vec![vec![]];
        }
        let (kind, inner) = container.as_object().unwrap().iter().next().unwrap();
        match kind.as_str() {
            "ENUM" => {
                let variants = inner.as_object().unwrap().iter();
                let mut values = Vec::new();
                for (number, variant) in variants {
                    let (_, shape) = variant.as_object().unwrap().iter().next().unwrap();
                    let number = number.parse::<u8>().unwrap();
                    let bodies = self.shape(shape, &within).into_iter();
                    values.extend(bodies.map(|body| [vec![number], body].concat()));
                }
                values
            }
            kind => self.shape(&serde_json::json!({ kind: inner }), &within),
        }
    }

    fn shape(&self, shape: &Value, within: &[&str]) -> Vec<Vec<u8>> {
        if shape == "UNIT" {
            return vec![vec![]];
        }
        let (kind, inner) = shape.as_object().unwrap().iter().next().unwrap();
        match kind.as_str() {
            "NEWTYPE" | "NEWTYPESTRUCT" => self.samples(inner, within),
            "TUPLE" | "TUPLESTRUCT" => self.together(inner.as_array().unwrap().iter(), within),
            "STRUCT" => {
                let fields = inner.as_array().unwrap().iter();
                let formats = fields.map(|field| field.as_object().unwrap().values().next());
                self.together(formats.map(Option::unwrap), within)
            }
            other => panic!("{other}"),
        }
    }

    /// As many values as the part with the most values has; the others begin again.
    fn together<'a>(
        &self,
        formats: impl Iterator<Item = &'a Value>,
        within: &[&str],
    ) -> Vec<Vec<u8>> {
        let parts: Vec<_> = formats.map(|format| self.samples(format, within)).collect();
        if parts.iter().any(Vec::is_empty) {
            return Vec::new();
        }
        let most = parts.iter().map(Vec::len).max().unwrap_or(1);
        let value = |at: usize| parts.iter().flat_map(move |part| part[at % part.len()].clone());
        (0..most).map(|at| value(at).collect()).collect()
    }
}
