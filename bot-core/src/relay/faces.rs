// SPDX-License-Identifier: AGPL-3.0-or-later
//! What others see of an author: as much of the name as the operator wants, and a picture.
//!
//! Rule: a name that the policy hides is hidden everywhere on the other side: above the
//! message and in the line that says whom it answers.

use bridge_config::NamePolicy;
use bridge_model::{Author, Person, Place, Timestamp};

use super::Relay;
use crate::network::MATRIX;
use crate::order::{DeliverError, SendAs};

use super::prepare::unread;

impl Relay {
    /// The voice of a remote author.
    ///
    /// # Errors
    /// [`DeliverError::Retry`] when the store cannot be asked.
    pub(super) async fn voice(
        &self,
        place: &Place,
        author: &Author,
    ) -> Result<SendAs, DeliverError> {
        let person = Person { network: place.network.clone(), user: author.user.clone() };
        let avatar_url = self.picture(&person, author).await?;
        let name = self.shown_name(&person, &author.name);
        Ok(SendAs::Person { person, name, avatar_url, avatar: author.avatar.clone() })
    }

    /// The voice of the author of something that is said in `lane` at that moment. Whoever has
    /// claimed the account that it is said with is on Matrix already: there the bot says it, under
    /// the account's name, unless they want otherwise. What they say on Matrix has elsewhere the name
    /// under which they are known there.
    ///
    /// # Errors
    /// [`DeliverError::Retry`] when the store cannot be asked.
    pub(super) async fn voice_in(
        &self,
        lane: &Place,
        place: &Place,
        (author, sent_at): (&Author, Timestamp),
    ) -> Result<SendAs, DeliverError> {
        let person = Person { network: place.network.clone(), user: author.user.clone() };
        if lane.network.as_str() == MATRIX {
            let claim = self.store.claim(&person).await.map_err(unread)?;
            // Some networks tell seconds only.
            let after = |since: Timestamp| since.0.saturating_sub(1000) < sent_at.0;
            let silent = claim.is_some_and(|claim| !claim.own_voice && after(claim.since));
            if silent {
                return Ok(SendAs::Bot);
            }
        }
        let send_as = self.voice(place, author).await?;
        if place.network.as_str() != MATRIX {
            return Ok(send_as);
        }
        let claims = self.store.claims_by(author.user.as_str()).await.map_err(unread)?;
        let known = claims.into_iter().find(|claim| claim.person.network == lane.network);
        Ok(match (send_as, known) {
            (SendAs::Person { person, avatar_url, avatar, .. }, Some(claim)) => {
                let name = self.shown_name(&claim.person, &claim.name);
                SendAs::Person { person, name, avatar_url, avatar }
            }
            (send_as, _) => send_as,
        })
    }

    /// As much of a name as the policy shows.
    pub(super) fn shown_name(&self, person: &Person, name: &str) -> String {
        match self.names {
            NamePolicy::Full => name.to_owned(),
            NamePolicy::FirstName => name.split_whitespace().next().unwrap_or(name).to_owned(),
            NamePolicy::Pseudonym => {
                let short: String = self.pseudonyms.person(person).chars().take(6).collect();
                format!("Person {short}")
            }
        }
    }

    /// A public address of the picture: of the Matrix account, or of the ghost, whose picture the
    /// homeserver has.
    async fn picture(
        &self,
        person: &Person,
        author: &Author,
    ) -> Result<Option<String>, DeliverError> {
        let Some(pictures) = &self.pictures else { return Ok(None) };
        if person.network.as_str() == MATRIX {
            let mxc = author.avatar.as_ref().map(|avatar| avatar.reference.as_str());
            return Ok(mxc.and_then(|mxc| pictures.address(mxc)));
        }
        let ghost = self.store.ghost(person).await.map_err(unread)?;
        let mxc = ghost.and_then(|ghost| ghost.avatar).map(|(mxc, _)| mxc);
        Ok(mxc.and_then(|mxc| pictures.address(&mxc)))
    }
}
