// SPDX-License-Identifier: AGPL-3.0-or-later
//! Kinds of messages other than words, as the core is told of them.

use bot_core::Network;
use bridge_model::{
    Block, Card, ChatChange, Content, MediaKind, MemberChange, MessageKind, Note, Reaction,
    Service, VoteChange,
};
use futures_util::StreamExt;
use sandbox::discord::{File, intents, permissions};
use serde_json::json;

use crate::stage::Stage;

fn service(what: Service) -> Vec<Note> {
    vec![Note::Service(what)]
}

#[tokio::test]
async fn cards_of_bots_are_quotes_and_previews_are_dropped() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    let picture = format!("{}/picture.png", stage.discord.cdn_url());
    let hook = stage.channel.webhook("Builds");
    let id = hook.say_with("Builds", "done", &json!({"embeds": [{
        "type": "rich", "title": "Build **7**", "url": "https://example.org/7", "color": 255,
        "author": {"name": "Ann", "url": "https://example.org/ann"},
        "description": "It *works*", "timestamp": "2026-11-21T21:56:11.123000+00:00",
        "fields": [
            {"name": "Time", "value": "3 s", "inline": true},
            {"name": "Tests", "value": "12", "inline": true},
            {"name": "Log", "value": "a\nb", "inline": false},
        ],
        "footer": {"text": "by CI"},
        "image": {"url": "https://example.org/p.png", "proxy_url": picture, "width": 3, "height": 2},
        "thumbnail": {"url": "https://example.org/t.png", "proxy_url": "https://example.org/t.png"},
    }]}));
    let message = stage.core.message(1).await;
    let [said, Block::Quote { blocks, .. }] = message.body.0.as_slice() else {
        panic!("{:#?}", message.body)
    };
    assert!(matches!(said, Block::Paragraph(_)));
    let quote = bridge_model::RichText(blocks.clone()).plain();
    for words in ["Ann", "Build 7", "It works", "Time: 3 s · Tests: 12", "Log", "a\nb", "by CI · "]
    {
        assert!(quote.contains(words), "{words} in {quote}");
    }
    assert_eq!((message.media.len(), message.media[0].width), (1, Some(3)));
    assert_eq!(message.media[0].handle.reference, picture);
    // A moderator takes the card away.
    stage.channel.suppress(id).unwrap();
    let less = stage.core.event(|content| matches!(content, Content::Edited(_))).await;
    assert!(matches!(less.content, Content::Edited(message) if message.body.plain() == "done"));
    let link = "https://example.org/page";
    stage.channel.say_with(
        &stage.ann,
        link,
        &json!({"embeds": [
            {"type": "article", "url": link, "title": "A page", "description": "Much text"},
            {"type": "rich", "url": "https://x.com/1", "description": "Somebody's words"},
        ]}),
    );
    assert_eq!(stage.core.message(2).await.body.plain(), link);
    running.stop().await;
    stage.clean();
}

#[tokio::test]
async fn components_are_read_whole() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    let picture = format!("{}/picture.png", stage.discord.cdn_url());
    let bot = stage.discord.other_bot("Layout");
    stage.channel.say_with(
        &bot,
        "",
        &json!({"flags": 1 << 15, "components": [
            {"type": 10, "content": "# LaneHead"},
            {"type": 17, "components": [
                {"type": 9, "components": [{"type": 10, "content": "**section**"}],
                 "accessory": {"type": 11, "media": {"url": picture}, "description": "a map"}},
                {"type": 14, "divider": true, "spacing": 1},
                {"type": 12, "items": [{"media": {"url": picture}, "spoiler": true}]},
            ]},
            {"type": 1, "components": [
                {"type": 2, "style": 5, "label": "Open", "url": "https://example.org"},
                {"type": 2, "style": 1, "label": "Vote", "custom_id": "v"},
            ]},
        ]}),
    );
    let message = stage.core.message(1).await;
    let plain = message.body.plain();
    for words in ["LaneHead", "section", "Open"] {
        assert!(plain.contains(words), "{words} in {plain}");
    }
    assert!(message.body.0.contains(&Block::Rule));
    assert_eq!(message.notes, [Note::Button { label: "Vote".to_owned() }]);
    let seen: Vec<_> =
        message.media.iter().map(|file| (file.alt.as_deref(), file.spoiler)).collect();
    assert_eq!(seen, [(Some("a map"), false), (None, true)]);
    running.stop().await;
    stage.clean();
}

#[tokio::test]
async fn a_poll_is_asked_answered_and_closed() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    let bob = stage.discord.user("Bob");
    let id = stage.channel.poll(&stage.ann, "Tea?", &["Yes", "No"], true);
    stage.channel.vote(&bob, id, 2).unwrap();
    stage.channel.unvote(&bob, id).unwrap();
    stage.channel.vote(&bob, id, 1).unwrap();
    stage.channel.end_poll(id).unwrap();
    let message = stage.core.message(1).await;
    let Some(Card::Poll(poll)) = message.card else { panic!("no poll") };
    assert_eq!((poll.question.plain().as_str(), poll.choices, poll.closed), ("Tea?", 2, false));
    let answers: Vec<_> = poll.answers.iter().map(|a| (a.id.as_str(), a.text.plain())).collect();
    assert_eq!(answers, [("0", "Yes".to_owned()), ("1", "No".to_owned())]);
    assert!(poll.closes_at > Some(message.sent_at));
    stage.core.event(|content| matches!(content, Content::PollClosed { .. })).await;
    let votes: Vec<_> = stage
        .core
        .events()
        .into_iter()
        .filter_map(|event| match event.content {
            Content::Voted { by, answers, change } => {
                assert_eq!(event.message.as_str(), id.to_string());
                Some((by.as_str().to_owned(), answers, change))
            }
            _ => None,
        })
        .collect();
    let vote = |answer: &str, change| (bob.id().to_string(), vec![answer.to_owned()], change);
    let (add, remove) = (VoteChange::Add, VoteChange::Remove);
    assert_eq!(votes, [vote("1", add), vote("1", remove), vote("0", add)]);
    let counted = stage.core.event(|content| matches!(content, Content::Counted { .. })).await;
    assert_eq!(counted.content, Content::Counted { counts: vec![1, 0], closed: true });
    let closed = stage.core.events().pop().unwrap();
    assert_eq!(closed.content, Content::PollClosed { by: None });
    assert_eq!(closed.message.as_str(), id.to_string());
    running.stop().await;
    stage.clean();
}

#[tokio::test]
async fn stickers_of_all_formats_come_with_their_files() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    let formats = [(1, "image/png"), (2, "image/apng"), (3, "video/lottie+json"), (4, "image/gif")];
    for (at, (format, mime)) in formats.into_iter().enumerate() {
        let sticker = stage.guild.sticker("Wave", format, "bytes");
        let id = sticker["id"].as_str().unwrap().to_owned();
        stage.channel.say_with(&stage.ann, "", &json!({"sticker_items": [sticker]}));
        let media = stage.core.message(at + 1).await.media.remove(0);
        assert_eq!((media.kind, media.mime.as_deref()), (MediaKind::Sticker, Some(mime)));
        assert_eq!(media.alt.as_deref(), Some("Wave"));
        assert_eq!(media.sticker.clone().unwrap().id, Some(id));
        let mut stream = running.network.open(&media.handle).await.unwrap().chunks;
        assert_eq!(&stream.next().await.unwrap().unwrap()[..], b"bytes");
    }
    running.stop().await;
    stage.clean();
}

#[tokio::test]
async fn emoji_can_be_fetched_and_reactions_cleared() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    let emoji = stage.guild.emoji("wiki", "png");
    let handle = running.network.emoji(&emoji.to_string()).await.unwrap().unwrap();
    assert!(running.network.open(&handle).await.is_ok());
    assert_eq!(running.network.emoji("../secret").await.unwrap(), None);
    let id = stage.channel.say(&stage.ann, "x");
    let bob = stage.discord.user("Bob");
    let custom = format!("wiki:{emoji}");
    for (user, face) in [(&bob, custom.as_str()), (&stage.ann, &custom), (&bob, "👍")] {
        stage.channel.react(user, id, face).unwrap();
    }
    stage.channel.clear_reactions(id, Some(&custom)).unwrap();
    stage.channel.clear_reactions(id, None).unwrap();
    let is_cleared = |content: &Content| matches!(content, Content::ReactionsCleared { .. });
    let gone = stage.core.count(2, is_cleared).await;
    let wiki = Reaction::Custom { id: emoji.to_string(), name: "wiki".to_owned() };
    for (event, only) in gone.into_iter().zip([Some(wiki), None]) {
        assert_eq!(event.message.as_str(), id.to_string());
        assert_eq!(event.content, Content::ReactionsCleared { only });
    }
    running.stop().await;
    stage.clean();
}

#[tokio::test]
async fn voice_several_files_and_hidden_ones_keep_what_is_known() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    let voice = File {
        voice: Some((2.5, "AH//".to_owned())),
        ..File::new("voice-message.ogg", "audio/ogg", "sound")
    };
    stage.channel.attach(&stage.ann, voice, "");
    let spoken = stage.core.message(1).await.media.remove(0);
    assert_eq!((spoken.kind, spoken.duration_ms), (MediaKind::Voice, Some(2500)));
    assert_eq!(spoken.waveform, [0, 509, 1024]);
    let hidden = File {
        description: Some("a surprise".to_owned()),
        ..File::new("SPOILER_mein Bild.png", "image/png", "x")
    };
    let loops = File::new("cat.gif", "image/gif", "GIF89a\x02\0\x03\0");
    stage.channel.attach_all(&stage.ann, vec![hidden, loops], "two");
    let media = stage.core.message(2).await.media;
    assert_eq!(media.len(), 2);
    assert_eq!((media[0].name.as_deref(), media[0].spoiler), (Some("mein Bild.png"), true));
    assert_eq!(media[0].alt.as_deref(), Some("a surprise"));
    let shape = (media[1].kind, media[1].width, media[1].height);
    assert_eq!(shape, (MediaKind::Animation, Some(2), Some(3)));
    running.stop().await;
    stage.clean();
}

#[tokio::test]
async fn what_discord_says_becomes_a_notice() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    let wanted = [
        (7, "", Service::Joined { names: vec!["Ann".to_owned()] }),
        (8, "3", Service::Boosted { count: 3 }),
        (9, "", Service::Boosted { count: 1 }),
        (12, "News #all", Service::Followed { name: "News #all".to_owned() }),
        (27, "Talk", Service::CallStarted),
        (28, "Talk", Service::CallEnded { seconds: None }),
        (25, "", Service::Other),
    ];
    for (at, (kind, text, what)) in wanted.into_iter().enumerate() {
        stage.channel.system(&stage.ann, kind, text);
        let message = stage.core.message(at + 1).await;
        assert_eq!((message.kind, message.notes), (MessageKind::Notice, service(what)));
        // The topic of a stage is what its host wrote.
        let words = if kind == 27 { text } else { "" };
        assert_eq!(message.body.plain(), words);
    }
    running.stop().await;
    stage.clean();
}

#[tokio::test]
async fn pins_are_told_and_taken_back() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    stage.guild.grant(&stage.ann, permissions::PIN_MESSAGES);
    let id = stage.channel.say(&stage.ann, "keep this");
    stage.channel.pin(&stage.ann, id).unwrap();
    stage.channel.unpin(&stage.ann, id).unwrap();
    let unpinned = stage.core.event(|content| *content == Content::Unpinned).await;
    let pinned = stage.core.event(|content| *content == Content::Pinned).await;
    assert_eq!(unpinned.message.as_str(), id.to_string());
    assert_eq!(pinned.message.as_str(), id.to_string());
    let notice = stage.core.message(2).await;
    assert_eq!(notice.notes, service(Service::Pinned));
    assert_eq!(notice.reply_to.unwrap().message.as_str(), id.to_string());
    running.stop().await;
    stage.clean();
}

#[tokio::test]
async fn a_new_name_and_topic_are_told_once() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    stage.channel.rename("lobby");
    stage.channel.set_topic("All and nothing");
    stage.channel.deny_bot(0);
    stage.channel.say(&stage.ann, "end");
    stage.core.until_texts(1).await;
    let changes: Vec<_> = stage
        .core
        .events()
        .into_iter()
        .filter_map(|event| match event.content {
            Content::ChatChanged { change, by: None } => Some(change),
            _ => None,
        })
        .collect();
    let name = ChatChange::Name("lobby".to_owned());
    assert_eq!(changes, [name, ChatChange::Topic("All and nothing".to_owned())]);
    running.stop().await;
    stage.clean();
}

#[tokio::test]
async fn members_are_told_only_where_that_was_asked_for() {
    let stage = Stage::new().await;
    stage.discord.privileged_intents(intents::MESSAGE_CONTENT);
    let running = stage.listen().await;
    stage.ann.rename("Anna");
    stage.channel.say(&stage.ann, "end");
    stage.core.until_texts(1).await;
    assert_eq!(stage.core.events().len(), 1);
    running.stop().await;
    stage.discord.expect_disconnected().await.unwrap();
    stage.discord.privileged_intents(intents::PRIVILEGED);
    let running = stage.listen_to_members().await;
    let bob = stage.discord.user("Bob");
    stage.guild.join(&bob);
    stage.guild.grant(&bob, permissions::PIN_MESSAGES);
    stage.guild.nick(&bob, Some("Bobby"));
    stage.guild.leave(&bob);
    stage
        .core
        .event(|content| {
            matches!(content, Content::MemberChanged { change: MemberChange::Left, .. })
        })
        .await;
    let changes: Vec<_> = stage
        .core
        .events()
        .into_iter()
        .filter_map(|event| match event.content {
            Content::MemberChanged { who, change } => Some((who.name, change)),
            _ => None,
        })
        .collect();
    let wanted = [
        ("Bob".to_owned(), MemberChange::Joined),
        ("Bobby".to_owned(), MemberChange::Profile),
        ("Bob".to_owned(), MemberChange::Left),
    ];
    assert_eq!(changes, wanted, "a new role changes nothing that is seen");
    running.stop().await;
    stage.clean();
}

#[tokio::test]
async fn forwards_carry_words_files_and_where_they_come_from() {
    let stage = Stage::new().await;
    let news = stage.guild.channel("news");
    let running = stage.listen().await;
    let file = File::new("map.png", "image/png", "map");
    let id = news.attach(&stage.ann, file, "**big** news");
    stage.channel.forward(&stage.ann, &news, id).unwrap();
    let message = stage.core.message(1).await;
    assert_eq!(message.forwarded.unwrap().from, "#news");
    assert!(matches!(message.body.0.as_slice(), [Block::Quote { .. }]));
    assert_eq!(message.body.plain(), "> big news");
    assert_eq!(message.media[0].name.as_deref(), Some("map.png"));
    stage.discord.expire_links();
    assert!(running.network.open(&message.media[0].handle).await.is_ok());
    running.stop().await;
    stage.clean();
}

#[tokio::test]
async fn crossposts_and_answers_to_commands_are_heard() {
    let stage = Stage::new().await;
    let running = stage.listen().await;
    let copy = stage.channel.crosspost("Wikimedia #news", "today");
    let message = stage.core.message(1).await;
    assert_eq!((message.author.name.as_str(), message.reply_to), ("Wikimedia #news", None));
    stage.channel.lose_source(copy).unwrap();
    let gone = stage.core.event(|content| matches!(content, Content::Deleted { .. })).await;
    assert_eq!(gone.message.as_str(), copy.to_string());
    let bot = stage.discord.other_bot("Weather");
    let later = stage.channel.answer(&bot, &stage.ann, "weather", None);
    stage.channel.answer(&bot, &stage.ann, "time", Some("noon"));
    let first = stage.core.message(2).await;
    let used =
        |command: &str| Service::CommandUsed { by: "Ann".to_owned(), command: command.to_owned() };
    assert_eq!((first.body.plain().as_str(), first.notes), ("noon", service(used("/time"))));
    stage.channel.think_over(later, "sunny").unwrap();
    let second = stage.core.message(3).await;
    assert_eq!((second.body.plain().as_str(), second.notes), ("sunny", service(used("/weather"))));
    running.stop().await;
    stage.clean();
}
