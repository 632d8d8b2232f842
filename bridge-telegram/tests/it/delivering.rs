// SPDX-License-Identifier: AGPL-3.0-or-later
//! Orders against the stand-in, over HTTP.

use bot_core::network::{CommandHelp, MenuText};
use bot_core::{
    Action, AskError, Deliver, DeliverError, Failure, Network, Order, Part, Receipt, SendAs,
};
use bridge_model::{ChatId, MediaHandle, MediaKind, MessageId, Reaction, Reply, UserId};
use futures_util::StreamExt;
use sandbox::faults::Fault;
use sandbox::telegram::{Group, Rights, Telegram, too_many_requests};

use crate::stage::{Shelf, alice, media, message, network, order, part, png, post};

async fn deliver(telegram: &Telegram, order: &Order) -> Result<Receipt, Failure> {
    network(telegram).deliver(order, &Shelf::default()).await
}

async fn error(telegram: &Telegram, order: &Order) -> DeliverError {
    deliver(telegram, order).await.expect_err("a failure").error
}

fn texts(group: &Group) -> Vec<String> {
    group.messages().into_iter().map(|it| it.text).collect()
}

fn ids(parts: &[Part]) -> Vec<&str> {
    parts.iter().map(|it| it.id.as_str()).collect()
}

#[tokio::test]
async fn a_post_is_seen_with_the_name_in_bold() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let receipt = deliver(&telegram, &order(group.id(), post(message("hello")))).await.unwrap();
    let [seen] = &group.messages()[..] else { panic!("{}", group.transcript()) };
    assert_eq!(seen.text, "Alice:\nhello");
    assert_eq!(seen.styled("bold"), ["Alice:"]);
    assert_eq!(ids(&receipt.parts), [seen.id.0.to_string()]);
    telegram.assert_clean().unwrap();
}

#[tokio::test]
async fn a_reply_is_native_and_survives_a_target_that_is_gone() {
    let telegram = Telegram::start().await.unwrap();
    let (group, ada) = (telegram.group("Maps"), telegram.user("Ada"));
    let first = group.say(&ada, "first").unwrap();
    for target in [first.0, 4711] {
        let mut answer = message("answer");
        let message = MessageId::new(target.to_string());
        answer.reply_to = Some(Reply::to(message));
        let act = Action::Post {
            send_as: alice(),
            message: answer,
            native_reply: true,
            answer_via: None,
        };
        deliver(&telegram, &order(group.id(), act)).await.unwrap();
    }
    let seen = group.messages();
    assert_eq!(seen[1].reply_to, Some(first));
    assert_eq!(seen[2].reply_to, None);
}

#[tokio::test]
async fn a_long_text_is_split_and_nothing_is_lost() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let long: String = (0..2000).map(|it| format!("word{it} ")).collect();
    let receipt = deliver(&telegram, &order(group.id(), post(message(&long)))).await.unwrap();
    assert!(receipt.parts.len() > 2);
    let seen = texts(&group);
    let mut words = Vec::new();
    for (number, text) in (1..).zip(&seen) {
        let (name, body) = text.split_once('\n').unwrap();
        let first = "Alice:".to_owned();
        let later = format!("Alice ({number}/{}):", seen.len());
        assert_eq!(name, if number == 1 { first } else { later });
        words.extend(body.split_whitespace());
    }
    assert_eq!(words, long.split_whitespace().collect::<Vec<_>>());
    telegram.assert_clean().unwrap();
}

#[tokio::test]
async fn a_photo_goes_with_its_caption() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let mut photo = message("look");
    photo.media.push(media(MediaKind::Image, "a.png", "image/png"));
    let shelf = Shelf([("a.png".to_owned(), png())].into());
    let receipt =
        network(&telegram).deliver(&order(group.id(), post(photo)), &shelf).await.unwrap();
    assert!(receipt.parts[0].media);
    let seen = &group.messages()[0];
    assert_eq!(seen.text, "Alice:\nlook");
    assert_eq!(seen.photo.as_deref(), Some(png().as_slice()));
    telegram.assert_clean().unwrap();
}

#[tokio::test]
async fn a_picture_that_cannot_be_shown_goes_as_a_document() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let mut photo = message("");
    photo.media.push(media(MediaKind::Image, "a.png", "image/png"));
    let shelf = Shelf([("a.png".to_owned(), b"not a picture".to_vec())].into());
    network(&telegram).deliver(&order(group.id(), post(photo)), &shelf).await.unwrap();
    let seen = &group.messages()[0];
    assert_eq!(seen.document.as_ref().unwrap().bytes.as_ref(), b"not a picture");
}

#[tokio::test]
async fn a_file_that_turns_out_too_large_leaves_a_line() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let mut film = message("see");
    film.media.push(media(MediaKind::File, "film.bin", "application/octet-stream"));
    let shelf = Shelf([("film.bin".to_owned(), vec![0; 50_000_001])].into());
    let receipt = network(&telegram).deliver(&order(group.id(), post(film)), &shelf).await.unwrap();
    assert!(!receipt.parts[0].media);
    let text = texts(&group).join("|");
    assert!(text.starts_with("Alice:\nsee\n") && text.contains("film.bin"), "{text}");
}

#[tokio::test]
async fn a_file_that_is_gone_leaves_a_line() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let mut file = message("");
    file.media.push(media(MediaKind::File, "a.pdf", "application/pdf"));
    deliver(&telegram, &order(group.id(), post(file))).await.unwrap();
    let text = texts(&group).join("|");
    assert!(text.starts_with("Alice:\n") && text.contains("a.pdf"), "{text}");
}

#[tokio::test]
async fn after_a_lost_response_the_message_is_found_and_not_doubled() {
    let telegram = Telegram::start().await.unwrap();
    let (group, ada) = (telegram.group("Maps"), telegram.user("Ada"));
    let known = group.say(&ada, "known").unwrap();
    telegram.faults().next("sendMessage", 1, Fault::LoseResponse);
    let mut order = order(group.id(), post(message("once")));
    order.after = Some(MessageId::new(known.0.to_string()));
    let failure = deliver(&telegram, &order).await.unwrap_err();
    assert!(matches!(failure.error, DeliverError::Uncertain { .. }), "{failure}");
    let found = network(&telegram).find_sent(&order).await.unwrap();
    assert_eq!(found.len(), 1);
    order.done = found;
    let receipt = deliver(&telegram, &order).await.unwrap();
    assert_eq!(receipt.parts, order.done);
    assert_eq!(texts(&group), ["known", "Alice:\nonce"]);
}

#[tokio::test]
async fn a_look_passes_over_what_others_said_and_what_is_deleted() {
    let telegram = Telegram::start().await.unwrap();
    let (group, ada) = (telegram.group("Maps"), telegram.user("Ada"));
    let known = group.say(&ada, "known").unwrap();
    let mut order = order(group.id(), post(message(&"word ".repeat(1500))));
    order.after = Some(MessageId::new(known.0.to_string()));
    group.say(&ada, "in between").unwrap();
    let gone = group.say(&ada, "gone").unwrap();
    group.delete(&ada, gone).unwrap();
    let receipt = deliver(&telegram, &order).await.unwrap();
    assert_eq!(receipt.parts.len(), 2);
    group.say(&ada, "behind").unwrap();
    let before = group.transcript();
    assert_eq!(network(&telegram).find_sent(&order).await.unwrap(), receipt.parts);
    assert_eq!(group.transcript(), before, "looking changed something");
}

#[tokio::test]
async fn a_look_finds_nothing_where_nothing_was_sent() {
    let telegram = Telegram::start().await.unwrap();
    let (group, ada) = (telegram.group("Maps"), telegram.user("Ada"));
    let known = group.say(&ada, "known").unwrap();
    let mut order = order(group.id(), post(message("never sent")));
    assert_eq!(network(&telegram).find_sent(&order).await.unwrap(), []);
    order.after = Some(MessageId::new(known.0.to_string()));
    group.say(&ada, "later").unwrap();
    assert_eq!(network(&telegram).find_sent(&order).await.unwrap(), []);
}

#[tokio::test]
async fn a_photo_is_found_again_by_its_caption() {
    let telegram = Telegram::start().await.unwrap();
    let (group, ada) = (telegram.group("Maps"), telegram.user("Ada"));
    let known = group.say(&ada, "known").unwrap();
    let mut photo = message("look");
    photo.media.push(media(MediaKind::Image, "a.png", "image/png"));
    let shelf = Shelf([("a.png".to_owned(), png())].into());
    telegram.faults().next("sendPhoto", 1, Fault::LoseResponse);
    let mut order = order(group.id(), post(photo));
    order.after = Some(MessageId::new(known.0.to_string()));
    let failure = network(&telegram).deliver(&order, &shelf).await.unwrap_err();
    assert!(matches!(failure.error, DeliverError::Uncertain { .. }), "{failure}");
    let found = network(&telegram).find_sent(&order).await.unwrap();
    assert_eq!((found.len(), found[0].media), (1, true));
}

#[tokio::test]
async fn an_edit_shrinks_and_grows() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let long = message(&"word ".repeat(1500));
    let mut parts = deliver(&telegram, &order(group.id(), post(long.clone()))).await.unwrap().parts;
    for (version, count) in [(message("short"), 1), (long, 2), (message("end"), 1)] {
        let act = Action::Edit {
            send_as: alice(),
            parts,
            message: version,
            native_reply: false,
            media_changed: false,
        };
        parts = deliver(&telegram, &order(group.id(), act)).await.unwrap().parts;
        assert_eq!(parts.len(), count);
    }
    assert_eq!(texts(&group), ["Alice:\nend"]);
}

#[tokio::test]
async fn repeating_an_edit_or_a_deletion_is_no_error() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let parts = deliver(&telegram, &order(group.id(), post(message("a")))).await.unwrap().parts;
    let act = Action::Edit {
        send_as: alice(),
        parts: parts.clone(),
        message: message("b"),
        native_reply: false,
        media_changed: false,
    };
    for _ in 0..2 {
        let receipt = deliver(&telegram, &order(group.id(), act.clone())).await.unwrap();
        assert_eq!(receipt.parts, parts);
    }
    let delete = Action::Delete { send_as: alice(), parts };
    for _ in 0..2 {
        deliver(&telegram, &order(group.id(), delete.clone())).await.unwrap();
    }
    assert!(group.messages().is_empty());
    let receipt = deliver(&telegram, &order(group.id(), act)).await.unwrap();
    assert_eq!(receipt.parts, [], "what is gone is no part any more");
}

#[tokio::test]
async fn what_may_not_be_deleted_is_refused_and_the_rest_goes() {
    let telegram = Telegram::start().await.unwrap();
    let (group, ada) = (telegram.group("Maps"), telegram.user("Ada"));
    let hers = group.say(&ada, "mine").unwrap();
    let ours = deliver(&telegram, &order(group.id(), post(message("a")))).await.unwrap().parts;
    let parts = vec![part(hers.0), ours[0].clone()];
    let error =
        error(&telegram, &order(group.id(), Action::Delete { send_as: SendAs::Bot, parts })).await;
    assert!(matches!(error, DeliverError::Refused { .. }), "{error}");
    assert_eq!(texts(&group), ["mine"]);
}

#[tokio::test]
async fn reactions_are_set_and_taken_back() {
    let telegram = Telegram::start().await.unwrap();
    let (group, ada) = (telegram.group("Maps"), telegram.user("Ada"));
    let id = group.say(&ada, "nice").unwrap();
    let target = MessageId::new(id.0.to_string());
    let reaction = Reaction::Emoji("❤\u{fe0f}".to_owned());
    let react = Action::React {
        send_as: alice(),
        target: target.clone(),
        reaction: reaction.clone(),
        others: Vec::new(),
    };
    deliver(&telegram, &order(group.id(), react)).await.unwrap();
    let reactions = group.message(id).unwrap().reactions;
    assert_eq!(reactions, [("Freeside".to_owned(), "❤".to_owned())]);
    let back = Action::Unreact { send_as: alice(), target, reaction, id: None, others: Vec::new() };
    deliver(&telegram, &order(group.id(), back)).await.unwrap();
    assert!(group.message(id).unwrap().reactions.is_empty());
}

#[tokio::test]
async fn who_counts_reactions_is_told_of_one_that_a_bot_cannot_have() {
    let telegram = Telegram::start().await.unwrap();
    let (group, ada) = (telegram.group("Maps"), telegram.user("Ada"));
    let id = group.say(&ada, "nice").unwrap();
    let target = MessageId::new(id.0.to_string());
    let reaction = Reaction::Custom { id: "1".to_owned(), name: "wiki".to_owned() };
    let react = Action::React { send_as: alice(), target, reaction, others: Vec::new() };
    let error = error(&telegram, &order(group.id(), react)).await;
    assert!(matches!(error, DeliverError::Refused { .. }), "{error}");
}

#[tokio::test]
async fn a_pin_is_pinned() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    group.promote_bot(Rights::all());
    let parts = deliver(&telegram, &order(group.id(), post(message("a")))).await.unwrap().parts;
    let target = parts[0].id.clone();
    deliver(&telegram, &order(group.id(), Action::Pin { target })).await.unwrap();
    assert_eq!(group.pinned().len(), 1);
}

#[tokio::test]
async fn a_rate_limit_waits_as_long_as_the_platform_says() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    telegram.faults().next("sendMessage", 1, too_many_requests(7));
    let error = error(&telegram, &order(group.id(), post(message("a")))).await;
    let DeliverError::Retry { after, .. } = error else { panic!("{error}") };
    assert_eq!(after.unwrap().as_secs(), 7);
}

#[tokio::test]
async fn being_removed_halts_the_lane_and_leaving_twice_is_fine() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    group.remove_bot();
    let error = error(&telegram, &order(group.id(), post(message("a")))).await;
    assert!(matches!(error, DeliverError::ChatClosed { .. }), "{error}");
    deliver(&telegram, &order(group.id(), Action::Leave)).await.unwrap();
}

#[tokio::test]
async fn a_revoked_token_keeps_the_order() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let network = network(&telegram);
    telegram.revoke_token();
    let failure = network.deliver(&order(group.id(), post(message("a"))), &Shelf::default()).await;
    let error = failure.unwrap_err().error;
    let reason = "token refused".to_owned();
    assert_eq!(error, DeliverError::Retry { after: None, reason });
}

#[tokio::test]
async fn rights_are_those_of_the_platform() {
    let telegram = Telegram::start().await.unwrap();
    let (group, ada, bob) = (telegram.group("Maps"), telegram.user("Ada"), telegram.user("Bob"));
    group.join(&ada).unwrap();
    group.join(&bob).unwrap();
    group.promote_with(&ada, Rights { delete_messages: false, ..Rights::all() });
    let network = network(&telegram);
    let chat = ChatId::new(group.id().to_string());
    let user = |it: i64| UserId::new(it.to_string());
    let admin = network.rights(&chat, &user(ada.id())).await.unwrap();
    assert!(admin.member && admin.manage && !admin.moderate);
    let member = network.rights(&chat, &user(bob.id())).await.unwrap();
    assert!(member.member && !member.manage && !member.moderate);
    let stranger = network.rights(&chat, &user(987_654)).await.unwrap();
    assert!(!stranger.member && !stranger.manage);
    assert!(admin.change);
    group.promote_with(&ada, Rights { change_info: false, ..Rights::all() });
    let helper = network.rights(&chat, &user(ada.id())).await.unwrap();
    assert!(helper.manage && helper.moderate && !helper.change);
    assert_eq!(network.title(&chat).await.unwrap().as_deref(), Some("Maps"));
}

#[tokio::test]
async fn an_anonymous_admin_may_what_all_anonymous_admins_may() {
    let telegram = Telegram::start().await.unwrap();
    let (group, ada, bob) = (telegram.group("Maps"), telegram.user("Ada"), telegram.user("Bob"));
    group.own(&ada);
    group.join(&bob).unwrap();
    let network = network(&telegram);
    let chat = ChatId::new(group.id().to_string());
    let whoever = UserId::new(group.id().to_string());
    let rights = || async { network.rights(&chat, &whoever).await.unwrap() };
    assert!(rights().await.manage && !rights().await.change, "nobody is anonymous");
    let hidden = Rights { anonymous: true, ..Rights::all() };
    group.promote_with(&bob, hidden);
    assert!(rights().await.change && rights().await.moderate);
    group.promote_with(&bob, Rights { change_info: false, ..hidden });
    assert!(rights().await.manage && !rights().await.change && rights().await.moderate);
}

#[tokio::test]
async fn preparing_names_the_missing_right() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let chat = ChatId::new(group.id().to_string());
    let network = network(&telegram);
    group.promote_bot(Rights { pin_messages: false, ..Rights::all() });
    let Err(AskError::Refused(reason)) = network.prepare(&chat).await else { panic!() };
    assert!(
        reason.to_string().contains("Pin") && !reason.to_string().contains("Delete"),
        "{reason}"
    );
    group.promote_bot(Rights::all());
    network.prepare(&chat).await.unwrap();
    group.remove_bot();
    assert!(matches!(network.prepare(&chat).await, Err(AskError::Refused(_))));
}

#[tokio::test]
async fn files_and_profile_pictures_are_opened() {
    let telegram = Telegram::start().await.unwrap();
    let ada = telegram.user("Ada").with_avatar(png());
    let bob = telegram.user("Bob");
    let network = network(&telegram);
    let picture = network.avatar(&UserId::new(ada.id().to_string())).await.unwrap().unwrap();
    let mut stream = network.open(&picture).await.unwrap();
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.chunks.next().await {
        bytes.extend_from_slice(&chunk.unwrap());
    }
    assert_eq!(bytes, png());
    assert_eq!(network.avatar(&UserId::new(bob.id().to_string())).await.unwrap(), None);
    let gone = MediaHandle { network: "telegram".into(), reference: "nothing".to_owned() };
    assert!(matches!(network.open(&gone).await, Err(AskError::Refused(_))));
}

#[tokio::test]
async fn commands_are_published() {
    let telegram = Telegram::start().await.unwrap();
    let help = CommandHelp {
        name: "status".to_owned(),
        description: MenuText {
            own: "Shows the bridge".to_owned(),
            others: vec![("pt-br".to_owned(), "Mostra a ponte".to_owned())],
        },
        argument: None,
        argument_help: None,
        on_message: None,
        argument_optional: false,
    };
    network(&telegram).publish_commands(&[help]).await.unwrap();
    let wanted = ("status".to_owned(), "Shows the bridge".to_owned());
    assert_eq!(telegram.commands(), [wanted]);
    let brazilian = ("status".to_owned(), "Mostra a ponte".to_owned());
    let all = telegram.all_commands();
    let of_language = all.iter().find(|((_, language), _)| language == "pt");
    assert_eq!(of_language.map(|(_, commands)| commands.as_slice()), Some([brazilian].as_slice()));
}

#[tokio::test]
async fn only_supergroups_have_addresses() {
    let telegram = Telegram::start().await.unwrap();
    let network = network(&telegram);
    let link = network.link_to(&"-1001234".into(), &"56".into());
    assert_eq!(link.as_deref(), Some("https://t.me/c/1234/56"));
    assert_eq!(network.link_to(&"-1234".into(), &"56".into()), None);
}
