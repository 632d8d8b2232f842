// SPDX-License-Identifier: AGPL-3.0-or-later
//! Messages that stay in their chat, and what quotes them.

use bridge_model::{Content, Event, RichText};

use super::World;
use crate::words::{carried, edited, group, posted, replied, room};

on_every_engine!(
    an_answer_to_a_kept_message_does_not_carry_its_words,
    an_answer_to_a_message_that_was_marked_later_does_not_carry_its_words,
);

/// An answer with the words of what it answers, as platforms send them along.
fn quoting(id: &str, to: &str, quoted: &str) -> Event {
    let mut event = replied(&group(), id, to, ("bob", "I agree"));
    if let Content::Posted(message) = &mut event.content
        && let Some(reply) = &mut message.reply_to
    {
        reply.excerpt = Some(RichText::plain_text(quoted));
        reply.partial = true;
    }
    event
}

/// What the answer in the room's lane quotes.
async fn quoted(world: &World) -> Option<RichText> {
    let entry = world.head(&room()).await.expect("the answer waits");
    let Content::Posted(message) = &carried(&entry.entry.work).content else { panic!("no answer") };
    message.reply_to.as_ref().expect("it answers").excerpt.clone()
}

async fn an_answer_to_a_kept_message_does_not_carry_its_words(world: World) {
    let world = world.linked().await;
    assert!(!world.hear(posted(&group(), "1", "ann", "（nofwd）the password is fish")).await);
    // A part of the words that shows nothing of the mark.
    world.hear(quoting("2", "1", "the password is fish")).await;
    assert_eq!(quoted(&world).await, None);
    world.drain(&room()).await;
    // From before the chats were joined.
    world.hear(quoting("3", "0", "[NOFWD] the password is fish")).await;
    assert_eq!(quoted(&world).await, None);
}

async fn an_answer_to_a_message_that_was_marked_later_does_not_carry_its_words(world: World) {
    let world = world.linked().await;
    world.hear(posted(&group(), "1", "ann", "the password is fish")).await;
    world.drain(&room()).await;
    world.hear(edited(&group(), "1", "ann", "(NOFWD) the password is fish")).await;
    world.drain(&room()).await;
    world.hear(quoting("2", "1", "the password is fish")).await;
    assert_eq!(quoted(&world).await, None);
    world.drain(&room()).await;
    world.hear(posted(&group(), "3", "ann", "for all")).await;
    world.drain(&room()).await;
    world.hear(quoting("4", "3", "for all")).await;
    assert_eq!(quoted(&world).await, Some(RichText::plain_text("for all")));
}
