// SPDX-License-Identifier: AGPL-3.0-or-later
//! The core bot: what people type and what they read.

use std::sync::atomic::{AtomicU64, Ordering};

use bot_core::{Action, SendAs};
use bridge_model::{Command, Content, Place, Rights};

use crate::harness::{ADMIN, Spine};
use crate::network::FakeNetwork;
use crate::words::{command, event};

mod appointing;
mod budgets;
mod claims;
mod consent;
mod dashboard;
mod disclosure;
mod exceptions;
mod faq;
mod figures;
mod invited;
mod lanes;
mod languages;
mod linking;
mod links;
mod migrating;
mod once;
mod policies;
mod powers;
mod quiet;
mod refusals;
mod removal;
mod self_tests;
mod services;
mod settings;
mod slips;
mod stages;
mod steps;
mod texts;
mod votes;
mod wiki;

/// A room admin, a group admin, a channel admin, and somebody without rights.
const ANN: &str = "@ann:example.org";
const TINA: &str = "tina";
const CARA: &str = "cara";
const NOBODY: &str = "nobody";

/// The first codes that the dice give.
const CODE: &str = "AAAA-AAAA";
const CODE_2: &str = "BAAA-AAAA";

fn admins(spine: &Spine) {
    spine.matrix.may(ANN, ADMIN);
    spine.telegram.may(TINA, ADMIN);
    spine.discord.may(CARA, ADMIN);
    let mut in_room = spine.rooms.admins.lock().unwrap();
    if in_room.is_empty() {
        in_room.push(ANN.to_owned());
    }
    drop(in_room);
    for network in [&spine.matrix, &spine.telegram, &spine.discord] {
        network.may(NOBODY, Rights { member: true, ..Rights::default() });
    }
}

/// Admins are there; nothing is joined.
fn fresh() -> Spine {
    let spine = Spine::unlinked();
    admins(&spine);
    spine
}

/// Admins are there; the three chats are joined.
async fn joined() -> Spine {
    let spine = Spine::linked().await;
    admins(&spine);
    spine
}

/// The answer of the bot to the message `id`, when it is there.
fn answer_to(network: &FakeNetwork, id: &str) -> Option<String> {
    network.acts().into_iter().find_map(|act| {
        let Action::Post { send_as: SendAs::Bot, message, .. } = act else { return None };
        let to = message.reply_to.as_ref()?.message.as_str() == id;
        to.then(|| message.body.plain())
    })
}

/// Types a command and waits for the answer.
pub async fn ask(spine: &Spine, place: &Place, by: &str, text: &str) -> String {
    ask_with(spine, place, command(by, text)).await
}

async fn ask_with(spine: &Spine, place: &Place, command: Command) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let id = format!("ask{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let text = command.text.clone();
    spine.hear(event(place, &id, Content::Commanded(command))).await;
    let network = spine.network(place);
    network.until(&format!("answering {text}"), |network| answer_to(network, &id).is_some()).await;
    spine.settled(place).await;
    answer_to(network, &id).unwrap()
}

/// Types a command, and confirms it when the bot shows what it would do: the last answer.
pub async fn sure(spine: &Spine, place: &Place, by: &str, text: &str) -> String {
    let shown = ask(spine, place, by, text).await;
    if shown.contains("Nothing has happened yet.") {
        return ask(spine, place, by, "confirm").await;
    }
    shown
}

/// Types a code, and has the side that made it agree: the answer that is read there.
pub async fn agree(
    spine: &Spine,
    (here, by): (&Place, &str),
    (there, owner): (&Place, &str),
    code: &str,
) -> String {
    let answer = ask(spine, here, by, &format!("link {code}")).await;
    assert!(answer.starts_with("The connection code is right."), "{answer}");
    ask(spine, there, owner, &format!("link yes {code}")).await
}

/// Joins a room and a group by command, room first.
async fn join(spine: &Spine, room: &Place, group: &Place) {
    ask(spine, room, ANN, "link telegram").await;
    let answer = agree(spine, (group, TINA), (room, ANN), CODE).await;
    assert!(answer.starts_with("Connected to Telegram"), "{answer}");
}
