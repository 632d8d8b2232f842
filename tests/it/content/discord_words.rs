// SPDX-License-Identifier: AGPL-3.0-or-later
//! Words from Discord on Matrix and Telegram: Markdown, mentions, emoji, cards of bots.

use sandbox::town::{Side, Town};
use sandbox::{synapse, telegram};
use serde_json::json;

use super::samples::PNG;
use super::{contains, on_matrix, on_telegram, rows};
use crate::{crosses, eventually, town};

#[tokio::test(flavor = "multi_thread")]
async fn words_from_discord_arrive_as_they_were_meant() -> anyhow::Result<()> {
    let town = &town("12", "").await?;
    crosses(town, Side::Matrix, "Alice is here").await?;
    crosses(town, Side::Telegram, "Tanja is here").await?;
    rows!(town;
        styles_are_kept,
        blocks_are_kept,
        times_are_times,
        literal_text_never_becomes_markup,
        people_roles_and_channels_are_named,
        replies_find_the_original,
        custom_emoji_are_pictures_on_matrix,
        a_card_of_a_bot_is_a_quotation,
        copies_from_a_followed_channel_come_whole,
        forwards_come_whole,
    )
}

async fn styles_are_kept(town: &Town) -> anyhow::Result<()> {
    let text = "styles: **bold** *italic* __under__ ~~strike~~ `code` ||hidden|| \
                [a link](https://example.org/page)";
    town.channel.say(&town.dora, text);
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
    let seen = on_telegram(town, "the styles", |it| it.text.contains("styles: bold")).await?;
    for (kind, words) in [
        ("italic", "italic"),
        ("underline", "under"),
        ("strikethrough", "strike"),
        ("code", "code"),
        ("spoiler", "hidden"),
        ("text_link", "a link"),
    ] {
        anyhow::ensure!(seen.styled(kind) == [words], "{kind}: {:?}", seen.entities);
    }
    anyhow::ensure!(seen.styled("bold").contains(&"bold".to_owned()), "{:?}", seen.entities);
    Ok(())
}

async fn blocks_are_kept(town: &Town) -> anyhow::Result<()> {
    let text = "# A heading\n-# small words\n- one\n  - inner\n- two\n1. first\n```rust\nfn f() {}\n```\n\
                > quoted\nbetween\n>>> all\nthe rest";
    town.channel.say(&town.dora, text);
    let seen = on_matrix(town, "the blocks", |it| it.body.contains("A heading")).await?;
    let html = seen.html.unwrap_or_default();
    for wanted in [
        "<h1>A heading</h1>",
        "small words",
        "<ul><li>one<ul><li>inner</li></ul></li><li>two</li></ul>",
        "<ol><li>first</li></ol>",
        "<code class=\"language-rust\">fn f() {}",
        "<blockquote>quoted</blockquote>",
        "<blockquote>all<br>the rest</blockquote>",
    ] {
        contains(&html.replace("<p>", "").replace("</p>", "").replace("<br/>", "<br>"), wanted)?;
    }
    let seen = on_telegram(town, "the blocks", |it| it.text.contains("A heading")).await?;
    // Behind the bold name of the author.
    let heading = seen.styled("bold").into_iter().any(|it| it.ends_with("A heading"));
    anyhow::ensure!(heading, "{seen:?}");
    anyhow::ensure!(seen.styled("pre") == ["fn f() {}"], "{seen:?}");
    anyhow::ensure!(seen.styled("blockquote") == ["quoted", "all\nthe rest"], "{seen:?}");
    contains(&seen.text, "• one")?;
    contains(&seen.text, "inner")
}

async fn times_are_times(town: &Town) -> anyhow::Result<()> {
    town.channel.say(&town.dora, "the moon landing: <t:-14182980:D>, the next: <t:1900000000:f>");
    let seen = on_matrix(town, "the times", |it| it.body.contains("moon landing")).await?;
    anyhow::ensure!(!seen.body.contains("<t:"), "{}", seen.body);
    contains(&seen.body, "1969")?;
    contains(&seen.body, "2030")?;
    let seen = on_telegram(town, "the times", |it| it.text.contains("moon landing")).await?;
    anyhow::ensure!(!seen.text.contains("<t:"), "{}", seen.text);
    contains(&seen.text, "1969")
}

async fn literal_text_never_becomes_markup(town: &Town) -> anyhow::Result<()> {
    town.channel.say(&town.dora, "literal \\*a\\* <b>c</b> &lt; snake_case_name @everyone");
    let text = "literal *a* <b>c</b> &lt; snake_case_name @everyone";
    let seen = on_matrix(town, "literal text", |it| it.body == text).await?;
    let room = seen.content.pointer("/m.mentions/room");
    anyhow::ensure!(room.is_none(), "the whole room is called: {}", seen.content);
    let seen = on_telegram(town, "literal text", |it| it.text.ends_with(text)).await?;
    anyhow::ensure!(seen.styled("italic").is_empty(), "{seen:?}");
    Ok(())
}

async fn people_roles_and_channels_are_named(town: &Town) -> anyhow::Result<()> {
    let role = town.guild.role("helpers");
    let other = town.guild.channel("lounge");
    let bo = town.discord.user("Bo");
    town.channel.say(&bo, "Bo is here");
    on_matrix(town, "Bo", |it| it.body == "Bo is here").await?;
    let text = format!("ask {} or <@&{role}> in <#{}>, @Alice", bo.mention(), other.id());
    town.channel.say(&town.dora, &text);
    let seen = on_matrix(town, "mentions", |it| it.body.starts_with("ask ")).await?;
    for name in ["Bo", "@helpers", "#lounge"] {
        contains(&seen.body, name)?;
    }
    let called = seen.content.pointer("/m.mentions/user_ids").cloned().unwrap_or_default();
    let called: Vec<String> = serde_json::from_value(called)?;
    anyhow::ensure!(called.len() == 2, "{called:?}");
    anyhow::ensure!(called.contains(&"@alice:localhost".to_owned()), "{called:?}");
    let seen = on_telegram(town, "mentions", |it| it.text.contains("ask ")).await?;
    // Telegram would read a sign and a name as one of its own users or topics.
    for name in ["@\u{2060}Bo", "@\u{2060}helpers", "#\u{2060}lounge", "@Alice"] {
        contains(&seen.text, name)?;
    }
    Ok(())
}

async fn replies_find_the_original(town: &Town) -> anyhow::Result<()> {
    let said = town.alice.say(&town.room, "who knows the answer?").await?;
    let copy = town.channel.expect(|it| it.content == "who knows the answer?").await?;
    let on_group =
        on_telegram(town, "the question", |it| it.text.ends_with("who knows the answer?")).await?;
    town.channel.reply(&town.dora, copy.id, "Dora knows");
    let seen = on_matrix(town, "the answer", |it| it.body == "Dora knows").await?;
    anyhow::ensure!(seen.reply_to == Some(said), "{seen}");
    let seen = on_telegram(town, "the answer", |it| it.text.ends_with("Dora knows")).await?;
    anyhow::ensure!(seen.reply_to == Some(on_group.id), "{seen}");
    Ok(())
}

async fn custom_emoji_are_pictures_on_matrix(town: &Town) -> anyhow::Result<()> {
    let emoji = town.guild.emoji("wiki", PNG);
    let said = town.channel.say(&town.dora, &format!("the logo <:wiki:{emoji}> is known"));
    let seen = on_matrix(town, "the emoji", |it| it.body.starts_with("the logo")).await?;
    contains(&seen.body, ":wiki:")?;
    let html = seen.html.unwrap_or_default();
    contains(&html, "data-mx-emoticon")?;
    contains(&html, "src=\"mxc://localhost/")?;
    let copy = on_telegram(town, "the emoji", |it| it.text.contains("the logo")).await?;
    contains(&copy.text, ":wiki:")?;
    town.channel.react(&town.dora, said, &format!("wiki:{emoji}"))?;
    let event = seen.event_id;
    let drawn = |it: &synapse::Seen| {
        it.event_id == event && it.reactions.iter().any(|it| it.key.starts_with("mxc://"))
    };
    on_matrix(town, "the reaction", drawn).await?;
    // What a bot cannot react with is counted in a line.
    eventually("the reaction's line on Telegram", async || {
        Ok(town.group.messages().iter().any(|it| it.text.contains("Reactions: :wiki:")))
    })
    .await
}

async fn a_card_of_a_bot_is_a_quotation(town: &Town) -> anyhow::Result<()> {
    let card = json!({ "type": "rich", "title": "Build 7", "url": "https://example.org/7",
        "description": "All **green**", "color": 0x00_ff_00,
        "fields": [{ "name": "Branch", "value": "main", "inline": true }],
        "footer": { "text": "took a minute" } });
    let hook = town.channel.webhook("Robot");
    hook.say_with("Robot", "", &json!({ "embeds": [card] }));
    let seen = on_matrix(town, "the card", |it| it.body.contains("Build 7")).await?;
    let html = seen.html.clone().unwrap_or_default();
    contains(&seen.name, "Robot")?;
    for wanted in ["<blockquote>", "href=\"https://example.org/7\"", "<strong>green</strong>"] {
        contains(&html, wanted)?;
    }
    for wanted in ["🟩 Build 7", "Branch", "main", "took a minute"] {
        contains(&seen.body, wanted)?;
    }
    let card = |it: &telegram::Seen| it.text.contains("Build 7");
    let seen = on_telegram(town, "the card", card).await?;
    for wanted in ["All green", "Branch", "main", "took a minute"] {
        contains(&seen.text, wanted)?;
    }
    anyhow::ensure!(!seen.styled("blockquote").is_empty(), "{:?}", seen.entities);
    Ok(())
}

async fn copies_from_a_followed_channel_come_whole(town: &Town) -> anyhow::Result<()> {
    town.channel.crosspost("Far away #news", "**news** from afar");
    let seen = on_matrix(town, "the news", |it| it.body.contains("news from afar")).await?;
    contains(&seen.name, "Far away #news")?;
    on_telegram(town, "the news", |it| it.text.contains("news from afar")).await.map(drop)
}

async fn forwards_come_whole(town: &Town) -> anyhow::Result<()> {
    let other = town.guild.channel("announcements");
    let id = other.say(&town.dora, "an *important* matter");
    town.channel.forward(&town.dora, &other, id)?;
    let seen = on_matrix(town, "the forward", |it| it.body.contains("important matter")).await?;
    contains(&seen.html.unwrap_or_default(), "<em>important</em>")?;
    contains(&seen.body, "announcements")?;
    let seen = on_telegram(town, "the forward", |it| it.text.contains("important matter")).await?;
    contains(&seen.text, "announcements")
}
