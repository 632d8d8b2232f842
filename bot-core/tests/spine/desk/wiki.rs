// SPDX-License-Identifier: AGPL-3.0-or-later
//! What people of wikis name is answered with addresses, once for a message.

use bot_core::portal::Setting;

use super::ask;
use crate::harness::Spine;
use crate::words::{channel, group, posted, room};

async fn spine() -> Spine {
    Spine::with([Setting::Wiki(Some("w:de".to_owned()))]).await
}

fn answers(spine: &Spine, place: &bridge_model::Place) -> Vec<String> {
    let read = spine.network(place).read(&place.chat);
    read.into_iter().filter(|line| line.starts_with("BOT: ")).collect()
}

#[tokio::test]
async fn each_chat_reads_one_answer() {
    let spine = spine().await;
    let said = "siehe [[Köln|hier]], {{Löschen}} und T1234; Q42";
    spine.hear(posted(&group(), "1", "tina", said)).await;
    let expected = "BOT: Köln (https://de.wikipedia.org/wiki/K%C3%B6ln) · {{Löschen}} \
                    (https://de.wikipedia.org/wiki/Template:L%C3%B6schen) · T1234 \
                    (https://phabricator.wikimedia.org/T1234) · Q42 (https://www.wikidata.org/wiki/Q42)";
    for place in [room(), group(), channel()] {
        spine.network(&place).until("the answer", |_| !answers(&spine, &place).is_empty()).await;
    }
    spine.hear(posted(&room(), "$2", "@ann:example.org", "nothing to see")).await;
    spine
        .telegram
        .until("all", |it| it.read(&group().chat).iter().any(|l| l.contains("nothing")))
        .await;
    for place in [room(), group(), channel()] {
        spine.settled(&place).await;
        assert_eq!(answers(&spine, &place), [expected]);
    }
}

#[tokio::test]
async fn it_is_off_unless_the_admins_want_it_and_what_is_no_wiki_is_refused() {
    let spine = Spine::linked().await;
    spine.hear(posted(&group(), "1", "tina", "[[Köln]] T1234")).await;
    spine.matrix.shows(&room().chat, &["tina: [[Köln]] T1234"]).await;
    spine.settled(&room()).await;
    assert_eq!(answers(&spine, &room()), Vec::<String>::new());
    spine.telegram.may("tina", crate::harness::ADMIN);
    for (typed, told) in
        [("set wiki nowhere", "nowhere"), ("set wiki wikt:fr", "wikt:fr"), ("set wiki off", "off")]
    {
        let answer = ask(&spine, &group(), "tina", typed).await;
        assert!(answer.contains(told), "{answer}");
    }
}
