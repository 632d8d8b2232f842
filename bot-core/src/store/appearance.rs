// SPDX-License-Identifier: AGPL-3.0-or-later
//! What each chat is called and looks like, as far as it is known.
//!
//! Rule: an echo of our own change is expected before it can come, so that it is no news.

use bridge_model::{ChatChange, Place};

use super::records::Looks;
use super::tables::LOOKS;
use super::txn::Txn;
use super::{Store, StoreError, keys};

/// How long an echo is expected: a platform may make us wait long before it takes the change.
const PATIENCE_MS: i64 = 24 * 3600 * 1000;
/// Echoes that are expected at most.
const MOST: usize = 8;

impl Store {
    /// What chats are called, as far as that was ever heard; in the order of `places`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn names_of_chats(
        &self,
        places: Vec<Place>,
    ) -> Result<Vec<Option<String>>, StoreError> {
        self.read(move |tx| places.iter().map(|place| Ok(of(tx, place)?.name())).collect()).await
    }
}

impl Looks {
    fn name(&self) -> Option<String> {
        let mut names = self.known.iter().filter_map(|known| match known {
            ChatChange::Name(name) if !name.is_empty() => Some(name.clone()),
            ChatChange::Name(_)
            | ChatChange::Topic(_)
            | ChatChange::Avatar(_)
            | ChatChange::Emoji(_) => None,
        });
        names.next()
    }

    fn set(&mut self, change: &ChatChange) {
        self.known.retain(|known| !is_same_kind(known, change));
        self.known.push(change.clone());
    }
}

/// A chat was seen to look different; whether that is news that somebody else than us has made.
///
/// # Errors
/// [`StoreError`].
pub fn learn(tx: &mut Txn<'_>, place: &Place, change: &ChatChange) -> Result<bool, StoreError> {
    let mut looks = of(tx, place)?;
    let echo = looks.coming.iter().position(|(coming, at)| {
        tx.now.0.saturating_sub(at.0) < PATIENCE_MS && is_echo(coming, change)
    });
    let is_news = echo.is_none() && !looks.known.contains(change);
    if let Some(echo) = echo {
        looks.coming.remove(echo);
    }
    looks.set(change);
    save(tx, place, &looks)?;
    Ok(is_news)
}

/// A chat is going to be changed by us; `false` when it is known to look so already.
///
/// # Errors
/// [`StoreError`].
pub fn expect(tx: &mut Txn<'_>, place: &Place, change: &ChatChange) -> Result<bool, StoreError> {
    let mut looks = of(tx, place)?;
    if looks.known.contains(change) {
        return Ok(false);
    }
    looks.set(change);
    looks.coming.push((change.clone(), tx.now));
    if looks.coming.len() > MOST {
        looks.coming.remove(0);
    }
    save(tx, place, &looks)?;
    Ok(true)
}

/// A chat goes on under another id, or with `None` is ours no more.
///
/// # Errors
/// [`StoreError`].
pub fn transfer(tx: &mut Txn<'_>, from: &Place, to: Option<&Place>) -> Result<(), StoreError> {
    if let Some(to) = to {
        let looks = of(tx, from)?;
        save(tx, to, &looks)?;
    }
    tx.delete(&LOOKS, &keys::place(from));
    Ok(())
}

fn of(tx: &Txn<'_>, place: &Place) -> Result<Looks, StoreError> {
    Ok(tx.get(&LOOKS, &keys::place(place))?.unwrap_or_default())
}

fn save(tx: &mut Txn<'_>, place: &Place, looks: &Looks) -> Result<(), StoreError> {
    tx.put(&LOOKS, &keys::place(place), looks)
}

fn is_same_kind(one: &ChatChange, other: &ChatChange) -> bool {
    match one {
        ChatChange::Name(_) => matches!(other, ChatChange::Name(_)),
        ChatChange::Topic(_) => matches!(other, ChatChange::Topic(_)),
        ChatChange::Avatar(_) => matches!(other, ChatChange::Avatar(_)),
        ChatChange::Emoji(pack) => matches!(other, ChatChange::Emoji(it) if it.id == pack.id),
    }
}

/// A picture comes back under another handle than that under which it was sent, and a name as the
/// platform writes names: on Discord `The map room` is `the-map-room`.
fn is_echo(sent: &ChatChange, heard: &ChatChange) -> bool {
    match (sent, heard) {
        (ChatChange::Avatar(sent), ChatChange::Avatar(heard)) => sent.is_some() == heard.is_some(),
        (ChatChange::Name(name), ChatChange::Name(other)) if !bare(name).is_empty() => {
            bare(name) == bare(other)
        }
        (
            ChatChange::Name(_)
            | ChatChange::Topic(_)
            | ChatChange::Avatar(_)
            | ChatChange::Emoji(_),
            _,
        ) => sent == heard,
    }
}

/// Letters and digits alone, in lower case.
fn bare(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_back_as_the_platform_writes_it() {
        let name = |name: &str| ChatChange::Name(name.to_owned());
        assert!(is_echo(&name("Free knowledge!"), &name("free-knowledge")));
        assert!(!is_echo(&name("Free knowledge"), &name("freer-knowledge")));
        assert!(!is_echo(&name("Free"), &ChatChange::Topic("Free".to_owned())));
    }
}
