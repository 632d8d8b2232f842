// SPDX-License-Identifier: AGPL-3.0-or-later
//! What people read when they decide about themselves: `optout`, `pseudonym`, `mydata`, `privacy`.

use bot_core::portal::{ConsentMode, Setting};
use bot_core::{Action, SendAs};
use bridge_model::{Command, Content, Place};

use super::{ANN, CARA, NOBODY, TINA, ask, ask_with, joined};
use crate::harness::Spine;
use crate::network::FakeNetwork;
use crate::words::{channel, command, event, group, posted, room};

/// Somebody alone with the bot on Telegram.
fn private() -> Place {
    Place::new("telegram", "7")
}

async fn in_private(spine: &Spine, by: &str, typed: &str) -> String {
    ask_with(spine, &private(), Command { private: true, ..command(by, typed) }).await
}

#[tokio::test]
async fn what_people_read_when_they_decide_about_themselves() {
    let spine = joined().await;
    let mut read = String::new();
    for (place, by, typed) in [
        (group(), NOBODY, "optout"),
        (group(), NOBODY, "optout erase"),
        (group(), NOBODY, "optin"),
        (room(), NOBODY, "stop everywhere"),
        (room(), NOBODY, "optin everywhere"),
        (room(), NOBODY, "optin please"),
        (channel(), NOBODY, "pseudonym"),
        (channel(), NOBODY, "pseudonym on"),
        (channel(), NOBODY, "pseudonym"),
        (channel(), NOBODY, "pseudonym off"),
        (channel(), NOBODY, "pseudonym maybe"),
        (Place::new("telegram", "-9"), NOBODY, "optout"),
        (group(), NOBODY, "mydata"),
        (room(), NOBODY, "mydata erase"),
        (group(), NOBODY, "privacy"),
    ] {
        let answer = ask(&spine, &place, by, typed).await;
        read += &format!("## {} {typed}\n{answer}\n\n", place.network);
    }
    for typed in ["stop", "optin", "mydata", "mydata export", "mydata erase", "confirm", "mydata x"]
    {
        let answer = in_private(&spine, "tanja", typed).await;
        read += &format!("## private {typed}\n{answer}\n\n");
    }
    insta::assert_snapshot!(read);
}

#[tokio::test]
async fn an_erased_account_takes_part_again_by_the_words_of_the_bot() {
    let spine = joined().await;
    spine.hear(posted(&group(), "1", "tanja", "before")).await;
    spine.matrix.until("the message", |it| it.acts().iter().any(|act| says(act, "before"))).await;
    in_private(&spine, "tanja", "mydata erase").await;
    in_private(&spine, "tanja", "confirm").await;
    let gone = |act: &Action| matches!(act, Action::Delete { .. });
    spine.matrix.until("the copy is gone", |it| it.acts().iter().any(gone)).await;
    ask(&spine, &group(), "tanja", "optin").await;
    spine.hear(posted(&group(), "2", "tanja", "after")).await;
    let by_bot = |it: &FakeNetwork| {
        it.acts().iter().any(|act| {
            let Action::Post { send_as: SendAs::Bot, .. } = act else { return false };
            says(act, "tanja (Telegram)") && says(act, "after")
        })
    };
    spine.matrix.until("the bot says it", by_bot).await;
}

fn says(act: &Action, text: &str) -> bool {
    let Action::Post { message, .. } = act else { return false };
    message.body.plain().contains(text)
}

#[tokio::test]
async fn consent_opt_in_takes_an_admin_of_each_side_and_asks_once_a_day() {
    let spine = joined().await;
    let asked = ask(&spine, &room(), ANN, "set consent opt-in").await;
    assert!(asked.contains("concerns the other side"), "{asked}");
    ask(&spine, &group(), TINA, "set consent opt-in").await;
    let done = ask(&spine, &channel(), CARA, "set consent opt-in").await;
    assert!(done.contains("opt-in"), "{done}");
    for (id, by) in [("1", "tanja"), ("2", "tom")] {
        spine.hear(posted(&group(), id, by, "hello?")).await;
    }
    let asks =
        |it: &FakeNetwork| it.acts().iter().filter(|act| says(act, "Yours stay here")).count();
    spine.telegram.until("the question", |it| asks(it) > 0).await;
    spine.hear(event(&group(), "3", Content::Commanded(command("tanja", "optin")))).await;
    spine.hear(posted(&group(), "4", "tanja", "I agree")).await;
    spine.matrix.until("the words", |it| it.acts().iter().any(|act| says(act, "I agree"))).await;
    spine.settled(&group()).await;
    assert_eq!(asks(&spine.telegram), 1);
    assert!(!spine.matrix.acts().iter().any(|act| says(act, "hello?")));
}

#[tokio::test]
async fn p2_names_leave_as_the_strictest_of_all_says() {
    let spine = Spine::with([Setting::Consent(ConsentMode::Notice)]).await;
    super::admins(&spine);
    spine.hear(posted(&group(), "1", "tanja", "by name")).await;
    let shown = |it: &FakeNetwork, text: &str| {
        it.acts().iter().find_map(|act| {
            let said = if let Action::Post { send_as, .. } = act { Some(send_as) } else { None };
            let SendAs::Person { name, avatar, .. } = said.filter(|_| says(act, text))? else {
                return None;
            };
            Some((name.clone(), avatar.as_ref().is_some_and(|it| it.is_none())))
        })
    };
    spine.matrix.until("the message", |it| shown(it, "by name").is_some()).await;
    assert_eq!(shown(&spine.matrix, "by name"), Some(("tanja".into(), false)));
    ask(&spine, &group(), "tanja", "pseudonym on").await;
    spine.hear(posted(&group(), "2", "tanja", "by pseudonym")).await;
    spine.matrix.until("the message", |it| shown(it, "by pseudonym").is_some()).await;
    let (name, no_picture) = shown(&spine.matrix, "by pseudonym").unwrap();
    assert!(name.starts_with("Person ") && no_picture, "{name}");
    // Showing less needs nobody else, showing more does.
    let done = ask(&spine, &room(), ANN, "set names pseudonym").await;
    assert!(done.contains("pseudonym"), "{done}");
    spine.hear(posted(&room(), "$3", ANN, "an admin speaks")).await;
    spine.telegram.until("the message", |it| shown(it, "an admin speaks").is_some()).await;
    let (name, _) = shown(&spine.telegram, "an admin speaks").unwrap();
    assert!(name.starts_with("Person "), "{name}");
    let asked = ask(&spine, &room(), ANN, "set names full").await;
    assert!(asked.contains("concerns the other side"), "{asked}");
}
