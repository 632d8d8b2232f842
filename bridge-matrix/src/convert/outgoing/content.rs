// SPDX-License-Identifier: AGPL-3.0-or-later
//! The content of `m.room.message` for text.

use bridge_model::{Block, Leaf, Message, MessageKind, RichText, Span, Style};
use serde_json::{Map, Value, json};

use super::PartContent;
use crate::convert::{html, name, native, text};

/// The type of events that say something.
pub(super) const MESSAGE: &str = "m.room.message";

/// What a message says, with what people need to know to understand it: what it answers, where
/// that cannot be shown natively, whom it was forwarded from, and a card that is words.
pub(super) fn whole_text(message: &Message, native_reply: bool, card: RichText) -> RichText {
    let mut blocks = Vec::new();
    // What a client shows of the answered message is not the part that was chosen.
    let partial = message.reply_to.as_ref().is_some_and(|reply| reply.partial);
    if !native_reply || partial {
        blocks.extend(drawn_quote(message, !native_reply));
    }
    let mut said = card.0;
    said.extend(without_forged_line(message.body.clone()).0);
    if let Some(from) = message.forwarded.as_ref().and_then(|f| name::clean(&f.from)) {
        let style = Style { subtext: true, ..Style::default() };
        let leaf = Leaf::Text(format!("↪ {from}"));
        let mut spans = vec![Span { leaf, style }];
        // One break only between this line and the first words.
        if let Some(Block::Paragraph(first)) = said.first_mut() {
            spans.push(Span::line_break());
            spans.append(first);
            *first = spans;
        } else {
            said.insert(0, Block::Paragraph(spans));
        }
    }
    blocks.extend(said);
    RichText(blocks).normalise()
}

/// The text in which small print that begins as a line of the bridge does is no small print: whose
/// words are forwarded says nobody but the bridge.
fn without_forged_line(mut text: RichText) -> RichText {
    for block in &mut text.0 {
        let Block::Paragraph(spans) = block else { continue };
        for line in spans.split_mut(|span| span.leaf == Leaf::Break) {
            let words: String = line.iter().map(|span| span.leaf.shown()).collect();
            if bridge_model::name::one_line(&words, 1).starts_with(['↪', '↷']) {
                line.iter_mut().for_each(|span| span.style.subtext = false);
            }
        }
    }
    text
}

/// An event that says `text`.
pub(super) fn text_part(kind: MessageKind, text: &RichText) -> PartContent {
    let msgtype = match kind {
        MessageKind::Text => "m.text",
        MessageKind::Emote => "m.emote",
        MessageKind::Notice => "m.notice",
    };
    let mut content = Map::new();
    content.insert("msgtype".into(), msgtype.into());
    add_text(&mut content, text);
    PartContent { event_type: MESSAGE, content: Value::Object(content), media: false }
}

/// Puts `body`, the HTML where it is needed, and `m.mentions`.
pub(super) fn add_text(content: &mut Map<String, Value>, text: &RichText) {
    let shown = html::shown(text);
    content.insert("body".into(), shown.plain().into());
    if text::needs_html(text) {
        content.insert("format".into(), "org.matrix.custom.html".into());
        content.insert("formatted_body".into(), html::write_shown(&shown).into());
    }
    content.insert("m.mentions".into(), mentions(text));
}

/// The value of `m.mentions` ("Mentioning the user or room"); empty when nobody is addressed.
pub(super) fn mentions(text: &RichText) -> Value {
    let (people, everyone) = native::mentioned(text);
    let mut mentions = Map::new();
    if !people.is_empty() {
        mentions.insert("user_ids".into(), json!(people));
    }
    if everyone {
        mentions.insert("room".into(), true.into());
    }
    Value::Object(mentions)
}

/// What is answered, as a quote, `named` with whose words it is. Nobody in it is addressed again.
fn drawn_quote(message: &Message, named: bool) -> Option<Block> {
    let reply = message.reply_to.as_ref()?;
    let name = reply.name.as_deref().filter(|_| named).and_then(name::clean);
    let excerpt = reply.excerpt.as_ref().filter(|excerpt| !excerpt.is_empty());
    let mut blocks = Vec::new();
    blocks.extend(name.map(|name| Block::Paragraph(vec![Span::bold(name)])));
    // A picture has no words to quote; whose it was, says that this is an answer.
    blocks.extend(excerpt.map(|excerpt| without_mentions(excerpt).0).unwrap_or_default());
    (!blocks.is_empty()).then(|| Block::Quote { blocks: joined(blocks), expandable: false })
}

/// Puts the name and the first line under each other without an empty line between.
fn joined(mut blocks: Vec<Block>) -> Vec<Block> {
    if let [Block::Paragraph(name), Block::Paragraph(first), ..] = blocks.as_mut_slice() {
        name.push(Span::line_break());
        name.append(first);
    }
    blocks
}

fn without_mentions(text: &RichText) -> RichText {
    let mut words = |spans: Vec<Span>| {
        let spell = |span: Span| match span.leaf {
            Leaf::Mention(mention) => Span { leaf: Leaf::Text(mention.shown()), style: span.style },
            leaf @ (Leaf::Text(_)
            | Leaf::Break
            | Leaf::Emoji { .. }
            | Leaf::Maths(_)
            | Leaf::Time { .. }) => Span { leaf, style: span.style },
        };
        spans.into_iter().map(spell).collect()
    };
    text.normalised().map_sequences(&mut words)
}
