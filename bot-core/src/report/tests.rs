// SPDX-License-Identifier: AGPL-3.0-or-later
//! One report in every format.

use bridge_policy::calendar::{Date, Week};
use bridge_policy::exception::Exception;
use bridge_policy::figures::{AuthorMark, WeekFigures};
use bridge_policy::report::{
    ChatReport, ExceptionReport, FORMAT, GateLine, LinkReport, PortalReport, Report, WeekReport,
};
use bridge_policy::requirements::{LinkedService, Observed, requirements};
use bridge_policy::stage::Stage;
use insta::assert_snapshot;

use super::{Format, lines, write};
use crate::i18n::I18n;
use crate::wording::Wording;

/// The last one of [`report`], which runs still.
const RUNNING: i32 = 2969;

fn week(number: i32, native: u64, legacy: u64) -> WeekReport {
    let mut week = WeekFigures::new(Week(number));
    for (network, people) in [("matrix", native), ("telegram", legacy)] {
        for hash in 0..people {
            let crossing = network == "matrix" && hash % 3 == 0;
            week.note(network, AuthorMark { hash, is_new: true }, crossing);
        }
    }
    if number == RUNNING - 5 {
        // As an earlier version counted it.
        week.sides.iter_mut().for_each(|(_, side)| side.exact = false);
    }
    week.close();
    WeekReport::of(&week, ("matrix", &["matrix", "telegram", "discord"]), number == RUNNING)
}

/// What was linked: a call on record twice, an unknown form once in the running week.
fn facts() -> Observed {
    let zoom = LinkedService {
        id: "zoom".into(),
        name: "Zoom".into(),
        links: 4,
        takes_part: true,
        proven: true,
        on_record: true,
        ..LinkedService::default()
    };
    let forms = LinkedService {
        id: "forms.example.com".into(),
        name: "Acme | Forms".into(),
        running: 1,
        takes_part: true,
        proven: true,
        ..LinkedService::default()
    };
    Observed {
        stage: Stage::Bridged,
        looked: true,
        linked: vec![forms, zoom],
        overdue: vec!["Zoom | <b>".into()],
        waiting: 3,
    }
}

fn report() -> Report {
    let today = Date::parse("2026-11-26").unwrap();
    let exception = Exception {
        number: 1,
        service: "Zoom | <b>".into(),
        reason: "''dial-in'' for *two* members".into(),
        candidate: "BigBlueButton".into(),
        owner: "chair".into(),
        review: Date::parse("2026-11-01").unwrap(),
        tracker: Some("https://phabricator.example.org/T1".into()),
        opened: Date::parse("2026-09-01").unwrap(),
        closed: None,
    };
    let exceptions = vec![ExceptionReport::of(&exception, today)];
    Report {
        format: FORMAT,
        day: today.to_string(),
        portals: vec![PortalReport {
            number: 1,
            chats: vec![
                ChatReport {
                    network: "telegram".into(),
                    name: Some("[[Ludo]] & {{friends}}".into()),
                },
                ChatReport { network: "discord".into(), name: None },
            ],
            room: "https://matrix.to/#/!room:example.org".into(),
            stage: Stage::Bridged.name().into(),
            since: Some("2026-10-01".into()),
            gate: vec![GateLine {
                what: "✗ Last week's authors who wrote on Matrix: 0 % (needed: 15 %)".into(),
                holds: false,
            }],
            requirements: requirements(&facts()),
            weeks: vec![
                week(RUNNING - 5, 6, 40),
                week(RUNNING - 4, 3, 38),
                week(RUNNING - 3, 12, 30),
                week(RUNNING - 2, 20, 20),
                week(RUNNING - 1, 0, 0),
                week(RUNNING, 7, 0),
            ],
            links: facts().linked.iter().map(LinkReport::of).collect(),
            exceptions,
        }],
    }
}

fn written(format: Format) -> String {
    write(&report(), format, &Wording::new(I18n::embedded(), "en", "Freeside")).unwrap()
}

#[test]
fn a_wiki_gets_a_sortable_table_between_markers() {
    let text = written(Format::Wikitext);
    assert!(text.starts_with("<!-- freeside report: begin -->\n{| class=\"wikitable sortable\""));
    assert!(text.ends_with("|}\n<!-- freeside report: end -->\n"));
    assert!(!text.contains("[[Ludo") && !text.contains("{{friends") && !text.contains("''dial"));
    assert_snapshot!(text);
}

#[test]
fn a_text_shows_every_week() {
    let text = written(Format::Markdown);
    assert!(!text.contains("*two*") && text.contains("\\*two\\*"));
    assert_snapshot!(text);
}

#[test]
fn a_page_fetches_nothing_and_runs_nothing() {
    let page = written(Format::Html);
    assert!(!page.contains("<b>") && !page.contains("<script") && !page.contains("src="));
    assert_eq!(page.matches("<polyline").count(), 2, "a week of few or of nobody leaves a gap");
    assert_snapshot!(page);
}

#[test]
fn the_shape_for_programs_is_the_one_that_is_written_down() {
    let json = written(Format::Json);
    assert_snapshot!(json);
    assert_eq!(json, written(Format::Json), "the same report gives the same bytes");
}

#[test]
fn last_week_is_last_week_and_the_running_one_is_marked() {
    let wording = Wording::new(I18n::embedded(), "en", "Freeside");
    let mut portal = report().portals.remove(0);
    let chat = |portal: &PortalReport| {
        let lines: Vec<String> = lines(portal, &wording).iter().map(|it| it.plain()).collect();
        lines.join("\n")
    };
    assert_snapshot!(chat(&portal));
    portal.weeks.retain(|week| week.running);
    assert!(chat(&portal).starts_with("Last week: nothing was counted yet\nThis week so far"));
}

#[test]
fn the_formats_are_known_by_their_names() {
    for (name, format) in Format::ALL {
        assert_eq!(Format::parse(name), Some(format));
    }
    assert_eq!(Format::parse("pdf"), None);
}
