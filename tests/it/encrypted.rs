// SPDX-License-Identifier: AGPL-3.0-or-later
//! Encrypted rooms: whatever crosses elsewhere crosses here too, and the homeserver sees none of it.
//!
//! Rule: Alice's client is strict (see `sandbox`): what she reads was encrypted by a device of its
//! sender that the sender has signed.

use sandbox::synapse::SeenEvent;
use sandbox::town::{BOT, Side, Town};

use crate::crossing::everything_crosses;
use crate::{crosses, encrypted_town};

#[tokio::test(flavor = "multi_thread")]
async fn everything_crosses_in_an_encrypted_room() -> anyhow::Result<()> {
    let town = encrypted_town().await?;
    everything_crosses(&town).await?;
    the_homeserver_sees_nothing(&town).await?;
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_in_an_encrypted_room_is_answered_encrypted() -> anyhow::Result<()> {
    let town = encrypted_town().await?;
    let asked = town.alice.say(&town.room, "!freeside version").await?;
    let answer = town
        .alice
        .expect(&town.room, |seen| seen.reply_to.as_deref() == Some(asked.as_str()))
        .await?;
    assert_eq!(answer.sender, BOT);
    the_homeserver_sees_nothing(&town).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_button_in_an_encrypted_room_is_pressed() -> anyhow::Result<()> {
    let town = encrypted_town().await?;
    let asked = town.alice.say(&town.room, "!freeside status").await?;
    let offered = |seen: &sandbox::synapse::Seen| {
        seen.reply_to.as_ref() == Some(&asked)
            && seen.reactions.iter().any(|it| it.key == "▶ Stage")
    };
    let status = town.alice.expect(&town.room, offered).await?;
    town.alice.react(&town.room, &status.event_id, "▶ Stage").await?;
    let stage = |seen: &sandbox::synapse::Seen| {
        seen.reply_to.as_ref() == Some(&status.event_id) && seen.body.starts_with("Stage: ")
    };
    let stage = town.alice.expect(&town.room, stage).await?;
    assert_eq!(stage.sender, BOT);
    the_homeserver_sees_nothing(&town).await
}

#[tokio::test(flavor = "multi_thread")]
async fn encrypted_rooms_survive_a_sudden_death() -> anyhow::Result<()> {
    let mut town = encrypted_town().await?;
    for round in 0..3 {
        for side in Side::ALL {
            crosses(&town, side, &format!("round {round} from {side:?}")).await?;
        }
        town.bridge.kill()?;
        // Said while nobody listens.
        town.say(Side::Matrix, &format!("in the silence {round}")).await?;
        town.bridge.start()?;
        for side in [Side::Telegram, Side::Discord] {
            town.expect(side, |line| line.text == format!("in the silence {round}")).await?;
        }
    }
    the_homeserver_sees_nothing(&town).await?;
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_whose_key_comes_late_is_told_when_it_comes() -> anyhow::Result<()> {
    let mut town = encrypted_town().await?;
    let (event, key) = town.alice.say_and_keep_key(&town.room, "said without a key").await?;
    let waits =
        || town.bridge.log().contains(&format!("an event waits for its key event=\"{event}\""));
    crate::eventually("the event is held", async || Ok(waits())).await?;
    town.bridge.kill()?;
    town.bridge.start()?;
    // The others go on after a moment.
    crosses(&town, Side::Telegram, "meanwhile").await?;
    town.alice.hand_over(key).await?;
    for side in [Side::Telegram, Side::Discord] {
        town.expect(side, |line| line.text == "said without a key").await?;
    }
    town.assert_clean()
}

/// What somebody sees in the room who has no keys: no words, no names of files.
async fn the_homeserver_sees_nothing(town: &Town) -> anyhow::Result<()> {
    let watcher = town.synapse.person("alice").await?;
    let events = watcher.messages(&town.room).await?;
    let said: Vec<&SeenEvent> = events.iter().filter(|event| event.state_key.is_none()).collect();
    assert!(said.iter().any(|event| event.kind == "m.room.encrypted" && event.sender == BOT));
    for event in said {
        let clear =
            !matches!(event.kind.as_str(), "m.room.encrypted" | "m.reaction" | "m.room.redaction");
        assert!(!clear, "in clear: {event:?}");
        for word in ["body", "filename", "mimetype", "url", "formatted_body"] {
            assert!(event.content.get(word).is_none(), "in clear: {event:?}");
        }
    }
    Ok(())
}
