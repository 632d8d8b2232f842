// SPDX-License-Identifier: AGPL-3.0-or-later
//! The way of a community from the legacy chat to Matrix, as a state machine.
//!
//! Rule: a stage never changes by itself. A step is asked for by people, and what it changes is a
//! list of effects that can be read before anything happens.

use serde::{Deserialize, Serialize};

/// How far a community has come. Each stage but the last can be left in both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Stage {
    /// The chats are known; nothing is relayed.
    Inventory,
    /// The legacy side reads what is planned; nothing is relayed.
    Announced,
    /// Messages go both ways.
    Bridged,
    /// Matrix says what the chats are called and look like; official requests are made there.
    MatrixFirst,
    /// On the legacy side only the bot speaks.
    ReadOnly,
    /// The bridge is gone; a pointer stays.
    Sunset,
}

/// One thing that a step changes. Each is carried out by itself, in the order of the list, and
/// repeating one does no harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Effect {
    /// The pinned text of the legacy side becomes that of a stage.
    PinText(Stage),
    /// The pinned text of the legacy side is taken away.
    UnpinText,
    /// Messages begin to go both ways.
    RelayOn,
    /// Nothing goes either way any more.
    RelayOff,
    /// Matrix decides name, topic, picture and pins.
    MatrixDecides,
    /// Whoever decided name, topic, picture and pins before Matrix did decides them again.
    OwnerAsBefore,
    /// Who may speak on the legacy side is written down, to be restored.
    RecordAccess,
    /// Only the bot may speak on the legacy side.
    CloseAccess,
    /// Who may speak on the legacy side is as it was written down.
    RestoreAccess,
    /// The accounts that stand for people of the legacy side leave the Matrix room.
    WithdrawGhosts,
    /// What is stored about people is erased.
    Erase,
    /// The bot leaves the legacy chat.
    LeaveLegacy,
    /// The notice that is pinned in the Matrix room becomes that of a stage.
    NoticeInRoom(Stage),
}

/// Where an effect is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// Once for the portal.
    Portal,
    /// In each legacy chat of the portal.
    EachLegacyChat,
}

/// Which way a step goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    /// To the next stage.
    Next,
    /// To the stage before.
    Back,
}

/// A step that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoStep {
    /// There is nothing before the first stage.
    First,
    /// The last stage has erased what a way back would need; the chats can be linked anew.
    Last,
}

impl Stage {
    /// All stages in order.
    pub const ALL: [Self; 6] = [
        Self::Inventory,
        Self::Announced,
        Self::Bridged,
        Self::MatrixFirst,
        Self::ReadOnly,
        Self::Sunset,
    ];

    /// Its name, as it is typed and shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Inventory => "inventory",
            Self::Announced => "announced",
            Self::Bridged => "bridged",
            Self::MatrixFirst => "matrix-first",
            Self::ReadOnly => "read-only",
            Self::Sunset => "sunset",
        }
    }

    /// The stage of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == name)
    }

    /// The next one.
    pub fn next(self) -> Option<Self> {
        match self {
            Self::Inventory => Some(Self::Announced),
            Self::Announced => Some(Self::Bridged),
            Self::Bridged => Some(Self::MatrixFirst),
            Self::MatrixFirst => Some(Self::ReadOnly),
            Self::ReadOnly => Some(Self::Sunset),
            Self::Sunset => None,
        }
    }

    /// The one before.
    pub fn back(self) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.next() == Some(self))
    }

    /// Messages cross.
    pub fn relays(self) -> bool {
        match self {
            Self::Bridged | Self::MatrixFirst | Self::ReadOnly => true,
            Self::Inventory | Self::Announced | Self::Sunset => false,
        }
    }

    /// Makes a step: the new stage, and what changes, in order. The effects of going there and
    /// back leave everything as it was.
    ///
    /// # Errors
    /// [`NoStep`].
    pub fn step(self, direction: Direction) -> Result<(Self, Vec<Effect>), NoStep> {
        match direction {
            Direction::Next => self.next().map(|to| (to, to.entered())).ok_or(NoStep::Last),
            Direction::Back if self == Self::Sunset => Err(NoStep::Last),
            Direction::Back => self.back().map(|to| (to, self.left(to))).ok_or(NoStep::First),
        }
    }

    /// What changes when this stage is entered from the one before.
    fn entered(self) -> Vec<Effect> {
        let (text, notice) = (Effect::PinText(self), Effect::NoticeInRoom(self));
        match self {
            Self::Inventory => Vec::new(),
            Self::Announced => vec![text, notice],
            // Nothing crosses before both sides have read that it will.
            Self::Bridged => vec![text, notice, Effect::RelayOn],
            Self::MatrixFirst => vec![text, notice, Effect::MatrixDecides],
            Self::ReadOnly => vec![text, notice, Effect::RecordAccess, Effect::CloseAccess],
            Self::Sunset => vec![
                text,
                Effect::RelayOff,
                notice,
                Effect::WithdrawGhosts,
                Effect::LeaveLegacy,
                Effect::Erase,
            ],
        }
    }

    /// What changes when this stage is left for the one before.
    fn left(self, to: Self) -> Vec<Effect> {
        let undo = |effect: Effect| match effect {
            Effect::PinText(_) if to == Self::Inventory => Some(Effect::UnpinText),
            Effect::PinText(_) => Some(Effect::PinText(to)),
            Effect::NoticeInRoom(_) => Some(Effect::NoticeInRoom(to)),
            Effect::RelayOn => Some(Effect::RelayOff),
            Effect::MatrixDecides => Some(Effect::OwnerAsBefore),
            Effect::CloseAccess => Some(Effect::RestoreAccess),
            // What was written down does no harm, and the last stage has no way back.
            Effect::RecordAccess
            | Effect::UnpinText
            | Effect::RelayOff
            | Effect::OwnerAsBefore
            | Effect::RestoreAccess
            | Effect::WithdrawGhosts
            | Effect::Erase
            | Effect::LeaveLegacy => None,
        };
        // What was done last is undone first.
        self.entered().into_iter().rev().filter_map(undo).collect()
    }
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl Effect {
    /// Where it is carried out.
    pub fn place(self) -> Where {
        match self {
            Self::RelayOn
            | Self::RelayOff
            | Self::MatrixDecides
            | Self::OwnerAsBefore
            | Self::WithdrawGhosts
            | Self::Erase
            | Self::NoticeInRoom(_) => Where::Portal,
            Self::PinText(_)
            | Self::UnpinText
            | Self::RecordAccess
            | Self::CloseAccess
            | Self::RestoreAccess
            | Self::LeaveLegacy => Where::EachLegacyChat,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a community notices of its stage.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    struct World {
        text: Option<Stage>,
        /// What the room reads; it has a notice from the beginning.
        notice: Option<Stage>,
        relays: bool,
        matrix_decides: bool,
        recorded: bool,
        closed: bool,
        left: bool,
    }

    impl World {
        fn apply(&mut self, effect: Effect) {
            match effect {
                Effect::PinText(stage) => self.text = Some(stage),
                Effect::UnpinText => self.text = None,
                Effect::NoticeInRoom(stage) => self.notice = Some(stage),
                Effect::RelayOn => {
                    let told = [self.text, self.notice];
                    assert!(told.iter().flatten().filter(|it| it.relays()).count() == 2);
                    self.relays = true;
                }
                Effect::RelayOff => self.relays = false,
                Effect::MatrixDecides => self.matrix_decides = true,
                Effect::OwnerAsBefore => self.matrix_decides = false,
                Effect::RecordAccess => {
                    assert!(!self.closed, "what would be written down is our own doing");
                    self.recorded = true;
                }
                Effect::CloseAccess => {
                    assert!(self.recorded, "closed before it was known how to open it");
                    self.closed = true;
                }
                Effect::RestoreAccess => {
                    assert!(self.recorded);
                    self.closed = false;
                }
                Effect::WithdrawGhosts | Effect::Erase => assert!(!self.relays),
                Effect::LeaveLegacy => self.left = true,
            }
        }

        fn at(stage: Stage) -> Self {
            let mut world = Self { notice: Some(Stage::Inventory), ..Self::default() };
            let mut here = Stage::Inventory;
            while here != stage {
                world.make(&mut here, Direction::Next);
            }
            world
        }

        fn make(&mut self, stage: &mut Stage, direction: Direction) {
            let (to, effects) = stage.step(direction).unwrap();
            for effect in effects {
                assert!(!self.left, "nothing can be done in a chat that was left");
                self.apply(effect);
                if effect == Effect::LeaveLegacy {
                    self.left = false;
                }
            }
            *stage = to;
        }
    }

    #[test]
    fn a_step_back_leaves_everything_as_it_was() {
        for stage in [Stage::Inventory, Stage::Announced, Stage::Bridged, Stage::MatrixFirst] {
            let before = World::at(stage);
            let (mut world, mut here) = (before.clone(), stage);
            world.make(&mut here, Direction::Next);
            assert_ne!(world, before, "{stage}");
            world.make(&mut here, Direction::Back);
            world.recorded = before.recorded;
            assert_eq!((world, here), (before, stage));
        }
    }

    #[test]
    fn messages_cross_in_the_stages_that_say_so() {
        for stage in Stage::ALL {
            assert_eq!(World::at(stage).relays, stage.relays(), "{stage}");
        }
    }

    #[test]
    fn the_ends_of_the_way_have_no_step_beyond() {
        assert_eq!(Stage::Inventory.step(Direction::Back), Err(NoStep::First));
        assert_eq!(Stage::Sunset.step(Direction::Next), Err(NoStep::Last));
        assert_eq!(Stage::Sunset.step(Direction::Back), Err(NoStep::Last));
    }

    #[test]
    fn the_names_of_stages_can_be_typed() {
        for stage in Stage::ALL {
            assert_eq!(Stage::parse(stage.name()), Some(stage));
        }
        assert_eq!(Stage::parse("Sunset"), None);
    }

    #[test]
    fn a_text_is_pinned_in_every_stage_but_the_first() {
        for stage in Stage::ALL {
            let text = (stage != Stage::Inventory).then_some(stage);
            assert_eq!(World::at(stage).text, text);
            assert_eq!(World::at(stage).notice, Some(stage));
        }
    }
}
