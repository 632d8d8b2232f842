// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a message costs in each store, for `docs/PERFORMANCE.md`.
//!
//! Rule: nothing is asserted about times. To run it:
//! `cargo test --profile bench -p bot-core --test spine -- --ignored --nocapture --test-threads 1 cost`.

use bot_core::clock::{Clock, SystemClock};

use super::World;
use crate::words::{channel, group, posted, room};

/// Messages that are taken in at once, as a busy group's poll brings them.
const BATCH: usize = 50;
const BATCHES: usize = 40;
/// Authors, in turn.
const PEOPLE: usize = 200;

/// Takes messages in and settles each in two lanes; microseconds for each message.
async fn cost(world: World) -> f64 {
    let world = world.linked().await;
    let begun = SystemClock.now().0;
    for batch in 0..BATCHES {
        let events = (0..BATCH).map(|number| {
            let number = batch * BATCH + number;
            let author = format!("u{}", number % PEOPLE);
            posted(
                &group(),
                &number.to_string(),
                &author,
                "shall we meet at five, by the old bridge?",
            )
        });
        world.batch(Vec::new(), events.collect()).await;
        for number in 0..BATCH {
            let id = format!("${}", batch * BATCH + number);
            world.deliver(&room(), &[&id]).await;
            world.deliver(&channel(), &[&id]).await;
        }
    }
    let milliseconds = u32::try_from(SystemClock.now().0 - begun).unwrap();
    f64::from(milliseconds) * 1e3 / f64::from(u32::try_from(BATCHES * BATCH).unwrap())
}

#[tokio::test]
#[ignore = "it only measures, and ends by saying what it has measured"]
async fn cost_of_a_message_in_each_store() {
    let mut lines = Vec::new();
    for _ in 0..3 {
        let memory = cost(World::memory()).await;
        let clear = cost(World::sled()).await;
        let sealed = cost(World::sealed()).await;
        let postgres = match World::postgres() {
            Some(world) => format!("{:.0} µs", cost(world).await),
            None => "not installed".to_owned(),
        };
        lines.push(format!(
            "memory {memory:.0} µs, sled {clear:.0} µs, encrypted {sealed:.0} µs: {:.2} times; \
             PostgreSQL {postgres}",
            sealed / clear
        ));
    }
    panic!("{}", lines.join("\n"));
}
