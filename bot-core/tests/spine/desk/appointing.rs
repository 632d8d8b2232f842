// SPDX-License-Identifier: AGPL-3.0-or-later
//! Admins of the legacy side keep their power: they ask, and an admin of the room gives it.

use bridge_model::Rights;
use insta::assert_snapshot;

use super::claims::{claim, claim_openly, dm, opens};
use super::{ANN, NOBODY, ask};
use crate::harness::Spine;
use crate::words::{group, posted, room};

const BEN: &str = "@ben:example.org";
const ADMIN: Rights = Rights { member: true, manage: true, change: true, moderate: true };

/// Tina is an admin of the group; Ben on Matrix is her.
async fn claimed() -> Spine {
    let spine = Spine::linked().await;
    spine.telegram.may("tina", ADMIN);
    spine.matrix.may(ANN, ADMIN);
    spine.hear(posted(&group(), "1", "tina", "hello")).await;
    spine.settled(&room()).await;
    spine
}

async fn said_in_room(spine: &Spine) -> String {
    let asks = |line: &String| line.contains("ask for the same power");
    spine.matrix.until("the request", |it| it.read(&room().chat).iter().any(asks)).await;
    spine.matrix.read(&room().chat).into_iter().find(asks).unwrap()
}

#[tokio::test]
async fn an_admin_of_the_group_gets_the_same_power_after_one_confirmation() {
    let spine = claimed().await;
    let offer = claim(&spine, "tina", BEN).await;
    assert!(offer.contains("You are an admin on Telegram."), "{offer}");
    // Before Ben asks, nobody is told, and nobody can guess it by trying.
    let early = ask(&spine, &room(), ANN, &format!("appoint {BEN}")).await;
    assert_snapshot!(early);
    assert_eq!(
        early,
        ask(&spine, &room(), ANN, "appoint @eve:example.org").await.replace("@eve:", "@ben:")
    );
    // What he asks for tells that he is an admin over there, so he opens his claim first.
    assert_snapshot!("quiet", dm(&spine, BEN, "claim admin").await);
    let (_, opened) = opens(&spine, BEN).await;
    assert!(opened.contains("!freeside claim admin"), "{opened}");
    assert_snapshot!(dm(&spine, BEN, "claim admin").await);
    let request = said_in_room(&spine).await;
    assert_snapshot!(request);
    // Once is enough.
    dm(&spine, BEN, "claim admin").await;
    spine.settled(&room()).await;
    let read = spine.matrix.read(&room().chat);
    assert_eq!(read.iter().filter(|line| line.contains("ask for the same power")).count(), 1);
    assert!(!request.contains("tina"), "{request}");
    // Not everybody gives it, and Ben not to himself.
    for nobody in [NOBODY, BEN] {
        let refused = ask(&spine, &room(), nobody, &format!("appoint {BEN}")).await;
        assert!(refused.contains("power level"), "{refused}");
    }
    assert_snapshot!(ask(&spine, &room(), ANN, &format!("appoint {BEN}")).await);
    let asked = spine.rooms.asked();
    assert_eq!(asked.iter().filter(|it| it.starts_with("appoint")).count(), 1, "{asked:?}");
    let audit = ask(&spine, &room(), ANN, "audit").await;
    assert!(audit.contains("an admin on Telegram got the same power"), "{audit}");
    assert!(!audit.contains("ben") && !audit.contains("tina"), "{audit}");
}

#[tokio::test]
async fn who_is_no_admin_any_more_gets_nothing() {
    let spine = claimed().await;
    claim_openly(&spine, "tina", BEN).await;
    dm(&spine, BEN, "claim admin").await;
    spine.telegram.may("tina", Rights { member: true, ..Rights::default() });
    let refused = ask(&spine, &room(), ANN, &format!("appoint {BEN}")).await;
    assert!(refused.contains("no longer an admin on the other side"), "{refused}");
    let spine = claimed().await;
    spine.telegram.may("tina", Rights { member: true, ..Rights::default() });
    let offer = claim(&spine, "tina", BEN).await;
    assert!(!offer.contains("admin"), "{offer}");
    assert_snapshot!(dm(&spine, BEN, "claim admin").await);
}

#[tokio::test]
async fn what_the_homeserver_refuses_is_said_with_what_is_missing() {
    let spine = claimed().await;
    claim_openly(&spine, "tina", BEN).await;
    dm(&spine, BEN, "claim admin").await;
    *spine.rooms.state_refused.lock().unwrap() = true;
    assert_snapshot!(ask(&spine, &room(), ANN, &format!("appoint {BEN}")).await);
    assert_snapshot!(ask(&spine, &room(), ANN, "appoint").await);
}
