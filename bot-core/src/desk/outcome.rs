// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a feature of the desk hands back: what is said and what changes, or why it has to wait.
//!
//! Rule: a feature writes nothing; its changes are stored with its answer, in one settlement.

use bridge_model::{Button, Media, Place, Press, RichText};

use crate::lane::Work;
use crate::migration::MigrationChange;
use crate::network::AskError;
use crate::store::{Change, StoreError};

/// What a command leads to.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// What the person reads.
    pub(super) answer: RichText,
    /// Pictures of the answer.
    pub(super) pictures: Vec<Media>,
    /// What can be done next with one touch; the answer says how the same is typed.
    pub(super) buttons: Vec<Button>,
    /// What changes in the store.
    pub(super) changes: Vec<Change>,
    /// Entries for the lanes of other chats, or of this one.
    pub(super) then: Vec<(Place, Work)>,
}

impl Outcome {
    pub(super) fn say(answer: RichText) -> Self {
        Self { answer, ..Self::default() }
    }

    /// Entries for lanes, and no answer.
    pub(super) fn then(then: Vec<(Place, Work)>) -> Self {
        Self { then, ..Self::default() }
    }

    /// An answer, and the changes that it tells of.
    pub(super) fn change(answer: RichText, changes: Vec<Change>) -> Self {
        Self { answer, changes, ..Self::default() }
    }

    /// An answer, and the changes of the migration that it tells of.
    pub(super) fn moves(
        answer: RichText,
        moves: impl IntoIterator<Item = MigrationChange>,
    ) -> Self {
        let changes = moves.into_iter().map(|one| Change::Move(Box::new(one))).collect();
        Self::change(answer, changes)
    }

    /// The same with buttons, as far as they can be carried everywhere.
    #[must_use]
    pub(super) fn with(self, buttons: impl IntoIterator<Item = Button>) -> Self {
        let fits = |button: &Button| match &button.press {
            Press::Say(command) => command.len() <= Press::LONGEST,
            Press::Open(_) => true,
        };
        Self { buttons: buttons.into_iter().filter(fits).collect(), ..self }
    }
}

/// A command that cannot be carried out now; it waits.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// A platform cannot be asked now.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}
