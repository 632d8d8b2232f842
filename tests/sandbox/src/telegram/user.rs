// SPDX-License-Identifier: AGPL-3.0-or-later
//! People, made by tests.

use std::fmt;
use std::sync::Arc;

use axum::body::Bytes;

use super::server::Shared;
use super::world::Person;

/// The number of a message in its chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub i64);

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A person with a Telegram account.
#[derive(Clone)]
pub struct User {
    pub(super) id: i64,
    pub(super) shared: Arc<Shared>,
}

impl User {
    /// The account's number.
    pub fn id(&self) -> i64 {
        self.id
    }

    /// First and last name.
    pub fn name(&self) -> String {
        self.shared.lock().people.get(&self.id).map(Person::name).unwrap_or_default()
    }

    fn change(self, change: impl FnOnce(&mut Person)) -> Self {
        self.shared.with(|world| world.people.get_mut(&self.id).map(change));
        self
    }

    /// Gives another first name.
    pub fn with_first_name(self, name: &str) -> Self {
        self.change(|person| name.clone_into(&mut person.first))
    }

    /// Gives a last name.
    pub fn with_last_name(self, name: &str) -> Self {
        self.change(|person| person.last = Some(name.to_owned()))
    }

    /// Gives a `@username`, without the `@`.
    pub fn with_username(self, name: &str) -> Self {
        self.change(|person| person.username = Some(name.to_owned()))
    }

    /// Sets the language of the person's app, such as `pt-br`.
    pub fn with_language(self, code: &str) -> Self {
        self.change(|person| person.language = Some(code.to_owned()))
    }

    /// Makes the account another bot, whose messages no bot ever sees.
    pub fn that_is_a_bot(self) -> Self {
        self.change(|person| person.is_bot = true)
    }

    /// Sets the profile photo.
    pub fn with_avatar(self, image: impl Into<Bytes>) -> Self {
        let file = self.shared.with(|world| world.files.add("photo", image.into()));
        self.change(|person| person.avatar = Some(file.id))
    }

    /// Removes the profile photo.
    pub fn without_avatar(self) -> Self {
        self.change(|person| person.avatar = None)
    }
}
