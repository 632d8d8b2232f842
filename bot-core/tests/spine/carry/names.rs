// SPDX-License-Identifier: AGPL-3.0-or-later
//! Names that are written by hand.

use bot_core::Action;
use bot_core::store::GhostRecord;
use bridge_model::{Mention, Person};

use crate::harness::Spine;
use crate::words::{channel, group, posted, room};

fn called(act: &Action) -> Vec<Person> {
    let Action::Post { message, .. } = act else { panic!("{act:?}") };
    let people = message.body.mentions().map(|mention| match mention {
        Mention::Person { who, .. } => who.clone(),
        Mention::Everyone | Mention::Role { .. } | Mention::Chat { .. } => panic!("{mention:?}"),
    });
    people.collect()
}

#[tokio::test]
async fn a_written_name_calls_whoever_spoke_under_it() {
    let spine = Spine::linked().await;
    spine.hear(posted(&group(), "1", "tina", "hello")).await;
    spine.hear(posted(&channel(), "1", "cem", "hello")).await;
    spine.hear(posted(&room(), "$1", "@ann:x", "welcome @Tina and @cem, ask @nobody")).await;
    spine.telegram.until("told", |telegram| telegram.tries() == 2).await;
    spine.discord.until("told", |discord| discord.tries() == 2).await;
    let last = |acts: Vec<Action>| called(acts.last().unwrap());
    assert_eq!(last(spine.telegram.acts()), [Person::new("telegram", "tina")]);
    assert_eq!(last(spine.discord.acts()), [Person::new("discord", "cem")]);
    spine.settled(&group()).await;
    let lines = spine.telegram.read(&group().chat);
    assert_eq!(lines[1], "ann: welcome @Tina and @cem, ask @nobody");
}

#[tokio::test]
async fn a_written_name_calls_people_of_matrix_and_ghosts() {
    let spine = Spine::linked().await;
    let record = GhostRecord { localpart: "_freeside_abc".into(), ..GhostRecord::default() };
    spine.store().save_ghost(&Person::new("discord", "cem"), record).await.unwrap();
    spine.hear(posted(&room(), "$1", "@ann:x", "hello")).await;
    spine.hear(posted(&channel(), "1", "cem", "hello")).await;
    spine.hear(posted(&group(), "1", "tina", "hi @ann! hi @CEM!")).await;
    spine.matrix.until("told", |matrix| matrix.tries() == 2).await;
    let ghost = Person::new("matrix", "@_freeside_abc:example.org");
    let acts = spine.matrix.acts();
    assert_eq!(called(&acts[1]), [Person::new("matrix", "@ann:x"), ghost]);
}

#[tokio::test]
async fn an_address_that_holds_a_name_calls_nobody() {
    let spine = Spine::linked().await;
    spine.hear(posted(&group(), "1", "bob", "hello")).await;
    let text = "https://www.youtube.com/@bob and @bob:example.org and @bob@mastodon.social";
    spine.hear(posted(&room(), "$1", "@ann:x", text)).await;
    spine.telegram.until("told", |telegram| telegram.tries() == 1).await;
    assert_eq!(called(&spine.telegram.acts()[0]), []);
    spine.telegram.shows(&group().chat, &[&format!("ann: {text}")]).await;
}
