// SPDX-License-Identifier: AGPL-3.0-or-later
//! The store against a model of three queues: nothing lost, nothing doubled, order kept, albums
//! whole, however often it is closed and opened.

use std::collections::{BTreeSet, VecDeque};

use bot_core::store::StoreError;
use bridge_model::Place;
use proptest::collection::vec;
use proptest::prelude::*;

use super::World;
use crate::words::{carried, channel, group, pictured, posted, room, text};

#[derive(Clone, Debug)]
enum Step {
    /// Somebody says something in a place; ids repeat, as after a redelivery.
    Hear(usize, u8),
    /// Somebody shows a file of one of two albums.
    Show(usize, u8, bool),
    /// The head of a lane is read and stays.
    Take(usize),
    /// The head of a lane is settled and leaves a part.
    Settle(usize),
    /// The copy that was last made in a lane is heard by the listener.
    Echo(usize),
    /// Something that is not the head is settled.
    SettleWrongly(usize),
    /// The store is closed and opened.
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..3_usize, any::<u8>()).prop_map(|(place, id)| Step::Hear(place, id)),
        3 => (0..3_usize, any::<u8>(), any::<bool>())
            .prop_map(|(place, id, album)| Step::Show(place, id, album)),
        1 => (0..3_usize).prop_map(Step::Take),
        4 => (0..3_usize).prop_map(Step::Settle),
        1 => (0..3_usize).prop_map(Step::Echo),
        1 => (0..3_usize).prop_map(Step::SettleWrongly),
        1 => Just(Step::Reopen),
    ];
    vec(step, 1..60)
}

/// What waits in a lane: the album that it is, and what its messages say.
type Waiting = (Option<(usize, bool)>, Vec<String>);

#[derive(Default)]
struct Model {
    lanes: [VecDeque<Waiting>; 3],
    heard: BTreeSet<(usize, String)>,
    copies: [Option<String>; 3],
    made: usize,
}

impl Model {
    fn hear(&mut self, place: usize, id: &str, album: Option<bool>) -> bool {
        let new = self.heard.insert((place, id.to_owned()));
        let album = album.map(|album| (place, album));
        for lane in (0..3).filter(|lane| new && *lane != place) {
            let lane = &mut self.lanes[lane];
            let same = |waiting: &&mut Waiting| album.is_some() && waiting.0 == album;
            match lane.iter_mut().find(same) {
                Some((_, texts)) => texts.push(said(place, id)),
                None => lane.push_back((album, vec![said(place, id)])),
            }
        }
        new
    }
}

fn whole(waiting: &Waiting) -> String {
    waiting.1.join("\n\n")
}

fn said(place: usize, id: &str) -> String {
    format!("{id} from {place}")
}

fn places() -> [Place; 3] {
    [room(), group(), channel()]
}

async fn step(world: &mut World, model: &mut Model, step: Step) {
    let places = places();
    match step {
        Step::Hear(place, id) => {
            let id = format!("said{id}");
            let heard = world.hear(posted(&places[place], &id, "ann", &said(place, &id))).await;
            assert_eq!(heard, model.hear(place, &id, None));
        }
        Step::Show(place, id, album) => {
            let id = format!("said{id}");
            let mark = if album { "a" } else { "b" };
            let text = said(place, &id);
            let shown = pictured(&places[place], &id, "ann", (&text, mark));
            assert_eq!(world.hear(shown).await, model.hear(place, &id, Some(album)));
        }
        Step::Take(lane) => {
            let head = world.head(&places[lane]).await;
            let head = head.map(|head| text(&carried(&head.entry.work).content));
            assert_eq!(head, model.lanes[lane].front().map(whole));
        }
        Step::Settle(lane) => {
            let Some(expected) = model.lanes[lane].pop_front() else { return };
            model.made += 1;
            let copy = format!("copy{}", model.made);
            let entry = world.deliver(&places[lane], &[&copy]).await;
            assert_eq!(text(&carried(&entry.work).content), whole(&expected));
            model.heard.insert((lane, copy.clone()));
            model.copies[lane] = Some(copy);
        }
        Step::Echo(lane) => {
            let Some(copy) = &model.copies[lane] else { return };
            assert!(!world.hear(posted(&places[lane], copy, "ghost", "echo")).await);
        }
        Step::SettleWrongly(lane) => {
            let Some(head) = world.head(&places[lane]).await else { return };
            let mut wrong = world.settlement(&head.entry, &["wrong"]);
            wrong.entry.0 += 1;
            let refused = world.store().settle(wrong).await;
            assert!(matches!(refused, Err(StoreError::Conflict(_))));
        }
        Step::Reopen => world.reopen(),
    }
}

async fn play(world: World, steps: Vec<Step>) {
    let mut world = world.linked().await;
    let mut model = Model::default();
    for next in steps {
        step(&mut world, &mut model, next).await;
    }
    world.reopen();
    for (place, lane) in places().iter().zip(&model.lanes) {
        assert_eq!(world.depth(place).await, lane.len() as u64);
        assert_eq!(world.drain(place).await, Vec::from_iter(lane.iter().map(whole)));
    }
}

fn run(world: World, steps: Vec<Step>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(play(world, steps));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn the_memory_engine_loses_and_doubles_nothing(steps in steps()) {
        run(World::memory(), steps);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]
    #[test]
    fn sled_loses_and_doubles_nothing(steps in steps()) {
        run(World::sled(), steps);
    }
}
