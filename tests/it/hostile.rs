// SPDX-License-Identifier: AGPL-3.0-or-later
//! A thousand events that no client would send, from somebody without rights, and every line of the
//! hostile corpus.
//!
//! Rule: whatever one room holds, every other room flows while it comes and after it.

#[path = "../convert/corpus.rs"]
mod corpus;

use std::collections::BTreeSet;
use std::time::Duration;

use sandbox::discord::Channel;
use sandbox::synapse::{Person, RoomOptions};
use sandbox::telegram::{Group, Rights};
use sandbox::town::{BOT, Side, Town};
use serde_json::{Map, Value, json};

use crate::{ask, crosses, eventually_within, town};

/// Events that reach the bridge.
const EVENTS: usize = 1_000;
/// Events between two looks at the other room.
const STRIDE: usize = 200;
/// The homeserver refuses some of what is tried; not more than so many are.
const TRIES: usize = 3_000;

#[tokio::test(flavor = "multi_thread")]
async fn s1_a_thousand_hostile_events_leave_every_other_room_flowing() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let (room, _) = another_link(&town).await?;
    let mallory = town.synapse.person_named("mallory", "Mallory").await?;
    mallory.join(&room).await?;
    let mut dice = Dice(0x5eed);
    let (mut accepted, mut tries) = (0, 0);
    while accepted < EVENTS {
        tries += 1;
        assert!(tries < TRIES, "Synapse took {accepted} of {tries}");
        if !send(&mallory, &room, &mut dice).await {
            continue;
        }
        accepted += 1;
        if accepted % STRIDE == 0 {
            for side in Side::ALL {
                crosses(&town, side, &format!("{side:?} flows after {accepted}")).await?;
            }
        }
    }
    let status = ask(&town.alice, &room, "!freeside status").await?;
    assert!(status.contains("Telegram"), "{status}");
    let log = town.bridge.log();
    assert!(!log.contains("panicked"), "{}", town.bridge.last_words());
    town.assert_clean()
}

/// A second room of Alice's, joined to a second group.
async fn another_link(town: &Town) -> anyhow::Result<(String, Group)> {
    let room = town.alice.create_room(RoomOptions::public("Elsewhere")).await?;
    town.alice.invite(&room, BOT).await?;
    town.alice.set_power(&room, BOT, 100).await?;
    town.alice.expect(&room, |seen| seen.sender == BOT).await?;
    let answer = ask(&town.alice, &room, "!freeside link telegram").await?;
    let code = sandbox::town::code_in(&answer).unwrap_or_default();
    let group = town.telegram.group("Elsewhere");
    group.own(&town.tanja);
    group.promote_bot(Rights::all());
    group.say(&town.tanja, &format!("/link {code}"))?;
    town.agree(&room, &code).await?;
    Ok((room, group))
}

/// Lines of the corpus between two looks at the other room.
const BATCH: usize = 25;
/// So many lines have to be taken by their platforms.
const FEWEST: usize = 150;
/// A line becomes up to ten messages and a file; so long may those of a batch take.
const PATIENCE: Duration = Duration::from_secs(240);

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_the_hostile_corpus_leaves_the_other_room_flowing() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let mut square = Square::build(&town).await?;
    let lines = corpus::lines()?;
    let (mut sent, mut refused) = (Vec::new(), Vec::new());
    let mut batch = 0;
    for line in &lines {
        // Many lines differ only in where they lead; all others hear each of them anyway.
        let told = line.get("from").map(ToString::to_string).unwrap_or_default()
            + line.get("input").map(ToString::to_string).unwrap_or_default().as_str();
        if !square.said.insert(told) {
            continue;
        }
        let taken = square.hears(&town, line).await?;
        let list = if taken { &mut sent } else { &mut refused };
        list.push(line);
        batch += 1;
        if batch % BATCH == 0 {
            square.flows(&town, &format!("after {batch} lines")).await?;
            for side in Side::ALL {
                crosses(&town, side, &format!("{side:?} flows after {batch} lines")).await?;
            }
        }
    }
    square.flows(&town, "after all lines").await?;
    assert!(sent.len() >= FEWEST, "only {} lines were taken", sent.len());
    let of =
        |lines: &[&Value], side: Side| lines.iter().filter(|it| from(it) == Some(side)).count();
    for side in Side::ALL {
        let (sent, refused) = (of(&sent, side), of(&refused, side));
        assert!(refused * 3 <= sent + refused, "{side:?}: {sent} were taken, {refused} refused");
    }
    square.shows_nothing_of(&town, &sent).await?;
    assert!(!town.bridge.log().contains("panicked"), "{}", town.bridge.last_words());
    town.assert_clean()
}

/// The side on which a line is said.
fn from(line: &Value) -> Option<Side> {
    let name = line.get("from")?.as_str()?;
    Side::ALL.into_iter().find(|side| format!("{side:?}").eq_ignore_ascii_case(name))
}

/// A room, a group and a channel that are linked, beside those of the town.
struct Square {
    room: String,
    group: Group,
    channel: Channel,
    mallory: Person,
    /// What Mallory is called at the moment.
    name: String,
    /// A message of Alice's, for what pretends to be hers.
    of_alice: String,
    /// The number of the newest message in the group that came without its stand-in's people.
    number: i64,
    said: BTreeSet<String>,
}

impl Square {
    async fn build(town: &Town) -> anyhow::Result<Self> {
        let (room, group) = another_link(town).await?;
        let channel = town.guild.channel("elsewhere");
        let answer = ask(&town.alice, &room, "!freeside link discord").await?;
        let code = sandbox::town::code_in(&answer).unwrap_or_default();
        let typed = channel.slash(&town.dora, "freeside", "link", &[("code", &code)])?;
        typed.answer().await?;
        town.agree(&room, &code).await?;
        let name = "Mallory".to_owned();
        let mallory = town.synapse.person_named("mallory", &name).await?;
        mallory.join(&room).await?;
        let of_alice = town.alice.say(&room, "a message of mine").await?;
        let (number, said) = (1_000_000, BTreeSet::new());
        let square = Self { room, group, channel, mallory, name, of_alice, number, said };
        square.flows(town, "before all lines").await?;
        Ok(square)
    }

    /// Somebody says the line on its side; whether the platform took it.
    async fn hears(&mut self, town: &Town, line: &Value) -> anyhow::Result<bool> {
        let Some(message) = line.pointer("/input/message").filter(|it| it.is_object()) else {
            return Ok(false);
        };
        match from(line) {
            Some(Side::Matrix) => self.hears_mallory(line, message).await,
            Some(Side::Telegram) => Ok(self.hears_the_group(town, message)),
            Some(Side::Discord) => Ok(town.discord.offer_message(&self.channel, message)),
            None => anyhow::bail!("from where? {line}"),
        }
    }

    async fn hears_mallory(&mut self, line: &Value, message: &Value) -> anyhow::Result<bool> {
        let content = message.get("content").filter(|it| it.is_object()).unwrap_or(message);
        let kind = message.get("type").and_then(Value::as_str).unwrap_or("m.room.message");
        let content = content.to_string().replace("$of-alice", &self.of_alice);
        let sender = message.get("sender").and_then(Value::as_str).unwrap_or_default();
        let name = line.pointer(&format!("/input/people/{sender}/name")).and_then(Value::as_str);
        if let Some(name) = name.filter(|name| *name != self.name) {
            if self.mallory.set_display_name(name).await.is_err() {
                return Ok(false);
            }
            name.clone_into(&mut self.name);
        }
        let content = serde_json::from_str(&content)?;
        Ok(self.mallory.send_raw(&self.room, kind, content).await.is_ok())
    }

    fn hears_the_group(&mut self, town: &Town, message: &Value) -> bool {
        self.number += 1;
        let mut message = message.as_object().cloned().unwrap_or_default();
        message.insert("message_id".to_owned(), self.number.into());
        let chat = json!({ "id": self.group.id(), "type": "supergroup", "title": "Elsewhere" });
        message.insert("chat".to_owned(), chat);
        town.telegram.offer_update(&json!({ "message": message }))
    }

    /// Something is said on each side, and both others show it.
    async fn flows(&self, town: &Town, words: &str) -> anyhow::Result<()> {
        let said = |side: Side| format!("{words}, on {side:?}");
        town.alice.say(&self.room, &said(Side::Matrix)).await?;
        self.group.say(&town.tanja, &said(Side::Telegram))?;
        self.channel.say(&town.dora, &said(Side::Discord));
        for there in Side::ALL {
            let what = format!("{words}: {there:?} shows what the others say");
            eventually_within(PATIENCE, &what, async || {
                let shown = self.shown(town, there).await?;
                let shows = |side: Side| shown.iter().any(|text| text.contains(&said(side)));
                Ok(there.others().all(shows))
            })
            .await?;
        }
        Ok(())
    }

    /// Names and texts that people of a side see here.
    async fn shown(&self, town: &Town, side: Side) -> anyhow::Result<Vec<String>> {
        Ok(match side {
            Side::Matrix => {
                let seen = town.alice.transcript(&self.room).await?.0;
                seen.into_iter()
                    .map(|it| format!("{} {} {}", it.name, it.body, it.content))
                    .collect()
            }
            Side::Telegram => {
                let seen = self.group.messages().into_iter();
                let asked = |poll: Option<sandbox::telegram::SeenPoll>| poll.map(|it| it.question);
                seen.map(|it| format!("{} {}", it.text, asked(it.poll).unwrap_or_default()))
                    .collect()
            }
            Side::Discord => {
                let seen = self.channel.messages().into_iter();
                let asked = |poll: Option<sandbox::discord::SeenPoll>| poll.map(|it| it.question);
                let line = |it: sandbox::discord::Seen| {
                    format!("{} {} {}", it.author, it.content, asked(it.poll).unwrap_or_default())
                };
                seen.map(line).collect()
            }
        })
    }

    /// No other side shows what it must not see of these lines.
    async fn shows_nothing_of(&self, town: &Town, lines: &[&Value]) -> anyhow::Result<()> {
        let pieces = |line: &Value, field: &str| -> Vec<String> {
            let pieces = line.get(field).and_then(Value::as_array).into_iter().flatten();
            pieces.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        for side in Side::ALL {
            let shown = self.shown(town, side).await?;
            for line in lines.iter().filter(|line| from(line) != Some(side)) {
                let mut hidden = pieces(line, "unseen");
                if line.get("seen").and_then(Value::as_bool) == Some(true) {
                    hidden.extend(pieces(line, "must_not"));
                }
                for piece in hidden {
                    let held = shown.iter().find(|text| text.contains(&piece));
                    anyhow::ensure!(held.is_none(), "{side:?} shows {piece:?}: {held:?}\n{line}");
                }
            }
        }
        Ok(())
    }
}

/// Sends one event; whether the homeserver took it.
async fn send(mallory: &Person, room: &str, dice: &mut Dice) -> bool {
    let kind = dice.pick(&KINDS);
    let content = dice.content();
    mallory.send_raw(room, kind, content).await.is_ok()
}

const KINDS: [&str; 12] = [
    "m.room.message",
    "m.room.message",
    "m.room.message",
    "m.room.message",
    "m.sticker",
    "m.reaction",
    "m.room.encrypted",
    "org.matrix.msc3381.poll.start",
    "org.matrix.msc3381.poll.response",
    "org.matrix.msc3381.poll.end",
    "org.matrix.msc3672.beacon",
    "m.call.invite",
];

/// Fields that a converter reads, wherever they stand.
const FIELDS: [&str; 24] = [
    "msgtype",
    "body",
    "format",
    "formatted_body",
    "filename",
    "url",
    "file",
    "info",
    "geo_uri",
    "m.relates_to",
    "m.mentions",
    "m.new_content",
    "rel_type",
    "event_id",
    "key",
    "m.in_reply_to",
    "user_ids",
    "com.beeper.per_message_profile",
    "org.matrix.msc3381.poll.start",
    "org.matrix.msc3381.poll.response",
    "answers",
    "org.matrix.msc1767.text",
    "org.matrix.msc1767.audio",
    "org.freeside.source",
];

const WORDS: [&str; 16] = [
    "m.text",
    "m.notice",
    "m.emote",
    "m.image",
    "m.location",
    "m.replace",
    "m.annotation",
    "m.thread",
    "org.matrix.custom.html",
    "mxc://localhost/nothing",
    "$nothing",
    "@nobody:localhost",
    "@room",
    "geo:91,181;u=-1",
    "\u{0}\u{202e}\u{2066}\u{fffe}",
    "!freeside unlink",
];

/// A sequence of choices, the same in each run (xorshift64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(sides.max(1)).unwrap_or(1)).unwrap_or_default()
    }

    fn pick<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all.get(self.roll(all.len())).copied().unwrap_or_default()
    }

    /// A content with some of the fields; half of them are what they should be.
    fn content(&mut self) -> Value {
        let mut content = Map::new();
        if self.roll(2) == 0 {
            let kind = self.pick(&WORDS);
            content.insert("msgtype".into(), json!(kind));
            content.insert("body".into(), json!(self.pick(&WORDS)));
        }
        for _ in 0..self.roll(8) {
            let value = self.value(0);
            content.insert(self.pick(&FIELDS).to_owned(), value);
        }
        Value::Object(content)
    }

    fn value(&mut self, depth: usize) -> Value {
        match self.roll(if depth > 4 { 8 } else { 12 }) {
            0 => Value::Null,
            1 => json!(self.roll(2) == 0),
            2 => json!(9_007_199_254_740_991_i64),
            3 => json!(-1),
            4 => json!(self.html()),
            5 => (0..60).fold(json!(1), |inner, _| json!([inner])),
            6 | 7 => json!(self.pick(&WORDS)),
            8 | 9 => {
                let count = self.roll(6);
                Value::Array((0..count).map(|_| self.value(depth + 1)).collect())
            }
            _ => {
                let count = self.roll(6);
                let pair = |_| (self.pick(&FIELDS).to_owned(), self.value(depth + 1));
                Value::Object((0..count).map(pair).collect())
            }
        }
    }

    /// Markup that grows when it is read, closed, or written.
    fn html(&mut self) -> String {
        let tag = self.pick(&[
            "<b>",
            "<ul><li>",
            "<blockquote>",
            "<table><tr><td>",
            "<span data-mx-spoiler=\"x\">",
        ]);
        let end =
            self.pick(&["", "</p>", "&#0;&#x110000;", "<!--", "<img src=mxc://localhost/a alt="]);
        format!("{}x{end}", tag.repeat(1 + self.roll(1_500)))
    }
}
