// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a message says about people besides its words, as far as others may see it: phone numbers,
//! names, and how long somebody shares their location.
//!
//! Rule: a phone number leaves its network only where the portal's people allow it, and every name
//! in a mention, note, reply or forward leaves through the operator's policy for names.

use bridge_model::{Card, Contact, Mention, Message, Note, Person, RichText, Service};

use super::directory::Directory;

/// The message without what is not for others.
pub(super) fn redact_personal_data(directory: &dyn Directory, mut message: Message) -> Message {
    redact_notes(directory, &mut message);
    if let Some(Card::Contact(contact)) = message.card.clone() {
        put_contact(directory, &mut message, contact);
    }
    if let Some(Card::Location(location)) = &message.card
        && let Some(live) = location.live
        && !directory.capabilities().is_some_and(|can| can.live_locations)
    {
        message.notes.insert(0, Note::LiveLocation { until: live.until });
    }
    if let Some(forward) = &mut message.forwarded {
        forward.from = directory.shown_name(None, &forward.from);
    }
    if let Some(reply) = &mut message.reply_to {
        let author = reply.author.as_ref();
        reply.name = reply.name.take().map(|name| directory.shown_name(author, &name));
        reply.excerpt = reply.excerpt.take().map(|excerpt| redact_mentions(directory, excerpt));
    }
    message.body = redact_mentions(directory, message.body);
    message
}

/// People of the destination are known there by their names.
fn redact_mentions(directory: &dyn Directory, text: RichText) -> RichText {
    let there = &directory.route().to.network;
    text.map_mentions(&mut |mention| match mention {
        Mention::Person { who, name } if who.network != *there => {
            let name = directory.shown_name(Some(&who), &name);
            Mention::Person { who, name }
        }
        Mention::Person { .. }
        | Mention::Everyone
        | Mention::Role { .. }
        | Mention::Chat { .. } => mention,
    })
}

fn redact_notes(directory: &dyn Directory, message: &mut Message) {
    let network = directory.route().from.network.clone();
    let author = Person { network, user: message.author.user.clone() };
    let own = message.author.name.clone();
    let redact = |name: &mut String| {
        let person = (*name == own).then_some(&author);
        *name = directory.shown_name(person, name);
    };
    for note in &mut message.notes {
        match note {
            Note::Service(Service::Joined { names } | Service::About { names, .. }) => {
                names.iter_mut().for_each(redact);
            }
            Note::Service(Service::Left { name, .. } | Service::CommandUsed { by: name, .. })
            | Note::Contact { name }
            | Note::Story { from: Some(name) } => redact(name),
            Note::FileMissing { .. }
            | Note::Dice { .. }
            | Note::Game { .. }
            | Note::Invoice { .. }
            | Note::PaidMedia
            | Note::Giveaway
            | Note::Gift
            | Note::Story { from: None }
            | Note::PollElsewhere
            | Note::PollClosed
            | Note::Quiz
            | Note::LiveLocation { .. }
            | Note::Button { .. }
            | Note::Unknown
            | Note::ChatFull { .. }
            | Note::LeftOut { .. }
            | Note::Missed { .. }
            | Note::SentAt { .. }
            | Note::Service(
                Service::Renamed { .. }
                | Service::Described { .. }
                | Service::Pictured { .. }
                | Service::Pinned
                | Service::ThreadOpened { .. }
                | Service::ThreadRenamed { .. }
                | Service::ThreadClosed
                | Service::ThreadReopened
                | Service::CallStarted
                | Service::CallPlanned { .. }
                | Service::CallEnded { .. }
                | Service::Boosted { .. }
                | Service::AutoDelete { .. }
                | Service::Followed { .. }
                | Service::Other,
            ) => {}
        }
    }
}

/// A business card is one where the network has such a thing and the number may be seen, else a
/// note with the name.
fn put_contact(directory: &dyn Directory, message: &mut Message, contact: Contact) {
    let phone = contact.phone.filter(|_| directory.settings().phone_numbers);
    let name = directory.shown_name(None, &contact.name);
    if directory.capabilities().is_some_and(|can| can.contacts) && phone.is_some() {
        message.card = Some(Card::Contact(Contact { name, phone }));
        return;
    }
    let name = match phone {
        Some(phone) => format!("{name}, {phone}"),
        None => name,
    };
    message.card = None;
    message.notes.insert(0, Note::Contact { name });
}
