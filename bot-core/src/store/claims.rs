// SPDX-License-Identifier: AGPL-3.0-or-later
//! Which accounts on other networks belong to the same people as accounts on Matrix.
//!
//! Rule: only the people themselves say so, by a code that one account was given and the other one
//! shows. Nothing here is ever told to others.

use bridge_model::{Person, Timestamp};

use super::keys::Everything;
pub use super::records::{Claim, ClaimOffer};
use super::tables::{CLAIM_OFFERS, CLAIMED, CLAIMS};
use super::txn::Txn;
use super::{CodeHash, Store, StoreError, keys};
use crate::portal::PortalId;

impl Store {
    /// The code by which an account is claimed, also when it is stale or used.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim_offer(&self, code: &CodeHash) -> Result<Option<ClaimOffer>, StoreError> {
        let code = *code;
        self.read(move |tx| offer(tx, &code)).await
    }

    /// Who has claimed an account of another network.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim(&self, person: &Person) -> Result<Option<Claim>, StoreError> {
        let person = person.clone();
        self.read(move |tx| of(tx, &person)).await
    }

    /// What an account on Matrix has claimed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claims_by(&self, mxid: &str) -> Result<Vec<Claim>, StoreError> {
        let mxid = mxid.to_owned();
        self.read(move |tx| by(tx, &mxid)).await
    }
}

/// What becomes of claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimChange {
    /// A code was given out.
    Offered(CodeHash, ClaimOffer),
    /// A code was shown on Matrix.
    Claimed(CodeHash, String),
    /// A code was seen by others.
    Burnt(CodeHash),
    /// Whether ghosts go on to speak for what somebody has claimed.
    SendAs(String, bool),
    /// Somebody asks for the power that their accounts have.
    Asks(String),
    /// Somebody takes claims back.
    Ended(Vec<Person>),
}

/// The offer behind a code, also when it is stale or used.
///
/// # Errors
/// [`StoreError`].
pub fn offer(tx: &Txn<'_>, code: &CodeHash) -> Result<Option<ClaimOffer>, StoreError> {
    tx.get(&CLAIM_OFFERS, code)
}

/// The claim of an account.
///
/// # Errors
/// [`StoreError`].
pub fn of(tx: &Txn<'_>, person: &Person) -> Result<Option<Claim>, StoreError> {
    tx.get(&CLAIMS, &keys::person(person))
}

/// What somebody on Matrix has claimed.
///
/// # Errors
/// [`StoreError`].
pub fn by(tx: &Txn<'_>, mxid: &str) -> Result<Vec<Claim>, StoreError> {
    let people = tx.get(&CLAIMED, &keys::hash(&[mxid]))?.unwrap_or_default();
    let mut claims = Vec::new();
    for person in &people {
        claims.extend(of(tx, person)?);
    }
    Ok(claims)
}

/// Changes what is claimed; the claim that is new.
///
/// # Errors
/// [`StoreError::Conflict`] for a code that was used meanwhile.
pub fn change(tx: &mut Txn<'_>, change: ClaimChange) -> Result<Option<Claim>, StoreError> {
    let done = match change {
        ClaimChange::Offered(code, offer) => tx.put(&CLAIM_OFFERS, &code, &offer),
        ClaimChange::Claimed(code, mxid) => return claim(tx, &code, mxid).map(Some),
        ClaimChange::Burnt(code) => match offer(tx, &code)? {
            Some(offer) => {
                let offer = ClaimOffer { used: true, ..offer };
                tx.put(&CLAIM_OFFERS, &code, &offer)
            }
            None => Ok(()),
        },
        ClaimChange::SendAs(mxid, own_voice) => {
            for claim in by(tx, &mxid)? {
                put(tx, &Claim { own_voice, ..claim })?;
            }
            Ok(())
        }
        ClaimChange::Asks(mxid) => {
            for claim in by(tx, &mxid)? {
                put(tx, &Claim { asks: true, ..claim })?;
            }
            Ok(())
        }
        ClaimChange::Ended(people) => people.iter().try_for_each(|person| end(tx, person)),
    };
    done.map(|()| None)
}

fn claim(tx: &mut Txn<'_>, code: &CodeHash, mxid: String) -> Result<Claim, StoreError> {
    let Some(mut offer) = offer(tx, code)? else {
        return Err(StoreError::Conflict("the code is not known"));
    };
    if offer.used || offer.expires < tx.now || of(tx, &offer.person)?.is_some() {
        return Err(StoreError::Conflict("the code is used or stale"));
    }
    offer.used = true;
    tx.put(&CLAIM_OFFERS, code, &offer)?;
    let ClaimOffer { person, name, portal, .. } = offer;
    let mut people: Vec<Person> = by(tx, &mxid)?.into_iter().map(|claim| claim.person).collect();
    people.push(person.clone());
    tx.put(&CLAIMED, &keys::hash(&[&mxid]), &people)?;
    let since = tx.now;
    let claim = Claim { person, name, mxid, own_voice: false, asks: false, portal, since };
    put(tx, &claim)?;
    Ok(claim)
}

fn put(tx: &mut Txn<'_>, claim: &Claim) -> Result<(), StoreError> {
    tx.put(&CLAIMS, &keys::person(&claim.person), claim)
}

fn end(tx: &mut Txn<'_>, person: &Person) -> Result<(), StoreError> {
    let Some(claim) = of(tx, person)? else { return Ok(()) };
    let mut people: Vec<Person> =
        by(tx, &claim.mxid)?.into_iter().map(|claim| claim.person).collect();
    people.retain(|one| one != person);
    let key = keys::hash(&[&claim.mxid]);
    if people.is_empty() {
        tx.delete(&CLAIMED, &key);
    } else {
        tx.put(&CLAIMED, &key, &people)?;
    }
    tx.delete(&CLAIMS, &keys::person(person));
    Ok(())
}

/// What was claimed in a community goes with it.
///
/// # Errors
/// [`StoreError`].
pub fn forget(tx: &mut Txn<'_>, portal: PortalId) -> Result<(), StoreError> {
    tx.clear_if(&CLAIM_OFFERS, &Everything, |offer| offer.portal == portal)?;
    for claim in tx.all(&CLAIMS, &Everything)? {
        if claim.portal == portal {
            end(tx, &claim.person)?;
        }
    }
    Ok(())
}

/// Codes that nobody can use any more go; how many those were.
///
/// # Errors
/// [`StoreError`].
pub fn forget_codes(tx: &mut Txn<'_>, before: Timestamp) -> Result<u64, StoreError> {
    tx.clear_if(&CLAIM_OFFERS, &Everything, |offer| offer.expires < before)
}
