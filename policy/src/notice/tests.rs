// SPDX-License-Identifier: AGPL-3.0-or-later
//! The rules of context, one by one.

use bridge_model::{Block, RichText, Span, Style};

use super::*;

const TODAY: i64 = 20_783;

fn catalogue() -> Catalogue {
    Catalogue::built_in().unwrap()
}

fn judged(text: &str) -> Verdict {
    judge(&catalogue(), &RichText::plain_text(text), "en", TODAY)
}

fn remark(text: &str) -> Option<String> {
    judged(text).remark.map(|remark| remark.service)
}

#[test]
fn a_proprietary_link_is_remarked_on() {
    let verdict = judged("we meet at https://zoom.us/j/123?pwd=Ab see you");
    let remark = verdict.remark.unwrap();
    assert_eq!((remark.service.as_str(), remark.class), ("zoom", Class::Call));
    assert_eq!(remark.subject, "zoom.us/j/123?pwd=Ab");
    assert_eq!(remark.alternatives, ["jitsi", "bigbluebutton"]);
    assert_eq!(verdict.used, ["zoom"]);
}

#[test]
fn a_free_link_beside_it_means_silence_and_is_counted_all_the_same() {
    let verdict = judged("https://meet.jit.si/wiki or else https://zoom.us/j/123");
    assert_eq!((verdict.remark, verdict.used), (None, vec!["zoom".to_owned()]));
    // Free for something else.
    assert_eq!(
        remark("https://zoom.us/j/1 notes: https://etherpad.wikimedia.org/p/x").unwrap(),
        "zoom"
    );
}

#[test]
fn words_of_others_and_code_are_silent() {
    let link = || vec![Span::text("https://zoom.us/j/123")];
    let quote = Block::Quote { blocks: vec![Block::Paragraph(link())], expandable: false };
    let code = Block::Code { language: None, text: "https://zoom.us/j/123".into() };
    let inline = Block::Paragraph(vec![Span {
        style: Style { code: true, ..Style::default() },
        ..Span::text("https://zoom.us/j/123")
    }]);
    for block in [quote, code, inline] {
        let verdict = judge(&catalogue(), &RichText(vec![block]), "en", TODAY);
        assert_eq!(verdict, Verdict::default());
    }
    let linked = Span::link("here", "https://zoom.us/j/123");
    let text = RichText(vec![Block::Paragraph(vec![linked])]);
    assert!(judge(&catalogue(), &text, "en", TODAY).remark.is_some());
}

#[test]
fn a_dial_in_is_repeated_as_it_stands() {
    let dial_in = |text: &str| judged(text).remark.unwrap().dial_in;
    let number = |number: &str, pin: Option<&str>| {
        Some(DialIn { number: number.into(), pin: pin.map(str::to_owned) })
    };
    assert_eq!(dial_in("https://zoom.us/j/1"), None);
    let text = "https://zoom.us/j/1\nOne tap mobile\n+16465588656,,123456789# US";
    assert_eq!(dial_in(text), number("+16465588656,,123456789#", None));
    let text = "https://meet.google.com/abc-defg-hij phone +49 30 300195061 PIN: 123 456 789#";
    assert_eq!(dial_in(text), number("+49 30 300195061", Some("123 456 789#")));
    assert_eq!(dial_in("https://zoom.us/j/1 in room 5 + 2 chairs"), None);
}

#[test]
fn videos_are_remarked_on_where_they_are_the_place_to_watch() {
    assert_eq!(remark("what a film https://youtu.be/abc"), None);
    assert_eq!(judged("what a film https://youtu.be/abc").used, ["youtube"]);
    assert_eq!(remark("the keynote is live now: https://youtu.be/abc").unwrap(), "youtube");
    assert_eq!(remark("https://www.youtube.com/live/abc").unwrap(), "youtube");
    let second =
        "Livestream https://commons.wikimedia.org/wiki/File:X.webm, also https://youtu.be/a";
    assert_eq!(remark(second), None);
}

#[test]
fn reports_only_are_silent_and_free_services_are_not_counted() {
    let verdict = judged("see https://github.com/wikimedia/mediawiki");
    assert_eq!((verdict.remark, verdict.used), (None, vec!["github".to_owned()]));
    assert_eq!(judged("see https://signal.group/"), Verdict::default());
    let verdict = judged("our group: https://signal.group/#CjQKI");
    assert!(verdict.used.is_empty());
    assert_eq!(verdict.remark.unwrap().alternatives, Vec::<String>::new());
}

#[test]
fn the_same_link_is_the_same_however_it_was_shared() {
    let subject = |text: &str| judged(text).remark.unwrap().subject;
    let one = subject("https://www.youtube.com/watch?v=Ab1&utm_source=x is live now");
    assert_eq!(one, subject("HTTPS://YOUTUBE.com/watch?v=Ab1&feature=share#t=3 is live now"));
    assert_ne!(one, subject("https://youtube.com/watch?v=ab1 is live now"));
    // All boards of one service are one subject.
    assert_eq!(subject("https://miro.com/app/board/a"), subject("https://miro.com/app/board/b"));
}

#[test]
fn links_are_found_in_any_writing() {
    for text in [
        "请加入https://zoom.us/j/123，谢谢",
        "(zoom.us/j/123)",
        "Join: <https://zoom.us/j/123>.",
        "«https://zoom.us/j/123»",
        "**https://zoom.us/j/123**",
        "انضموا https://zoom.us/j/123.",
    ] {
        assert_eq!(remark(text).as_deref(), Some("zoom"), "{text}");
    }
    for text in
        ["ann@zoom.us/j/1", "https://ann@zoom.us/j/1", "zoom.us", "v1.2/j/1", "ftp://zoom.us/j/1"]
    {
        assert_eq!(remark(text), None, "{text}");
    }
}

#[test]
fn without_evidence_nothing_is_said_and_all_is_counted() {
    let mut all = catalogue();
    for service in &mut all.services {
        service.client = None;
        if let Some(server) = &mut service.server {
            server.evidence = None;
        }
    }
    let text = RichText::plain_text("https://zoom.us/j/123 https://signal.group/abc");
    let verdict = judge(&all, &text, "en", TODAY);
    assert_eq!(
        (verdict.remark, verdict.used),
        (None, vec!["zoom".to_owned(), "signal".to_owned()])
    );
}

#[test]
fn what_nobody_looked_at_lately_is_not_recommended() {
    let remark =
        judge(&catalogue(), &RichText::plain_text("https://zoom.us/j/123"), "en", TODAY + 91);
    assert_eq!(remark.remark.unwrap().alternatives, Vec::<String>::new());
}
