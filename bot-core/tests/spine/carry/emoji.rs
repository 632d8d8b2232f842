// SPDX-License-Identifier: AGPL-3.0-or-later
//! Custom emoji become what the destination knows, or text.

use bot_core::Action;
use bridge_model::{Content, Event, Leaf, Message, Place, Reaction, RichText, Span, Style};

use crate::harness::Spine;
use crate::words::{author, channel, event, group, message, posted, room};

fn emoji(id: &str, name: &str) -> Leaf {
    Leaf::Emoji { id: id.into(), name: name.into(), animated: false }
}

fn showing(place: &Place, id: &str, leaf: Leaf) -> Event {
    let body = RichText::paragraph(vec![Span { leaf, style: Style::default() }]);
    event(place, id, Content::Posted(Message { body, ..message("ann", "") }))
}

fn custom(id: &str, name: &str) -> Reaction {
    Reaction::Custom { id: id.into(), name: name.into() }
}

fn shown(acts: &[Action]) -> Leaf {
    let Some(Action::Post { message, .. }) = acts.last() else { panic!("{acts:?}") };
    message.body.runs().next().unwrap().leaf.clone()
}

fn parrots() -> Vec<String> {
    vec!["77".into()]
}

#[tokio::test]
async fn an_emoji_is_uploaded_once_and_goes_back_as_itself() {
    let spine = Spine::linked().await;
    spine.discord.state.lock().unwrap().emoji = parrots();
    for id in ["1", "2"] {
        spine.hear(showing(&channel(), id, emoji("77", "parrot"))).await;
    }
    spine.matrix.until("told", |matrix| matrix.tries() == 2).await;
    let mxc = "mxc://example.org/1";
    assert_eq!(shown(&spine.matrix.acts()), emoji(mxc, "parrot"));
    assert_eq!(spine.matrix.state.lock().unwrap().hosted, ["picture of 77"]);
    spine.telegram.until("told", |telegram| telegram.tries() == 2).await;
    assert_eq!(shown(&spine.telegram.acts()), Leaf::Text(":parrot:".into()));
    spine.hear(showing(&room(), "$1", emoji(mxc, "parrot"))).await;
    spine.discord.until("told", |discord| discord.tries() == 1).await;
    assert_eq!(shown(&spine.discord.acts()), emoji("77", "parrot"));
}

#[tokio::test]
async fn an_emoji_whose_picture_cannot_be_had_is_text() {
    let spine = Spine::linked().await;
    spine.hear(showing(&channel(), "1", emoji("78", "cat"))).await;
    spine.matrix.until("told", |matrix| matrix.tries() == 1).await;
    assert_eq!(shown(&spine.matrix.acts()), Leaf::Text(":cat:".into()));
    spine.hear(showing(&group(), "1", emoji("5", "😺"))).await;
    spine.matrix.until("told", |matrix| matrix.tries() == 2).await;
    assert_eq!(shown(&spine.matrix.acts()), Leaf::Text("😺".into()));
}

#[tokio::test]
async fn a_reaction_with_a_picture_crosses_as_one_or_by_its_name() {
    let spine = Spine::linked().await;
    spine.discord.state.lock().unwrap().emoji = parrots();
    spine.hear(posted(&room(), "$1", "@ann:x", "hello")).await;
    spine.settled(&group()).await;
    spine.settled(&channel()).await;
    let on = spine.discord.id_of(&channel().chat, "ann: hello");
    let by = |user: &str, reaction| Content::Reacted { by: author(user), reaction, id: None };
    spine.hear(event(&channel(), &on, by("cem", custom("77", "parrot")))).await;
    spine.matrix.until("told", |matrix| matrix.tries() == 1).await;
    let acts = spine.matrix.acts();
    let Action::React { reaction, .. } = &acts[0] else { panic!("{acts:?}") };
    assert_eq!(*reaction, custom("mxc://example.org/1", "parrot"));
    spine.telegram.until("told", |telegram| telegram.tries() == 2).await;
    let acts = spine.telegram.acts();
    let Action::React { reaction, .. } = &acts[1] else { panic!("{acts:?}") };
    assert_eq!(*reaction, Reaction::Emoji(":parrot:".into()));
    spine.hear(event(&room(), "$1", by("@bob:x", custom("mxc://example.org/1", "bird")))).await;
    spine.discord.until("told", |discord| discord.tries() == 2).await;
    spine.telegram.until("told", |telegram| telegram.tries() == 3).await;
    let acts = spine.discord.acts();
    let Action::React { reaction, .. } = &acts[1] else { panic!("{acts:?}") };
    assert_eq!(*reaction, custom("77", "parrot"));
    let acts = spine.telegram.acts();
    let Action::React { others, .. } = &acts[2] else { panic!("{acts:?}") };
    assert_eq!(*others, [Reaction::Emoji(":parrot:".into())]);
}
