// SPDX-License-Identifier: AGPL-3.0-or-later
//! Why something is said about a link, or why not.
//!
//! Rule: a link by which people take part is due unless words speak against it; a page that is most
//! often shown as a source is due only if words ask people to go there.

use std::fmt;

use bridge_config::catalogue::{Class, Severity};

use super::Use;
use super::fold::Word;
use super::free::Beside;
use super::lexicon::{
    ABUSE, ASK, BROKEN, CLOSED, EVIDENCE, IF, LESSON, LIVE, NEW, OFF, PAST, SCAM, SOURCE, VISIT,
    WITHDRAW,
};
use super::links::Said;
use super::sentences::{Around, all, around, elsewhere, is_put_off, saying};

/// Digits of a code that is typed on a front page.
const CODE: usize = 4;

/// The reason of a verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Why {
    /// It uses no service that the catalogue knows, as far as the author's own words go.
    #[default]
    NoService,
    /// The service is only counted.
    Counted,
    /// Nobody has shown evidence.
    Unproven,
    /// Something free stands beside it.
    FreeBeside,
    /// A page of a wiki can be used in its place.
    WikiBeside,
    /// The message warns of the link.
    Fraud,
    /// What the link leads to does not take place.
    CalledOff,
    /// Nobody shall use the link, or not any more.
    NotUsed,
    /// It does not open, or asks for what people do not have.
    Broken,
    /// It was used for a meeting that is over.
    Over,
    /// It is shown as evidence of what somebody did.
    Evidence,
    /// It is shown as a source.
    Source,
    /// Nothing asks people to go there.
    NotAsked,
    /// People take part by such a link.
    TakesPart,
    /// Words ask people to go there.
    Asked,
    /// Words announce that something is shown there.
    Announced,
}

impl Why {
    /// Something is to be said.
    pub fn is_due(self) -> bool {
        matches!(self, Self::TakesPart | Self::Asked | Self::Announced)
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoService => "no link of the author's own uses a service of the catalogue",
            Self::Counted => "the service is only counted",
            Self::Unproven => "the catalogue has no evidence for the service",
            Self::FreeBeside => "free software for the same stands beside it",
            Self::WikiBeside => "a page of a wiki can be used instead",
            Self::Fraud => "the message warns of the link",
            Self::CalledOff => "what it leads to does not take place",
            Self::NotUsed => "the link is not to be used, or not any more",
            Self::Broken => "the message says that the link does not work",
            Self::Over => "what it led to is over",
            Self::Evidence => "the link is shown as evidence",
            Self::Source => "the link is shown as a source",
            Self::NotAsked => "nothing asks people to go there",
            Self::TakesPart => "people take part by such a link",
            Self::Asked => "words ask people to go there",
            Self::Announced => "words announce that something is shown there",
        })
    }
}

/// What a message says as a whole.
pub(super) struct Whole {
    /// It warns of something.
    warns: bool,
    /// The sentences by which a meeting is called off.
    off: Vec<String>,
    /// A meeting is put off, and not to a day.
    put_off: bool,
}

impl Whole {
    /// Reads the message once, for all of its links.
    pub(super) fn of(said: &Said) -> Self {
        let warns = SCAM.is_in(&all(said));
        Self { warns, off: saying(said, is_off), put_off: is_put_off(said) }
    }
}

/// Why a link is due, or why not.
pub(super) fn weigh(said: &Said, whole: &Whole, beside: &Beside<'_>, one: Use<'_>) -> Why {
    let Use { service, link, cited } = one;
    if service.severity == Severity::Report {
        return Why::Counted;
    }
    if !service.is_proven() {
        return Why::Unproven;
    }
    if beside.has(service) {
        return Why::FreeBeside;
    }
    if beside.may_choose(said, link) {
        return Why::WikiBeside;
    }
    let near = around(said, link);
    if whole.warns && !LESSON.is_in(&near.sentence) {
        return Why::Fraud;
    }
    if let Some(why) = weigh_state(whole, &near, one) {
        return why;
    }
    if cited {
        return weigh_page(&near, service.class);
    }
    let recording = said.links.get(link).is_some_and(|it| it.path.starts_with("/rec/"));
    if service.class == Class::Call && !recording && is_over(&near) {
        return Why::Over;
    }
    weigh_place(&near, service.class)
}

/// What the link leads to does not take place, or the link does not lead there.
fn weigh_state(whole: &Whole, near: &Around, one: Use<'_>) -> Option<Why> {
    let asked = ASK.is_in(&near.clause);
    if is_off(&near.sentence) && (!asked || OFF.is_in(&near.clause)) {
        return Some(Why::CalledOff);
    }
    if CLOSED.is_in(&near.clause) && !NEW.is_in(&near.before) {
        return Some(Why::NotUsed);
    }
    if BROKEN.is_in(&near.clause) && !NEW.is_in(&near.before) && !IF.is_in(&near.clause) {
        return Some(Why::Broken);
    }
    // Of a meeting that is called off people may still read, and there is a next one.
    let class = one.service.class;
    let meets = matches!(class, Class::Call | Class::Form | Class::Scheduling | Class::Video);
    let off = meets && (elsewhere(&whole.off, one.link) || whole.put_off);
    let goes_on = ASK.is_in(&near.sentence) || NEW.is_in(&near.sentence);
    (off && !goes_on).then_some(Why::CalledOff)
}

/// A meeting is called off. Who cannot come gives their own place back, and it takes place.
fn is_off(sentence: &[Word]) -> bool {
    OFF.is_in(sentence) && !WITHDRAW.is_in(sentence)
}

/// The sentence tells of a meeting that was.
fn is_over(near: &Around) -> bool {
    PAST.is_in(&near.sentence) && !ASK.is_in(&near.sentence)
}

/// A link by which people take part.
fn weigh_place(near: &Around, class: Class) -> Why {
    // Nobody shows a call as a source.
    if class == Class::Call {
        return Why::TakesPart;
    }
    if EVIDENCE.is_in(&near.sentence) {
        return Why::Evidence;
    }
    let asked = ASK.is_in(&near.sentence) || VISIT.is_in(&near.sentence);
    if asked || class == Class::Form {
        return Why::TakesPart;
    }
    if SOURCE.is_in(&near.sentence) {
        return Why::Source;
    }
    // "Is … an official channel?"
    if class == Class::Chat && near.in_question {
        return Why::NotAsked;
    }
    let abuse = ABUSE.is_in(&near.sentence) && !LESSON.is_in(&near.sentence);
    if abuse { Why::Evidence } else { Why::TakesPart }
}

/// A page that is most often shown as a source.
fn weigh_page(near: &Around, class: Class) -> Why {
    if EVIDENCE.is_in(&near.sentence) || ABUSE.is_in(&near.sentence) {
        return Why::Evidence;
    }
    if SOURCE.is_in(&near.sentence) {
        return Why::Source;
    }
    if VISIT.is_in(&near.sentence) || VISIT.is_in(&near.next) {
        return Why::Asked;
    }
    if class == Class::Video && LIVE.is_in(&near.sentence) {
        return Why::Announced;
    }
    // What is written and filed together is not shown around.
    let together = matches!(class, Class::Document | Class::Map | Class::Link | Class::Chat);
    if together && ASK.is_in(&near.sentence) { Why::Asked } else { Why::NotAsked }
}

/// The message has a code such as people type on a front page.
pub(super) fn gives_a_code(text: &str) -> bool {
    let digits = |word: &str| word.chars().filter(char::is_ascii_digit).count() >= CODE;
    let spaced = text.replace([' ', '\u{a0}'], "");
    let runs = spaced.split(|c: char| !c.is_ascii_digit());
    let tag = |word: &str| word.starts_with('#') && word.len() > CODE;
    runs.into_iter().any(digits) || text.split_whitespace().any(tag)
}
