// SPDX-License-Identifier: AGPL-3.0-or-later
//! What people on Discord see.
//!
//! Rule: each order ends in the channel exactly once.

use std::time::Duration;

use bot_core::{Action, AskError, Deliver, DeliverError, Network, Part, SendAs};
use bridge_model::{Block, Leaf, Mention, Person, Reaction, Reply, RichText, Rights, Span, Style};
use sandbox::discord::{Ping, permissions};
use sandbox::faults::Fault;

use crate::stage::{Files, Stage, edit, message, picture, post, words, zoe};

fn part(id: u64, media: bool) -> Part {
    Part { id: id.to_string().into(), media }
}

#[tokio::test]
async fn a_person_speaks_through_the_webhook() {
    let stage = Stage::new().await;
    let network = stage.network();
    let said = words("2 * 3 = 6, @everyone_");
    let receipt = network.deliver(&stage.order(1, post(zoe(), said), None), &Files).await.unwrap();
    let seen = stage.channel.expect(|seen| seen.author == "Zoë").await.unwrap();
    assert_eq!(seen.avatar_url.as_deref(), Some("https://example.org/zoe.png"));
    assert_eq!(seen.content, "2 \\* 3 = 6, @\u{200b}everyone\\_");
    assert!(seen.pings.is_empty());
    assert_eq!(receipt.parts, [part(seen.id, false)]);
    assert_eq!(stage.channel.webhooks().len(), 1);
    // A second process finds the webhook of the first.
    stage
        .network()
        .deliver(&stage.order(2, post(zoe(), words("again")), None), &Files)
        .await
        .unwrap();
    assert_eq!(stage.channel.webhooks().len(), 1);
    stage.clean();
}

#[tokio::test]
async fn only_a_resolved_mention_calls_somebody() {
    let stage = Stage::new().await;
    stage.guild.join(&stage.ann);
    let who = Person::new("discord", stage.ann.id().to_string());
    let leaf = Leaf::Mention(Mention::Person { who, name: "Ann".to_owned() });
    let body = RichText::paragraph(vec![
        Span { leaf, style: Style::default() },
        Span::text(format!(" <@{}>", stage.discord.bot().id())),
    ]);
    let act = post(zoe(), message(body));
    stage.network().deliver(&stage.order(1, act, None), &Files).await.unwrap();
    let seen = stage.channel.expect(|seen| seen.author == "Zoë").await.unwrap();
    assert_eq!(seen.pings.len(), 1, "{:?}", seen.pings);
    stage.clean();
}

#[tokio::test]
async fn a_long_message_comes_in_parts_and_is_edited_in_place() {
    let stage = Stage::new().await;
    let network = stage.network();
    let long = words(&"all work and no play ".repeat(300));
    let receipt = network.deliver(&stage.order(1, post(zoe(), long), None), &Files).await.unwrap();
    assert_eq!(receipt.parts.len(), 4);
    let act = edit(zoe(), &receipt.parts, words("short"));
    let receipt = network.deliver(&stage.order(2, act, None), &Files).await.unwrap();
    assert_eq!(receipt.parts.len(), 1);
    let seen = stage.channel.until(|all| all.len() == 1).await.unwrap();
    assert_eq!((seen[0].content.as_str(), seen[0].edited), ("short", true));
    let act = Action::Delete { send_as: zoe(), parts: receipt.parts };
    for entry in [3, 4] {
        network.deliver(&stage.order(entry, act.clone(), None), &Files).await.unwrap();
    }
    stage.channel.until(<[_]>::is_empty).await.unwrap();
    stage.clean();
}

#[tokio::test]
async fn files_hang_on_the_text_and_a_big_one_is_named() {
    let stage = Stage::new().await;
    let network = stage.network();
    let mut said = words("look");
    said.media = vec![
        picture("cat.png", 1000),
        picture("huge.png", 50 * 1024 * 1024),
        picture("dog.png", 2000),
    ];
    said.media[0].alt = Some("a cat".to_owned());
    said.media[2].spoiler = true;
    let act = post(zoe(), said.clone());
    let receipt = network.deliver(&stage.order(1, act, None), &Files).await.unwrap();
    let seen = stage.channel.expect(|seen| seen.author == "Zoë").await.unwrap();
    assert_eq!(receipt.parts, [part(seen.id, true)]);
    assert!(
        seen.content.starts_with("look\n\n📎 huge.png, 52.4 MB: too large"),
        "{}",
        seen.content
    );
    let files: Vec<_> = seen.attachments.iter().map(|f| (f.bytes.len(), f.spoiler)).collect();
    assert_eq!(files, [(1000, false), (2000, true)]);
    assert_eq!(seen.attachments[0].description.as_deref(), Some("a cat"));
    said.body = RichText::plain_text("look here");
    let act = edit(zoe(), &receipt.parts, said);
    network.deliver(&stage.order(2, act, None), &Files).await.unwrap();
    let seen = stage.channel.expect(|seen| seen.edited).await.unwrap();
    assert!(seen.content.starts_with("look here\n\n📎 huge.png"), "{}", seen.content);
    assert_eq!(seen.attachments.len(), 2);
    stage.clean();
}

#[tokio::test]
async fn a_reply_is_drawn_for_people_and_native_for_the_bot() {
    let stage = Stage::new().await;
    let network = stage.network();
    network.prepare(&stage.channel.id().to_string().into()).await.unwrap();
    let id = stage.channel.say(&stage.ann, "who?");
    let mut said = words("me");
    said.reply_to = Some(Reply {
        name: Some("Ann *".to_owned()),
        excerpt: Some(RichText::plain_text("who?")),
        ..Reply::to(id.to_string().into())
    });
    for (entry, send_as) in [(1, zoe()), (2, SendAs::Bot)] {
        let act =
            Action::Post { send_as, message: said.clone(), native_reply: true, answer_via: None };
        network.deliver(&stage.order(entry, act, None), &Files).await.unwrap();
    }
    let seen = stage.channel.until(|all| all.len() == 3).await.unwrap();
    let (guild, channel) = (stage.guild.id(), stage.channel.id());
    let link = format!("https://discord.com/channels/{guild}/{channel}/{id}");
    assert_eq!(seen[1].content, format!("-# ↪ [Ann *]({link}): who?\nme"));
    assert_eq!((seen[2].content.as_str(), seen[2].reply), ("me", Some(id)));
    stage.clean();
}

#[tokio::test]
async fn whoever_is_called_by_an_answer_is_pinged_in_its_line() {
    let stage = Stage::new().await;
    let network = stage.network();
    let id = stage.channel.say(&stage.ann, "who?");
    let mut said = words("me");
    let ann = stage.ann.id();
    said.reply_to = Some(Reply {
        name: Some("Ann".to_owned()),
        excerpt: Some(RichText::plain_text("who?")),
        called: vec![Person::new("discord", ann.to_string())],
        ..Reply::to(id.to_string().into())
    });
    let post =
        |message| Action::Post { send_as: zoe(), message, native_reply: true, answer_via: None };
    let order = stage.order(1, post(said.clone()), None);
    network.deliver(&order, &Files).await.unwrap();
    said.silent = true;
    network.deliver(&stage.order(2, post(said), None), &Files).await.unwrap();
    let seen = stage.channel.until(|all| all.len() == 3).await.unwrap();
    let link =
        format!("https://discord.com/channels/{}/{}/{id}", stage.guild.id(), stage.channel.id());
    assert_eq!(seen[1].content, format!("-# [↪]({link}) <@{ann}>: who?\nme"));
    assert_eq!(seen[1].pings, [Ping::User(ann)]);
    assert_eq!(seen[2].content, format!("-# ↪ [Ann]({link}): who?\nme"));
    assert!(seen[2].pings.is_empty());
    stage.clean();
}

#[tokio::test]
async fn reactions_and_pins_are_set_and_taken_back() {
    let stage = Stage::new().await;
    let network = stage.network();
    let id = stage.channel.say(&stage.ann, "hello");
    let thumb = Reaction::Emoji("👍".to_owned());
    let target = id.to_string();
    let react = Action::React {
        send_as: zoe(),
        target: target.as_str().into(),
        reaction: thumb.clone(),
        others: vec![],
    };
    network.deliver(&stage.order(1, react, None), &Files).await.unwrap();
    stage.channel.expect(|seen| seen.reacted("👍").len() == 1).await.unwrap();
    let back = |others| Action::Unreact {
        send_as: zoe(),
        target: target.as_str().into(),
        reaction: thumb.clone(),
        id: None,
        others,
    };
    network.deliver(&stage.order(2, back(vec![thumb.clone()]), None), &Files).await.unwrap();
    assert_eq!(stage.channel.messages()[0].reacted("👍").len(), 1, "somebody else still has it");
    network.deliver(&stage.order(3, back(vec![]), None), &Files).await.unwrap();
    stage.channel.expect(|seen| seen.reactions.is_empty()).await.unwrap();
    let pin = Action::Pin { target: target.as_str().into() };
    for entry in [4, 5] {
        network.deliver(&stage.order(entry, pin.clone(), None), &Files).await.unwrap();
    }
    assert_eq!(stage.channel.pinned().len(), 1);
    stage.clean();
}

#[tokio::test]
async fn a_lost_answer_is_found_again_in_the_channel() {
    for send_as in [zoe(), SendAs::Bot] {
        let stage = Stage::new().await;
        let network = stage.network();
        let before = stage.channel.say(&stage.ann, "before");
        network.prepare(&stage.channel.id().to_string().into()).await.unwrap();
        stage.discord.faults().next("POST ", 1, Fault::LoseResponse);
        let mut order = stage.order(1, post(send_as, words("once")), Some(before));
        let failure = network.deliver(&order, &Files).await.unwrap_err();
        assert!(matches!(failure.error, DeliverError::Uncertain { .. }), "{failure}");
        for after in [order.after.clone(), None] {
            order.after = after;
            assert_eq!(network.find_sent(&order).await.unwrap().len(), 1);
        }
        order.done = network.find_sent(&order).await.unwrap();
        network.deliver(&order, &Files).await.unwrap();
        assert_eq!(stage.channel.messages().len(), 2);
    }
}

#[tokio::test]
async fn nothing_is_found_where_nothing_was_sent() {
    let stage = Stage::new().await;
    let network = stage.network();
    network.deliver(&stage.order(1, post(zoe(), words("first")), None), &Files).await.unwrap();
    let last = stage.channel.say(&stage.ann, "second");
    for after in [Some(last), None] {
        let order = stage.order(2, post(zoe(), words("third")), after);
        assert_eq!(network.find_sent(&order).await.unwrap(), []);
    }
}

#[tokio::test]
async fn the_rest_of_a_long_message_is_sent_after_a_lost_answer() {
    let stage = Stage::new().await;
    let network = stage.network();
    let long = words(&"all work and no play ".repeat(300));
    let mut order = stage.order(1, post(zoe(), long), Some(stage.channel.say(&stage.ann, "go")));
    network.prepare(&order.chat).await.unwrap();
    stage.discord.faults().next("POST /webhooks", 1, Fault::LoseResponse);
    network.deliver(&order, &Files).await.unwrap_err();
    order.done = network.find_sent(&order).await.unwrap();
    assert_eq!(order.done.len(), 1);
    assert_eq!(network.deliver(&order, &Files).await.unwrap().parts.len(), 4);
    assert_eq!(stage.channel.messages().len(), 5);
}

#[tokio::test]
async fn a_rate_limit_reaches_the_courier() {
    let stage = Stage::new().await;
    let network = stage.network();
    network.prepare(&stage.channel.id().to_string().into()).await.unwrap();
    stage.discord.rate_limit(&stage.channel, Duration::from_secs(60));
    let order = stage.order(1, post(zoe(), words("hello")), None);
    let failure = network.deliver(&order, &Files).await.unwrap_err();
    let DeliverError::Retry { after: Some(after), .. } = failure.error else { panic!("{failure}") };
    assert!(after > Duration::from_secs(30) && after <= Duration::from_secs(60), "{after:?}");
}

#[tokio::test]
async fn a_deleted_webhook_is_made_again() {
    let stage = Stage::new().await;
    let network = stage.network();
    network.deliver(&stage.order(1, post(zoe(), words("one")), None), &Files).await.unwrap();
    stage.channel.delete_webhook(stage.channel.webhooks()[0].0);
    let order = stage.order(2, post(zoe(), words("two")), None);
    let failure = network.deliver(&order, &Files).await.unwrap_err();
    assert!(matches!(failure.error, DeliverError::Retry { .. }), "{failure}");
    network.deliver(&order, &Files).await.unwrap();
    assert_eq!(stage.channel.messages().len(), 2);
}

#[tokio::test]
async fn a_closed_channel_and_a_missing_right_are_told_apart() {
    let stage = Stage::new().await;
    let network = stage.network();
    let chat = stage.channel.id().to_string().into();
    stage.channel.deny_bot(permissions::MANAGE_WEBHOOKS);
    let error = network.prepare(&chat).await.unwrap_err();
    assert!(
        matches!(&error, AskError::Refused(why) if why.to_string().contains("Manage Webhooks")),
        "{error}"
    );
    let order = stage.order(1, post(SendAs::Bot, words("hello")), None);
    network.deliver(&order, &Files).await.unwrap();
    stage.channel.remove();
    let order = stage.order(2, post(SendAs::Bot, words("hello")), None);
    let failure = network.deliver(&order, &Files).await.unwrap_err();
    assert!(matches!(failure.error, DeliverError::ChatClosed { .. }), "{failure}");
}

#[tokio::test]
async fn rights_and_title_are_asked() {
    let stage = Stage::new().await;
    let network = stage.network();
    let chat = stage.channel.id().to_string().into();
    let ann = stage.ann.id().to_string().into();
    assert_eq!(network.rights(&chat, &ann).await.unwrap(), Rights::default());
    stage.guild.join(&stage.ann);
    stage.guild.grant(&stage.ann, permissions::MANAGE_MESSAGES);
    let held = network.rights(&chat, &ann).await.unwrap();
    assert_eq!(held, Rights { member: true, manage: false, change: false, moderate: true });
    assert_eq!(network.title(&chat).await.unwrap().as_deref(), Some("#general"));
    stage.clean();
}

#[tokio::test]
async fn leaving_takes_the_webhook_away() {
    let stage = Stage::new().await;
    let network = stage.network();
    network.deliver(&stage.order(1, post(zoe(), words("bye")), None), &Files).await.unwrap();
    for entry in [2, 3] {
        network.deliver(&stage.order(entry, Action::Leave, None), &Files).await.unwrap();
    }
    assert!(stage.channel.webhooks().is_empty());
}

#[tokio::test]
async fn a_file_from_elsewhere_is_not_fetched() {
    let stage = Stage::new().await;
    let mut handle = picture("x", 1).handle;
    for reference in ["http://169.254.169.254/latest", "file:///etc/passwd", "nothing"] {
        handle.reference = reference.to_owned();
        let error = stage.network().open(&handle).await.err().unwrap();
        assert!(matches!(error, AskError::Refused(_)), "{error}");
    }
}

#[tokio::test]
async fn a_code_block_survives_the_cut() {
    let stage = Stage::new().await;
    let code = "let x = 1;\n".repeat(400);
    let body = RichText(vec![Block::Code { language: Some("rust".to_owned()), text: code }]);
    let act = post(zoe(), message(body));
    stage.network().deliver(&stage.order(1, act, None), &Files).await.unwrap();
    let all = stage.channel.messages();
    assert!(all.len() > 1);
    for seen in all {
        assert!(seen.content.starts_with("```rust\n") && seen.content.ends_with("\n```"));
    }
}
