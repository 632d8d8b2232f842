// SPDX-License-Identifier: AGPL-3.0-or-later
//! Which accounts on other networks belong to the same people as accounts on Matrix.
//!
//! Rule: only the people themselves say so, by a code that one account was given and the other one
//! shows. What others see, ask for or count looks only through [`Store::known_on_matrix`],
//! [`Store::known_account`] and [`known_as`], which know the ties that their owners have opened.
//! [`Store::claim`] and [`Store::claims_by`] are for what their owner alone is told.

use bridge_model::{NetworkId, Person, Timestamp};

use super::keys::Everything;
pub use super::records::{Claim, ClaimOffer, Tie};
use super::tables::{CLAIM_OFFERS, CLAIMED, CLAIMS};
use super::txn::Txn;
use super::{CodeHash, Store, StoreError, keys, queue};
use crate::lane::{Work, core_place};
use crate::migration::Task;
use crate::moving::Move;
use crate::network::MATRIX;
use crate::portal::{Portal, PortalId};

impl Store {
    /// The code by which an account is claimed, also when it is stale or used.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim_offer(&self, code: &CodeHash) -> Result<Option<ClaimOffer>, StoreError> {
        let code = *code;
        self.read(move |tx| offer(tx, &code)).await
    }

    /// The person on Matrix whom everybody may know somebody as: themselves, or whoever has openly
    /// claimed their account.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn known_on_matrix(&self, person: &Person) -> Result<Option<Person>, StoreError> {
        let person = person.clone();
        self.glance(move |tx| Ok(Some(known_as(tx, &person)?).filter(on_matrix))).await
    }

    /// The account on a network that a Matrix account has openly claimed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn known_account(
        &self,
        mxid: &str,
        network: &NetworkId,
    ) -> Result<Option<Claim>, StoreError> {
        let (mxid, network) = (mxid.to_owned(), network.clone());
        let fits = move |claim: &Claim| is_open(claim) && claim.person.network == network;
        self.glance(move |tx| Ok(by(tx, &mxid)?.into_iter().find(fits))).await
    }

    /// Who has claimed an account of another network.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim(&self, person: &Person) -> Result<Option<Claim>, StoreError> {
        let person = person.clone();
        self.glance(move |tx| of(tx, &person)).await
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
    /// Somebody says who may know of what they have claimed.
    Tied(String, Tie),
    /// No ghost stands for an account in a portal any more.
    Departed(Person, PortalId),
    /// The admins of a portal's room were asked to let the owner of an account in.
    AskedIn(Person, PortalId),
    /// Whether somebody wants to be told of mentions.
    Deaf(String, bool),
}

/// Whom everybody may know somebody as: whoever has openly claimed the account, else themselves.
///
/// # Errors
/// [`StoreError`].
pub fn known_as(tx: &Txn<'_>, person: &Person) -> Result<Person, StoreError> {
    let claim = of(tx, person)?.filter(is_open);
    Ok(claim.map_or_else(|| person.clone(), |claim| claim.on_matrix()))
}

/// Who somebody is, also where nobody may know it: for counts that show no account.
///
/// # Errors
/// [`StoreError`].
pub fn is_really(tx: &Txn<'_>, person: &Person) -> Result<Person, StoreError> {
    Ok(of(tx, person)?.map_or_else(|| person.clone(), |claim| claim.on_matrix()))
}

fn is_open(claim: &Claim) -> bool {
    claim.tie() == Tie::Open
}

fn on_matrix(person: &Person) -> bool {
    person.network.as_str() == MATRIX
}

/// Somebody joined a portal's room: whoever has claimed an account is led in.
///
/// # Errors
/// [`StoreError`].
pub fn arrived(tx: &mut Txn<'_>, portal: &Portal, mxid: &str) -> Result<(), StoreError> {
    if tx.get(&CLAIMED, &keys::hash(&[mxid]))?.is_none() {
        return Ok(());
    }
    let work = Work::Task(Task::Moving(Move::Arrived(mxid.to_owned())));
    queue::append(tx, &core_place(&portal.room), work)
}

/// The hashes of the Matrix accounts that have claimed something.
///
/// # Errors
/// [`StoreError`].
pub fn owners(tx: &Txn<'_>) -> Result<Vec<keys::Hash>, StoreError> {
    let rows = tx.scan(&CLAIMED, &Everything, usize::MAX)?;
    Ok(rows.into_iter().filter_map(|(row, _)| row.last_hash()).collect())
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

/// Changes what is claimed; the claims of which everybody may know from now on.
///
/// # Errors
/// [`StoreError::Conflict`] for a code that was used meanwhile.
pub fn change(tx: &mut Txn<'_>, change: ClaimChange) -> Result<Vec<Claim>, StoreError> {
    let done = match change {
        ClaimChange::Offered(code, offer) => tx.put(&CLAIM_OFFERS, &code, &offer),
        ClaimChange::Claimed(code, mxid) => claim(tx, &code, mxid),
        ClaimChange::Burnt(code) => match offer(tx, &code)? {
            Some(offer) => {
                let offer = ClaimOffer { used: true, ..offer };
                tx.put(&CLAIM_OFFERS, &code, &offer)
            }
            None => Ok(()),
        },
        ClaimChange::SendAs(mxid, own_voice) => {
            each(tx, &mxid, |claim| Claim { own_voice, ..claim })
        }
        ClaimChange::Asks(mxid) => each(tx, &mxid, |claim| Claim { asks: true, ..claim }),
        ClaimChange::Ended(people) => people.iter().try_for_each(|person| end(tx, person)),
        ClaimChange::Tied(mxid, tie) => {
            each(tx, &mxid, |claim| Claim { tie: Some(tie), ..claim })?;
            return Ok(by(tx, &mxid)?.into_iter().filter(is_open).collect());
        }
        ClaimChange::Departed(person, portal) => departed(tx, &person, portal),
        ClaimChange::AskedIn(person, portal) => asked_in(tx, &person, portal),
        ClaimChange::Deaf(mxid, deaf) => each(tx, &mxid, |claim| Claim { deaf, ..claim }),
    };
    done.map(|()| Vec::new())
}

/// Changes everything that a Matrix account has claimed.
fn each(tx: &mut Txn<'_>, mxid: &str, changed: impl Fn(Claim) -> Claim) -> Result<(), StoreError> {
    by(tx, mxid)?.into_iter().try_for_each(|claim| put(tx, &changed(claim)))
}

fn departed(tx: &mut Txn<'_>, person: &Person, portal: PortalId) -> Result<(), StoreError> {
    let Some(mut claim) = of(tx, person)? else { return Ok(()) };
    let now = tx.now;
    let Some(all) = claim.departed.as_mut().filter(|all| all.iter().all(|(it, _)| *it != portal))
    else {
        return Ok(());
    };
    all.push((portal, now));
    put(tx, &claim)
}

fn asked_in(tx: &mut Txn<'_>, person: &Person, portal: PortalId) -> Result<(), StoreError> {
    let Some(mut claim) = of(tx, person)? else { return Ok(()) };
    if !claim.asked_in.contains(&portal) {
        claim.asked_in.push(portal);
    }
    put(tx, &claim)
}

fn claim(tx: &mut Txn<'_>, code: &CodeHash, mxid: String) -> Result<(), StoreError> {
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
    let claim = Claim {
        person,
        name,
        mxid,
        own_voice: false,
        asks: false,
        portal,
        since: tx.now,
        tie: Some(Tie::Quiet),
        departed: Some(Vec::new()),
        asked_in: Vec::new(),
        deaf: false,
    };
    put(tx, &claim)
}

fn put(tx: &mut Txn<'_>, claim: &Claim) -> Result<(), StoreError> {
    tx.put(&CLAIMS, &keys::person(&claim.person), claim)
}

/// Nothing is known of a claim any more.
///
/// # Errors
/// [`StoreError`].
pub fn end(tx: &mut Txn<'_>, person: &Person) -> Result<(), StoreError> {
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

/// What was claimed in a community goes with it; the Matrix accounts that have claimed nothing else.
///
/// # Errors
/// [`StoreError`].
pub fn forget(tx: &mut Txn<'_>, portal: PortalId) -> Result<Vec<String>, StoreError> {
    let mut gone = Vec::new();
    tx.clear_if(&CLAIM_OFFERS, &Everything, |offer| offer.portal == portal)?;
    for claim in tx.all(&CLAIMS, &Everything)? {
        if claim.portal == portal {
            end(tx, &claim.person)?;
            if by(tx, &claim.mxid)?.is_empty() {
                gone.push(claim.mxid);
            }
        }
    }
    Ok(gone)
}

/// Codes that nobody can use any more go; how many those were.
///
/// # Errors
/// [`StoreError`].
pub fn forget_codes(tx: &mut Txn<'_>, before: Timestamp) -> Result<u64, StoreError> {
    tx.clear_if(&CLAIM_OFFERS, &Everything, |offer| offer.expires < before)
}
