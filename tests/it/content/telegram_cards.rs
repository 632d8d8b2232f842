// SPDX-License-Identifier: AGPL-3.0-or-later
//! Polls, places, business cards and things of Telegram's own on Matrix and Discord.

use sandbox::telegram::Post;
use sandbox::town::Town;
use serde_json::{Value, json};

use super::{contains, on_discord, on_matrix, rows};
use crate::town;

#[tokio::test(flavor = "multi_thread")]
async fn cards_from_telegram_arrive_as_what_they_are() -> anyhow::Result<()> {
    let town = &town("12", "").await?;
    rows!(town;
        a_poll_is_one_everywhere_and_its_counts_follow,
        a_place_is_on_the_map,
        a_moving_place_moves_in_one_message,
        a_venue_has_name_and_address,
        a_business_card_crosses_without_the_number,
        a_die_shows_its_value,
        games_invoices_and_stories_say_what_they_are,
    )
}

fn poll() -> Post {
    let option =
        |id: &str, text: &str| json!({ "persistent_id": id, "text": text, "voter_count": 0 });
    Post::content(&json!({ "poll": {
        "id": "5001", "question": "Lunch?", "options": [option("a", "Yes"), option("b", "No")],
        "total_voter_count": 0, "is_closed": false, "is_anonymous": true, "type": "regular",
        "allows_multiple_answers": false, "allows_revoting": true, "members_only": false,
    }}))
}

async fn a_poll_is_one_everywhere_and_its_counts_follow(town: &Town) -> anyhow::Result<()> {
    let id = town.group.send(&town.tanja, &poll())?;
    let asked = |question: &str| question.starts_with("Lunch?");
    let has = |it: &sandbox::synapse::Seen| it.poll.as_ref().is_some_and(|it| asked(&it.question));
    let seen = on_matrix(town, "the poll", has).await?;
    let answers: Vec<String> =
        seen.poll.into_iter().flat_map(|it| it.answers).map(|(_, words, _)| words).collect();
    anyhow::ensure!(answers == ["Yes", "No"], "{answers:?}");
    let has = |it: &sandbox::discord::Seen| it.poll.as_ref().is_some_and(|it| asked(&it.question));
    on_discord(town, "the poll", has).await?;

    town.group.stop_poll(&town.tanja, id, &[2, 1])?;
    let counted = |text: &str| text.contains("Yes: 2") && text.contains("No: 1");
    on_matrix(town, "the counts", |it| counted(&it.body)).await?;
    town.channel.expect(|it| counted(&it.content)).await?;
    on_matrix(town, "the end", has_closed).await.map(drop)
}

fn has_closed(seen: &sandbox::synapse::Seen) -> bool {
    seen.poll.as_ref().is_some_and(|it| it.closed)
}

async fn a_place_is_on_the_map(town: &Town) -> anyhow::Result<()> {
    let place = json!({ "latitude": 52.52, "longitude": 13.405 });
    town.group.send(&town.tanja, &Post::content(&json!({ "location": place })))?;
    let there = |it: &sandbox::synapse::Seen| {
        it.place.as_ref().is_some_and(|it| it.starts_with("geo:52.52,13.405"))
    };
    on_matrix(town, "the place", there).await?;
    let seen = on_discord(town, "the place", |it| it.content.contains("52.52")).await?;
    contains(&seen.content, "openstreetmap.org")
}

async fn a_moving_place_moves_in_one_message(town: &Town) -> anyhow::Result<()> {
    let place = json!({ "latitude": 1.5, "longitude": 2.5, "live_period": 900 });
    let id = town.group.send(&town.tanja, &Post::content(&json!({ "location": place })))?;
    let at = |point: &'static str| {
        move |it: &sandbox::synapse::Seen| it.place.as_ref().is_some_and(|it| it.contains(point))
    };
    let first = on_matrix(town, "where it was", at("1.5,2.5")).await?;
    let shown = on_discord(town, "where it was", |it| it.content.contains("mlat=1.5")).await?;
    town.group.move_to(&town.tanja, id, (1.75, 2.75))?;
    let moved = on_matrix(town, "where it is", at("1.75,2.75")).await?;
    anyhow::ensure!(moved.event_id == first.event_id && moved.edited, "another message");
    let moved = on_discord(town, "where it is", |it| it.content.contains("mlat=1.75")).await?;
    anyhow::ensure!(moved.id == shown.id && moved.edited, "another message on Discord");
    town.group.stop_moving(&town.tanja, id)?;
    let ended = |text: &str| text.contains("No longer shares");
    on_matrix(town, "the end", |it| ended(&it.body)).await?;
    on_discord(town, "the end", |it| it.id == shown.id && ended(&it.content)).await.map(drop)
}

async fn a_venue_has_name_and_address(town: &Town) -> anyhow::Result<()> {
    let place = json!({ "latitude": 40.25, "longitude": 3.5 });
    let venue = json!({ "location": place, "title": "Library", "address": "Main St 1" });
    let post = Post::content(&json!({ "location": place, "venue": venue }));
    town.group.send(&town.tanja, &post)?;
    let seen = on_matrix(town, "the venue", |it| it.body.contains("Library")).await?;
    contains(&seen.body, "Main St 1")?;
    contains(&seen.place.unwrap_or_default(), "geo:40.25,3.5")?;
    let seen = on_discord(town, "the venue", |it| it.content.contains("Library")).await?;
    contains(&seen.content, "Main St 1")
}

async fn a_business_card_crosses_without_the_number(town: &Town) -> anyhow::Result<()> {
    let contact = json!({ "phone_number": "+493012345", "first_name": "Bob", "last_name": "Moss" });
    town.group.send(&town.tanja, &Post::content(&json!({ "contact": contact })))?;
    let seen = on_matrix(town, "the card", |it| it.body.contains("Bob Moss")).await?;
    anyhow::ensure!(!seen.content.to_string().contains("12345"), "{}", seen.content);
    let seen = on_discord(town, "the card", |it| it.content.contains("Bob Moss")).await?;
    anyhow::ensure!(!seen.content.contains("12345"), "{}", seen.content);
    // The people of the link may want it otherwise.
    crate::set_by_all(town, "phone-numbers on").await?;
    let contact =
        json!({ "phone_number": "+493067890", "first_name": "Rose", "last_name": "Moss" });
    town.group.send(&town.tanja, &Post::content(&json!({ "contact": contact })))?;
    on_matrix(town, "the number", |it| it.body.contains("+493067890")).await?;
    on_discord(town, "the number", |it| it.content.contains("+493067890")).await.map(drop)
}

async fn both_show(town: &Town, content: &Value, words: &[&str]) -> anyhow::Result<()> {
    town.group.send(&town.tanja, &Post::content(content))?;
    let has = |text: &str| words.iter().all(|it| text.contains(it));
    let what = words.join(", ");
    on_matrix(town, &what, |it| has(&it.body)).await?;
    on_discord(town, &what, |it| has(&it.content)).await.map(drop)
}

async fn a_die_shows_its_value(town: &Town) -> anyhow::Result<()> {
    let die = json!({ "dice": { "emoji": "🎲", "value": 4 } });
    both_show(town, &die, &["🎲 shows 4"]).await
}

async fn games_invoices_and_stories_say_what_they_are(town: &Town) -> anyhow::Result<()> {
    let size = json!([{ "file_id": "p", "file_unique_id": "p", "width": 1, "height": 1 }]);
    let game = json!({ "title": "2048", "description": "Add up", "photo": size });
    both_show(town, &json!({ "game": game }), &["Game: 2048", "Add up"]).await?;
    let invoice = json!({ "title": "Mug", "description": "Blue", "start_parameter": "m",
        "currency": "EUR", "total_amount": 1250 });
    both_show(town, &json!({ "invoice": invoice }), &["Invoice: Mug, 12.50 EUR", "Blue"]).await?;
    let chat = json!({ "id": -1_001_900_000_007_i64, "type": "channel", "title": "News" });
    both_show(town, &json!({ "story": { "chat": chat, "id": 7 } }), &["A story of News"]).await
}
