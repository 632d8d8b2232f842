// SPDX-License-Identifier: AGPL-3.0-or-later
//! 10,000 texts with every formatting, carried through other networks and read again.
//!
//! Rule: what comes back is the text as the networks on its way can show it: nothing is lost,
//! nothing is invented, literal characters stay literal (laws 2, 3 and 4).

use bridge_discord::convert::markdown::{degrade, linkify};
use bridge_matrix::convert::html;
use bridge_matrix::convert::native::native;
use bridge_model::text::arbitrary::raw_text;
use bridge_model::text::{Block, Leaf, RichText, Span};
use freeside::Side;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRng, TestRunner};
use serde_json::{Value, json};

use crate::laws::{converted, said};

const MANY: usize = 10_000;

/// The text as people read it there. Links of which nobody sees anything show their address.
fn shown(side: Side, text: &RichText) -> RichText {
    match side {
        // A link whose words are another address is written out.
        Side::Matrix => {
            native(&text.restrict(&bridge_matrix::convert::CAPABILITIES.text).label_links())
        }
        Side::Telegram => {
            text.restrict(&bridge_telegram::capabilities(false).text).label_links().normalise()
        }
        // Bare addresses are links, and a table with links is no block of code.
        Side::Discord => linkify(&degrade(&linkify(text))),
    }
}

/// Texts as people on Matrix write them; who or what is meant has tests of its own.
fn texts() -> Vec<RichText> {
    let mut runner =
        TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(Default::default()));
    let strategy = raw_text("matrix");
    let nameless = |span: Span| match span.leaf {
        Leaf::Mention(_) | Leaf::Emoji { .. } | Leaf::Time { .. } => Vec::new(),
        Leaf::Text(_) | Leaf::Break | Leaf::Maths(_) => vec![span],
    };
    let mut make = || {
        let text = strategy.new_tree(&mut runner).unwrap().current();
        // What begins with a slash would be a command.
        let mut blocks = vec![Block::Paragraph(vec![Span::text("So:")])];
        blocks.extend(text.map_spans(&mut |span| nameless(span)).0);
        shown(Side::Matrix, &RichText(blocks))
    };
    (0..MANY).map(|_| make()).collect()
}

/// The message by which a text that was sent on one side is heard there.
fn heard(side: Side, sent: &Value) -> Value {
    match side {
        Side::Matrix => sent["content"].clone(),
        Side::Telegram => json!({
            "message_id": 5, "date": 1_700_000_000, "text": sent["text"],
            "entities": sent.get("entities").cloned().unwrap_or(json!([])),
            "chat": { "id": -100_123, "type": "supergroup", "title": "t" },
            "from": { "id": 77, "is_bot": false, "first_name": "Bo" },
        }),
        Side::Discord => json!({
            "id": "1100000000000000005", "channel_id": "1100000000000000001", "type": 0,
            "timestamp": "2026-01-02T03:04:05.000000+00:00", "edited_timestamp": null,
            "tts": false, "mention_everyone": false, "mentions": [], "mention_roles": [],
            "attachments": [], "embeds": [], "pinned": false, "flags": 0,
            "content": sent["content"],
            "author": { "id": "77", "username": "bo", "discriminator": "0", "avatar": null },
        }),
    }
}

/// What each message becomes; `None` where it takes more than one.
fn carried(sides: (Side, Side), messages: &[Option<Value>]) -> Vec<Option<Value>> {
    let line = |(id, message): (usize, &Option<Value>)| {
        let line = json!({ "id": id, "message": message.as_ref()? });
        Some(format!("{line}\n"))
    };
    let input: String = messages.iter().enumerate().filter_map(line).collect();
    let (tally, answers) = converted(sides, &input);
    assert_eq!(tally.bad, 0, "{answers:?}");
    let mut all = vec![None; messages.len()];
    for answer in answers {
        let id = usize::try_from(answer["id"].as_u64().unwrap()).unwrap();
        if let [one] = said(sides.1, &answer) {
            all[id] = Some(heard(sides.1, one));
        }
    }
    all
}

fn read(content: &Value) -> RichText {
    match content["formatted_body"].as_str() {
        Some(html) => html::read(html),
        None => RichText::plain_text(content["body"].as_str().unwrap()).normalise(),
    }
}

/// Telegram shows who speaks elsewhere in a line of its own.
fn unnamed(text: RichText) -> RichText {
    let RichText(mut blocks) = text;
    if let Some(Block::Paragraph(spans)) = blocks.first_mut()
        && spans
            .first()
            .is_some_and(|span| span.leaf == Leaf::Text("bo:".into()) && span.style.bold)
    {
        spans.drain(..2);
    }
    RichText(blocks).normalise()
}

/// With links where readers make them; where such an odd one leads is not compared.
fn as_read(text: RichText) -> RichText {
    let whole = |mut span: Span| {
        let bare = matches!(&span.leaf, Leaf::Text(text) if text.contains("://"));
        if bare && let Some(link) = &mut span.style.link {
            "https://bare.example/".clone_into(link);
        }
        vec![span]
    };
    linkify(&text).map_spans(&mut |span| whole(span)).normalise()
}

fn first_difference(expected: &str, got: &str) -> String {
    let same = expected.chars().zip(got.chars()).take_while(|(a, b)| a == b).count();
    let from =
        |text: &str| text.chars().skip(same.saturating_sub(60)).take(240).collect::<String>();
    format!("expected …{}\ngot      …{}", from(expected), from(got))
}

fn comes_back(way: &[Side]) {
    let texts = texts();
    let content = |text: &RichText| {
        Some(json!({
            "msgtype": "m.text", "body": text.plain(), "m.mentions": {},
            "format": "org.matrix.custom.html", "formatted_body": html::write(text),
        }))
    };
    let mut messages: Vec<Option<Value>> = texts.iter().map(content).collect();
    let mut from = Side::Matrix;
    for to in way.iter().copied().chain([Side::Matrix]) {
        messages = carried((from, to), &messages);
        from = to;
    }
    let mut wrong = Vec::new();
    let mut compared = 0;
    for (text, message) in texts.iter().zip(&messages) {
        let Some(message) = message else { continue };
        compared += 1;
        let expected = way.iter().fold(text.clone(), |text, side| shown(*side, &text));
        let expected = shown(Side::Matrix, &expected);
        let got = read(message);
        // Without formatting a text is sent bare, and readers make links of addresses.
        let (expected, got) = (as_read(expected), as_read(unnamed(got)));
        if got != expected {
            let differ = first_difference(&format!("{expected:?}"), &format!("{got:?}"));
            wrong.push(format!("{differ}\nin {text:?}\n"));
        }
    }
    let first: Vec<_> =
        wrong.iter().take(3).map(|it| it.chars().take(1500).collect::<String>()).collect();
    assert!(wrong.is_empty(), "{} of {compared} wrong, such as\n{}", wrong.len(), first.join("\n"));
    assert!(compared > MANY * 9 / 10, "only {compared} fit into one message");
}

#[test]
fn a_text_comes_back_from_telegram() {
    comes_back(&[Side::Telegram]);
}

#[test]
fn a_text_comes_back_from_discord() {
    comes_back(&[Side::Discord]);
}

#[test]
fn a_text_comes_back_from_telegram_over_discord() {
    comes_back(&[Side::Telegram, Side::Discord]);
}

#[test]
fn a_text_comes_back_from_discord_over_telegram() {
    comes_back(&[Side::Discord, Side::Telegram]);
}
