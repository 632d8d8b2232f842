// SPDX-License-Identifier: AGPL-3.0-or-later
//! Up to where the timelines of rooms were compared with the store since the start.
//!
//! Rule: noted when what came with the comparison is stored, not before.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Up to which event each room's timeline was compared with the store.
#[derive(Debug, Default)]
pub struct Compared(Mutex<HashMap<String, String>>);

impl Compared {
    /// The event up to which a room was compared.
    pub fn up_to(&self, room: &str) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(room).cloned()
    }

    /// A room is to be compared anew.
    pub fn forget(&self, room: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(room);
    }

    /// All rooms are to be compared anew.
    pub fn forget_all(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// What the rooms held before these events is stored.
    pub fn note(&self, firsts: Vec<(String, String)>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(firsts);
    }
}
