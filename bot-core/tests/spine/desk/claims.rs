// SPDX-License-Identifier: AGPL-3.0-or-later
//! Moving one person: a code from the one side, shown on the other.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bot_core::homeserver::Accounts;
use bot_core::lane::core_place;
use bot_core::{Action, AskError};
use bridge_model::{Command, Content, Event, Person, Place, Rights, Timestamp};
use insta::assert_snapshot;

use super::stages::days_one_by_one;
use super::{ask, ask_with, command};
use crate::harness::Spine;
use crate::network::FakeNetwork;
use crate::store::link;
use crate::words::{START, edited, group, posted, replied, room};

const ANN: &str = "@ann:example.org";

fn alone() -> Place {
    Place::new("telegram", "77")
}

/// Tina asks in private; what she is told.
async fn asks(spine: &Spine) -> String {
    let typed = Command { private: true, ..command("tina", "matrix") };
    ask_with(spine, &alone(), typed).await
}

/// Said after the claim.
fn later(id: &str, user: &str, text: &str) -> Event {
    let mut event = posted(&group(), id, user, text);
    let Content::Posted(message) = &mut event.content else { unreachable!() };
    message.sent_at = Timestamp(message.sent_at.0 + 3000);
    event
}

/// Somebody on Matrix asks in a chat with the bot alone.
pub async fn dm(spine: &Spine, by: &str, text: &str) -> String {
    let place = Place::new("matrix", format!("!{}", by.trim_start_matches('@')).as_str());
    ask_with(spine, &place, Command { private: true, ..command(by, text) }).await
}

pub fn code_in(text: &str) -> String {
    let is_code = |word: &&str| word.len() == 9 && word.chars().nth(4) == Some('-');
    text.split_whitespace().find(is_code).unwrap().to_owned()
}

/// Somebody on Matrix claims an account on Telegram.
pub async fn claim(spine: &Spine, account: &str, mxid: &str) -> String {
    let typed = Command { private: true, ..command(account, "matrix") };
    let code = code_in(&ask_with(spine, &alone(), typed).await);
    dm(spine, mxid, &format!("claim {code}")).await
}

/// Somebody lets everybody know what they have claimed: what they were shown before, and then told.
pub async fn opens(spine: &Spine, mxid: &str) -> (String, String) {
    let shown = dm(spine, mxid, "claim open").await;
    (shown, dm(spine, mxid, "confirm").await)
}

/// The same as [`claim`], openly.
pub async fn claim_openly(spine: &Spine, account: &str, mxid: &str) {
    claim(spine, account, mxid).await;
    opens(spine, mxid).await;
    spine.settled(&core_place(&room())).await;
}

async fn openly_claimed() -> Spine {
    let spine = claimed().await;
    opens(&spine, ANN).await;
    spine.settled(&core_place(&Place::new("matrix", "!ann:example.org"))).await;
    spine.settled(&room()).await;
    spine
}

pub async fn claimed() -> Spine {
    let spine = Spine::linked().await;
    spine.hear(posted(&group(), "1", "tina", "hello from Telegram")).await;
    spine.matrix.shows(&room().chat, &["tina: hello from Telegram"]).await;
    spine.clock.advance(Duration::from_secs(2));
    claim(&spine, "tina", ANN).await;
    spine.settled(&room()).await;
    spine
}

#[tokio::test]
async fn one_message_says_all_and_one_that_it_worked() {
    let spine = Spine::linked().await;
    spine.hear(posted(&group(), "1", "tina", "hello")).await;
    spine.settled(&room()).await;
    let told = asks(&spine).await;
    let code = code_in(&told);
    assert_snapshot!(told.replace(&code, "CODE"));
    assert_snapshot!(dm(&spine, ANN, &format!("claim {}", code.to_lowercase())).await);
    spine.settled(&alone()).await;
    let said = spine.telegram.read(&alone().chat);
    assert_eq!(said.len(), 2, "{said:?}");
    assert_snapshot!(said[1]);
    // The account that stood for her leaves the room later, so that nobody sees for whom it left.
    let left = |matrix: &FakeNetwork| matrix.deeds().iter().any(|it| it.contains("withdraw"));
    spine.settled(&core_place(&Place::new("matrix", "!ann:example.org"))).await;
    spine.settled(&room()).await;
    assert!(!left(&spine.matrix), "{:?}", spine.matrix.deeds());
    days_one_by_one(&spine, 1).await;
    spine.matrix.until("the ghost is gone", left).await;
    // In the group it is said where to ask.
    let told = ask(&spine, &group(), "tom", "matrix").await;
    assert!(!told.contains("personal code:"), "{told}");
}

/// Gives out what it is asked for, once.
#[derive(Default)]
struct Giver {
    made: Mutex<Vec<String>>,
    used: AtomicBool,
}

#[async_trait]
impl Accounts for Giver {
    async fn allow(&self, token: &str, _until: Timestamp) -> Result<bool, AskError> {
        self.made.lock().unwrap().push(token.to_owned());
        Ok(!self.used.load(Ordering::Relaxed))
    }
}

#[tokio::test]
async fn who_asks_alone_gets_an_account_of_the_community_the_same_for_a_week() {
    let mut spine = Spine::idle();
    let giver = Arc::new(Giver::default());
    spine.accounts = Some(giver.clone());
    spine.link().await;
    spine.start();
    spine.hear(posted(&group(), "1", "tina", "hello")).await;
    spine.settled(&room()).await;
    ask(&spine, &group(), "tina", "matrix").await;
    assert!(giver.made.lock().unwrap().is_empty(), "nothing where others read it");
    let told = asks(&spine).await;
    let token = giver.made.lock().unwrap()[0].clone();
    assert_snapshot!(told.replace(&code_in(&told), "CODE").replace(&token, "TOKEN"));
    assert!(asks(&spine).await.contains(&token));
    giver.used.store(true, Ordering::Relaxed);
    assert!(!asks(&spine).await.contains(&token), "it was used");
    giver.used.store(false, Ordering::Relaxed);
    spine.clock.advance(Duration::from_secs(7 * 24 * 3600));
    let next = asks(&spine).await;
    assert!(!next.contains(&token) && next.contains("It works once."), "{next}");
}

#[tokio::test]
async fn who_never_spoke_is_known_by_being_in_the_group() {
    let spine = Spine::linked().await;
    assert!(asks(&spine).await.starts_with("I cannot find you in any connected chat"));
    spine.telegram.may("tina", Rights { member: true, ..Rights::default() });
    code_in(&asks(&spine).await);
}

#[tokio::test]
async fn who_comes_by_the_link_of_a_chat_is_led_to_its_room() {
    let mut spine = Spine::idle();
    let (other, its_room) =
        (Place::new("telegram", "-7"), Place::new("matrix", "!other:example.org"));
    spine.link().await;
    link(&spine.open(), &its_room, &other, START).await.unwrap();
    spine.start();
    // Tina spoke in the first group, and is in both.
    spine.hear(posted(&group(), "1", "tina", "hello")).await;
    spine.settled(&room()).await;
    spine.telegram.may("tina", Rights { member: true, ..Rights::default() });
    let keyed = bot_core::pseudonym::Pseudonyms::new(b"secret");
    for (word, led_to) in [
        ("start matrix".to_owned(), &room()),
        (format!("start matrix-{}", keyed.place(&other)), &its_room),
        ("start matrix-of-a-chat-that-left".to_owned(), &room()),
    ] {
        let typed = Command { private: true, ..command("tina", &word) };
        let told = ask_with(&spine, &alone(), typed).await;
        assert!(told.contains(led_to.chat.as_str()), "{word}: {told}");
    }
}

#[tokio::test]
async fn codes_that_are_wrong_used_or_stale_and_second_accounts_are_told_apart() {
    let spine = Spine::linked().await;
    spine.hear(posted(&group(), "1", "tina", "hello")).await;
    spine.hear(posted(&group(), "2", "tom", "hello")).await;
    spine.settled(&room()).await;
    let mut answers = vec![dm(&spine, ANN, "claim").await];
    answers.push(dm(&spine, ANN, "claim AAAA-BBBB").await);
    let late = code_in(&asks(&spine).await);
    spine.clock.advance(Duration::from_secs(24 * 3600 + 1));
    answers.push(dm(&spine, ANN, &format!("claim {late}")).await);
    let code = code_in(&asks(&spine).await);
    let second = code_in(&asks(&spine).await);
    dm(&spine, ANN, &format!("claim {code}")).await;
    answers.push(dm(&spine, ANN, &format!("claim {second}")).await);
    answers.push(dm(&spine, ANN, &format!("claim {code}")).await);
    answers.push(dm(&spine, "@ben:example.org", &format!("claim {code}")).await);
    let tom = Command { private: true, ..command("tom", "matrix") };
    let other = code_in(&ask_with(&spine, &Place::new("telegram", "78"), tom).await);
    answers.push(dm(&spine, ANN, &format!("claim {other}")).await);
    answers.push(asks(&spine).await);
    answers.push(dm(&spine, "@ben:example.org", "unclaim").await);
    assert_snapshot!(answers.join("\n---\n"));
}

#[tokio::test]
async fn who_is_openly_claimed_is_the_same_person_on_both_sides() {
    let spine = openly_claimed().await;
    spine.clock.advance(Duration::from_secs(2));
    // What she writes there is said by the bot, under her name.
    spine.hear(later("2", "tina", "still here")).await;
    let lines = ["tina: hello from Telegram", "BOT: tina (Telegram): still here"];
    spine
        .matrix
        .until("her words", |matrix| {
            let all = matrix.read(&room().chat);
            lines.iter().all(|line| all.iter().any(|one| one == line))
        })
        .await;
    // Whoever answers her there reaches her here.
    spine.hear(replied(&group(), "3", "1", ("tom", "welcome"))).await;
    let reaches = |act: &Action| match act {
        Action::Post { message, .. } => message
            .reply_to
            .as_ref()
            .and_then(|reply| reply.author.as_ref())
            .is_some_and(|who| *who == Person::new("matrix", ANN)),
        Action::Edit { .. }
        | Action::Delete { .. }
        | Action::React { .. }
        | Action::Unreact { .. }
        | Action::Pin { .. }
        | Action::Unpin { .. }
        | Action::ClosePoll { .. }
        | Action::SetChat { .. }
        | Action::SetThread { .. }
        | Action::Refresh { .. }
        | Action::Withdraw { .. }
        | Action::Retire { .. }
        | Action::SetAccess { .. }
        | Action::Moderate { .. }
        | Action::Leave => false,
    };
    spine.matrix.until("the answer", |matrix| matrix.acts().iter().any(reaches)).await;
    // What she says on Matrix has the name that she has there.
    spine.hear(posted(&room(), "$1", ANN, "from Matrix")).await;
    spine.telegram.shows(&group().chat, &["tina: from Matrix"]).await;
    // A message from before is changed by the account that said it.
    spine.hear(edited(&group(), "1", "tina", "hello again")).await;
    spine
        .matrix
        .until("the edit", |matrix| {
            matrix.read(&room().chat).iter().any(|line| line == "tina: hello again")
        })
        .await;
}

#[tokio::test]
async fn whoever_wants_speaks_with_both_accounts_or_takes_it_all_back() {
    let spine = openly_claimed().await;
    assert_snapshot!(dm(&spine, ANN, "claim voice on").await);
    spine.hear(later("2", "tina", "with my own voice")).await;
    let told = |text: &'static str| {
        move |matrix: &FakeNetwork| matrix.read(&room().chat).iter().any(|line| line == text)
    };
    spine.matrix.until("her own voice", told("tina: with my own voice")).await;
    assert_snapshot!(dm(&spine, ANN, "claim voice off").await);
    assert_snapshot!(dm(&spine, ANN, "unclaim telegram").await);
    spine.hear(later("3", "tina", "as before")).await;
    spine.matrix.until("the account again", told("tina: as before")).await;
    spine.hear(posted(&room(), "$1", ANN, "only Ann")).await;
    spine
        .telegram
        .until("her own name", |telegram| {
            telegram.read(&group().chat).iter().any(|line| line == "ann: only Ann")
        })
        .await;
}

#[tokio::test]
async fn a_crash_claims_neither_twice_nor_never() {
    let mut spine = openly_claimed().await;
    spine.restart().await;
    spine.hear(posted(&room(), "$1", ANN, "after the crash")).await;
    spine.telegram.shows(&group().chat, &["tina: after the crash"]).await;
}

#[tokio::test]
async fn where_others_read_along_nothing_is_told_and_the_code_is_burnt() {
    let spine = Spine::linked().await;
    spine.hear(posted(&group(), "1", "tina", "hello")).await;
    spine.settled(&room()).await;
    let code = code_in(&asks(&spine).await);
    assert_snapshot!(ask(&spine, &room(), ANN, &format!("claim {code}")).await);
    let answer = dm(&spine, "@eve:example.org", &format!("claim {code}")).await;
    assert!(answer.contains("used already"), "{answer}");
}
