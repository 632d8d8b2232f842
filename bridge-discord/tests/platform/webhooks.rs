// SPDX-License-Identifier: AGPL-3.0-or-later
//! What admins do to our webhook, and what Discord does not let it do.
//!
//! Rule: words go where they were meant to go, or nowhere.

use bot_core::refusal::Fallback;
use bot_core::{Action, Deliver, DeliverError, Network, Order, Receipt, SendAs};
use bridge_discord::DiscordNetwork;
use bridge_model::{ChatId, Moderation};
use sandbox::faults::Fault;
use serde_json::json;

use crate::stage::{Files, Stage, edit, post, words, zoe};

/// Delivers as a courier does: again at once for as long as Discord may take it.
async fn delivered(network: &DiscordNetwork, order: &Order) -> Receipt {
    for _ in 0..3 {
        match network.deliver(order, &Files).await {
            Ok(receipt) => return receipt,
            Err(failure) => {
                assert!(matches!(failure.error, DeliverError::Retry { .. }), "{failure}");
            }
        }
    }
    panic!("it is never delivered");
}

#[tokio::test]
async fn a_moved_webhook_says_nothing_in_the_other_channel() {
    let stage = Stage::new().await;
    let staff = stage.guild.channel("staff");
    let network = stage.network();
    delivered(&network, &stage.order(1, post(zoe(), words("one")), None)).await;
    stage.channel.move_webhook(stage.channel.webhooks()[0].0, &staff);
    delivered(&network, &stage.order(2, post(zoe(), words("two")), None)).await;
    let said: Vec<String> = stage.channel.messages().into_iter().map(|m| m.content).collect();
    assert_eq!(said, ["one", "two"]);
    assert!(staff.messages().is_empty(), "{}", staff.transcript());
    stage.clean();
}

#[tokio::test]
async fn a_webhook_that_is_moved_while_we_listen_is_not_used_again() {
    let stage = Stage::new().await;
    let staff = stage.guild.channel("staff");
    let running = stage.listen().await;
    delivered(&running.network, &stage.order(1, post(zoe(), words("one")), None)).await;
    stage.channel.move_webhook(stage.channel.webhooks()[0].0, &staff);
    stage.channel.say(&stage.ann, "heard after the move");
    stage.core.until_texts(1).await;
    let order = stage.order(2, post(zoe(), words("two")), None);
    running.network.deliver(&order, &Files).await.unwrap();
    let to_staff = |request: &sandbox::discord::Request| {
        request.method == "DELETE" && request.path.contains("/messages/")
    };
    assert!(!stage.discord.requests().iter().any(to_staff), "nothing had to be taken back");
    running.stop().await;
}

#[tokio::test]
async fn two_who_need_the_webhook_at_once_make_one() {
    let stage = Stage::new().await;
    let network = stage.network();
    let chat = stage.channel.id().to_string().into();
    let order = stage.order(1, post(zoe(), words("one")), None);
    let (prepared, posted) = tokio::join!(network.prepare(&chat), network.deliver(&order, &Files));
    prepared.unwrap();
    posted.unwrap();
    assert_eq!(stage.channel.webhooks().len(), 1);
}

#[tokio::test]
async fn a_post_in_doubt_is_found_when_its_webhook_is_gone() {
    let stage = Stage::new().await;
    let network = stage.network();
    let before = stage.channel.say(&stage.ann, "before");
    network.prepare(&stage.channel.id().to_string().into()).await.unwrap();
    stage.discord.faults().next("POST /webhooks", 1, Fault::LoseResponse);
    let mut order = stage.order(1, post(zoe(), words("once")), Some(before));
    network.deliver(&order, &Files).await.unwrap_err();
    stage.channel.delete_webhook(stage.channel.webhooks()[0].0);
    for after in [order.after.clone(), None] {
        order.after = after;
        assert_eq!(stage.network().find_sent(&order).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn an_edit_that_no_webhook_can_make_is_refused_and_told() {
    let stage = Stage::new().await;
    let network = stage.network();
    let receipt = delivered(&network, &stage.order(1, post(zoe(), words("one")), None)).await;
    stage.channel.delete_webhook(stage.channel.webhooks()[0].0);
    for entry in [2, 3] {
        let act = edit(zoe(), &receipt.parts, words("two"));
        let failure = network.deliver(&stage.order(entry, act, None), &Files).await.unwrap_err();
        assert!(matches!(failure.error, DeliverError::Refused { .. }), "{failure}");
    }
}

#[tokio::test]
async fn the_bot_speaks_for_people_where_there_is_no_room_for_a_webhook() {
    let stage = Stage::new().await;
    let network = stage.network();
    for number in 0..15 {
        stage.channel.webhook(&format!("Hook {number}"));
    }
    let receipt = delivered(&network, &stage.order(1, post(zoe(), words("hello")), None)).await;
    assert_eq!(receipt.fallback, Some(Fallback::NoWebhook));
    let seen = stage.channel.messages();
    assert_eq!(seen[0].content, "**Zoë**\nhello");
    // Each part of a text that fills whole messages has its name, and all of it can be taken away.
    let act = edit(zoe(), &receipt.parts, words(&"all work and no play ".repeat(190)));
    let parts = delivered(&network, &stage.order(5, act, None)).await.parts;
    let seen = stage.channel.messages();
    assert!(seen.len() > 1 && seen.iter().all(|it| it.content.starts_with("**Zoë**\n")));
    assert_eq!(parts.len(), seen.len());
    let surplus = Action::Delete { send_as: zoe(), parts: parts[1..].to_vec() };
    delivered(&network, &stage.order(6, surplus, None)).await;
    assert_eq!(stage.channel.messages().len(), 1);
    let act = edit(zoe(), &receipt.parts, words("hello there"));
    // Somebody has made room meanwhile; the message is still the bot's.
    let other = stage.channel.webhooks()[0].0;
    stage.channel.delete_webhook(other);
    delivered(&network, &stage.order(2, act, None)).await;
    assert_eq!(stage.channel.messages()[0].content, "**Zoë**\nhello there");
    stage.clean();
}

#[tokio::test]
async fn the_bot_speaks_for_people_whose_name_discord_refuses() {
    let stage = Stage::new().await;
    let network = stage.network();
    network.prepare(&stage.channel.id().to_string().into()).await.unwrap();
    let complaint = json!([{"code": "USERNAME_INVALID_CONTAINS", "message": "no"}]);
    let body = json!({"message": "Invalid Form Body", "code": 50035,
        "errors": {"username": {"_errors": complaint}}});
    let fault = Fault::Answer { status: 400, body, headers: Vec::new() };
    stage.discord.faults().next("POST /webhooks", 1, fault);
    let order = stage.order(1, post(zoe(), words("hello")), None);
    assert_eq!(delivered(&network, &order).await.fallback, Some(Fallback::NameRefused));
    assert_eq!(stage.channel.messages()[0].content, "**Zoë**\nhello");
    let order = stage.order(2, post(zoe(), words("again")), None);
    assert_eq!(delivered(&network, &order).await.fallback, None);
}

#[tokio::test]
async fn a_forum_that_wants_a_tag_gets_one() {
    let stage = Stage::new().await;
    let forum = stage.guild.forum("ideas");
    let network = stage.network();
    let order = |entry, send_as| {
        let mut order = stage.order(entry, post(send_as, words("a new idea")), None);
        order.chat = forum.id().to_string().into();
        order
    };
    delivered(&network, &order(1, zoe())).await;
    // The rule is new, and nobody has told us.
    forum.require_tag();
    delivered(&network, &order(2, zoe())).await;
    delivered(&network, &order(3, SendAs::Bot)).await;
    stage.clean();
}

#[tokio::test]
async fn what_a_firewall_answers_loses_no_message() {
    let stage = Stage::new().await;
    let network = stage.network();
    network.prepare(&stage.channel.id().to_string().into()).await.unwrap();
    for status in [400, 403, 404, 408] {
        let fault = Fault::Answer { status, body: json!("blocked"), headers: Vec::new() };
        stage.discord.faults().next("POST /webhooks", 1, fault);
        let order = stage.order(u64::from(status), post(zoe(), words("hello")), None);
        let failure = network.deliver(&order, &Files).await.unwrap_err();
        assert!(matches!(failure.error, DeliverError::Uncertain { .. }), "{failure}");
    }
}

#[tokio::test]
async fn an_album_keeps_its_pictures_when_its_caption_changes() {
    let stage = Stage::new().await;
    let network = stage.network();
    let mut album = words("look");
    album.media = vec![crate::stage::picture("a.png", 10), crate::stage::picture("b.png", 20)];
    let receipt = delivered(&network, &stage.order(1, post(zoe(), album.clone()), None)).await;
    // The edit of an album names the one file whose caption it is.
    album.media.truncate(1);
    album.body = words("look here").body;
    let act = edit(zoe(), &receipt.parts, album);
    delivered(&network, &stage.order(2, act, None)).await;
    let seen = &stage.channel.messages()[0];
    assert_eq!((seen.content.as_str(), seen.attachments.len()), ("look here", 2));
    stage.clean();
}

#[tokio::test]
async fn a_message_of_a_person_is_gone_when_the_bot_has_deleted_it() {
    let stage = Stage::new().await;
    let network = stage.network();
    let chat: ChatId = stage.channel.id().to_string().into();
    assert!(network.forgets_messages(&chat).await.unwrap());
    let mute = Moderation::Mute { until: None };
    assert_eq!(network.obstacle(&chat, mute).await.unwrap(), None, "its role stands above members");
    let parts = delivered(&network, &stage.order(1, post(zoe(), words("one")), None)).await.parts;
    let id = parts[0].id.clone();
    assert_eq!(network.is_gone(&chat, &id).await.unwrap(), Some(false));
    let delete = Action::Delete { send_as: SendAs::Bot, parts };
    delivered(&network, &stage.order(2, delete, None)).await;
    assert_eq!(network.is_gone(&chat, &id).await.unwrap(), Some(true));
    stage.clean();
}

#[tokio::test]
async fn a_forum_keeps_the_post_of_a_message_that_is_deleted() {
    let stage = Stage::new().await;
    let forum: ChatId = stage.guild.forum("ideas").id().to_string().into();
    assert!(!stage.network().forgets_messages(&forum).await.unwrap());
}
