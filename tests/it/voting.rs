// SPDX-License-Identifier: AGPL-3.0-or-later
//! A vote of the whole community: one poll in all chats, one result.

use anyhow::{Context, ensure};
use sandbox::town::Side;

use crate::crosses;

#[tokio::test]
async fn a_community_votes_on_all_sides_at_once() -> anyhow::Result<()> {
    let town = crate::town("12", "").await?;
    let bob = town.synapse.person_named("bob", "Bob").await?;
    bob.join(&town.room).await?;
    bob.say(&town.room, "Bob is here").await?;
    for side in Side::ALL {
        crosses(&town, side, &format!("{side:?} is here")).await?;
    }
    let typed = "!freeside vote \"Do we move?\" \"Gladly\" \"Never\" --days 3";
    crate::sure(&town.alice, &town.room, typed).await?;
    town.alice.expect(&town.room, |seen| seen.body.contains("Vote 1 is open")).await?;
    let asked = |question: &str| question.contains("Do we move?");
    let in_group = town
        .group
        .expect(|seen| seen.poll.as_ref().is_some_and(|poll| asked(&poll.question)))
        .await
        .context("Telegram has no poll")?;
    let in_channel = town
        .channel
        .expect(|seen| seen.poll.as_ref().is_some_and(|poll| asked(&poll.question)))
        .await
        .context("Discord has no poll")?;
    let is_poll = |seen: &sandbox::synapse::Seen| {
        seen.poll.as_ref().is_some_and(|poll| asked(&poll.question))
    };
    let in_room = town.alice.expect(&town.room, is_poll).await.context("Matrix has no poll")?;

    town.group.vote(&town.tanja, in_group.id, &[0])?;
    bob.vote(&town.room, &in_room.event_id, &["0"]).await?;
    town.channel.vote(&town.dora, in_channel.id, 2)?;
    let counted = |text: &str| text.contains("Gladly: 1") && text.contains("Never: 1");
    let line = town.group.expect(|seen| counted(&seen.text)).await;
    line.context("Telegram does not know how the others vote")?;

    town.alice.say(&town.room, "!freeside vote close 1").await?;
    let over = |text: &str| {
        text.contains("The vote has ended")
            && text.contains("Gladly: 2")
            && text.contains("Never: 1")
    };
    town.group.expect(|seen| over(&seen.text)).await.context("Telegram has no result")?;
    town.channel.expect(|seen| over(&seen.content)).await.context("Discord has no result")?;
    let result = town.alice.expect(&town.room, |seen| over(&seen.body)).await?;
    for name in ["Tanja", "Bob", "Dora"] {
        ensure!(!result.body.contains(name), "the result names who voted");
    }
    let closed = |seen: &sandbox::telegram::Seen| seen.poll.as_ref().is_some_and(|it| it.closed);
    town.group.expect(closed).await.context("the poll on Telegram is open")?;
    ensure!(town.group.vote(&town.tanja, in_group.id, &[1]).is_err(), "it takes votes still");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn s21_only_members_who_had_spoken_before_the_vote_began_are_counted() -> anyhow::Result<()> {
    let town = crate::town("12", "").await?;
    for side in Side::ALL {
        crosses(&town, side, &format!("{side:?} is here")).await?;
    }
    let (tom, silent) = (town.telegram.user("Tom"), town.telegram.user("Silent"));
    town.group.join(&tom)?;
    town.group.join(&silent)?;
    town.group.say(&tom, "Tom is here")?;
    town.alice.expect(&town.room, |seen| seen.body == "Tom is here").await?;
    crate::sure(&town.alice, &town.room, "!freeside vote \"Do we move?\" \"Gladly\" \"Never\"")
        .await?;
    let is_poll = |seen: &sandbox::synapse::Seen| seen.poll.is_some();
    let in_room = town.alice.expect(&town.room, is_poll).await?.event_id;
    let in_group = town.group.expect(|seen| seen.poll.is_some()).await?.id;
    // Accounts of an open server, made for the vote; what they say now comes too late.
    for name in ["sock1", "sock2"] {
        let sock = town.synapse.person(name).await?;
        sock.join(&town.room).await?;
        sock.say(&town.room, &format!("{name} is here")).await?;
        town.group.expect(|seen| seen.text.ends_with(&format!("{name} is here"))).await?;
        sock.vote(&town.room, &in_room, &["1"]).await?;
    }
    town.group.vote(&silent, in_group, &[1])?;
    town.group.vote(&tom, in_group, &[1])?;
    town.group.vote(&town.tanja, in_group, &[0])?;
    town.alice.vote(&town.room, &in_room, &["0"]).await?;
    let all = |text: &str| text.contains("Gladly: 1") && text.contains("Never: 2");
    town.group.expect(|seen| all(&seen.text)).await.context("not all votes were heard")?;
    let all = |text: &str| text.contains("Gladly: 1") && text.contains("Never: 2");
    town.alice.expect(&town.room, |seen| all(&seen.body)).await?;
    town.group.leave(&tom)?;
    town.alice.say(&town.room, "!freeside vote close 1").await?;
    let result = town.group.expect(|seen| seen.text.contains("The vote has ended")).await?.text;
    ensure!(result.contains("Gladly: 2") && result.contains("Never: 0"), "{result}");
    ensure!(result.contains("or had voted twice: 3"), "{result}");
    ensure!(result.contains("no longer in the chat: 1"), "{result}");
    town.assert_clean()
}
