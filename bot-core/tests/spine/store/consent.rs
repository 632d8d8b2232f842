// SPDX-License-Identifier: AGPL-3.0-or-later
//! Who may be relayed, as the store decides it, and the ledger that proves it.

use bot_core::lane::{Work, core_place};
use bot_core::migration::{News, Task};
use bot_core::portal::{ConsentMode, Setting};
use bot_core::store::Change;
use bot_core::store::GhostRecord;
use bot_core::store::keys;
use bot_core::store::own_data::OwnDataChange;
use bot_core::store::statements::Choice;
use bridge_model::{Content, Event, Person, Place, Reply, RichText};

use super::World;
use crate::words::{
    DAY, carried, channel, command, commanded, deleted, edited, event, group, message, posted,
    reacted, replied, room, unreacted,
};

on_every_engine!(
    who_opts_out_is_not_heard_elsewhere_from_the_next_message_on,
    what_is_taken_away_crosses_all_the_same,
    a_choice_in_private_holds_everywhere_and_one_in_a_chat_for_that_chat,
    an_answer_to_somebody_who_opted_out_quotes_nothing,
    partners_are_told_once_a_day,
    consent_opt_in_lets_only_those_be_heard_who_agreed,
    the_ledger_names_nobody_and_forgets_nothing,
    what_was_said_before_is_taken_back_on_the_other_sides,
    p5_an_erasure_leaves_nothing_that_leads_to_somebody,
);

/// Tanja of the group, and Ann of the room.
const TANJA: &str = "tanja";
const ANN: &str = "@ann:example.org";

fn tanja() -> Person {
    Person::new("telegram", TANJA)
}

async fn types(world: &World, id: &str, text: &str) {
    world.hear(commanded(&group(), id, TANJA, text)).await;
}

/// Everything that waits for a chat.
async fn waiting(world: &World, lane: &Place) -> Vec<Event> {
    let mut events = Vec::new();
    while world.head(lane).await.is_some() {
        events.push(carried(&world.deliver(lane, &[]).await.work));
    }
    events
}

async fn who_opts_out_is_not_heard_elsewhere_from_the_next_message_on(world: World) {
    let world = world.linked().await;
    world.hear(posted(&group(), "1", TANJA, "before")).await;
    types(&world, "2", "optout").await;
    // The desk has not answered yet.
    world.hear(posted(&group(), "3", TANJA, "after")).await;
    world.hear(edited(&group(), "1", TANJA, "before, corrected")).await;
    world.hear(posted(&room(), "$m", ANN, "a word of Ann")).await;
    world.hear(reacted(&group(), "1", (TANJA, "x"), None)).await;
    assert_eq!(world.drain(&channel()).await, ["before", "a word of Ann"]);
    assert_eq!(world.drain(&room()).await, ["before"]);
    assert_eq!(world.drain(&group()).await, ["a word of Ann"], "she hears the others");
    types(&world, "4", "optin").await;
    world.hear(posted(&group(), "5", TANJA, "again")).await;
    world.hear(edited(&group(), "3", TANJA, "after, corrected")).await;
    assert_eq!(world.drain(&room()).await, ["again"], "what stayed here stays here");
}

async fn what_is_taken_away_crosses_all_the_same(world: World) {
    let world = world.linked().await;
    world.hear(posted(&group(), "1", TANJA, "before")).await;
    world.hear(reacted(&group(), "1", (TANJA, "x"), None)).await;
    world.drain(&room()).await;
    types(&world, "2", "stop").await;
    let back = unreacted(&group(), "1", TANJA, "x");
    let gone = deleted(&group(), "1", Some(TANJA));
    world.hear(back.clone()).await;
    world.hear(gone.clone()).await;
    assert_eq!(waiting(&world, &room()).await, [back, gone]);
}

async fn a_choice_in_private_holds_everywhere_and_one_in_a_chat_for_that_chat(world: World) {
    let world = world.linked().await;
    let private = Place::new("telegram", "7");
    let mut typed = command(TANJA, "optout");
    typed.private = true;
    world.hear(event(&private, "1", Content::Commanded(typed))).await;
    world.hear(posted(&group(), "2", TANJA, "hello")).await;
    assert!(world.drain(&room()).await.is_empty());
    types(&world, "3", "optin").await;
    world.hear(posted(&group(), "4", TANJA, "here I am")).await;
    assert_eq!(world.drain(&room()).await, ["here I am"]);
    let all = world.store().statements(&tanja()).await.unwrap().all;
    let said: Vec<_> = all.iter().map(|it| (it.choice, it.portal.is_some())).collect();
    assert_eq!(said, [(Choice::OptOut, false), (Choice::OptIn, true)]);
}

async fn an_answer_to_somebody_who_opted_out_quotes_nothing(world: World) {
    let world = world.linked().await;
    types(&world, "1", "optout").await;
    world.hear(posted(&group(), "2", TANJA, "a secret")).await;
    let mut answer = message("tom", "I see");
    let mut reply = Reply::to("2".into());
    reply.author = Some(tanja());
    reply.name = Some("Tanja".into());
    reply.excerpt = Some(RichText::plain_text("a secret"));
    answer.reply_to = Some(reply);
    world.hear(event(&group(), "3", Content::Posted(answer))).await;
    let waiting = waiting(&world, &room()).await;
    assert_eq!(waiting.len(), 1);
    let reply = waiting[0].content.message().unwrap().reply_to.as_ref().unwrap();
    assert_eq!((&reply.name, &reply.excerpt), (&None, &None));
}

async fn partners_are_told_once_a_day(mut world: World) {
    world = world.linked().await;
    world.hear(posted(&group(), "1", TANJA, "before")).await;
    world.deliver(&room(), &["$copy"]).await;
    types(&world, "2", "optout").await;
    let mut told = Vec::new();
    for (id, pause) in [("$1", 0), ("$2", 1000), ("$3", DAY)] {
        world.after(pause);
        world.hear(replied(&room(), id, "$copy", (ANN, "what do you think?"))).await;
        while world.head(&core_place(&room())).await.is_some() {
            told.push(world.deliver(&core_place(&room()), &[]).await.work);
        }
    }
    let line = |id: &str| {
        let news = News::SilentPartner { network: "telegram".into(), message: id.into() };
        Work::Task(Task::Tell(news))
    };
    assert_eq!(told, [line("$1"), line("$3")]);
    // She answers Ann, who does not see it.
    world.after(DAY);
    world.drain(&group()).await;
    world.hear(posted(&room(), "$ann", ANN, "and now?")).await;
    world.deliver(&group(), &["90"]).await;
    world.hear(replied(&group(), "5", "90", (TANJA, "only here"))).await;
    let told = world.deliver(&core_place(&room()), &[]).await.work;
    assert_eq!(told, line("$ann"));
}

async fn consent_opt_in_lets_only_those_be_heard_who_agreed(world: World) {
    let world = world.linked().await;
    world.change(Change::Set(room(), Setting::Consent(ConsentMode::OptIn))).await.unwrap();
    world.hear(posted(&group(), "1", TANJA, "hello?")).await;
    world.hear(posted(&group(), "2", "tom", "hello too?")).await;
    assert!(world.drain(&room()).await.is_empty());
    let asked = world.deliver(&core_place(&group()), &[]).await.work;
    assert!(matches!(asked, Work::Task(Task::Tell(News::AskConsent { .. }))), "{asked:?}");
    types(&world, "3", "optin").await;
    world.hear(posted(&group(), "4", TANJA, "I agree")).await;
    world.hear(posted(&group(), "5", "tom", "I do not know")).await;
    assert_eq!(world.drain(&room()).await, ["I agree"]);
}

async fn the_ledger_names_nobody_and_forgets_nothing(world: World) {
    let world = world.linked().await;
    for (id, text) in [("1", "optin"), ("2", "pseudonym on"), ("3", "optout"), ("4", "optout")] {
        types(&world, id, text).await;
    }
    let ledger = world.store().consent_ledger().await.unwrap();
    let said: Vec<_> = ledger
        .iter()
        .map(|line| (line.statement.choice.name(), line.statement.withdrawn.is_some()))
        .collect();
    assert_eq!(said, [("opt-in", true), ("pseudonym", false), ("opt-out", false)]);
    assert!(ledger.iter().all(|line| line.who == ledger[0].who));
    assert!(!format!("{ledger:?}").contains(TANJA));
    assert!(world.store().pseudonymous(None).await.unwrap().contains(&tanja()));
    types(&world, "5", "pseudonym off").await;
    assert!(!world.store().pseudonymous(None).await.unwrap().contains(&tanja()));
}

async fn what_was_said_before_is_taken_back_on_the_other_sides(world: World) {
    let world = world.linked().await;
    world.hear(posted(&group(), "1", TANJA, "one")).await;
    world.deliver(&room(), &["$one"]).await;
    world.hear(posted(&room(), "$ann", ANN, "from Ann")).await;
    world.deliver(&group(), &["77"]).await;
    world.hear(reacted(&group(), "77", (TANJA, "x"), None)).await;
    world.drain(&room()).await;
    assert_eq!(world.store().own_messages(&tanja(), None).await.unwrap(), 1);
    let back = || OwnDataChange::TakeBack { person: tanja(), portal: None };
    world.change(Change::OwnData(Box::new(back()))).await.unwrap();
    let gone = deleted(&group(), "1", None);
    let thumb = unreacted(&group(), "77", TANJA, "x");
    assert_eq!(waiting(&world, &room()).await, [gone, thumb]);
    // Once more there is nothing left to do.
    world.change(Change::OwnData(Box::new(back()))).await.unwrap();
    assert!(waiting(&world, &room()).await.is_empty());
}

async fn p5_an_erasure_leaves_nothing_that_leads_to_somebody(mut world: World) {
    world = world.linked().await;
    world.hear(posted(&group(), "1", TANJA, "one")).await;
    world.deliver(&room(), &["$one"]).await;
    let ghost = GhostRecord {
        localpart: "_freeside_t".into(),
        rooms: vec![keys::place(&room())],
        ..GhostRecord::default()
    };
    world.store().save_ghost(&tanja(), ghost).await.unwrap();
    world.hear(posted(&group(), "2", TANJA, "never sent")).await;
    world.hear(posted(&group(), "3", TANJA, "never sent either")).await;
    let erase = || OwnDataChange::Erase { person: tanja() };
    world.change(Change::OwnData(Box::new(erase()))).await.unwrap();
    world.reopen();
    // The head may be under way; behind it only what takes away is left, and the ghost goes last.
    let mut left = Vec::new();
    while world.head(&room()).await.is_some() {
        left.push(world.deliver(&room(), &[]).await.work);
    }
    let last = left.pop();
    assert_eq!(last, Some(Work::Task(Task::Retire(tanja()))));
    let said = left.iter().filter_map(|work| work.event()?.content.message());
    assert_eq!(said.count(), 1, "{left:?}");
    assert!(left.iter().any(|work| work.event() == Some(&deleted(&group(), "1", None))));
    assert_eq!(world.store().ghost_left(&tanja(), &room()).await.unwrap(), 0);
    world.store().drop_ghost(&tanja()).await.unwrap();
    let data = world.store().own_data(&tanja()).await.unwrap();
    assert_eq!((data.ghost, data.messages.len(), data.names.len()), (None, 0, 0));
    assert_eq!((data.statements.erased, data.statements.all.len()), (1, 1));
    let replica = world.replica(&group(), "1").await.unwrap();
    assert_eq!((replica.author.as_str(), replica.deleted), ("", true));
    world.hear(posted(&group(), "4", TANJA, "stays here")).await;
    assert!(world.drain(&channel()).await.iter().all(|it| it != "stays here"));
}
