// SPDX-License-Identifier: AGPL-3.0-or-later
//! One report in every format.

use bridge_policy::calendar::{Date, Week};
use bridge_policy::exception::Exception;
use bridge_policy::figures::WeekFigures;
use bridge_policy::report::{
    ChatReport, ExceptionReport, FORMAT, GateLine, LinkReport, PortalReport, Report, Used,
    WeekReport, requirements,
};
use bridge_policy::stage::Stage;
use insta::assert_snapshot;

use super::{Format, write};
use crate::i18n::I18n;
use crate::wording::Wording;

fn week(number: i32, native: u64, legacy: u64) -> WeekReport {
    let mut week = WeekFigures::new(Week(number));
    for person in 0..native {
        week.note("matrix", person * 104_729 + 11, person % 3 == 0);
    }
    for person in 0..legacy {
        week.note("telegram", person * 7_919 + 5, false);
    }
    week.close();
    WeekReport::of(&week, "matrix")
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
                what: "✗ Last week's authors: 12 % of 15 %".into(),
                holds: false,
            }],
            requirements: requirements(Stage::Bridged, &exceptions, Used::default()),
            weeks: vec![
                week(2900, 6, 40),
                week(2901, 3, 38),
                week(2902, 12, 30),
                week(2903, 20, 20),
            ],
            links: vec![LinkReport { service: "zoom".into(), links: 4 }],
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
    assert_eq!(page.matches("<polyline").count(), 2, "the week of few leaves a gap");
    assert_snapshot!(page);
}

#[test]
fn the_shape_for_programs_is_the_one_that_is_written_down() {
    let json = written(Format::Json);
    assert_snapshot!(json);
    assert_eq!(json, written(Format::Json), "the same report gives the same bytes");
}

#[test]
fn the_formats_are_known_by_their_names() {
    for (name, format) in Format::ALL {
        assert_eq!(Format::parse(name), Some(format));
    }
    assert_eq!(Format::parse("pdf"), None);
}
