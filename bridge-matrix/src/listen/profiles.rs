// SPDX-License-Identifier: AGPL-3.0-or-later
//! Under which name and with which picture somebody is in a room.
//!
//! Rule: a question that failed is no answer. Whoever has no name is called by their id; whose
//! name could not be asked for is asked for again with the whole transaction.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use ruma::OwnedRoomId;
use serde_json::Value;

use super::Listener;
use super::context::Unanswered;
use crate::rooms;

/// Profiles that are remembered; all are forgotten when there are more.
const MOST: usize = 10_000;

/// The profiles that members of rooms have there.
#[derive(Default)]
pub(super) struct Profiles(Mutex<HashMap<(String, String), Profile>>);

/// A member's profile.
#[derive(Clone, Default)]
pub(super) struct Profile {
    pub(super) name: Option<String>,
    pub(super) avatar: Option<String>,
}

impl Profile {
    /// Reads the content of an `m.room.member` event.
    pub(super) fn read(content: Option<&Value>) -> Self {
        let field = |key: &str| content.and_then(|content| content.get(key)?.as_str());
        Self {
            name: field("displayname").map(Into::into),
            avatar: field("avatar_url").map(Into::into),
        }
    }
}

impl Listener {
    /// The name that a member is known under, without asking.
    pub(super) fn known(&self, room: &str, mxid: &str) -> Option<String> {
        let profiles = self.profiles.0.lock().unwrap_or_else(PoisonError::into_inner);
        profiles.get(&(room.into(), mxid.into())).and_then(|profile| profile.name.clone())
    }

    pub(super) fn remember(&self, room: &str, mxid: &str, profile: Profile) {
        let mut profiles = self.profiles.0.lock().unwrap_or_else(PoisonError::into_inner);
        if profiles.len() >= MOST {
            profiles.clear();
        }
        profiles.insert((room.into(), mxid.into()), profile);
    }

    /// The profile that a member has in a room.
    ///
    /// # Errors
    /// [`Unanswered`] when the homeserver did not say.
    pub(super) async fn profile(&self, room: &str, mxid: &str) -> Result<Profile, Unanswered> {
        let known = {
            let profiles = self.profiles.0.lock().unwrap_or_else(PoisonError::into_inner);
            profiles.get(&(room.into(), mxid.into())).cloned()
        };
        if let Some(profile) = known {
            return Ok(profile);
        }
        let Ok(room_id) = OwnedRoomId::try_from(room) else { return Ok(Profile::default()) };
        let asked = rooms::state(&self.client, &room_id, "m.room.member", mxid).await;
        let Some(event) = self.answer(asked)? else { return Ok(Profile::default()) };
        let profile = Profile::read(event.get("content"));
        self.remember(room, mxid, profile.clone());
        Ok(profile)
    }
}
