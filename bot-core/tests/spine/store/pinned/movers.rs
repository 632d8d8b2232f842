// SPDX-License-Identifier: AGPL-3.0-or-later
//! Pinned records of people: who moves, and what people have said about being relayed.

use bot_core::store::statements::{Choice, Statement, Statements};

use super::*;

/// What is known of people who have moved.
pub fn written() -> Vec<(u8, Vec<u8>)> {
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
        sealed!(
            CONSENT,
            Statements {
                all: vec![Statement {
                    network: "telegram".into(),
                    portal: Some(PortalId(1)),
                    choice: Choice::OptOut,
                    text: "en/0badcafe".into(),
                    given: START,
                    withdrawn: Some(START),
                }],
                erased: 1,
            }
        ),
        sealed!(CONSENT_TOLD, START),
        sealed!(PSEUDONYMOUS, vec![[7; 16]]),
    ]
}
