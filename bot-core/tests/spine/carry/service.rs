// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is relayed only where the portal's people want it.

use bot_core::Action;
use bot_core::portal::Setting;
use bridge_model::{Card, Contact, Content, Live, Location, Message, Point, Timestamp};

use crate::harness::Spine;
use crate::words::{event, group, message, room};

async fn send_card(spine: &Spine) -> String {
    let contact = Contact { name: "Ann Lee".into(), phone: Some("+49 30 123".into()) };
    let said = Message { card: Some(Card::Contact(contact)), ..message("tina", "") };
    spine.hear(event(&group(), "1", Content::Posted(said))).await;
    spine.settled(&room()).await;
    let acts = spine.matrix.acts();
    let Action::Post { message, .. } = &acts[0] else { panic!("{acts:?}") };
    assert_eq!(message.card, None);
    spine.matrix.read(&room().chat).concat()
}

#[tokio::test]
async fn a_phone_number_does_not_leave_its_network() {
    let spine = Spine::linked().await;
    assert_eq!(send_card(&spine).await, "tina: 👤 Contact: Ann Lee");
}

#[tokio::test]
async fn a_phone_number_crosses_where_that_is_allowed() {
    let spine = Spine::with([Setting::PhoneNumbers(true)]).await;
    assert_eq!(send_card(&spine).await, "tina: 👤 Contact: Ann Lee, +49 30 123");
}

#[tokio::test]
async fn a_moving_place_says_so_where_places_stand_still() {
    let spine = Spine::linked().await;
    let point = Point { latitude: 10_000_000, longitude: 20_000_000 };
    let live = Some(Live { until: Some(Timestamp(1_700_000_000_000)) });
    let place = Location { point, accuracy: None, title: None, address: None, live };
    let said = Message { card: Some(Card::Location(place)), ..message("tina", "") };
    spine.hear(event(&group(), "1", Content::Posted(said))).await;
    spine.settled(&room()).await;
    let shown = spine.matrix.read(&room().chat).concat();
    assert!(shown.contains("📍 Shares their location until"), "{shown}");
}
