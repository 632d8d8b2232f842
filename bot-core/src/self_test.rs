// SPDX-License-Identifier: AGPL-3.0-or-later
//! Whether bans, mutes and deletions work on each side of a portal, as it was tried.
//!
//! Rule: what was tried and read back, and of what only the right was checked, are told apart.

use bridge_model::{Place, Timestamp, UserId};
use bridge_policy::gate::SelfTest;
use serde::{Deserialize, Serialize};

use crate::portal::Portal;
use crate::refusal::{MissingRight, Refusal, Right};

/// The user id of the test account on the network that it is said to come from. No platform gives such
/// an id to anybody: theirs are numbers, and begin with an at sign on Matrix.
const TEST_USER: &str = "selftest";

/// The last self-test of a portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelfTestRun {
    /// Grows by one with each; what an older one finds counts no more.
    pub number: u32,
    /// When it was asked for.
    pub began: Timestamp,
    /// Where it was asked for.
    pub asked_in: Place,
    /// The sides that have answered.
    pub sides: Vec<TestedSide>,
}

/// What a self-test found in one chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestedSide {
    /// The chat.
    pub place: Place,
    /// When.
    pub at: Timestamp,
    /// One for each deed.
    pub checks: Vec<DeedCheck>,
}

/// What a self-test found about one deed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeedCheck {
    /// Which.
    pub deed: TestedDeed,
    /// What came of it.
    pub outcome: CheckOutcome,
}

/// What a self-test has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TestedDeed {
    /// Somebody is banned, and may come back.
    Ban,
    /// Somebody may not speak, and may again.
    Mute,
    /// A message is deleted.
    Delete,
}

/// What came of trying one deed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CheckOutcome {
    /// It was done, and the platform says that it is so.
    Done,
    /// Our bot has the right for it; the platform lets nobody try it without a real member.
    RightOnly,
    /// It cannot be done, and why.
    Failed(#[serde(with = "crate::refusal::stored")] Refusal),
}

/// The user id under which the bridge speaks for nobody.
pub fn test_user() -> UserId {
    UserId::from(TEST_USER)
}

impl TestedDeed {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ban, Self::Mute, Self::Delete];

    /// Whether the deed takes the right.
    pub fn takes(self, right: Right) -> bool {
        match right {
            Right::Ban => self == Self::Ban,
            Right::Mute => self == Self::Mute,
            Right::DecideWhoSpeaks => self == Self::Ban || self == Self::Mute,
            Right::Delete => self == Self::Delete,
            Right::Read
            | Right::Write
            | Right::SpeakForOthers
            | Right::React
            | Right::Pin
            | Right::ChangeChat
            | Right::ManageThreads
            | Right::OfferCommands => false,
        }
    }
}

impl TestedSide {
    /// Nothing failed.
    pub fn is_green(&self) -> bool {
        !self.checks.iter().any(|check| matches!(check.outcome, CheckOutcome::Failed(_)))
    }

    /// The rights that our bot was found to lack, each once.
    pub fn missing(&self) -> Vec<MissingRight> {
        let mut all = Vec::new();
        for check in &self.checks {
            let CheckOutcome::Failed(Refusal::MissingRights(rights)) = &check.outcome else {
                continue;
            };
            for right in rights {
                if !all.contains(right) {
                    all.push(right.clone());
                }
            }
        }
        all
    }
}

impl SelfTestRun {
    /// What was found in a chat.
    pub fn side(&self, place: &Place) -> Option<&TestedSide> {
        self.sides.iter().find(|side| side.place == *place)
    }

    /// The chats that have not answered, of those that the portal has now.
    pub fn silent(&self, portal: &Portal) -> Vec<Place> {
        let mut places = tested(portal);
        places.retain(|place| self.side(place).is_none());
        places
    }

    /// How it stands for a portal as that is now.
    pub fn standing(&self, portal: &Portal) -> SelfTest {
        if !self.silent(portal).is_empty() {
            return SelfTest::None;
        }
        let places = tested(portal);
        let all_green =
            places.iter().filter_map(|place| self.side(place)).all(TestedSide::is_green);
        if all_green { SelfTest::Passed(self.began) } else { SelfTest::Failed }
    }
}

/// The chats of a portal in which a self-test is made: the room, and each that is connected.
pub fn tested(portal: &Portal) -> Vec<Place> {
    let mut places = portal.active();
    if !places.contains(&portal.room) {
        places.push(portal.room.clone());
    }
    places
}
