// SPDX-License-Identifier: AGPL-3.0-or-later
//! Messages as the platforms send them, at random but the same on every run.
//!
//! Rule: every word that a person reads is noted, so that its loss is found; what is not a word
//! is as hostile as the wire allows.

use freeside::Side;
use serde_json::{Value, json};

/// Strings that are markup somewhere, or nowhere.
const HOSTILE: [&str; 30] = [
    "*",
    "**",
    "_",
    "__",
    "~~",
    "||",
    "`",
    "```",
    "\n",
    "\n\n",
    "> ",
    "\n>>> ",
    "\n# ",
    "\n-# ",
    "\n- ",
    "\n1. ",
    "<",
    ">",
    "&amp;",
    "&",
    "\\",
    "[",
    "](https://x.example/)",
    "👨‍👩‍👧",
    "\u{202e}",
    "e\u{301}",
    "\u{200b}",
    "🏳️‍🌈",
    "\u{feff}",
    "|",
];
const TAGS: [&str; 12] = [
    "b",
    "i",
    "u",
    "del",
    "code",
    "em",
    "strong",
    "p",
    "blockquote",
    "sub",
    "h2",
    "span data-mx-spoiler=\"x\"",
];
const ENTITIES: [&str; 9] = [
    "bold",
    "italic",
    "underline",
    "strikethrough",
    "spoiler",
    "code",
    "pre",
    "blockquote",
    "expandable_blockquote",
];

/// One line of input, and what must come out of it.
pub struct Line {
    /// The line.
    pub json: Value,
    /// Words that must be read at the destination, in this order.
    pub words: Vec<String>,
    /// Who may be called.
    pub called: Vec<String>,
}

/// Numbers that look random (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most as u64).unwrap()
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
}

/// One line from this side.
pub fn line(from: Side, number: usize, dice: &mut Dice) -> Line {
    let many = if dice.one_in(250) { 700 } else { 1 + dice.below(7) };
    let mut line = match from {
        Side::Telegram => of_telegram(many, dice),
        Side::Discord => of_discord(many, dice),
        Side::Matrix => of_matrix(many, dice),
    };
    line.json["id"] = number.into();
    line
}

/// Words and what stands between them.
fn running(many: usize, dice: &mut Dice, words: &mut Vec<String>) -> String {
    let mut text = String::new();
    for _ in 0..many {
        if dice.one_in(2) {
            text.push_str(dice.of(&HOSTILE));
        }
        let word = format!("w{}", dice.below(100_000));
        // Behind a fence a word would be the name of a language, and beside a hash or an address
        // another thing.
        text.push_str(&format!(" {word} "));
        words.push(word);
    }
    text
}

fn people(mxid: bool) -> Value {
    json!({
        "111": { "name": "Ann Zed", "username": "annzed", "mxid": mxid.then_some("@ann:hs.example") },
    })
}

fn of_telegram(many: usize, dice: &mut Dice) -> Line {
    let mut words = Vec::new();
    let mut message = json!({
        "message_id": 5 + dice.below(1000),
        "date": 1_700_000_000,
        "chat": { "id": -100_123, "type": "supergroup", "title": "t" },
        "from": { "id": 77, "is_bot": false, "first_name": dice.of(&["Bo", "*Bo*", "<b>Bo</b>", "@everyone"]) },
    });
    let mut called = Vec::new();
    let mut text = running(many, dice, &mut words);
    let mut entities = Vec::new();
    let long = text.encode_utf16().count();
    for _ in 0..dice.below(6) {
        let (offset, length) = (dice.below(long + 4), dice.below(40));
        entities.push(json!({ "type": dice.of(&ENTITIES), "offset": offset, "length": length }));
    }
    let mut known = json!({});
    if dice.one_in(4) {
        entities.push(json!({ "type": "text_mention", "offset": long, "length": 3,
            "user": { "id": 111, "is_bot": false, "first_name": "Ann" } }));
        text.push_str("Ann and @annzed");
        known = people(true);
        called.push("@ann:hs.example".to_owned());
    }
    let (field, marks) = match dice.below(8) {
        0 => {
            message["photo"] = json!([{ "file_id": "f", "file_unique_id": "u", "width": 9, "height": 9, "file_size": 9 }]);
            message["has_media_spoiler"] = true.into();
            ("caption", "caption_entities")
        }
        1 => {
            message["voice"] = json!({ "file_id": "f", "file_unique_id": "u", "duration": 3, "mime_type": "audio/ogg" });
            ("caption", "caption_entities")
        }
        2 => {
            message["document"] = json!({ "file_id": "f", "file_unique_id": "u", "file_name": "../a\"b.txt", "file_size": 30_000_000_u64 });
            ("caption", "caption_entities")
        }
        _ => ("text", "entities"),
    };
    match dice.below(12) {
        0 => return bare(telegram_card(message, dice)),
        1 => {
            message["reply_to_message"] = json!({ "message_id": 3, "date": 1, "text": "before",
                "chat": { "id": -100_123, "type": "supergroup", "title": "t" },
                "from": { "id": 78, "is_bot": false, "first_name": "Cy" } });
        }
        _ => {}
    }
    message[field] = text.into();
    message[marks] = entities.into();
    let json = json!({ "message": message, "people": known, "replies": { "3": "33" } });
    Line { json, words, called }
}

fn bare(message: Value) -> Line {
    Line { json: json!({ "message": message }), words: Vec::new(), called: Vec::new() }
}

fn telegram_card(mut message: Value, dice: &mut Dice) -> Value {
    match dice.below(5) {
        0 => {
            message["poll"] = json!({ "id": "9", "question": "*q*?", "total_voter_count": 0, "is_closed": dice.one_in(2),
                "is_anonymous": true, "type": "regular", "allows_multiple_answers": dice.one_in(2),
                "options": [{ "text": "a_b", "voter_count": 0 }, { "text": "> c", "voter_count": 0 }] });
        }
        1 => {
            message["location"] = json!({ "latitude": 52.5, "longitude": 13.4, "live_period": 60 })
        }
        2 => {
            message["sticker"] = json!({ "file_id": "s", "file_unique_id": "su", "type": "regular", "width": 512,
                "height": 512, "is_animated": dice.one_in(2), "is_video": false, "emoji": "👍" });
        }
        3 => message["contact"] = json!({ "phone_number": "+100", "first_name": "*Di*" }),
        _ => message["dice"] = json!({ "emoji": "🎲", "value": 4 }),
    }
    message
}

fn of_discord(many: usize, dice: &mut Dice) -> Line {
    let mut words = Vec::new();
    let mut called = Vec::new();
    let mut content = running(many.min(150), dice, &mut words);
    let mut message = json!({
        "id": "1100000000000000005", "channel_id": "1100000000000000001", "type": 0,
        "timestamp": "2026-01-02T03:04:05.000000+00:00", "edited_timestamp": null, "tts": false,
        "mention_everyone": false, "mentions": [], "mention_roles": [], "attachments": [], "embeds": [],
        "pinned": false, "flags": 0,
        "author": { "id": "77", "username": "bo", "discriminator": "0", "avatar": null, "bot": dice.one_in(3),
            "global_name": dice.of(&["Bo", "*Bo*", "<b>Bo</b>", "@everyone"]) },
    });
    let mut known = json!({});
    if dice.one_in(4) {
        content.push_str(" <@111> <@&5> <#6> <:blob:7> @everyone <t:1700000000:R>");
        message["mentions"] = json!([{ "id": "111", "username": "annzed", "discriminator": "0",
            "avatar": null, "global_name": "Ann Zed" }]);
        known = people(true);
        called.push("@ann:hs.example".to_owned());
    }
    match dice.below(8) {
        0 => {
            message["attachments"] = json!([
                { "id": "8", "filename": "SPOILER_a.png", "size": 9, "content_type": "image/png", "width": 2, "height": 2,
                  "url": "https://cdn.discordapp.com/attachments/1/8/SPOILER_a.png", "proxy_url": "https://media.discordapp.net/attachments/1/8/SPOILER_a.png" },
                { "id": "9", "filename": "b.bin", "size": 90_000_000, "url": "https://cdn.discordapp.com/attachments/1/9/b.bin", "proxy_url": "https://media.discordapp.net/attachments/1/9/b.bin" },
            ]);
        }
        1 => {
            message["poll"] = json!({ "question": { "text": "*q*?" }, "expiry": null, "allow_multiselect": dice.one_in(2),
                "layout_type": 1, "answers": [{ "answer_id": 1, "poll_media": { "text": "a_b" } },
                    { "answer_id": 2, "poll_media": { "text": "> c" } }] });
        }
        2 => {
            message["embeds"] = json!([{ "type": "rich", "title": "*t*", "description": "d [x](https://x.example)",
                "color": 255, "fields": [{ "name": "n", "value": "v", "inline": true }], "footer": { "text": "f" } }]);
        }
        3 => {
            message["sticker_items"] =
                json!([{ "id": "12", "name": "wave", "format_type": 1 + dice.below(4) }]);
        }
        4 => {
            message["type"] = 19.into();
            message["message_reference"] =
                json!({ "message_id": "3", "channel_id": "1100000000000000001" });
        }
        _ => {}
    }
    message["content"] = content.into();
    let json = json!({ "message": message, "people": known, "replies": { "3": { "id": "33", "link": "https://x.example/33" } },
        "roles": { "5": { "name": "Mods" } }, "chats": { "6": { "name": "#general", "room": "!r:hs", "via": ["hs"] } },
        "emoji": { "7": { "name": "blob", "mxc": "mxc://hs/blob" } } });
    Line { json, words, called }
}

fn of_matrix(many: usize, dice: &mut Dice) -> Line {
    let mut words = Vec::new();
    let mut called = Vec::new();
    let mut content =
        json!({ "msgtype": dice.of(&["m.text", "m.notice", "m.emote"]), "m.mentions": {} });
    let mut known = json!({});
    match dice.below(10) {
        0 => return bare(matrix_card(dice)),
        1..4 => content["body"] = format!("x {}", running(many, dice, &mut words)).into(),
        _ => {
            let mut html = html(many, dice, &mut words);
            if dice.one_in(4) {
                html.push_str(
                    "<p><a href=\"https://matrix.to/#/@ann:hs.example\">Ann</a> @room</p>",
                );
                known = people(true);
                called.push("111".to_owned());
            }
            content["body"] = "fallback".into();
            content["format"] = "org.matrix.custom.html".into();
            content["formatted_body"] = html.into();
        }
    }
    if dice.one_in(8) {
        content["msgtype"] = dice.of(&["m.image", "m.file", "m.video", "m.audio"]).into();
        content["url"] = "mxc://hs.example/abc".into();
        content["filename"] = "../a\"b.png".into();
        content["info"] = json!({ "mimetype": "image/png", "size": 9, "w": 2, "h": 2 });
    }
    if dice.one_in(8) {
        content["m.relates_to"] = json!({ "m.in_reply_to": { "event_id": "$before" } });
    }
    let json = json!({ "message": content, "people": known, "replies": { "$before": "33" } });
    Line { json, words, called }
}

fn html(many: usize, dice: &mut Dice, words: &mut Vec<String>) -> String {
    let mut html = String::new();
    for _ in 0..many {
        let inner = running(1, dice, words).replace('&', "&amp;").replace('<', "&lt;");
        let tag = dice.of(&TAGS);
        let end = tag.split(' ').next().unwrap();
        match dice.below(8) {
            0 => html.push_str(&format!("<{tag}>{inner}")),
            1 => html.push_str(&format!("{inner}</{end}>")),
            2 => html.push_str(&format!("<ul><li>{inner}</li></ul>")),
            3 => html.push_str(&format!("<table><tr><td>{inner}</td></tr></table>")),
            4 => html.push_str(&format!(
                "<details><summary>{inner}</summary></details><script>evil</script>"
            )),
            5 => html.push_str(&format!("<pre><code class=\"language-rs\">{inner}</code></pre>")),
            _ => html.push_str(&format!("<{tag}>{inner}</{end}>")),
        }
    }
    html
}

fn matrix_card(dice: &mut Dice) -> Value {
    match dice.below(3) {
        0 => {
            json!({ "body": "wave", "url": "mxc://hs.example/s", "info": { "mimetype": "image/webp" } })
        }
        1 => json!({ "msgtype": "m.location", "body": "here", "geo_uri": "geo:52.5,13.4" }),
        _ => {
            json!({ "org.matrix.msc3381.poll.start": { "kind": "org.matrix.msc3381.poll.disclosed",
            "max_selections": 1, "question": { "org.matrix.msc1767.text": "*q*?" },
            "answers": [{ "id": "x", "org.matrix.msc1767.text": "a_b" }, { "id": "y", "org.matrix.msc1767.text": "> c" }] } })
        }
    }
}
