// SPDX-License-Identifier: AGPL-3.0-or-later
//! Words from Telegram on Matrix and Discord: styles, length, mentions, answers.

use sandbox::telegram::{Channel, Post};
use sandbox::town::{Side, Town};
use serde_json::{Value, json};

use super::{contains, on_discord, on_matrix, rows};
use crate::{crosses, town};

#[tokio::test(flavor = "multi_thread")]
async fn words_from_telegram_arrive_as_they_were_meant() -> anyhow::Result<()> {
    let town = &town("12", "").await?;
    // Alice and Dora are known from now on.
    crosses(town, Side::Matrix, "Alice is here").await?;
    crosses(town, Side::Discord, "Dora is here").await?;
    rows!(town;
        styles_are_kept,
        code_and_quotes_are_kept,
        literal_text_never_becomes_markup,
        a_long_text_is_whole_on_matrix_and_split_on_discord,
        people_of_all_sides_are_mentioned,
        the_quoted_part_of_a_message_is_shown,
        forwards_say_from_whom,
        buttons_are_listed,
    )
}

/// A text made of pieces, each with an entity of the Bot API or `null`.
fn styled(pieces: &[(&str, Value)]) -> Post {
    let (mut text, mut entities) = (String::new(), Vec::new());
    for (piece, entity) in pieces {
        let units = |text: &str| text.encode_utf16().count();
        if let Value::Object(entity) = entity {
            let mut entity = entity.clone();
            entity.insert("offset".into(), units(&text).into());
            entity.insert("length".into(), units(piece).into());
            entities.push(Value::Object(entity));
        }
        text.push_str(piece);
    }
    Post::text(&text).entities(json!(entities))
}

fn kind(kind: &str) -> Value {
    json!({ "type": kind })
}

async fn styles_are_kept(town: &Town) -> anyhow::Result<()> {
    let post = styled(&[
        ("styles 🎉: ", Value::Null),
        ("bold", kind("bold")),
        (" ", Value::Null),
        ("italic", kind("italic")),
        (" ", Value::Null),
        ("under", kind("underline")),
        (" ", Value::Null),
        ("strike", kind("strikethrough")),
        (" ", Value::Null),
        ("code", kind("code")),
        (" ", Value::Null),
        ("spoiler", kind("spoiler")),
        (" ", Value::Null),
        ("a link", json!({ "type": "text_link", "url": "https://example.org/page" })),
    ]);
    town.group.send(&town.tanja, &post)?;
    let seen = on_matrix(town, "the styles", |it| it.body.starts_with("styles")).await?;
    let html = seen.html.unwrap_or_default();
    for wanted in [
        "<strong>bold</strong>",
        "<em>italic</em>",
        "<u>under</u>",
        "<del>strike</del>",
        "<code>code</code>",
        "data-mx-spoiler",
        "<a href=\"https://example.org/page\">a link</a>",
    ] {
        contains(&html, wanted)?;
    }
    let seen = on_discord(town, "the styles", |it| it.content.starts_with("styles")).await?;
    for wanted in [
        "**bold**",
        "italic",
        "__under__",
        "~~strike~~",
        "`code`",
        "||spoiler||",
        "[a link](https://example.org/page)",
    ] {
        contains(&seen.content, wanted)?;
    }
    Ok(())
}

async fn code_and_quotes_are_kept(town: &Town) -> anyhow::Result<()> {
    let post = styled(&[
        ("blocks:\n", Value::Null),
        ("fn main() {}", json!({ "type": "pre", "language": "rust" })),
        ("\n", Value::Null),
        ("quoted words", kind("blockquote")),
        ("\n", Value::Null),
        ("folded one\nfolded two", kind("expandable_blockquote")),
        ("\nafter", Value::Null),
    ]);
    town.group.send(&town.tanja, &post)?;
    let seen = on_matrix(town, "blocks", |it| it.body.starts_with("blocks:")).await?;
    let html = seen.html.unwrap_or_default();
    contains(&html, "<code class=\"language-rust\">fn main() {}")?;
    contains(&html, "<blockquote>")?;
    contains(&html, "quoted words")?;
    contains(&html, "folded one<br")?;
    let seen = on_discord(town, "blocks", |it| it.content.starts_with("blocks:")).await?;
    contains(&seen.content, "```rust\nfn main() {}\n```")?;
    contains(&seen.content, "> quoted words")?;
    contains(&seen.content, "> folded one\n> folded two")?;
    contains(&seen.content, "\nafter")
}

async fn literal_text_never_becomes_markup(town: &Town) -> anyhow::Result<()> {
    let text = "literal *a* _b_ `c` <b>d</b> &amp; > e # f [g](https://example.org/h)";
    town.group.say(&town.tanja, text)?;
    let seen = on_matrix(town, "literal text", |it| it.body == text).await?;
    let html = seen.html.unwrap_or_default();
    anyhow::ensure!(!html.contains("<em>") && !html.contains("<b>d"), "{html}");
    let seen = on_discord(town, "literal", |it| it.content.starts_with("literal")).await?;
    contains(&seen.content, "\\*a\\*")?;
    contains(&seen.content, "\\`c\\`")
}

async fn a_long_text_is_whole_on_matrix_and_split_on_discord(town: &Town) -> anyhow::Result<()> {
    let line = "words of a long program\n";
    let code: String = line.repeat(4096 / line.len());
    let (head, tail) = ("long text:\n", "end");
    let room = 4096 - head.len() - tail.len() - 1;
    let code: String = code.chars().take(room).collect();
    let code = code.trim_end();
    let post = styled(&[
        (head, Value::Null),
        (code, json!({ "type": "pre", "language": "text" })),
        ("\n", Value::Null),
        (tail, Value::Null),
    ]);
    town.group.send(&town.tanja, &post)?;
    let seen = on_matrix(town, "the long text", |it| it.body.starts_with("long text:")).await?;
    contains(&seen.body, code)?;
    contains(&seen.body, "end")?;
    let end = |all: &[sandbox::discord::Seen]| {
        all.iter().any(|it| it.author == "Tanja" && it.content.ends_with("\nend"))
    };
    let all = town.channel.until(end).await?;
    let pieces: Vec<&str> = all
        .iter()
        .map(|it| it.content.as_str())
        .filter(|it| it.contains("words of a long program"))
        .collect();
    anyhow::ensure!(pieces.len() >= 3, "{} pieces", pieces.len());
    for piece in &pieces {
        anyhow::ensure!(piece.chars().count() <= 2000, "a piece is too long");
        anyhow::ensure!(piece.matches("```").count() == 2, "an open fence: {piece}");
    }
    let lines: usize = pieces.iter().map(|it| it.matches(line.trim_end()).count()).sum();
    let wanted = code.matches(line.trim_end()).count();
    anyhow::ensure!(lines == wanted, "{lines} lines of {wanted}");
    Ok(())
}

async fn people_of_all_sides_are_mentioned(town: &Town) -> anyhow::Result<()> {
    town.group.say(&town.tanja, "greetings to @Alice and @Dora")?;
    let seen = on_matrix(town, "mentions", |it| it.body.starts_with("greetings")).await?;
    let html = seen.html.clone().unwrap_or_default();
    contains(&html, "https://matrix.to/#/@alice:localhost")?;
    let users = seen.content.pointer("/m.mentions/user_ids").cloned().unwrap_or_default();
    contains(&users.to_string(), "@alice:localhost")?;
    let seen = on_discord(town, "mentions", |it| it.content.starts_with("greetings")).await?;
    contains(&seen.content, &town.dora.mention())?;
    contains(&seen.content, "Alice")
}

async fn the_quoted_part_of_a_message_is_shown(town: &Town) -> anyhow::Result<()> {
    let said = town.group.say(&town.tanja, "we like cats, dogs and birds")?;
    let post = Post::text("just those").answering(said).quoting("dogs");
    town.group.send(&town.tanja, &post)?;
    let seen = on_matrix(town, "the answer", |it| it.body.ends_with("just those")).await?;
    anyhow::ensure!(seen.reply_body.as_deref() == Some("we like cats, dogs and birds"), "{seen}");
    let html = seen.html.unwrap_or_default();
    contains(&html, "<blockquote>")?;
    contains(&html, "dogs")?;
    let seen = on_discord(town, "the answer", |it| it.content.ends_with("just those")).await?;
    contains(&seen.content, "dogs")?;
    anyhow::ensure!(!seen.content.contains("birds"), "the whole is quoted: {}", seen.content);
    Ok(())
}

async fn forwards_say_from_whom(town: &Town) -> anyhow::Result<()> {
    let channel = Channel::new(7, "Daily news");
    let post = Post::text("news of today").forwarded_from_channel(&channel, Some("Ed"));
    town.group.send(&town.tanja, &post)?;
    let post = Post::text("a hidden person's words").forwarded_from("Somebody");
    town.group.send(&town.tanja, &post)?;
    for (words, from) in [("news of today", "Daily news"), ("hidden person", "Somebody")] {
        let seen = on_matrix(town, words, |it| it.body.contains(words)).await?;
        contains(&seen.body, from)?;
        let seen = on_discord(town, words, |it| it.content.contains(words)).await?;
        contains(&seen.content, from)?;
    }
    Ok(())
}

async fn buttons_are_listed(town: &Town) -> anyhow::Result<()> {
    let rows = json!([[
        { "text": "Open the page", "url": "https://example.org/open" },
        { "text": "Press me", "callback_data": "x" },
    ]]);
    town.group.send(&town.tanja, &Post::text("with buttons").buttons(rows))?;
    let seen = on_matrix(town, "buttons", |it| it.body.starts_with("with buttons")).await?;
    contains(&seen.html.unwrap_or_default(), "href=\"https://example.org/open\"")?;
    contains(&seen.body, "Button: Press me")?;
    let seen = on_discord(town, "buttons", |it| it.content.starts_with("with buttons")).await?;
    contains(&seen.content, "[Open the page](https://example.org/open)")?;
    contains(&seen.content, "Button: Press me")
}
