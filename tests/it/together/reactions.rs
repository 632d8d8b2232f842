// SPDX-License-Identifier: AGPL-3.0-or-later
//! Reactions of all sides, and edits that change nothing.

use anyhow::{Context, ensure};
use sandbox::synapse::Seen;
use sandbox::telegram::MessageId;
use sandbox::town::{Side, Town};

use crate::crossing::PIXEL;
use crate::scenes::Scenes;
use crate::together::typed;
use crate::{crosses, town};

const LINE: &str = "Reactions:";

#[tokio::test(flavor = "multi_thread")]
async fn reactions_of_all_sides_are_seen_on_all_sides() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let mut scenes = Scenes::default();
    scenes.played("Telegram shows one and counts the others", counted(&town).await);
    scenes.played("Telegram's own are seen elsewhere", own(&town).await);
    scenes.played("a custom emoji comes back as itself", custom(&town).await);
    scenes.played("a preview is no edit", preview(&town).await);
    scenes.played("people can do without the line", without(&town).await);
    scenes.played("the platforms have no complaint", town.assert_clean());
    scenes.end()
}

async fn everywhere(town: &Town, text: &str) -> anyhow::Result<(MessageId, Seen, u64)> {
    let said = town.group.say(&town.tanja, text)?;
    let matrix = town.alice.expect(&town.room, |seen| seen.body == text).await?;
    let discord = town.channel.expect(|seen| seen.content == text).await?.id;
    crosses(town, Side::Telegram, &format!("after: {text}")).await?;
    Ok((said, matrix, discord))
}

fn lines(town: &Town, to: MessageId) -> Vec<sandbox::telegram::Seen> {
    let all = town.group.messages().into_iter();
    all.filter(|seen| seen.reply_to == Some(to) && seen.text.starts_with(LINE)).collect()
}

async fn counted(town: &Town) -> anyhow::Result<()> {
    let (said, matrix, discord) = everywhere(town, "react to this").await?;
    let mut given = Vec::new();
    for emoji in ["👍", "🎉", "🦄"] {
        given.push(town.alice.react(&town.room, &matrix.event_id, emoji).await?);
    }
    town.channel.react(&town.dora, discord, "👍")?;
    let all = |seen: &sandbox::telegram::Seen| {
        let line = seen.reply_to == Some(said) && seen.text.starts_with(LINE);
        line && ["🎉", "🦄"].iter().all(|it| seen.text.contains(it)) && seen.text.contains('2')
    };
    let line = town.group.expect(all).await?;
    let native = |seen: &sandbox::telegram::Seen| seen.id == said && seen.reactions.len() == 1;
    let seen = town.group.expect(native).await?;
    ensure!(seen.reactions.iter().all(|(_, emoji)| emoji == "👍"), "{:?}", seen.reactions);
    ensure!(lines(town, said).len() == 1, "several lines: {:?}", lines(town, said));
    let both = |seen: &sandbox::discord::Seen| seen.id == discord && seen.reactions.len() == 3;
    town.channel.expect(both).await.context("Discord does not show all three")?;

    for reaction in given.iter().skip(1) {
        town.alice.redact(&town.room, reaction).await?;
    }
    let fewer = |seen: &sandbox::telegram::Seen| {
        seen.id == line.id && !seen.text.contains("🦄") && !seen.text.contains("🎉")
    };
    town.group.expect(fewer).await.context("the line is not edited in place")?;
    town.channel.unreact(&town.dora, discord, "👍")?;
    let gone = |seen: &[sandbox::telegram::Seen]| {
        (!seen.iter().any(|seen| seen.id == line.id)).then_some(())
    };
    town.group.until(gone).await.context("the line stays")?;
    let native = |seen: &sandbox::telegram::Seen| seen.id == said && seen.reactions.len() == 1;
    town.group.expect(native).await.map(drop)
}

async fn own(town: &Town) -> anyhow::Result<()> {
    let said = town.alice.say(&town.room, "and you?").await?;
    let telegram = town.group.expect(|seen| seen.text.ends_with("and you?")).await?.id;
    // What comes after it in the lanes is there: so the bridge knows the copies.
    crosses(town, Side::Matrix, "go on").await?;
    town.group.react(&town.tanja, telegram, &["❤"])?;
    let loved = |key: &str| key.starts_with('❤');
    let seen =
        |seen: &Seen| seen.event_id == said && seen.reactions.iter().any(|it| loved(&it.key));
    town.alice.expect(&town.room, seen).await?;
    let seen = |seen: &sandbox::discord::Seen| {
        seen.content == "and you?" && seen.reactions.iter().any(|it| loved(&it.emoji))
    };
    town.channel.expect(seen).await?;
    town.group.react(&town.tanja, telegram, &[])?;
    let none = |seen: &Seen| seen.event_id == said && seen.reactions.is_empty();
    town.alice.expect(&town.room, none).await.context("the reaction stays").map(drop)
}

async fn custom(town: &Town) -> anyhow::Result<()> {
    let wave = town.guild.emoji("wave", PIXEL);
    let key = format!("wave:{wave}");
    let said = town.channel.say(&town.dora, "with our emoji");
    let matrix = town.alice.expect(&town.room, |seen| seen.body == "with our emoji").await?;
    town.channel.react(&town.dora, said, &key)?;
    let pictured = |seen: &Seen| {
        seen.event_id == matrix.event_id
            && seen.reactions.iter().any(|it| it.key.starts_with("mxc://"))
    };
    let seen = town.alice.expect(&town.room, pictured).await?;
    let mxc = seen.reactions.into_iter().next().context("no reaction")?.key;
    ensure!(town.alice.download(&mxc).await? == PIXEL, "another picture");
    let answer = town.alice.say(&town.room, "and back").await?;
    let there = town.channel.expect(|seen| seen.content == "and back").await?.id;
    crosses(town, Side::Matrix, "go on again").await?;
    town.alice.react_with(&town.room, &answer, (&mxc, "wave")).await?;
    let shown = |seen: &sandbox::discord::Seen| {
        seen.id == there && seen.reactions.iter().any(|it| it.emoji == key)
    };
    town.channel.expect(shown).await.context("it does not come back")?;
    town.alice.say_emoji(&town.room, &mxc, "wave").await?;
    town.channel.expect(|seen| seen.content == format!("<:{key}>")).await.map(drop)
}

async fn preview(town: &Town) -> anyhow::Result<()> {
    let link = "see https://example.org/page";
    let said = town.channel.say(&town.dora, link);
    town.alice.expect(&town.room, |seen| seen.body == link).await?;
    town.channel.unfurl(said, "https://example.org/page")?;
    crosses(town, Side::Discord, "after the preview").await?;
    let seen = town.alice.expect(&town.room, |seen| seen.body == link).await?;
    ensure!(!seen.edited, "Matrix shows an edit");
    let seen = town.group.expect(|seen| seen.text.ends_with(link)).await?;
    ensure!(!seen.edited, "Telegram shows an edit");
    Ok(())
}

async fn without(town: &Town) -> anyhow::Result<()> {
    typed(town, "!freeside set reaction-line off").await?;
    let (said, matrix, discord) = everywhere(town, "react quietly").await?;
    for emoji in ["👍", "🎉"] {
        town.alice.react(&town.room, &matrix.event_id, emoji).await?;
    }
    let both = |seen: &sandbox::discord::Seen| seen.id == discord && seen.reactions.len() == 2;
    town.channel.expect(both).await?;
    town.group.expect(|seen| seen.id == said && !seen.reactions.is_empty()).await?;
    crosses(town, Side::Matrix, "after the reactions").await?;
    ensure!(lines(town, said).is_empty(), "{:?}", lines(town, said));
    Ok(())
}
