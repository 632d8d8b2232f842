// SPDX-License-Identifier: AGPL-3.0-or-later
//! What admins of a server do to the bridge's webhook, and what Discord does not let it do.

use anyhow::ensure;
use sandbox::faults::Fault;
use sandbox::town::{BOT, Town};
use serde_json::json;

use crate::content::{on_discord, on_matrix};
use crate::town;

/// The webhook of the bridge in the channel.
fn own(town: &Town) -> anyhow::Result<u64> {
    let all = town.channel.webhooks().into_iter().filter(|(_, _, ours)| *ours);
    let ids: Vec<u64> = all.map(|(id, _, _)| id).collect();
    ensure!(ids.len() == 1, "webhooks of the bridge: {ids:?}");
    ids.first().copied().ok_or_else(|| anyhow::anyhow!("there is none"))
}

async fn arrives(town: &Town, text: &str) -> anyhow::Result<sandbox::discord::Seen> {
    town.alice.say(&town.room, text).await?;
    on_discord(town, text, |it| it.content == text).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_was_moved_deleted_or_renamed_carries_nothing_elsewhere()
-> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    let staff = town.guild.channel("staff");
    let first = town.alice.say(&town.room, "first").await?;
    let copy = on_discord(&town, "first", |it| it.content == "first").await?;
    town.channel.rename_webhook(own(&town)?, "Somebody else");
    let renamed = arrives(&town, "after the new name").await?;
    ensure!(renamed.author == "Alice" && renamed.webhook == copy.webhook, "{renamed:?}");

    let moved = own(&town)?;
    town.channel.move_webhook(moved, &staff);
    town.channel.say(&town.dora, "behind the move");
    on_matrix(&town, "what came after the move", |it| it.body == "behind the move").await?;
    let before = town.discord.requests().len();
    let second = town.alice.say(&town.room, "private words").await?;
    let after = on_discord(&town, "private words", |it| it.content == "private words").await?;
    let path = format!("/webhooks/{moved}/");
    let uses = |it: &sandbox::discord::Request| it.method == "POST" && it.path.starts_with(&path);
    let used = town.discord.requests().iter().skip(before).any(uses);
    ensure!(!used, "words went through the moved one and had to be taken back");
    // Nobody can change any more what the moved one has posted; the bot can take it away.
    town.alice.edit(&town.room, &first, "first, in other words").await?;
    let told = |it: &sandbox::synapse::Seen| {
        it.sender == BOT && it.reply_to.as_deref() == Some(first.as_str())
    };
    on_matrix(&town, "why it stays as it is", told).await?;
    town.alice.redact(&town.room, &first).await?;
    town.channel.expect_gone(copy.id).await?;

    // Moved while nobody listens, and heard of by nobody.
    town.bridge.kill()?;
    let moved = own(&town)?;
    town.channel.move_webhook(moved, &staff);
    town.discord.time_out_sessions();
    town.alice.say(&town.room, "words after an outage").await?;
    town.alice.edit(&town.room, &second, "private words, corrected").await?;
    town.alice.redact(&town.room, &second).await?;
    town.bridge.start()?;
    on_discord(&town, "what waited", |it| it.content == "words after an outage").await?;
    town.channel.expect_gone(after.id).await?;

    town.channel.delete_webhook(own(&town)?);
    arrives(&town, "after the deletion").await?;
    ensure!(staff.messages().is_empty(), "{}", staff.transcript());
    town.assert_clean()
}

/// How often a side reads these words of the bot.
async fn told(town: &Town, words: &str) -> anyhow::Result<[usize; 2]> {
    let matrix = town.alice.transcript(&town.room).await?;
    let room = matrix.0.iter().filter(|it| it.sender == BOT && it.body.contains(words)).count();
    let channel = town.channel.messages().iter().filter(|it| it.content.contains(words)).count();
    Ok([room, channel])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_without_room_for_a_webhook_is_told_so_once_and_the_bot_speaks()
-> anyhow::Result<()> {
    let town = town("12", "").await?;
    town.channel.delete_webhook(own(&town)?);
    for number in 0..15 {
        town.channel.webhook(&format!("Hook {number}"));
    }
    let said = town.alice.say(&town.room, "first words").await?;
    let by_bot = |it: &sandbox::discord::Seen, text: &str| {
        it.webhook.is_none() && it.content == format!("**Alice**\n{text}")
    };
    let copy = town.channel.expect(|it| by_bot(it, "first words")).await?;
    let why = "no room for another webhook";
    town.channel.expect(|it| it.content.contains(why)).await?;
    on_matrix(&town, why, |it| it.sender == BOT && it.body.contains(why)).await?;
    for text in ["second words", "third words"] {
        town.alice.say(&town.room, text).await?;
        town.channel.expect(|it| by_bot(it, text)).await?;
    }
    // A text that needs two messages under the name fits.
    let long = format!("{} end", "long words, ".repeat(166));
    town.alice.edit(&town.room, &said, &long).await?;
    let begins = |it: &sandbox::discord::Seen| {
        it.id == copy.id && it.content.starts_with("**Alice**\nlong words")
    };
    town.channel.expect(begins).await?;
    town.channel
        .expect(|it| it.content.starts_with("**Alice") && it.content.ends_with("end"))
        .await?;
    town.alice.redact(&town.room, &said).await?;
    town.channel.expect_gone(copy.id).await?;
    ensure!(told(&town, why).await? == [1, 1], "{:?}", told(&town, why).await?);
    // An admin makes room.
    let other = town.channel.webhooks().first().map(|(id, _, _)| *id).unwrap_or_default();
    town.channel.delete_webhook(other);
    town.channel.say(&town.dora, "there is room now");
    on_matrix(&town, "the news", |it| it.body == "there is room now").await?;
    arrives(&town, "in my own name again").await?;
    ensure!(told(&town, why).await? == [1, 1], "{:?}", told(&town, why).await?);
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_discord_refuses_is_told_of_once_and_the_bot_speaks() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    arrives(&town, "as usual").await?;
    let complaint = json!([{"code": "USERNAME_INVALID_CONTAINS", "message": "no"}]);
    let body = json!({"message": "Invalid Form Body", "code": 50035,
        "errors": {"username": {"_errors": complaint}}});
    let fault = Fault::Answer { status: 400, body, headers: Vec::new() };
    town.discord.faults().next("POST /webhooks", 2, fault);
    for text in ["refused once", "refused twice"] {
        town.alice.say(&town.room, text).await?;
        let by_bot = format!("**Alice**\n{text}");
        town.channel.expect(|it| it.webhook.is_none() && it.content == by_bot).await?;
    }
    let why = "does not take the name";
    town.channel.expect(|it| it.content.contains(why)).await?;
    on_matrix(&town, why, |it| it.sender == BOT && it.body.contains(why)).await?;
    arrives(&town, "accepted again").await?;
    ensure!(told(&town, why).await? == [1, 1], "{:?}", told(&town, why).await?);
    town.assert_clean()
}
