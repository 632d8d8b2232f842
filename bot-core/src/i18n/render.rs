// SPDX-License-Identifier: AGPL-3.0-or-later
//! Makes text of a message and the values that are inserted.
//!
//! Rule: a value is cleaned before it is shown: one line, no characters that steer the
//! direction of what follows.

use bridge_model::{Block, Leaf, RichText, Span, Style, Timestamp};

use super::Arg;
use super::figures::Figures;
use super::parse::Node;
use super::plural::Plurals;

const FIRST_STRONG_ISOLATE: char = '\u{2068}';
const POP_ISOLATE: char = '\u{2069}';

/// When inserted words stand in isolates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Isolation {
    /// Always.
    Always,
    /// When their direction may differ from that of the sentence (left to right).
    WhereNeeded,
}

/// A moment in a sentence.
fn moment(at: Timestamp, style: &Style) -> Span {
    Span { leaf: Leaf::Time { at, style: 'f' }, style: style.clone() }
}

/// One message being made.
pub(super) struct Renderer<'a> {
    pub(super) args: &'a [Arg],
    pub(super) plurals: &'a Plurals,
    pub(super) figures: &'a Figures,
    pub(super) isolation: Isolation,
    /// The sentence is written from right to left.
    pub(super) right_to_left: bool,
}

impl Renderer<'_> {
    /// The message with its values.
    pub(super) fn render(&self, message: &[Node]) -> RichText {
        let mut spans = Vec::new();
        self.add(message, &Style::default(), &mut spans);
        RichText(vec![Block::Paragraph(spans)]).normalise()
    }

    fn add(&self, nodes: &[Node], style: &Style, spans: &mut Vec<Span>) {
        for node in nodes {
            match node {
                Node::Text(text) => put(text, style, spans),
                Node::Break => spans.push(Span::line_break()),
                Node::Arg(number) => {
                    if let Some(Arg::Time(at)) = self.arg(*number) {
                        spans.push(moment(*at, style));
                    } else {
                        put(&self.shown(*number, style), style, spans);
                    }
                }
                Node::Bold(inner) => {
                    self.add(inner, &Style { bold: true, ..style.clone() }, spans);
                }
                Node::Code(inner) => self.add_code(inner, style, spans),
                Node::Link(number, inner) => {
                    let link = self.address(*number);
                    self.add(inner, &Style { link, ..style.clone() }, spans);
                }
                Node::Plural { arg, exact, forms } => {
                    if let Some(form) = self.form(*arg, exact, forms) {
                        self.add(form, style, spans);
                    }
                }
            }
        }
    }

    /// A command. In a sentence from right to left it stands in an isolate, whose characters are no
    /// part of what is copied.
    fn add_code(&self, inner: &[Node], style: &Style, spans: &mut Vec<Span>) {
        let mut code = Vec::new();
        self.add(inner, &Style { code: true, ..style.clone() }, &mut code);
        let turns = |span: &Span| matches!(&span.leaf, Leaf::Text(text) if text.chars().any(is_right_to_left));
        let isolated = !code.is_empty() && (self.right_to_left || code.iter().any(turns));
        if isolated {
            put(&FIRST_STRONG_ISOLATE.to_string(), style, spans);
        }
        spans.extend(code);
        if isolated {
            put(&POP_ISOLATE.to_string(), style, spans);
        }
    }

    fn form<'n>(
        &self,
        arg: usize,
        exact: &'n [(u64, Vec<Node>)],
        forms: &'n [Vec<Node>],
    ) -> Option<&'n Vec<Node>> {
        let last = || forms.last().or(exact.last().map(|(_, form)| form));
        let Some(number) = self.number(arg) else { return last() };
        let exactly = exact.iter().find(|(wanted, _)| *wanted == number).map(|(_, form)| form);
        exactly.or_else(|| self.plurals.choose(number, forms)).or_else(last)
    }

    fn number(&self, number: usize) -> Option<u64> {
        match self.arg(number)? {
            Arg::Number(value) => Some(*value),
            Arg::Text(words) => words.parse().ok(),
            Arg::Url(_) | Arg::Time(_) | Arg::Day(_) => None,
        }
    }

    fn address(&self, number: usize) -> Option<String> {
        match self.arg(number)? {
            Arg::Url(address) => Some(one_line(address)),
            Arg::Text(_) | Arg::Number(_) | Arg::Time(_) | Arg::Day(_) => None,
        }
    }

    fn shown(&self, number: usize, style: &Style) -> String {
        match self.arg(number) {
            None | Some(Arg::Time(_)) => format!("${number}"),
            Some(Arg::Number(value)) if style.code => value.to_string(),
            Some(Arg::Number(value)) => self.figures.number(*value),
            Some(Arg::Day(day)) if style.code => day.to_string(),
            Some(Arg::Day(day)) => self.isolated(self.figures.day(*day)),
            // An invisible character at its end would become a part of it.
            Some(Arg::Url(address)) => one_line(address),
            Some(Arg::Text(words)) if style.code => one_line(words),
            Some(Arg::Text(words)) => self.isolated(one_line(words)),
        }
    }

    fn isolated(&self, words: String) -> String {
        let needed = match self.isolation {
            Isolation::Always => !words.is_empty(),
            Isolation::WhereNeeded => words.chars().any(is_right_to_left),
        };
        if needed { format!("{FIRST_STRONG_ISOLATE}{words}{POP_ISOLATE}") } else { words }
    }

    fn arg(&self, number: usize) -> Option<&Arg> {
        self.args.get(number.checked_sub(1)?)
    }
}

fn put(text: &str, style: &Style, spans: &mut Vec<Span>) {
    if !text.is_empty() {
        spans.push(Span { leaf: Leaf::Text(text.to_owned()), style: style.clone() });
    }
}

/// A value on one line, without the characters that would end its isolate early or turn the
/// direction.
fn one_line(value: &str) -> String {
    let steers = |c: &char| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    let space = |c: char| {
        if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }
    };
    value.chars().filter(|c| !steers(c)).map(space).collect()
}

fn is_right_to_left(letter: char) -> bool {
    matches!(letter,
        '\u{0590}'..='\u{08FF}'
        | '\u{FB1D}'..='\u{FDFF}'
        | '\u{FE70}'..='\u{FEFC}'
        | '\u{10800}'..='\u{10FFF}'
        | '\u{1E800}'..='\u{1EFFF}')
}

#[cfg(test)]
mod tests {
    use crate::i18n::{Arg, FILES, I18n, Key, fallback};

    use super::*;

    /// The text of a paragraph, with the code between `<` and `>`.
    fn marked(text: &RichText) -> String {
        let [Block::Paragraph(spans)] = text.0.as_slice() else { panic!("{text:?}") };
        let one = |span: &Span| {
            let Leaf::Text(text) = &span.leaf else { return " ".to_owned() };
            if span.style.code { format!("<{text}>") } else { text.clone() }
        };
        spans.iter().map(one).collect()
    }

    #[test]
    fn a_command_in_a_sentence_from_right_to_left_stands_in_an_isolate() {
        let all = I18n::embedded();
        let args: Vec<Arg> = (1..=9).map(|_| Arg::text("!freeside stage")).collect();
        let mut commands = 0;
        for (language, _) in FILES.iter().filter(|(code, _)| fallback::is_right_to_left(code)) {
            let there = &all.0[*language].messages;
            for key in Key::ALL.iter().filter(|key| there.contains_key(key.name())) {
                let said = marked(&all.say(language, *key, &args));
                let isolated = said.replace("\u{2068}<", "").replace(">\u{2069}", "");
                assert!(!isolated.contains(['<', '>']), "{language}, {}: {said}", key.name());
                commands += said.matches('<').count();
            }
        }
        assert!(commands > 100, "{commands}");
    }

    #[test]
    fn a_command_in_a_sentence_from_left_to_right_stands_there_as_it_is_typed() {
        let all = I18n::embedded();
        let said = |command: &str| {
            marked(&all.say("en", Key::StatusStage, &[Arg::text("a"), Arg::text(command)]))
        };
        assert_eq!(said("/stage"), "Stage: a. More: </stage>");
        assert_eq!(said("/stage آ"), "Stage: a. More: \u{2068}</stage آ>\u{2069}");
    }
}
