// SPDX-License-Identifier: AGPL-3.0-or-later
//! A vote of the whole community: one poll in all chats, one result.

use anyhow::{Context, ensure};

#[tokio::test]
async fn a_community_votes_on_all_sides_at_once() -> anyhow::Result<()> {
    let town = crate::town("12", "").await?;
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
    let bob = town.synapse.person_named("bob", "Bob").await?;
    bob.join(&town.room).await?;
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
