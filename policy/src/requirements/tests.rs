// SPDX-License-Identifier: AGPL-3.0-or-later
//! How requirements stand: the rules one by one, and what the figures make of links.

use super::*;
use crate::figures::AuthorMark;
use crate::hosts::HostDecision;

/// A community in which everything is as it should be.
fn clean() -> Observed {
    Observed {
        stage: Stage::MatrixFirst,
        looked: true,
        linked: Vec::new(),
        overdue: Vec::new(),
        waiting: 0,
    }
}

fn linked(name: &str) -> LinkedService {
    LinkedService { id: name.into(), name: name.into(), proven: true, ..LinkedService::default() }
}

/// One requirement, as `state: rule [services] count`, rule by rule.
fn stands(facts: &Observed, id: &str) -> (Compliance, Vec<(Because, Vec<String>)>) {
    let all = requirements(facts);
    let found = all.into_iter().find(|one| one.id == id).unwrap();
    (found.state, found.rules.into_iter().map(|ground| (ground.rule, ground.services)).collect())
}

#[track_caller]
fn assert_stands(facts: &Observed, id: &str, state: Compliance, because: Because) {
    let (found, rules) = stands(facts, id);
    assert_eq!(found, state, "{id}: {rules:?}");
    assert!(rules.iter().any(|(rule, _)| *rule == because), "{id}: {rules:?}");
}

#[test]
fn every_requirement_is_met_where_nothing_speaks_against_it() {
    for one in requirements(&clean()) {
        assert_eq!(one.state, Compliance::Met, "{}", one.id);
        let [ground] = one.rules.try_into().unwrap();
        assert_eq!(ground.rule, Because::NothingAgainstIt);
    }
}

#[test]
fn what_nobody_looked_at_is_not_measured() {
    let facts = Observed { looked: false, ..clean() };
    for one in requirements(&facts) {
        assert_eq!(one.state, Compliance::NotMeasured, "{}", one.id);
    }
    let begins = Observed { stage: Stage::Inventory, ..facts };
    for id in [FREEDOM, NO_ID] {
        assert_stands(&begins, id, Compliance::NotMet, Because::NothingShared);
    }
    for id in [DRM, BUG, DOUBT] {
        assert_stands(&begins, id, Compliance::NotMeasured, Because::NothingSeen);
    }
}

#[test]
fn a_proprietary_form_without_an_exception_is_against_freedom_at_every_stage() {
    let form = LinkedService { takes_part: true, ..linked("Google Forms") };
    for stage in Stage::ALL {
        let facts = Observed { stage, linked: vec![form.clone()], ..clean() };
        assert_stands(&facts, FREEDOM, Compliance::NotMet, Because::NoException);
        assert_stands(&facts, BUG, Compliance::NotMet, Because::NoException);
    }
    let form = LinkedService { on_record: true, ..form };
    let facts = Observed { linked: vec![form], ..clean() };
    assert_stands(&facts, FREEDOM, Compliance::UnderWay, Because::OnRecord);
    assert_stands(&facts, BUG, Compliance::Met, Because::OnRecord);
    let bridged = Observed { stage: Stage::Bridged, ..clean() };
    assert_stands(&bridged, FREEDOM, Compliance::UnderWay, Because::LegacyFirst);
}

#[test]
fn every_service_that_is_on_no_record_is_named_and_so_is_what_is_overdue() {
    let zoom = LinkedService { on_record: true, ..linked("Zoom") };
    let facts = Observed {
        linked: vec![linked("Instagram"), zoom, linked("YouTube")],
        overdue: vec!["Zoom".into()],
        ..clean()
    };
    let (state, rules) = stands(&facts, BUG);
    assert_eq!(state, Compliance::NotMet);
    assert_eq!(
        rules,
        [
            (Because::NoException, vec!["Instagram".into(), "YouTube".into()]),
            (Because::ReviewOverdue, vec!["Zoom".into()]),
            (Because::OnRecord, vec!["Zoom".into()]),
        ]
    );
}

#[test]
fn restrictions_doubt_and_accounts_come_from_what_was_linked() {
    let video = LinkedService { first_to_watch: true, ..linked("YouTube") };
    let unclear = LinkedService { proven: false, ..linked("Mystery") };
    let account = LinkedService { asks_for_id: true, ..linked("WhatsApp") };
    for (service, id, because) in [
        (video, DRM, Because::FirstToWatch),
        (unclear, DOUBT, Because::NoEvidence),
        (account, NO_ID, Because::AsksForId),
    ] {
        let facts = |service: LinkedService| Observed { linked: vec![service], ..clean() };
        assert_stands(&facts(service.clone()), id, Compliance::NotMet, because);
        let others = [DRM, DOUBT, NO_ID].into_iter().filter(|other| *other != id);
        for other in others {
            let (state, _) = stands(&facts(service.clone()), other);
            assert_eq!(state, Compliance::Met, "{other} of {}", service.name);
        }
        let excused = facts(LinkedService { on_record: true, ..service });
        assert!(stands(&excused, id).0 < Compliance::NotMet, "{id}");
    }
    let doubtful = Observed { waiting: 7, ..clean() };
    assert_stands(&doubtful, DOUBT, Compliance::UnderWay, Because::HostsWait);
    let all = requirements(&doubtful);
    let ground = all.iter().find(|one| one.id == DOUBT).and_then(|one| one.rules.first()).unwrap();
    assert_eq!((ground.count, ground.services.is_empty()), (7, true), "hosts are not named");
}

#[test]
fn the_catalogue_states_each_requirement_of_the_rules() {
    let catalogue = Catalogue::built_in().unwrap();
    let ids: Vec<&str> = catalogue.requirements.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ALL);
    for rule in &RULES {
        assert!(ALL.contains(&rule.requirement));
    }
}

/// The running week of the tests.
const NOW: Week = Week(2970);

fn week(back: i32, links: &[(&str, u64)]) -> WeekFigures {
    let links = links.iter().map(|(id, links)| ((*id).to_owned(), *links)).collect();
    let mut week = WeekFigures { links, ..WeekFigures::new(NOW.plus(-back)) };
    week.note("matrix", AuthorMark { hash: 1, is_new: true }, false);
    week
}

fn exception(service: &str, closed: Option<Date>) -> Exception {
    let opened = Date::of(NOW.plus(-1).begins());
    Exception {
        number: 1,
        service: service.into(),
        reason: String::new(),
        candidate: String::new(),
        owner: String::new(),
        review: Date::of(NOW.plus(5).begins()),
        tracker: None,
        opened,
        closed,
    }
}

fn found(weeks: &[WeekFigures], exceptions: &[Exception], hosts: &[LinkedHost]) -> Observed {
    let catalogue = Catalogue::built_in().unwrap();
    let (stage, today) = (Stage::MatrixFirst, Date::of(NOW.begins()));
    facts(&Looked { catalogue: &catalogue, weeks, hosts, exceptions, stage, today })
}

#[test]
fn links_are_counted_by_service_and_those_of_the_running_week_apart() {
    let weeks = [week(2, &[("zoom", 3)]), week(0, &[("zoom", 2), ("first/youtube", 1)])];
    let facts = found(&weeks, &[], &[]);
    let of = |id: &str| facts.linked.iter().find(|one| one.id == id).unwrap();
    assert_eq!((of("zoom").links, of("zoom").running, of("zoom").takes_part), (3, 2, true));
    assert!(of("youtube").first_to_watch && !of("youtube").takes_part);
    assert!(facts.looked);
    assert!(!found(&[week(1, &[])], &[], &[]).looked, "nothing crossed in that week");
}

#[test]
fn an_exception_covers_what_was_linked_until_it_was_closed() {
    let weeks = [week(3, &[("zoom", 1)]), week(1, &[("zoom", 1)])];
    let on_record = |exceptions: &[Exception]| found(&weeks, exceptions, &[]).linked[0].on_record;
    assert!(!on_record(&[]));
    assert!(on_record(&[exception("Zoom", None)]));
    assert!(!on_record(&[exception("Google Meet", None)]));
    let day = |back: i32| Some(Date::of(NOW.plus(-back).begins()));
    assert!(on_record(&[exception("Zoom", day(1))]));
    assert!(!on_record(&[exception("Zoom", day(2))]), "it was linked again afterwards");
}

#[test]
fn a_host_counts_as_the_community_decided() {
    let host = |host: &str, kind: Option<HostKind>| {
        let on = Date::of(NOW.begins());
        let name = Some("Acme Forms".to_owned());
        let evidence = Some("https://example.org/licence".to_owned());
        let decision = kind.map(|kind| HostDecision { kind, evidence, name, on });
        let weeks = vec![(NOW.plus(-30), 9), (NOW.plus(-1), 2), (NOW, 1)];
        LinkedHost { host: host.into(), weeks, decision }
    };
    let hosts = [
        host("waits.example", None),
        host("free.example", Some(HostKind::Free)),
        host("news.example", Some(HostKind::Ignored)),
        host("acme.example", Some(HostKind::Proprietary)),
    ];
    let weeks = [week(1, &[]), week(0, &[])];
    let facts = found(&weeks, &[], &hosts);
    let [one] = facts.linked.try_into().unwrap();
    assert_eq!((one.id.as_str(), one.name.as_str()), ("acme.example", "Acme Forms"));
    assert_eq!((one.links, one.running), (2, 1), "only the weeks of the report");
    assert_eq!(facts.waiting, 1);
    let facts = found(&weeks, &[exception("Acme Forms", None)], &hosts);
    assert!(facts.linked[0].on_record);
}
