// SPDX-License-Identifier: AGPL-3.0-or-later
//! The launcher and the scripted people, against a real Synapse.
//!
//! Rule: one Synapse for each test; the environment is shared.

use sandbox::synapse::{NewFile, RoomOptions, Synapse, SynapseOptions};
use serde_json::json;

async fn start(room_version: &str) -> anyhow::Result<Synapse> {
    let mut progress = |_: &str| {};
    let mut options = SynapseOptions::new(&mut progress);
    options.room_version = room_version.to_owned();
    Synapse::start(options).await
}

#[tokio::test]
async fn people_talk_and_everybody_sees_the_same() {
    let synapse = start("12").await.unwrap();
    let ann = synapse.person_named("ann", "Ann Ö.").await.unwrap();
    let bob = synapse.person("bob").await.unwrap();
    let room = ann.create_room(RoomOptions::public("Café")).await.unwrap();
    assert!(!room.contains(':'), "version 12 rooms have no server in their id: {room}");
    bob.join(&room).await.unwrap();

    let hello = ann.say(&room, "hello").await.unwrap();
    bob.reply(&room, &hello, "hi Ann").await.unwrap();
    ann.edit(&room, &hello, "hello all").await.unwrap();
    bob.react(&room, &hello, "👍").await.unwrap();
    let slip = bob.say(&room, "slip").await.unwrap();
    bob.redact(&room, &slip).await.unwrap();
    let file = NewFile::new(b"not really a picture", "cat.png", "image/png");
    ann.send_image(&room, file, "my cat").await.unwrap();
    bob.say_html(&room, "so sweet", "so <b>sweet</b>").await.unwrap();

    let last = ann.expect(&room, |line| line.body == "so sweet").await.unwrap();
    assert_eq!(last.html.as_deref(), Some("so <b>sweet</b>"));
    let seen = ann.transcript(&room).await.unwrap();
    assert_eq!(
        seen.to_string(),
        "Ann Ö.: hello all (edited) {👍 bob}\n\
         bob: [↩ hello all] hi Ann\n\
         Ann Ö.: [image cat.png] my cat\n\
         bob: so sweet\n"
    );
    assert_eq!(bob.transcript(&room).await.unwrap(), seen);
    let picture = seen.line("my cat").unwrap().media.clone().unwrap();
    assert_eq!(bob.download(&picture.mxc).await.unwrap(), b"not really a picture");
    let kinds = bob.messages(&room).await.unwrap();
    assert_eq!(kinds.first().unwrap().kind, "m.room.create");
    assert_eq!(kinds.iter().filter(|event| event.redacted).count(), 1);
}

#[tokio::test]
async fn data_survives_a_crash_and_a_restart_on_the_same_port() {
    let mut synapse = start("11").await.unwrap();
    let url = synapse.url().to_owned();
    let ann = synapse.person("ann").await.unwrap();
    let bob = synapse.person("bob").await.unwrap();
    let options = RoomOptions { invite: vec![bob.user_id().to_owned()], ..RoomOptions::default() };
    let room = ann.create_room(options).await.unwrap();
    assert!(room.ends_with(":localhost"), "{room}");
    assert_eq!(bob.expect_invite(&[]).await.unwrap(), room);
    bob.join(&room).await.unwrap();
    ann.set_power(&room, bob.user_id(), 50).await.unwrap();
    ann.say(&room, "before").await.unwrap();

    synapse.kill().await.unwrap();
    assert!(ann.say(&room, "into the void").await.is_err());
    synapse.start_again().await.unwrap();
    synapse.stop().await.unwrap();
    synapse.start_again().await.unwrap();

    assert_eq!(synapse.url(), url);
    bob.set_state(&room, "m.room.topic", "", json!({ "topic": "after" })).await.unwrap();
    let topic = ann.state(&room, "m.room.topic", "").await.unwrap();
    assert_eq!(topic.unwrap().pointer("/topic").unwrap(), "after");
    assert_eq!(ann.state(&room, "m.room.avatar", "").await.unwrap(), None);
    assert_eq!(ann.transcript(&room).await.unwrap().bodies(), ["before"]);
    assert_eq!(synapse.person("ann").await.unwrap().user_id(), ann.user_id());
    let log = synapse.log();
    assert!(!log.contains(" ERROR ") && !log.contains("STARTING"), "{log}");
}

#[tokio::test]
async fn what_does_not_come_is_an_error_that_shows_the_room() {
    let synapse = start("12").await.unwrap();
    let ann = synapse.person("ann").await.unwrap();
    let room = ann.create_room(RoomOptions::default()).await.unwrap();
    ann.say(&room, "only this").await.unwrap();
    let limit = std::time::Duration::from_millis(300);
    let error = ann.wait_within(limit, &room, |_| None::<()>).await.unwrap_err();
    assert!(error.to_string().contains("ann: only this"), "{error}");
}

#[tokio::test]
async fn a_synapse_that_cannot_start_shows_its_reason() {
    let mut progress = |_: &str| {};
    let mut options = SynapseOptions::new(&mut progress);
    options.registrations.push("/nonexistent/registration.yaml".into());
    let error = Synapse::start(options).await.err().unwrap();
    assert!(format!("{error:#}").contains("registration.yaml"), "{error:#}");
}
