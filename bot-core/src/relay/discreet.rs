// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a message says about people besides its words, as far as others may see it: numbers,
//! names, and how long somebody shares where they are.
//!
//! Rule: a phone number leaves its network only where the portal's people allow it.

use bridge_model::{Capabilities, Card, Contact, Message, Note, Person, Place, Service};

use super::Relay;
use super::prepare::unread;
use crate::order::DeliverError;

impl Relay {
    /// The message without what is not for others.
    ///
    /// # Errors
    /// [`DeliverError::Retry`] when the store cannot be asked.
    pub(super) async fn discreet(
        &self,
        lane: &Place,
        place: &Place,
        mut message: Message,
    ) -> Result<Message, DeliverError> {
        if let Some(Card::Contact(contact)) = &message.card {
            let portal = self.store.portal_of(place).await.map_err(unread)?;
            let allowed = portal.is_some_and(|portal| portal.settings.phone_numbers);
            let contact = contact.clone();
            let capabilities = self.networks.get(&lane.network).map(|it| it.capabilities());
            put_contact(&mut message, contact, (allowed, capabilities));
        }
        let capabilities = self.networks.get(&lane.network).map(|it| it.capabilities());
        if let Some(Card::Location(location)) = &message.card
            && let Some(live) = location.live
            && !capabilities.is_some_and(|can| can.live_locations)
        {
            message.notes.insert(0, Note::LiveLocation { until: live.until });
        }
        let author = Person { network: place.network.clone(), user: message.author.user.clone() };
        let own = message.author.name.clone();
        let hide = |name: &mut String| {
            if *name == own {
                *name = self.shown_name(&author, name);
            }
        };
        for note in &mut message.notes {
            if let Note::Service(Service::Joined { names }) = note {
                names.iter_mut().for_each(hide);
            } else if let Note::Service(Service::Left { name, .. }) = note {
                hide(name);
            }
        }
        Ok(message)
    }
}

/// A business card is one where the network has such a thing and the number may be seen, else a
/// line.
fn put_contact(
    message: &mut Message,
    contact: Contact,
    (allowed, capabilities): (bool, Option<&Capabilities>),
) {
    let phone = contact.phone.filter(|_| allowed);
    let native = capabilities.is_some_and(|can| can.contacts) && phone.is_some();
    if native {
        message.card = Some(Card::Contact(Contact { name: contact.name, phone }));
        return;
    }
    let name = match phone {
        Some(phone) => format!("{}, {phone}", contact.name),
        None => contact.name,
    };
    message.card = None;
    message.notes.insert(0, Note::Contact { name });
}
