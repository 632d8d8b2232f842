// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a message says.
//!
//! Rule: only those are addressed whom `m.mentions` names; where the field is missing
//! (old clients), those whom the HTML links to.

use bot_core::wording::marks;
use bridge_model::{
    Card, Leaf, Mention, Message, MessageId, MessageKind, Person, Reply, RichText, Span, Thread,
    Timestamp,
};
use serde_json::Value;

use super::{Raw, Unreadable, media, persona, place, text};
use crate::convert::{address, html, name, native};

/// So many people are read of `m.mentions` to find out whether the answered one is among them.
const MOST_CALLED: usize = 50;

/// Reads the content of an `m.room.message`, or the new content of an edit.
pub(super) fn read(
    raw: &Raw<'_>,
    content: &Value,
    relation: Option<&Value>,
) -> Result<Message, Unreadable> {
    // Some servers let messages through whose words stand in the HTML alone.
    let body = text(content, "body").or_else(|| formatted(content).map(|_| ""));
    let body = body.ok_or_else(|| Unreadable::malformed("a message without `body`"))?;
    let (kind, msgtype) = match text(content, "msgtype") {
        Some("m.emote") => (MessageKind::Emote, ""),
        Some("m.notice") => (MessageKind::Notice, ""),
        Some(other) => (MessageKind::Text, other),
        None => return Err(Unreadable::malformed("a message without `msgtype`")),
    };
    let mut message = bare(raw, (kind, content), relation);
    if let Some(reply) = &mut message.reply_to {
        // For an answered message that nobody has any more. Whose words they were, it says itself.
        let named = formatted(content).is_some_and(|html| quotes(html, reply.message.as_str()));
        reply.excerpt = fallback(body).filter(|_| named).map(|quoted| lines(&quoted));
    }
    if msgtype == "m.location" {
        message.card = place::read(content).map(Card::Location);
        place::unplaced(&mut message, content);
        return Ok(message);
    }
    let gallery = media::gallery(content);
    let says = match &gallery {
        Some(_) => true,
        None => {
            message.media.extend(media::read(content)?);
            // Without a name of its own, the body is the file's name ("Media captions").
            message.media.is_empty() || text(content, "filename").is_some_and(|name| name != body)
        }
    };
    if let Some((files, lost)) = gallery {
        message.media = files;
        message.notes = lost;
    }
    if says {
        let words = whole_body(content, body, is_answer(content, relation));
        message.body = only_intended(words, content.get("m.mentions"), raw.own.name);
    }
    let reason = media::reason(content).filter(|_| !message.media.is_empty());
    // Before a mark it would hide the mark, and what stays here needs no reason.
    if let Some(reason) = reason.filter(|_| !marks::keeps(&message)) {
        message.body.prepend(vec![Span::text(format!("({reason}) "))]);
        message.body = message.body.normalise();
    }
    Ok(message)
}

/// Reads an `m.sticker`.
pub(super) fn sticker(raw: &Raw<'_>, relation: Option<&Value>) -> Result<Message, Unreadable> {
    let mut message = bare(raw, (MessageKind::Text, raw.content), relation);
    message.media.push(media::sticker(raw.content)?);
    Ok(message)
}

/// A message of this author in its place, which says nothing yet.
pub(super) fn bare(
    raw: &Raw<'_>,
    (kind, content): (MessageKind, &Value),
    relation: Option<&Value>,
) -> Message {
    let (mut reply_to, thread) = place_in_conversation(relation);
    if let Some(reply) = &mut reply_to {
        reply.called = called(content);
    }
    let author = persona::shown_author(raw.author(), content);
    Message { kind, reply_to, thread, ..Message::new(author, Timestamp(raw.sent_at)) }
}

/// What is answered, and the thread, by the relation of a message. In a thread, clients that know none are told
/// to show an answer to the thread's last message; that is no real answer.
pub fn place_in_conversation(relation: Option<&Value>) -> (Option<Reply>, Option<Thread>) {
    let Some(relation) = relation else { return (None, None) };
    let root =
        text(relation, "event_id").filter(|_| text(relation, "rel_type") == Some("m.thread"));
    let falling_back = relation.get("is_falling_back").and_then(Value::as_bool) == Some(true);
    let answered = relation.get("m.in_reply_to").and_then(|reply| text(reply, "event_id"));
    let answered = answered.filter(|_| !(root.is_some() && falling_back));
    let reply = answered.map(|event| Reply::to(MessageId::from(event)));
    (reply, root.map(|root| Thread { root: MessageId::from(root), name: None }))
}

/// Whom `m.mentions` names ("User and room mentions"). Where it is missing, nobody is called by an
/// answer.
pub fn called(content: &Value) -> Vec<Person> {
    let people = content.get("m.mentions").and_then(|it| it.get("user_ids")?.as_array());
    let ids = people.into_iter().flatten().filter_map(Value::as_str);
    ids.take(MOST_CALLED).map(|id| Person::new(crate::NETWORK, id)).collect()
}

/// Whether a message answers another one in any form, also one in a thread that only seems to, and
/// an edit that says so itself.
pub(super) fn is_answer(content: &Value, relation: Option<&Value>) -> bool {
    let relations = [relation, content.get("m.relates_to")];
    let answers = |relation: &Value| relation.get("m.in_reply_to").is_some_and(Value::is_object);
    relations.into_iter().flatten().any(answers)
}

/// Whether the quote that an old client put before an answer ("Fallbacks for rich replies" up to
/// version 1.12 of the specification) names the answered event. Any other quote is the author's
/// own, or nobody knows what it is.
fn quotes(html: &str, event: &str) -> bool {
    let quote =
        html.trim_start().strip_prefix("<mx-reply>").and_then(|it| it.split_once("</mx-reply>"));
    let links = quote.into_iter().flat_map(|(quote, _)| quote.split("href=\"").skip(1));
    let mut links = links.filter_map(|link| link.split_once('"')).map(|(url, _)| url);
    links.any(|url| address::message(url).is_some_and(|(_, named)| named == event))
}

/// The HTML where there is some, else the plain body.
fn whole_body(content: &Value, body: &str, is_reply: bool) -> RichText {
    if let Some(formatted) = formatted(content) {
        let read = html::read(formatted);
        if !read.is_empty() {
            return read;
        }
    }
    let body = if is_reply { without_fallback(body) } else { body };
    lines(persona::without_name(body, content))
}

/// Words that are no HTML. A line ends with `\n`, also where a client wrote `\r\n` or `\r`.
pub(super) fn lines(words: &str) -> RichText {
    RichText::plain_text(&words.replace("\r\n", "\n").replace('\r', "\n")).normalise()
}

/// The HTML of a message, where it has some.
fn formatted(content: &Value) -> Option<&str> {
    text(content, "formatted_body")
        .filter(|_| text(content, "format") == Some("org.matrix.custom.html"))
}

/// Whether somebody asks to verify a device ("Key verification framework"). That concerns the two
/// devices; the words are for clients that cannot do it.
pub(super) fn is_verification(content: &Value) -> bool {
    text(content, "msgtype").is_some_and(|msgtype| msgtype.starts_with("m.key.verification."))
}

/// The plain body without the quote of what is answered.
pub(super) fn plain(content: &Value, is_reply: bool) -> Option<&str> {
    let body = text(content, "body")?;
    Some(if is_reply { without_fallback(body) } else { body })
}

/// Leaves out the quote that old clients put before a reply: lines with `> `, of which the
/// first names the author, then an empty line. A quote that somebody typed stays.
fn without_fallback(body: &str) -> &str {
    if !(body.starts_with("> <@") || body.starts_with("> * <@")) {
        return body;
    }
    let mut rest = body;
    while let Some((line, behind)) = rest.split_once('\n') {
        if !line.starts_with('>') {
            break;
        }
        rest = behind;
    }
    rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n')).unwrap_or(rest)
}

/// The words that an old client quoted of what is answered.
fn fallback(body: &str) -> Option<String> {
    let quoted = body.strip_suffix(without_fallback(body)).filter(|quoted| !quoted.is_empty())?;
    let mut lines = quoted.trim_end().lines().map(|line| line.trim_start_matches("> "));
    let first = lines.next()?.split_once('>').map_or("", |(_, words)| words.trim_start());
    let words: Vec<&str> = std::iter::once(first).chain(lines).collect();
    Some(words.join("\n").trim().to_owned()).filter(|words| !words.is_empty())
}

/// Turns mentions of people whom `m.mentions` does not name into their names, ids that stand in the
/// words of people whom it does name into mentions, and `@room` into everybody where it says so.
fn only_intended(
    body: RichText,
    mentions: Option<&Value>,
    known: &dyn Fn(&str) -> Option<String>,
) -> RichText {
    let Some(mentions) = mentions.filter(|mentions| mentions.is_object()) else { return body };
    let people = mentions.get("user_ids").and_then(Value::as_array);
    let named = |id: &str| people.is_some_and(|ids| ids.iter().any(|i| i.as_str() == Some(id)));
    let ids: Vec<&str> = people.into_iter().flatten().filter_map(Value::as_str).collect();
    let everyone = mentions.get("room").and_then(Value::as_bool) == Some(true);
    let mut rewrite = |spans: Vec<Span>| {
        let mut out = Vec::with_capacity(spans.len());
        for Span { leaf, style } in spans {
            match leaf {
                Leaf::Mention(Mention::Person { who, name }) if !named(who.user.as_str()) => {
                    // Without `@`, so that nobody reads it as a call that was written by hand.
                    out.push(Span { leaf: Leaf::Text(name), style });
                }
                Leaf::Text(words) if !style.code && style.link.is_none() => {
                    let leaves = people_in(&words, &ids, known).into_iter();
                    let leaves = leaves.flat_map(|leaf| match leaf {
                        Leaf::Text(words) if everyone => everyone_in(&words).collect(),
                        leaf @ (Leaf::Text(_)
                        | Leaf::Break
                        | Leaf::Mention(_)
                        | Leaf::Emoji { .. }
                        | Leaf::Maths(_)
                        | Leaf::Time { .. }) => vec![leaf],
                    });
                    out.extend(leaves.map(|leaf| Span { leaf, style: style.clone() }));
                }
                leaf @ (Leaf::Text(_)
                | Leaf::Break
                | Leaf::Mention(_)
                | Leaf::Emoji { .. }
                | Leaf::Maths(_)
                | Leaf::Time { .. }) => out.push(Span { leaf, style }),
            }
        }
        out
    };
    body.map_sequences(&mut rewrite)
}

/// Cuts out the ids of these people where they stand as words of their own (`@ann:example.org`).
fn people_in(words: &str, ids: &[&str], known: &dyn Fn(&str) -> Option<String>) -> Vec<Leaf> {
    let (mut found, mut rest) = (Vec::new(), words);
    let mut said = String::new();
    while let Some(at) = rest.find('@') {
        let (before, from) = rest.split_at(at);
        said.push_str(before);
        let apart = said.chars().next_back().is_none_or(|c| !is_part_of_id(c));
        let mut matching = ids.iter().filter(|id| apart && ends_after(from, id));
        let Some(id) = matching.by_ref().max_by_key(|id| id.len()) else {
            said.push('@');
            rest = from.get(1..).unwrap_or_default();
            continue;
        };
        found.extend((!said.is_empty()).then(|| Leaf::Text(std::mem::take(&mut said))));
        let name = name::shown(known(id).as_deref(), id);
        let who = Person::new(crate::NETWORK, *id);
        found.push(Leaf::Mention(Mention::Person { who, name }));
        rest = from.get(id.len()..).unwrap_or_default();
    }
    said.push_str(rest);
    found.extend((!said.is_empty()).then_some(Leaf::Text(said)));
    found
}

/// Whether `text` begins with `id`, and the id ends there.
fn ends_after(text: &str, id: &str) -> bool {
    let Some(rest) = text.strip_prefix(id).filter(|_| id.starts_with('@')) else { return false };
    let mut rest = rest.chars();
    match rest.next() {
        Some('.' | '-' | ':') => rest.next().is_none_or(|c| !c.is_alphanumeric()),
        Some(c) => !is_part_of_id(c),
        None => true,
    }
}

fn is_part_of_id(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '=' | '/' | '+' | '@')
}

/// Cuts out each `@room`.
fn everyone_in(words: &str) -> impl Iterator<Item = Leaf> {
    let pieces = words.split(native::EVERYONE).enumerate();
    pieces.flat_map(|(number, piece)| {
        let everyone = (number > 0).then_some(Leaf::Mention(Mention::Everyone));
        let piece = (!piece.is_empty()).then(|| Leaf::Text(piece.to_owned()));
        everyone.into_iter().chain(piece)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mentioned(words: &str, ids: &[&str]) -> (usize, String) {
        let mentions = json!({ "user_ids": ids });
        let text = only_intended(RichText::plain_text(words), Some(&mentions), &|_| None);
        (text.mentions().count(), text.plain())
    }

    #[test]
    fn an_id_in_the_words_is_a_mention_where_the_sender_meant_it() {
        let bob = "@bob:x.org";
        for words in [bob, "hi @bob:x.org!", "(@bob:x.org)", "@bob:x.org: look", "@bob:x.org."] {
            assert_eq!(mentioned(words, &[bob]).0, 1, "{words}");
            assert_eq!(mentioned(words, &[]), (0, words.to_owned()));
        }
        for other in ["@bob:x.org.uk", "mail@bob:x.org", "@bob:x.organic", "x/@bob:x.org"] {
            assert_eq!(mentioned(other, &[bob]), (0, other.to_owned()));
        }
    }
}
