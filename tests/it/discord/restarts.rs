// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is known of Discord outlives the process, with a session that goes on and with a new one.

use anyhow::ensure;
use sandbox::discord::{self, Channel, permissions};
use sandbox::synapse::Seen;
use sandbox::town::{BOT, Town};

use crate::content::samples::{GIF, PNG};
use crate::content::{contains, on_discord, on_matrix, on_telegram};
use crate::{eventually, town};

/// Kills the bridge and starts it again; its session is resumed.
async fn restart(town: &mut Town) -> anyhow::Result<()> {
    town.bridge.kill()?;
    town.discord.expect_disconnected().await?;
    town.bridge.start()?;
    town.discord.expect_connected().await
}

/// A role with a colour and a channel are mentioned, and both are called what they are called.
async fn are_named(town: &Town, start: &str, role: u64, other: &Channel) -> anyhow::Result<()> {
    let text = format!("{start}: <@&{role}> in <#{}>", other.id());
    town.channel.say(&town.dora, &text);
    let seen = on_matrix(town, start, |it| it.body.starts_with(start)).await?;
    contains(&seen.body, "@Moderators in #lounge")?;
    let html = seen.html.unwrap_or_default();
    contains(&html, "<span data-mx-color=\"#1abc9c\">@Moderators</span>")?;
    ensure!(seen.name == "Doro the Great (Discord)", "{}", seen.name);
    Ok(())
}

async fn reacted(town: &Town, event: &str, keys: &[&str]) -> anyhow::Result<()> {
    let has = |it: &Seen| {
        let there: Vec<&str> = it.reactions.iter().map(|it| it.key.as_str()).collect();
        let bare = |key: &str| key.trim_end_matches('\u{fe0f}').to_owned();
        let all = keys.iter().all(|key| there.iter().any(|it| bare(it) == bare(key)));
        it.event_id == event && there.len() == keys.len() && all
    };
    on_matrix(town, "these reactions", has).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_forgets_no_names_reactions_emoji_and_threads() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    let role = town.guild.coloured_role("Moderators", 0x1a_bc_9c);
    let lounge = town.guild.channel("lounge");
    town.guild.nick(&town.dora, Some("Doro the Great"));
    are_named(&town, "before", role, &lounge).await?;

    let said = town.channel.say(&town.dora, "what do you think?");
    let copy = on_matrix(&town, "the question", |it| it.body == "what do you think?").await?;
    let bo = town.discord.user("Bo");
    town.channel.react(&town.dora, said, "👍")?;
    town.channel.react(&bo, said, "👎")?;
    reacted(&town, &copy.event_id, &["👍", "👎"]).await?;
    let thread = town.channel.thread_on(&town.dora, said, "Thoughts")?;
    thread.say(&town.dora, "a first thought");
    on_matrix(&town, "the thread", |it| it.body == "a first thought").await?;
    let robot = town.discord.other_bot("Weather");
    let answer = town.channel.answer(&robot, &town.dora, "forecast", None);

    restart(&mut town).await?;
    are_named(&town, "after", role, &lounge).await?;
    town.channel.clear_reactions(said, Some("👎"))?;
    reacted(&town, &copy.event_id, &["👍"]).await?;
    town.channel.clear_reactions(said, None)?;
    reacted(&town, &copy.event_id, &[]).await?;
    thread.say(&town.dora, "a second thought");
    let second = on_matrix(&town, "the thread", |it| it.body == "a second thought").await?;
    ensure!(second.thread == Some(copy.event_id), "{:?}", second.thread);
    town.channel.think_over(answer, "sunny, 21 degrees")?;
    on_matrix(&town, "the answer", |it| it.body.contains("sunny, 21 degrees")).await?;
    town.guild.emoji("logo", PNG);
    eventually("the emoji in the room's pack", async || {
        let state = town.alice.whole_state(&town.room).await?;
        Ok(state.iter().any(|it| it.pointer("/content/images/logo").is_some()))
    })
    .await?;
    let resumed = town.bridge.log().contains("the session with Discord goes on");
    ensure!(resumed, "a new session was begun, which tells everything anew");
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_renames_nobody_and_a_new_name_of_the_channel_is_seen_after_it()
-> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    town.dora.set_avatar(GIF);
    town.guild.nick(&town.dora, Some("Doro the Great"));
    town.guild.server_picture(&town.dora, PNG);
    let lounge = town.guild.channel("lounge");
    let role = town.guild.coloured_role("Moderators", 0x1a_bc_9c);
    are_named(&town, "live", role, &lounge).await?;
    let bo = town.discord.user("Bo");
    town.guild.join(&bo);
    town.guild.nick(&bo, Some("Bo the Builder"));
    let live = on_matrix(&town, "Dora", |it| it.body.starts_with("live")).await?;
    let profile = town.alice.profile(&live.sender).await?;
    let picture = profile.get("avatar_url").and_then(|it| it.as_str()).unwrap_or_default();
    ensure!(town.alice.download(picture).await? == PNG, "not the picture of the server");
    crate::set_by_all(&town, "metadata legacy").await?;
    town.channel.rename("first-name");
    room_is(&town, "m.room.name", "/name", "first-name").await?;

    let rules = town.channel.say(&town.dora, "the rules");
    let copy = on_matrix(&town, "the rules", |it| it.body == "the rules").await?.event_id;
    town.guild.grant(&town.dora, permissions::PIN_MESSAGES);
    town.channel.pin(&town.dora, rules)?;
    are_pinned(&town, std::slice::from_ref(&copy)).await?;

    town.bridge.kill()?;
    town.discord.time_out_sessions();
    town.channel.rename("second-name");
    town.channel.set_topic("All and nothing");
    let missed = format!("missed: <@&{role}> in <#{}> with {}", lounge.id(), bo.mention());
    town.channel.say(&town.dora, &missed);
    town.bridge.start()?;
    let missed = on_matrix(&town, "what was missed", |it| it.body.starts_with("missed")).await?;
    ensure!(missed.sender == live.sender, "another account");
    ensure!(missed.name == "Doro the Great (Discord)", "{}", missed.name);
    contains(&missed.body, "@Moderators in #lounge with")?;
    contains(&missed.body, "Bo the Builder")?;
    room_is(&town, "m.room.name", "/name", "second-name").await?;
    room_is(&town, "m.room.topic", "/topic", "All and nothing").await?;
    are_named(&town, "live again", role, &lounge).await?;
    town.channel.unpin(&town.dora, rules)?;
    are_pinned(&town, &[]).await?;
    let events = town.alice.messages(&town.room).await?;
    let member = |it: &&sandbox::synapse::SeenEvent| {
        it.kind == "m.room.member" && it.state_key.as_deref() == Some(&live.sender)
    };
    let joined = events.iter().filter(member).count();
    let names = events.iter().filter(member).filter_map(|it| it.content.get("displayname"));
    ensure!(
        names.clone().all(|it| it == "Doro the Great (Discord)"),
        "{:?}",
        names.collect::<Vec<_>>()
    );
    ensure!(joined <= 2, "the member event was written {joined} times");
    town.assert_clean()
}

/// These, besides the bot's own notice.
async fn are_pinned(town: &Town, wanted: &[String]) -> anyhow::Result<()> {
    eventually("the pins", async || {
        let state = town.alice.state(&town.room, "m.room.pinned_events", "").await?;
        let pinned = state.as_ref().and_then(|state| state.get("pinned")?.as_array());
        let pinned: Vec<&str> = pinned.into_iter().flatten().filter_map(|it| it.as_str()).collect();
        let seen = town.alice.transcript(&town.room).await?;
        let ours = |id: &str| seen.0.iter().any(|it| it.event_id == id && it.sender == BOT);
        Ok(pinned.into_iter().filter(|id| !ours(id)).eq(wanted.iter().map(String::as_str)))
    })
    .await
}

async fn room_is(town: &Town, kind: &str, field: &str, wanted: &str) -> anyhow::Result<()> {
    eventually(wanted, async || {
        let state = town.alice.state(&town.room, kind, "").await?;
        let found = state.as_ref().and_then(|state| state.pointer(field)?.as_str());
        Ok(found == Some(wanted))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picked_film_arrives_as_a_film_also_when_discord_finds_it_late() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let film = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom a film".to_vec();
    let address = "https://tenor.com/view/cat-dance-gif-1234";
    let id = town.channel.say(&town.dora, address);
    on_matrix(&town, "the address", |it| it.body == address).await?;
    on_telegram(&town, "the address", |it| it.text.contains(address)).await?;
    town.channel.unfurl_film(id, film.clone())?;
    let seen = on_matrix(&town, "the film", |it| it.media.is_some()).await?;
    let mxc = seen.media.as_ref().map(|it| it.mxc.clone()).unwrap_or_default();
    ensure!(town.alice.download(&mxc).await? == film, "another film");
    ensure!(!seen.body.contains("tenor.com"), "{}", seen.body);
    let is_film = |it: &sandbox::telegram::Seen| {
        it.document.as_ref().is_some_and(|file| file.kind == "animation" && file.bytes == film)
    };
    on_telegram(&town, "the film", is_film).await?;
    eventually("the address is gone", async || {
        let shows = |it: &sandbox::telegram::Seen| it.is_bot && it.text.contains("tenor.com");
        let matrix = town.alice.transcript(&town.room).await?;
        Ok(!town.group.messages().iter().any(shows) && !matrix.bodies().contains(&address))
    })
    .await?;
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_became_of_messages_in_a_lost_session_is_made_up_for() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    town.alice.set_power(&town.room, BOT, 100).await?;
    let bo = town.discord.user("Bo");
    town.guild.join(&bo);
    let channel = &town.channel;
    let said = ["a typo", "better not", "what do you think?", "well?"];
    let ids = said.map(|text| channel.say(&town.dora, text));
    for text in said {
        on_matrix(&town, text, |it| it.body == text).await?;
    }
    let thread = channel.thread_on(&town.dora, ids[2], "Thoughts")?;
    let thought = thread.say(&town.dora, "a frist thought");
    let in_thread = on_matrix(&town, "the thought", |it| it.body == "a frist thought").await?;
    channel.react(&town.dora, ids[3], "👍")?;
    let well = on_matrix(&town, "well?", |it| it.body == "well?").await?.event_id;
    reacted(&town, &well, &["👍"]).await?;
    let original = town.alice.say(&town.room, "from Matrix").await?;
    // Which message is the copy, the bridge knows once a reaction arrives at it.
    town.alice.react(&town.room, &original, "👍").await?;
    let known = |it: &discord::Seen| it.content == "from Matrix" && !it.reactions.is_empty();
    let copy = on_discord(&town, "the copy with its reaction", known).await?.id;

    town.bridge.kill()?;
    town.discord.time_out_sessions();
    town.channel.edit(&town.dora, ids[0], "no typo")?;
    town.channel.delete(&town.dora, ids[1])?;
    town.channel.unreact(&town.dora, ids[3], "👍")?;
    town.channel.react(&bo, ids[3], "🔥")?;
    thread.edit(&town.dora, thought, "a first thought")?;
    town.guild.grant(&town.dora, permissions::MANAGE_MESSAGES);
    town.channel.delete(&town.dora, copy)?;
    town.channel.say(&town.dora, "and now?");
    town.bridge.start()?;

    on_matrix(&town, "what was missed", |it| it.body == "and now?").await?;
    on_matrix(&town, "the edit", |it| it.body == "no typo").await?;
    reacted(&town, &well, &["🔥"]).await?;
    let same = |it: &Seen| it.event_id == in_thread.event_id && it.body == "a first thought";
    on_matrix(&town, "the edit in the thread", same).await?;
    for text in ["better not", "from Matrix"] {
        eventually(&format!("{text:?} is gone"), async || {
            let seen = town.alice.transcript(&town.room).await?;
            Ok(!seen.bodies().contains(&text))
        })
        .await?;
    }
    town.assert_clean()
}
