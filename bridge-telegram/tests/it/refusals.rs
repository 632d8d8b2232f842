// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the platform would refuse, or would show as somebody else's words: addresses, entity data,
//! later pieces, groups that moved, files of this machine.

use std::sync::Arc;
use std::time::Duration;

use bot_core::{Action, AskError, Deliver, DeliverError, Network, Receipt, SendAs};
use bridge_model::{
    Content, Media, MediaHandle, MediaKind, Message, MessageId, Reply, RichText, Span,
};
use bridge_telegram::{Settings, TelegramNetwork};
use sandbox::faults::Fault;
use sandbox::telegram::{Group, Post, Telegram};

use crate::stage::{Listener, Shelf, alice, media, message, network, order, png, post, settings};

async fn deliver(telegram: &Telegram, group: &Group, act: Action) -> Receipt {
    network(telegram).deliver(&order(group.id(), act), &Shelf::default()).await.unwrap()
}

fn texts(group: &Group) -> Vec<String> {
    group.messages().into_iter().map(|it| it.text).collect()
}

fn linked(words: &str, url: &str) -> Message {
    Message { body: RichText::paragraph(vec![Span::link(words, url)]), ..message("") }
}

#[tokio::test]
async fn an_address_that_the_platform_refuses_costs_no_message() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    for url in
        ["http://localhost:3000/x", "https://{server}.example.org/a", "http://example.org:0/"]
    {
        deliver(&telegram, &group, post(linked(url, url))).await;
        assert_eq!(texts(&group).pop().unwrap(), format!("Alice:\n{url}"));
    }
    deliver(&telegram, &group, post(linked("app", "http://wiki/x"))).await;
    assert_eq!(texts(&group).pop().unwrap(), "Alice:\napp (http://wiki/x)");
    let mut picture = linked("app", "http://wiki/x");
    picture.media.push(media(MediaKind::Image, "a.png", "image/png"));
    let shelf = Shelf([("a.png".to_owned(), png())].into());
    network(&telegram).deliver(&order(group.id(), post(picture)), &shelf).await.unwrap();
    assert!(group.messages().pop().unwrap().photo.is_some());
    telegram.assert_clean().unwrap();
}

#[tokio::test]
async fn many_long_addresses_are_cut_into_several_messages() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let links = (0..60).flat_map(|number| {
        let url = format!("https://ru.wikipedia.org/wiki/{}{number}", "%D0%9F".repeat(40));
        [Span::link(format!("page {number}"), url), Span::text(" ")]
    });
    let body = RichText::paragraph(links.collect());
    deliver(&telegram, &group, post(Message { body, ..message("") })).await;
    let all = texts(&group).join(" ");
    assert!(group.messages().len() > 1);
    assert!((0..60).all(|number| all.contains(&format!("page {number}"))));
    telegram.assert_clean().unwrap();
}

#[tokio::test]
async fn each_piece_of_a_message_names_its_author() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let forged = format!("{}\n\nTanja:\nI step down", "x".repeat(4080));
    deliver(&telegram, &group, post(message(&forged))).await;
    let seen = texts(&group);
    assert!(seen[0].starts_with("Alice:\n") && seen[1].starts_with("Alice (2/2):\n"), "{seen:?}");
    assert!(seen.iter().all(|text| text.encode_utf16().count() <= 4096));
    let mut picture = message(&"y ".repeat(900));
    picture.media.push(media(MediaKind::Image, "a.png", "image/png"));
    let shelf = Shelf([("a.png".to_owned(), png())].into());
    network(&telegram).deliver(&order(group.id(), post(picture)), &shelf).await.unwrap();
    let rest = texts(&group).pop().unwrap();
    assert!(rest.starts_with("Alice (2/2):\ny"), "{rest}");
    let bots = Action::Post {
        send_as: SendAs::Bot,
        message: message(&"z".repeat(5000)),
        native_reply: false,
        answer_via: None,
    };
    deliver(&telegram, &group, bots).await;
    assert!(texts(&group).pop().unwrap().starts_with('z'), "the bot has no name line");
}

#[tokio::test]
async fn a_name_is_no_address() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    for name in ["alex.dev", "https://evil.example", "t.me/spam"] {
        let SendAs::Person { person, .. } = alice() else { panic!("a person") };
        let send_as =
            SendAs::Person { person, name: name.to_owned(), avatar_url: None, avatar: None };
        let act =
            Action::Post { send_as, message: message("hi"), native_reply: false, answer_via: None };
        deliver(&telegram, &group, act).await;
        let text = texts(&group).pop().unwrap();
        assert!(!text.contains(name) && text.replace('\u{2060}', "").starts_with(name), "{text}");
    }
}

#[tokio::test]
async fn all_pieces_of_an_answer_stand_in_the_topic_of_what_is_answered() {
    let telegram = Telegram::start().await.unwrap();
    let (group, ada) = (telegram.group("Maps"), telegram.user("Ada"));
    let topic = group.open_topic(&ada, "Rivers").unwrap();
    let asked = group.send(&ada, &Post::text("help?").in_topic(topic)).unwrap();
    let mut long = message(&"word ".repeat(1500));
    long.reply_to = Some(Reply::to(MessageId::new(asked.0.to_string())));
    let act =
        Action::Post { send_as: SendAs::Bot, message: long, native_reply: true, answer_via: None };
    deliver(&telegram, &group, act).await;
    let seen = group.messages();
    assert!(seen.len() > 3);
    assert!(
        seen[2..].iter().all(|it| it.topic.as_deref() == Some("Rivers")),
        "{}",
        group.transcript()
    );
}

#[tokio::test]
async fn a_longer_version_stays_in_its_topic() {
    let telegram = Telegram::start().await.unwrap();
    let (group, ada) = (telegram.group("Maps"), telegram.user("Ada"));
    let topic = group.open_topic(&ada, "Rivers").unwrap();
    let root = MessageId::new(topic.0.to_string());
    let thread = Some(bridge_model::Thread { root, name: None });
    let parts =
        deliver(&telegram, &group, post(Message { thread, ..message("short") })).await.parts;
    let edit = Action::Edit {
        send_as: alice(),
        parts,
        message: message(&"word ".repeat(1500)),
        native_reply: false,
        media_changed: false,
    };
    deliver(&telegram, &group, edit).await;
    let seen = group.messages();
    assert!(
        seen[1..].iter().all(|it| it.topic.as_deref() == Some("Rivers")),
        "{}",
        group.transcript()
    );
}

#[tokio::test]
async fn the_new_id_of_a_group_is_learned_from_a_refusal() {
    let telegram = Telegram::start().await.unwrap();
    let old = telegram.plain_group("Maps");
    let network = Arc::new(network(&telegram));
    let listener = Listener::of(network.clone(), Arc::default());
    let new = old.migrate().unwrap();
    let failure = network.deliver(&order(old.id(), post(message("a"))), &Shelf::default()).await;
    let error = failure.unwrap_err().error;
    assert!(matches!(error, DeliverError::Retry { .. }), "{error}");
    let to = new.id().to_string();
    let learned = |it: &bridge_model::Event| {
        matches!(&it.content, Content::Moved { to: known } if known.as_str() == to)
            && it.message.as_str() == "0"
    };
    listener.memory.event(learned).await;
    listener.stop().await.unwrap();
}

#[tokio::test]
async fn a_search_goes_on_where_the_platform_stopped_it() {
    let telegram = Telegram::start().await.unwrap();
    let (group, ada) = (telegram.group("Maps"), telegram.user("Ada"));
    let first = group.say(&ada, "before").unwrap();
    for _ in 0..8 {
        group.say(&ada, "between").unwrap();
    }
    let network = network(&telegram);
    let mut order = order(group.id(), post(message("mine")));
    let sent = network.deliver(&order, &Shelf::default()).await.unwrap().parts;
    order.after = Some(MessageId::new(first.0.to_string()));
    telegram.faults().next("editMessageText", 5, Fault::Delay(Duration::ZERO));
    telegram.faults().next("editMessageText", 1, sandbox::telegram::too_many_requests(1));
    assert!(network.find_sent(&order).await.is_err());
    let before = telegram.requests_of("editMessageText").len();
    assert_eq!(network.find_sent(&order).await.unwrap(), sent);
    let after = telegram.requests_of("editMessageText").len() - before;
    assert!(after < 6, "{after} more after {before}");
}

async fn open(network: &TelegramNetwork, reference: &str) -> Result<(), String> {
    let handle = MediaHandle { network: "telegram".into(), reference: reference.to_owned() };
    let file = Media::new(handle, MediaKind::File);
    network.open(&file.handle).await.map(|_| ()).map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_server_names_no_file_outside_of_its_folder() {
    let telegram = Telegram::start().await.unwrap();
    let dir = std::env::temp_dir().join(format!("freeside-files-{}", std::process::id()));
    let folder = dir.join("served");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("a.txt"), "a").unwrap();
    std::fs::write(dir.join("secret.txt"), "s").unwrap();
    std::os::unix::fs::symlink(dir.join("secret.txt"), folder.join("link.txt")).unwrap();
    let path = |it: &str| folder.join(it).display().to_string();
    let with = |local_files| {
        let settings = Settings { local_server: true, local_files, ..settings(&telegram) };
        TelegramNetwork::new(settings).unwrap()
    };
    let allowed = with(Some(folder.clone()));
    let name = |network, path: String| {
        let answer = serde_json::json!({ "ok": true, "result": {
            "file_id": "f", "file_unique_id": "f", "file_path": path } });
        let fault = Fault::Answer { status: 200, body: answer, headers: Vec::new() };
        telegram.faults().next("getFile", 1, fault);
        open(network, "f")
    };
    name(&allowed, path("a.txt")).await.unwrap();
    for outside in ["../secret.txt", "link.txt"] {
        assert!(name(&allowed, path(outside)).await.is_err(), "{outside}");
    }
    assert!(name(&with(None), path("a.txt")).await.is_err());
    std::fs::remove_dir_all(&dir).unwrap();
}

#[tokio::test]
async fn direct_messages_of_a_channel_are_not_joined() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let about = serde_json::json!({ "ok": true, "result": {
        "id": group.id(), "type": "supergroup", "title": "Maps", "is_direct_messages": true } });
    telegram.faults().next(
        "getChat",
        1,
        Fault::Answer { status: 200, body: about, headers: Vec::new() },
    );
    let refused = network(&telegram).prepare(&group.id().to_string().into()).await;
    assert!(matches!(refused, Err(AskError::Refused(_))), "{refused:?}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let telegram = Telegram::start().await.unwrap();
    let other = Telegram::start().await.unwrap();
    let address = format!("{}/bot{}/getMe", other.url(), other.bot_token());
    let headers = vec![("location".to_owned(), address)];
    let elsewhere = Fault::Answer { status: 307, body: serde_json::json!({}), headers };
    telegram.faults().next("getMe", 1, elsewhere);
    assert_eq!(network(&telegram).private_chat_link("x").await, None);
    assert!(other.requests_of("getMe").is_empty());
}
