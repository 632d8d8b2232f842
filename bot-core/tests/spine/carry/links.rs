// SPDX-License-Identifier: AGPL-3.0-or-later
//! Links to messages and mentions of chats lead to what the destination knows.

use bot_core::Action;
use bridge_model::{Content, Leaf, Mention, Message, Place, RichText, Span, Style};

use crate::harness::Spine;
use crate::words::{channel, event, group, message, posted, room};

#[tokio::test]
async fn a_link_to_a_message_leads_to_its_copy() {
    let spine = Spine::linked().await;
    spine.hear(posted(&group(), "1", "tina", "hello")).await;
    spine.matrix.shows(&room().chat, &["tina: hello"]).await;
    spine.discord.shows(&channel().chat, &["tina: hello"]).await;
    spine.settled(&room()).await;
    spine.settled(&channel()).await;
    let in_room = spine.matrix.id_of(&room().chat, "tina: hello");
    let in_channel = spine.discord.id_of(&channel().chat, "tina: hello");
    let native = format!("https://matrix.example/{}/{in_room}", room().chat.as_str());
    let unknown = format!("https://matrix.example/{}/404", room().chat.as_str());
    let mut body = RichText::plain_text(&format!("see {native}, not {unknown} or "));
    body.push_span(Span::link("that", &native));
    let said = Message { body, ..message("@ann:x", "") };
    spine.hear(event(&room(), "$2", Content::Posted(said))).await;
    spine.telegram.until("told", |telegram| telegram.tries() == 1).await;
    spine.discord.until("told", |discord| discord.tries() == 2).await;
    let links = |act: &Action| {
        let Action::Post { message, .. } = act else { panic!("{act:?}") };
        let link = message.body.runs().find_map(|run| run.style.link.clone());
        let Leaf::Text(words) = &message.body.runs().next().unwrap().leaf else { panic!() };
        (words.clone(), link.unwrap())
    };
    let (words, link) = links(&spine.telegram.acts()[0]);
    let home = format!("https://telegram.example/{}/1", group().chat.as_str());
    assert_eq!((words, &link), (format!("see {home}, not {unknown} or "), &home));
    let (_, link) = links(&spine.discord.acts()[1]);
    assert_eq!(link, format!("https://discord.example/{}/{in_channel}", channel().chat.as_str()));
}

fn mentioning(place: &Place, mention: Mention) -> bridge_model::Event {
    let span = Span { leaf: Leaf::Mention(mention), style: Style::default() };
    let body = RichText::paragraph(vec![span]);
    event(place, "77", Content::Posted(Message { body, ..message("ann", "") }))
}

#[tokio::test]
async fn a_chat_that_is_mentioned_is_the_linked_one() {
    let spine = Spine::linked().await;
    let here = Mention::Chat { place: channel(), name: "general".into() };
    spine.hear(mentioning(&channel(), here)).await;
    spine.matrix.until("told", |matrix| matrix.tries() == 1).await;
    spine.telegram.until("told", |telegram| telegram.tries() == 1).await;
    let chat = |act: &Action| {
        let Action::Post { message, .. } = act else { panic!("{act:?}") };
        let Some(Mention::Chat { place, .. }) = message.body.mentions().next() else { panic!() };
        place.clone()
    };
    assert_eq!(chat(&spine.matrix.acts()[0]), room());
    assert_eq!(chat(&spine.telegram.acts()[0]), group());
}

#[tokio::test]
async fn everybody_is_called_only_by_those_who_may() {
    let spine = Spine::linked().await;
    spine.hear(mentioning(&room(), Mention::Everyone)).await;
    spine.telegram.shows(&group().chat, &["ann: @\u{2060}everyone"]).await;
    let calls = |act: &Action| {
        let Action::Post { message, .. } = act else { panic!("{act:?}") };
        message.body.mentions().count()
    };
    assert_eq!(calls(&spine.telegram.acts()[0]), 0);
    spine.discord.may("ann", crate::harness::ADMIN);
    spine.hear(mentioning(&channel(), Mention::Everyone)).await;
    spine.telegram.until("told", |telegram| telegram.tries() == 2).await;
    assert_eq!(calls(&spine.telegram.acts()[1]), 1);
}
