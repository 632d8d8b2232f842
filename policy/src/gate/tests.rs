// SPDX-License-Identifier: AGPL-3.0-or-later
//! What each gate asks for, and what opens it.

use super::*;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp(1_795_651_200_000);

fn gate(from: Stage, measured: &Measured) -> Gate {
    Gate::of(from, &Thresholds::default(), NOW, measured).unwrap()
}

fn ago(days: i64) -> Option<Timestamp> {
    Some(Timestamp(NOW.0 - days * DAY_MS))
}

fn share(native: u32, all: u32) -> Share {
    Share { native, all }
}

#[test]
fn the_inventory_needs_a_decision_admins_and_a_privacy_notice() {
    let nothing = gate(Stage::Inventory, &Measured::default());
    assert!(!nothing.is_open());
    let missing: Vec<_> = nothing.missing().map(|it| (it.criterion, it.have, it.need)).collect();
    let expected = [
        (Criterion::Decision, Some(0), 1),
        (Criterion::Admins, Some(0), 3),
        (Criterion::Privacy, Some(0), 1),
    ];
    assert_eq!(missing, expected);
    let all = Measured { decision: true, admins: 3, privacy_shown: true, ..Measured::default() };
    let gate = gate(Stage::Inventory, &all);
    assert!(gate.is_open(), "one homeserver is a warning");
    assert!(gate.readings.iter().any(|reading| reading.state == State::Warning));
}

#[test]
fn the_notice_is_up_for_two_whole_weeks() {
    let up = |notice_since| {
        let self_test = SelfTest::Passed(NOW);
        gate(Stage::Announced, &Measured { notice_since, self_test, ..Measured::default() })
            .is_open()
    };
    assert!(!up(None));
    assert!(!up(ago(13)));
    assert!(up(ago(14)));
    assert!(!up(Some(Timestamp(NOW.0 + DAY_MS))));
}

#[test]
fn nothing_is_bridged_before_a_self_test_has_passed_in_the_last_thirty_days() {
    let with = |self_test| {
        let measured = Measured {
            notice_since: ago(14),
            self_test,
            admins: 3,
            approvals: 3,
            ..Measured::default()
        };
        gate(Stage::Announced, &measured)
    };
    let passed = |days| SelfTest::Passed(ago(days).unwrap());
    let missing = |gate: &Gate| {
        let all = gate.missing().map(|it| (it.criterion, it.have, it.need, it.votable));
        all.collect::<Vec<_>>()
    };
    assert_eq!(missing(&with(SelfTest::None)), [(Criterion::SelfTest, None, 30, false)]);
    assert_eq!(missing(&with(SelfTest::Failed)), [(Criterion::SelfTestFailed, None, 30, false)]);
    assert_eq!(missing(&with(passed(30))), [(Criterion::SelfTest, Some(30), 30, false)]);
    assert_eq!(missing(&with(passed(29))), []);
    assert!(with(SelfTest::Passed(Timestamp(NOW.0 + DAY_MS))).is_open(), "a clock was set back");
}

#[test]
fn no_vote_stands_in_for_a_self_test_on_the_way_to_matrix_first() {
    let mut measured = Measured { admins: 3, weeks: vec![share(3, 20)], ..Measured::default() };
    measured.approvals = 3;
    for failing in [SelfTest::None, SelfTest::Failed, SelfTest::Passed(ago(31).unwrap())] {
        measured.self_test = failing;
        let closed = gate(Stage::Bridged, &measured);
        assert!(!closed.is_open() && !closed.is_votable(), "{failing:?}");
    }
    (measured.self_test, measured.approvals) = (SelfTest::Passed(NOW), 0);
    assert!(gate(Stage::Bridged, &measured).is_open());
    measured.weeks = vec![share(2, 20)];
    let few = gate(Stage::Bridged, &measured);
    assert!(!few.is_open() && few.is_votable(), "10 % are fewer than 15 %");
    measured.approvals = 2;
    assert!(gate(Stage::Bridged, &measured).is_open());
}

#[test]
fn the_majority_lasts_for_weeks_on_end() {
    let mut measured =
        Measured { weeks: vec![share(10, 20); 8], notice_given: ago(30), ..Measured::default() };
    assert!(gate(Stage::MatrixFirst, &measured).is_open());
    measured.weeks[3] = share(9, 20);
    let broken = gate(Stage::MatrixFirst, &measured);
    assert_eq!(broken.missing().map(|it| it.have).collect::<Vec<_>>(), [Some(3)]);
    measured.approvals = 2;
    assert!(gate(Stage::MatrixFirst, &measured).is_open());
    measured.notice_given = ago(29);
    let early = gate(Stage::MatrixFirst, &measured);
    assert!(!early.is_open() && !early.is_votable(), "nobody can vote the notice away");
}

#[test]
fn an_unfinished_step_holds_the_next_one_up() {
    let measured = Measured { unfinished: 1, notice_given: ago(60), ..Measured::default() };
    assert!(!gate(Stage::ReadOnly, &measured).is_open());
    let finished = Measured { unfinished: 0, approvals: 2, ..measured };
    assert!(gate(Stage::ReadOnly, &finished).is_open());
}

#[test]
fn what_closes_the_old_side_waits_for_the_announced_day() {
    for from in [Stage::MatrixFirst, Stage::ReadOnly] {
        let tomorrow = Measured {
            weeks: vec![share(15, 20); 9],
            notice_given: ago(90),
            approvals: 2,
            day: Some(Timestamp(NOW.0 + 1)),
            ..Measured::default()
        };
        let missing: Vec<_> =
            gate(from, &tomorrow).missing().map(|it| (it.criterion, it.have)).collect();
        assert_eq!(missing, [(Criterion::DayCome, Some(1))], "{from}");
        assert!(!gate(from, &tomorrow).is_votable(), "nobody can vote the day nearer");
        assert!(gate(from, &Measured { day: Some(NOW), ..tomorrow }).is_open(), "{from}");
    }
}

#[test]
fn the_end_takes_two_admins() {
    let alone = Measured { notice_given: ago(60), approvals: 1, ..Measured::default() };
    let gate_alone = gate(Stage::ReadOnly, &alone);
    let missing: Vec<_> = gate_alone.missing().map(|it| it.criterion).collect();
    assert_eq!(missing, [Criterion::TwoAdmins]);
    assert!(gate_alone.asks_admins());
    assert!(gate(Stage::ReadOnly, &Measured { approvals: 2, ..alone }).is_open());
}

#[test]
fn admins_are_asked_only_where_it_counts() {
    let asks = |from, measured: &Measured| gate(from, measured).asks_admins();
    let few = Measured { weeks: vec![share(1, 20)], ..Measured::default() };
    assert!(asks(Stage::Bridged, &few));
    assert!(!asks(Stage::Inventory, &few) && !asks(Stage::Announced, &few));
}

#[test]
fn one_admin_alone_is_no_majority() {
    assert_eq!([0, 1, 2, 3, 4, 5].map(majority), [2, 2, 2, 2, 3, 3]);
}

proptest! {
    #[test]
    fn a_gate_that_is_open_stays_open_when_more_is_there(
        admins in 0_u32..9, approvals in 0_u32..9, native in 0_u32..50, days in 0_i64..100,
    ) {
        let less = Measured {
            admins, approvals, decision: true, privacy_shown: true,
            weeks: vec![share(native, 50); 9], notice_since: ago(days), notice_given: ago(days),
            ..Measured::default()
        };
        let more = Measured {
            approvals: approvals + 1, weeks: vec![share(native + 1, 51); 9],
            notice_since: ago(days + 1), notice_given: ago(days + 1), ..less.clone()
        };
        for stage in Stage::ALL {
            let gates = [&less, &more].map(|measured| {
                Gate::of(stage, &Thresholds::default(), NOW, measured)
            });
            if let [Some(less), Some(more)] = gates {
                prop_assert!(!less.is_open() || more.is_open());
                prop_assert_eq!(less.is_open(), less.missing().count() == 0);
            }
        }
    }
}
