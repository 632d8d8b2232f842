// SPDX-License-Identifier: AGPL-3.0-or-later
//! A thousand events that no client would send, from somebody without rights.
//!
//! Rule: whatever one room holds, every other room flows while it comes and after it.

use sandbox::synapse::{Person, RoomOptions};
use sandbox::telegram::Rights;
use sandbox::town::{BOT, Side, Town};
use serde_json::{Map, Value, json};

use crate::{ask, crosses, town};

/// Events that reach the bridge.
const EVENTS: usize = 1_000;
/// Events between two looks at the other room.
const STRIDE: usize = 200;
/// The homeserver refuses some of what is tried; not more than so many are.
const TRIES: usize = 3_000;

#[tokio::test(flavor = "multi_thread")]
async fn s1_a_thousand_hostile_events_leave_every_other_room_flowing() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let room = another_link(&town).await?;
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
async fn another_link(town: &Town) -> anyhow::Result<String> {
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
    Ok(room)
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
