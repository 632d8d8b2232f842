// SPDX-License-Identifier: AGPL-3.0-or-later
//! Sentences of the bot as HTML.
//!
//! Rule: characters are escaped here and nowhere else; only addresses of the web become links.

use std::fmt;

use askama::filters::HtmlSafe;
use bridge_model::{Block, Leaf, Mention, RichText, Span, Timestamp};
use bridge_policy::calendar::Date;

/// HTML that a template takes as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Markup(String);

impl HtmlSafe for Markup {}

impl fmt::Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Markup {
    /// Words of any origin.
    pub fn text(words: &str) -> Self {
        Self(escaped(words))
    }

    /// A drawing that is made of numbers and of words that were escaped.
    pub(crate) fn drawing(svg: String) -> Self {
        Self(svg)
    }

    /// A moment, as `<time>`.
    pub fn time(at: Timestamp) -> Self {
        let (day, hour, minute) = parts(at);
        Self(format!(
            "<time datetime=\"{day}T{hour:02}:{minute:02}Z\">{day} {hour:02}:{minute:02}\u{a0}UTC</time>"
        ))
    }

    /// A sentence. Its lines are parted by `<br>`.
    pub fn of(text: &RichText) -> Self {
        let block = |block: &Block| match block {
            Block::Paragraph(spans) => line(spans),
            // No sentence of the bot has others.
            Block::Heading { .. }
            | Block::Quote { .. }
            | Block::List { .. }
            | Block::Code { .. }
            | Block::Table { .. }
            | Block::Details { .. }
            | Block::Rule => escaped(&RichText(vec![block.clone()]).plain()),
        };
        Self(text.0.iter().map(block).collect::<Vec<_>>().join("<br>"))
    }
}

/// Day, hour and minute of a moment in UTC.
fn parts(at: Timestamp) -> (Date, i64, i64) {
    let minutes = at.0.div_euclid(60_000);
    (Date::of(at), minutes.div_euclid(60).rem_euclid(24), minutes.rem_euclid(60))
}

fn line(spans: &[Span]) -> String {
    spans.iter().map(span).collect()
}

fn span(span: &Span) -> String {
    let mut html = match &span.leaf {
        Leaf::Text(text) => escaped(text),
        Leaf::Break => return "<br>".to_owned(),
        Leaf::Mention(
            Mention::Person { name, .. } | Mention::Role { name, .. } | Mention::Chat { name, .. },
        )
        | Leaf::Emoji { name, .. }
        | Leaf::Maths(name) => escaped(name),
        Leaf::Mention(Mention::Everyone) => String::new(),
        Leaf::Time { at, .. } => Markup::time(*at).0,
    };
    if span.style.code {
        // A command is read from left to right in every language.
        html = format!("<code dir=\"ltr\">{html}</code>");
    }
    if span.style.bold {
        html = format!("<strong>{html}</strong>");
    }
    match span.style.link.as_deref().filter(|link| is_web(link)) {
        Some(link) => format!("<a href=\"{}\">{html}</a>", escaped(link)),
        None => html,
    }
}

fn is_web(address: &str) -> bool {
    address.starts_with("https://") || address.starts_with("http://")
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use bot_core::i18n::{Arg, I18n, Key};
    use bridge_model::Style;

    use super::*;

    #[test]
    fn what_people_write_is_text_wherever_it_stands() {
        let hostile = "<script>alert('x')</script>\" onclick=\"y\" &amp;";
        let all = I18n::embedded();
        for key in Key::ALL {
            let args: Vec<Arg> = (1..=9).map(|_| Arg::text(hostile)).collect();
            let html = Markup::of(&all.say("en", *key, &args)).to_string();
            let tags = html.split('<').skip(1).map(|rest| rest.split(['>', ' ']).next().unwrap());
            for tag in tags {
                let known =
                    ["a", "/a", "br", "code", "/code", "strong", "/strong", "time", "/time"];
                assert!(known.contains(&tag), "{key:?}: {html}");
            }
            assert!(!html.contains("\" on"), "{key:?}: {html}");
        }
        assert_eq!(Markup::text(hostile).to_string(), escaped(hostile));
    }

    #[test]
    fn only_addresses_of_the_web_are_links() {
        let said = |link: &str| {
            let style = Style { link: Some(link.to_owned()), ..Style::default() };
            let span = Span { leaf: Leaf::Text("go".into()), style };
            Markup::of(&RichText(vec![Block::Paragraph(vec![span])])).to_string()
        };
        assert_eq!(
            said("https://a.example/?b=\"c&d"),
            "<a href=\"https://a.example/?b=&quot;c&amp;d\">go</a>"
        );
        for other in
            ["javascript:alert(1)", "data:text/html,x", "//a.example", " https://a.example"]
        {
            assert_eq!(said(other), "go");
        }
    }

    #[test]
    fn a_moment_is_told_in_utc() {
        let at = Timestamp(1_764_541_080_000);
        let expected = "<time datetime=\"2025-11-30T22:18Z\">2025-11-30 22:18\u{a0}UTC</time>";
        assert_eq!(Markup::time(at).to_string(), expected);
    }
}
