// SPDX-License-Identifier: AGPL-3.0-or-later
//! Words: formatting, what only looks like formatting, length, mentions.

use anyhow::ensure;
use sandbox::synapse::{Person, Seen};
use sandbox::town::{Line, Side, Town};
use serde_json::json;

use crate::scenes::Scenes;
use crate::{crosses, town};

const HTML: &str = "<h2>The plan</h2>\
    <p>We have <strong>bold</strong>, <em>italic</em>, <u>under</u>, <del>gone</del>, \
    <code>let x</code> and <span data-mx-spoiler=\"the end\">secret</span>.</p>\
    <ol start=\"3\"><li>three<ul><li>inner</li></ul></li><li>four</li></ol>\
    <blockquote><p>quoted</p></blockquote>\
    <table><thead><tr><th>Wiki</th><th>Edits</th></tr></thead>\
    <tbody><tr><td>de</td><td>12</td></tr></tbody></table>\
    <details><summary>More</summary>folded</details>\
    <p>Then <span data-mx-maths=\"x^2\"><code>x^2</code></span>, \
    <a href=\"https://example.org/a_b_c\">a link</a>.</p>\
    <pre><code class=\"language-rust\">fn main() {}</code></pre>";
const LITERAL: &str = "**a** _b_ ~~c~~ ||d|| `e` <b>f</b> [g](https://example.org) \\ <@1> <#2> @everyone\n# h\n> i\n- j\n-# k\n1. l";

#[tokio::test(flavor = "multi_thread")]
async fn words_of_matrix_arrive_as_they_were_meant() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let mut scenes = Scenes::default();
    scenes.played("formatting survives", formatting(&town).await);
    scenes.played("literal text stays literal", literal(&town).await);
    scenes.played("a pill calls the person it names", pills(&town).await);
    scenes.played("only who may calls everybody", everybody(&town).await);
    scenes.played("a long text is cut, shrinks, grows and goes", long(&town).await);
    scenes.played("who takes away one part takes all", one_part(&town).await);
    scenes.played("the lanes go on", crosses(&town, Side::Matrix, "and on").await);
    scenes.played("the platforms have no complaint", town.assert_clean());
    scenes.end()
}

async fn formatting(town: &Town) -> anyhow::Result<()> {
    town.alice.say_html(&town.room, "The plan", HTML).await?;
    let seen = town.group.expect(|seen| seen.text.contains("fn main")).await?;
    let styles = [
        ("bold", "bold"),
        ("italic", "italic"),
        ("underline", "under"),
        ("strikethrough", "gone"),
        ("code", "let x"),
        ("spoiler", "secret"),
        ("blockquote", "quoted"),
        ("code", "x^2"),
        ("text_link", "a link"),
        ("pre", "fn main() {}"),
    ];
    for (kind, words) in styles {
        let styled = seen.styled(kind);
        ensure!(styled.iter().any(|it| it == words), "{kind} is {styled:?} in\n{}", seen.text);
    }
    for words in ["The plan", "(the end)", "3. three", "4. four", "inner", "Wiki", "12", "folded"] {
        ensure!(seen.text.contains(words), "Telegram has no {words} in\n{}", seen.text);
    }
    let seen = town.channel.expect(|seen| seen.content.contains("fn main")).await?.content;
    let wanted = [
        "## The plan",
        "**bold**",
        "*italic*",
        "__under__",
        "~~gone~~",
        "`let x`",
        "(the end) ||secret||",
        "3. three",
        "  - inner",
        "4. four",
        "> quoted",
        "Wiki",
        "12",
        "folded",
        "`x^2`",
        "[a link](",
        "https://example.org/a_b_c",
        "```rust\nfn main() {}\n```",
    ];
    for words in wanted {
        ensure!(seen.contains(words), "Discord has no {words} in\n{seen}");
    }
    Ok(())
}

async fn literal(town: &Town) -> anyhow::Result<()> {
    town.alice.say(&town.room, LITERAL).await?;
    let seen = town.group.expect(|seen| seen.text.contains("**a**")).await?;
    ensure!(seen.text.ends_with(LITERAL), "{}", seen.text);
    let styled: Vec<&str> = seen.entities.iter().map(|entity| entity.kind.as_str()).collect();
    let typed = |kind: &&str| matches!(*kind, "mention" | "url");
    ensure!(styled.iter().filter(|kind| !typed(kind)).count() == 1, "{styled:?}");
    let seen = town.channel.expect(|seen| seen.content.contains("\\*\\*a")).await?;
    ensure!(seen.pings.is_empty(), "{:?}", seen.pings);
    for words in ["\\_b\\_", "\\~\\~c", "\\|\\|d", "\\`e", "\\[g", "\\# h", "\\> i", "\\- j"] {
        ensure!(seen.content.contains(words), "no {words} in\n{}", seen.content);
    }
    Ok(())
}

async fn ghost(town: &Town, side: Side) -> anyhow::Result<Seen> {
    let text = format!("call me on {side:?}");
    town.say(side, &text).await?;
    town.alice.expect(&town.room, |seen| seen.body == text).await
}

fn pill(ghost: &Seen) -> String {
    format!("<a href=\"https://matrix.to/#/{}\">{}</a>", ghost.sender, ghost.name)
}

async fn pills(town: &Town) -> anyhow::Result<()> {
    let tanja = ghost(town, Side::Telegram).await?;
    let dora = ghost(town, Side::Discord).await?;
    let html = format!("{} and {}, see", pill(&tanja), pill(&dora));
    let body = format!("{} and {}, see", tanja.name, dora.name);
    let content = json!({ "msgtype": "m.text", "body": body, "format": "org.matrix.custom.html",
        "formatted_body": html, "m.mentions": { "user_ids": [tanja.sender, dora.sender] } });
    town.alice.send_raw(&town.room, "m.room.message", content).await?;
    let seen = town.group.expect(|seen| seen.text.ends_with(", see")).await?;
    let calls = seen.styled("text_mention");
    ensure!(calls == [tanja.name] && seen.text.contains("Dora"), "{calls:?} in {}", seen.text);
    let seen = town.channel.expect(|seen| seen.content.ends_with(", see")).await?;
    ensure!(seen.content.contains(&town.dora.mention()), "{}", seen.content);
    ensure!(seen.content.contains("Tanja") && seen.pings.len() == 1, "{:?}", seen.pings);
    Ok(())
}

async fn call_all(town: &Town, who: &Person, words: &str) -> anyhow::Result<bool> {
    let content = json!({ "msgtype": "m.text", "body": format!("@room {words}"),
        "m.mentions": { "room": true } });
    who.send_raw(&town.room, "m.room.message", content).await?;
    let seen = town.channel.expect(|seen| seen.content.ends_with(words)).await?;
    let told = town.group.expect(|seen| seen.text.ends_with(words)).await?;
    // Nobody on Telegram is called like that.
    ensure!(told.text.contains("@\u{2060}everyone"), "{}", told.text);
    Ok(!seen.pings.is_empty())
}

async fn everybody(town: &Town) -> anyhow::Result<()> {
    ensure!(call_all(town, &town.alice, "fire").await?, "Alice may, and nobody was called");
    let bob = town.synapse.person_named("bob", "Bob").await?;
    bob.join(&town.room).await?;
    ensure!(!call_all(town, &bob, "ice").await?, "Bob may not, and all were called");
    Ok(())
}

/// Different words, `length` letters in all.
fn words(letter: char, length: usize) -> String {
    let all: Vec<String> = (0..length / 7).map(|n| format!("{letter}{n:05}")).collect();
    all.join(" ")
}

/// Waits until a side shows just these words of this letter, and answers in how many messages.
async fn told(town: &Town, side: Side, (letter, text): (char, &str)) -> anyhow::Result<usize> {
    let wanted: Vec<&str> = text.split_whitespace().collect();
    let own = |word: &&str| {
        let rest = word.strip_prefix(letter);
        rest.is_some_and(|it| it.len() == 5 && it.chars().all(|c| c.is_ascii_digit()))
    };
    let whole = |lines: &[Line]| {
        let texts = lines.iter().map(|line| &*line.text);
        // What goes into no more messages follows as a text file.
        let files = lines.iter().filter_map(|line| std::str::from_utf8(line.file.as_ref()?).ok());
        let words = texts.clone().chain(files).flat_map(str::split_whitespace).filter(own);
        let parts = texts.filter(|text| text.split_whitespace().any(|it| own(&it)));
        (words.collect::<Vec<_>>() == wanted).then(|| parts.count())
    };
    town.until(side, whole).await
}

async fn long(town: &Town) -> anyhow::Result<()> {
    let (first, less, more) = (words('v', 30_000), words('v', 700), words('v', 9_000));
    let longest = words('w', 60_000);
    let said = town.say(Side::Matrix, &first).await?;
    town.say(Side::Matrix, &longest).await?;
    for side in Side::Matrix.others() {
        let parts = told(town, side, ('v', &first)).await?;
        ensure!(parts > 6, "{side:?} shows it in {parts} messages");
        told(town, side, ('w', &longest)).await?;
    }
    town.edit(&said, &less).await?;
    for side in Side::Matrix.others() {
        ensure!(told(town, side, ('v', &less)).await? == 1, "{side:?} keeps parts");
    }
    town.edit(&said, &more).await?;
    for side in Side::Matrix.others() {
        ensure!(told(town, side, ('v', &more)).await? > 2, "{side:?} shows it in one message");
    }
    town.take_back(&said).await?;
    for side in Side::Matrix.others() {
        told(town, side, ('v', "")).await?;
        told(town, side, ('w', &longest)).await?;
    }
    Ok(())
}

async fn one_part(town: &Town) -> anyhow::Result<()> {
    let text = words('p', 5_000);
    town.say(Side::Matrix, &text).await?;
    for side in Side::Matrix.others() {
        told(town, side, ('p', &text)).await?;
    }
    crosses(town, Side::Matrix, "after the parts").await?;
    let second = town.channel.expect(|seen| seen.content.contains("p00400")).await?;
    town.channel.delete(&town.dora, second.id)?;
    for side in Side::ALL {
        told(town, side, ('p', "")).await?;
    }
    Ok(())
}
