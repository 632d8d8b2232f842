// SPDX-License-Identifier: AGPL-3.0-or-later
//! A timeline as a person sees it: edits applied, redacted messages gone, reactions
//! attached, replies resolved.
//!
//! Rule: what a client must not believe is not believed here either: an edit counts only
//! when its author wrote the original (client-server API, "Validity of replacement events").

mod poll;

use std::collections::HashMap;
use std::fmt;

use serde_json::Value;

use super::person::text;
pub use poll::SeenPoll;

/// One event of a timeline, as the server gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct SeenEvent {
    /// Its id.
    pub event_id: String,
    /// Its sender's user id.
    pub sender: String,
    /// The sender's display name at that moment; the user id where there is none.
    pub sender_name: String,
    /// Its type, such as `m.room.message`.
    pub kind: String,
    /// The state key of a state event.
    pub state_key: Option<String>,
    /// Its content; of a redacted event, what is left.
    pub content: Value,
    /// Milliseconds since 1970.
    pub origin_server_ts: i64,
    /// It was redacted.
    pub redacted: bool,
}

/// One message as a person sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// The id of the first version.
    pub event_id: String,
    /// Its sender's user id.
    pub sender: String,
    /// The sender's display name when it was said.
    pub name: String,
    /// `m.text`, `m.notice`, `m.image` ...; the event type for anything but a message.
    pub kind: String,
    /// The text of the newest version.
    pub body: String,
    /// The HTML of the newest version.
    pub html: Option<String>,
    /// It is not the first version.
    pub edited: bool,
    /// The message that it answers.
    pub reply_to: Option<String>,
    /// The text of that message as it is now; `None` when it is gone.
    pub reply_body: Option<String>,
    /// The thread that it belongs to.
    pub thread: Option<String>,
    /// Reactions, first seen first.
    pub reactions: Vec<SeenReaction>,
    /// The file.
    pub media: Option<SeenMedia>,
    /// The poll.
    pub poll: Option<SeenPoll>,
    /// The place on the map, as a `geo:` URI.
    pub place: Option<String>,
    /// Milliseconds since 1970.
    pub at: i64,
    /// The whole content of the newest version.
    pub content: Value,
}

/// One reaction with everybody who chose it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenReaction {
    /// An emoji, or an `mxc://` address.
    pub key: String,
    /// What a picture is called, such as `:cat:` (MSC4027).
    pub shortcode: Option<String>,
    /// Display names.
    pub names: Vec<String>,
}

/// A file in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenMedia {
    /// Where it is (`mxc://`).
    pub mxc: String,
    /// Its file name.
    pub name: String,
    /// Its media type, where the sender said so.
    pub mime: Option<String>,
    /// In bytes, where the sender said so.
    pub size: Option<u64>,
    /// Hidden until asked for (MSC4193).
    pub hidden: bool,
    /// In milliseconds, where the sender said so.
    pub duration: Option<u64>,
    /// The loudness of a spoken message; empty when it is none.
    pub waveform: Vec<u64>,
    /// Where its thumbnail is (`mxc://`).
    pub thumbnail: Option<String>,
}

/// All messages of a room in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Transcript(pub Vec<Seen>);

impl Transcript {
    /// Folds a whole timeline, oldest first. Events other than messages, stickers and polls
    /// are no lines.
    pub fn fold(events: &[SeenEvent]) -> Self {
        let mut lines: Vec<Seen> = Vec::new();
        let mut place: HashMap<&str, usize> = HashMap::new();
        for event in events.iter().filter(|event| !event.redacted && event.state_key.is_none()) {
            match (event.kind.as_str(), relation(&event.content)) {
                ("m.reaction", Some(("m.annotation", target))) => {
                    if let Some(line) = find(&mut lines, &place, &target) {
                        add_reaction(line, event);
                    }
                }
                (_, Some(("m.replace", target))) => {
                    if let Some(line) = find(&mut lines, &place, &target)
                        && line.sender == event.sender
                    {
                        replace(line, &event.content);
                    }
                }
                _ if poll::target(event).is_some() => {
                    let line = poll::target(event).and_then(|id| find(&mut lines, &place, &id));
                    if let Some(Seen { poll: Some(poll), sender, .. }) = line {
                        poll.hear(event, sender);
                    }
                }
                (kind, _) if shown(kind) => {
                    place.insert(&event.event_id, lines.len());
                    lines.push(line(event));
                }
                _ => {}
            }
        }
        resolve_replies(&mut lines);
        Self(lines)
    }

    /// The texts alone.
    pub fn bodies(&self) -> Vec<&str> {
        self.0.iter().map(|line| line.body.as_str()).collect()
    }

    /// The first line whose text is `body`.
    pub fn line(&self, body: &str) -> Option<&Seen> {
        self.0.iter().find(|line| line.body == body)
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.name)?;
        if self.reply_to.is_some() {
            write!(f, "[↩ {}] ", self.reply_body.as_deref().unwrap_or("?"))?;
        }
        if self.thread.is_some() {
            write!(f, "[thread] ")?;
        }
        if let Some(poll) = &self.poll {
            write!(f, "{poll}")?;
        }
        if let Some(place) = &self.place {
            write!(f, "[{place}] ")?;
        }
        if let Some(media) = &self.media {
            if media.hidden {
                write!(f, "[hidden] ")?;
            }
            write!(f, "[{} {}] ", self.kind.trim_start_matches("m."), media.name)?;
        }
        if self.media.as_ref().is_none_or(|media| media.name != self.body) {
            write!(f, "{}", self.body)?;
        }
        if self.edited {
            write!(f, " (edited)")?;
        }
        for reaction in &self.reactions {
            write!(f, " {{{} {}}}", reaction.key, reaction.names.join(", "))?;
        }
        Ok(())
    }
}

fn shown(kind: &str) -> bool {
    kind == "m.room.message" || kind == "m.sticker" || kind.ends_with("poll.start")
}

fn relation(content: &Value) -> Option<(&'static str, String)> {
    let target = text(content, "/m.relates_to/event_id")?;
    match text(content, "/m.relates_to/rel_type")?.as_str() {
        "m.annotation" => Some(("m.annotation", target)),
        "m.replace" => Some(("m.replace", target)),
        _ => None,
    }
}

fn find<'l>(
    lines: &'l mut [Seen],
    place: &HashMap<&str, usize>,
    event_id: &str,
) -> Option<&'l mut Seen> {
    lines.get_mut(*place.get(event_id)?)
}

fn line(event: &SeenEvent) -> Seen {
    let content = &event.content;
    let thread = text(content, "/m.relates_to/rel_type").filter(|kind| kind == "m.thread");
    let falls_back =
        content.pointer("/m.relates_to/is_falling_back").and_then(Value::as_bool) == Some(true);
    let mut line = Seen {
        event_id: event.event_id.clone(),
        sender: event.sender.clone(),
        name: event.sender_name.clone(),
        kind: text(content, "/msgtype").unwrap_or_else(|| event.kind.clone()),
        body: String::new(),
        html: None,
        edited: false,
        reply_to: text(content, "/m.relates_to/m.in_reply_to/event_id").filter(|_| !falls_back),
        reply_body: None,
        thread: thread.and_then(|_| text(content, "/m.relates_to/event_id")),
        reactions: Vec::new(),
        media: None,
        poll: SeenPoll::read(content),
        place: None,
        at: event.origin_server_ts,
        content: Value::Null,
    };
    show(&mut line, content);
    line
}

fn show(line: &mut Seen, content: &Value) {
    line.body = text(content, "/body").unwrap_or_default();
    line.html = text(content, "/formatted_body");
    line.place = text(content, "/geo_uri");
    line.media =
        text(content, "/url").or_else(|| text(content, "/file/url")).map(|mxc| SeenMedia {
            mxc,
            name: text(content, "/filename").unwrap_or_else(|| line.body.clone()),
            mime: text(content, "/info/mimetype"),
            size: content.pointer("/info/size").and_then(Value::as_u64),
            hidden: content.get(SPOILER).and_then(Value::as_bool) == Some(true),
            duration: content.pointer("/info/duration").and_then(Value::as_u64),
            waveform: waveform(content),
            thumbnail: text(content, "/info/thumbnail_url"),
        });
    line.content = content.clone();
}

const SPOILER: &str = "page.codeberg.everypizza.msc4193.spoiler";

fn waveform(content: &Value) -> Vec<u64> {
    let voice = content.get("org.matrix.msc3245.voice").is_some();
    let points = content.pointer("/org.matrix.msc1767.audio/waveform").filter(|_| voice);
    let points = points.and_then(Value::as_array).into_iter().flatten();
    points.filter_map(Value::as_u64).collect()
}

fn replace(line: &mut Seen, content: &Value) {
    if let Some(new) = content.get("m.new_content") {
        if let Some(poll) = &mut line.poll {
            poll.replace(new);
        }
        if let Some(kind) = text(new, "/msgtype") {
            line.kind = kind;
        }
        show(line, new);
        line.edited = true;
    }
}

fn add_reaction(line: &mut Seen, event: &SeenEvent) {
    let Some(key) = text(&event.content, "/m.relates_to/key") else { return };
    let name = event.sender_name.clone();
    match line.reactions.iter_mut().find(|reaction| reaction.key == key) {
        Some(reaction) => reaction.names.push(name),
        None => {
            let shortcode = text(&event.content, "/shortcode");
            line.reactions.push(SeenReaction { key, shortcode, names: vec![name] });
        }
    }
}

fn resolve_replies(lines: &mut [Seen]) {
    let bodies: HashMap<String, String> =
        lines.iter().map(|line| (line.event_id.clone(), line.body.clone())).collect();
    for line in lines {
        line.reply_body = line.reply_to.as_ref().and_then(|target| bodies.get(target).cloned());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(id: &str, sender: &str, kind: &str, content: Value) -> SeenEvent {
        SeenEvent {
            event_id: id.to_owned(),
            sender: format!("@{sender}:localhost"),
            sender_name: sender.to_owned(),
            kind: kind.to_owned(),
            state_key: None,
            content,
            origin_server_ts: 0,
            redacted: false,
        }
    }

    fn said(id: &str, sender: &str, body: &str) -> SeenEvent {
        event(id, sender, "m.room.message", json!({ "msgtype": "m.text", "body": body }))
    }

    fn edit(id: &str, sender: &str, target: &str, body: &str) -> SeenEvent {
        let content = json!({
            "msgtype": "m.text", "body": format!("* {body}"),
            "m.new_content": { "msgtype": "m.text", "body": body },
            "m.relates_to": { "rel_type": "m.replace", "event_id": target },
        });
        event(id, sender, "m.room.message", content)
    }

    #[test]
    fn an_edit_counts_only_when_its_author_wrote_the_original() {
        let events = [
            said("$1", "ann", "hello"),
            edit("$2", "bob", "$1", "forged"),
            edit("$3", "ann", "$1", "hello all"),
        ];
        let lines = Transcript::fold(&events);
        assert_eq!(lines.bodies(), ["hello all"]);
        assert!(lines.line("hello all").unwrap().edited);
    }

    #[test]
    fn a_redacted_message_is_gone_and_its_answer_does_not_show_it() {
        let mut gone = said("$1", "ann", "");
        gone.redacted = true;
        let content = json!({
            "msgtype": "m.text", "body": "yes",
            "m.relates_to": { "m.in_reply_to": { "event_id": "$1" } },
        });
        let lines = Transcript::fold(&[gone, event("$2", "bob", "m.room.message", content)]);
        assert_eq!(lines.to_string(), "bob: [↩ ?] yes\n");
    }

    #[test]
    fn the_last_vote_before_the_end_counts_and_only_the_author_ends() {
        let answer = |id: &str| json!({ "id": id, "org.matrix.msc1767.text": id });
        let start = json!({ "org.matrix.msc3381.poll.start": {
            "kind": "org.matrix.msc3381.poll.disclosed", "max_selections": 1,
            "question": { "org.matrix.msc1767.text": "Tea?" },
            "answers": [answer("yes"), answer("no")] } });
        let relation = json!({ "rel_type": "m.reference", "event_id": "$1" });
        let vote = |id: &str, who: &str, chosen: &[&str]| {
            let content = json!({ "m.relates_to": relation,
                "org.matrix.msc3381.poll.response": { "answers": chosen } });
            event(id, who, "org.matrix.msc3381.poll.response", content)
        };
        let end = |id: &str, who: &str| {
            event(id, who, "org.matrix.msc3381.poll.end", json!({ "m.relates_to": relation }))
        };
        let events = [
            event("$1", "ann", "org.matrix.msc3381.poll.start", start),
            vote("$2", "bob", &["no"]),
            vote("$3", "bob", &["yes", "no"]),
            end("$4", "bob"),
            vote("$5", "cyn", &["no"]),
            end("$6", "ann"),
            vote("$7", "cyn", &["yes"]),
        ];
        let lines = Transcript::fold(&events);
        assert_eq!(lines.to_string(), "ann: [poll] Tea? (yes: 1) (no: 1) closed\n");
    }

    #[test]
    fn reactions_are_counted_by_key_and_a_taken_one_does_not_count() {
        let reaction = |id: &str, who: &str, key: &str| {
            let relation = json!({ "rel_type": "m.annotation", "event_id": "$1", "key": key });
            event(id, who, "m.reaction", json!({ "m.relates_to": relation }))
        };
        let mut taken = reaction("$4", "cyn", "👎");
        taken.redacted = true;
        let events = [
            said("$1", "ann", "hello"),
            reaction("$2", "bob", "👍"),
            reaction("$3", "cyn", "👍"),
            taken,
        ];
        assert_eq!(Transcript::fold(&events).to_string(), "ann: hello {👍 bob, cyn}\n");
    }
}
