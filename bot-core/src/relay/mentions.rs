// SPDX-License-Identifier: AGPL-3.0-or-later
//! Whom and what a mention means at the destination.
//!
//! Rule: a person whom the destination does not know stays as they are; the converter then
//! shows their name as text.

use std::collections::HashMap;

use bridge_model::{Leaf, Mention, Person, Place, RichText, Span, Style, UserId};

use super::directory::{Directory, KnownChat, KnownPerson};
use crate::address;
use crate::network::MATRIX;
use crate::order::DeliverError;

/// The text with every mentioned person and chat as the destination knows them; people of the origin
/// who are among `uncalled` are nobody there.
///
/// # Errors
/// What the directory answers.
pub(super) async fn resolve_mentions(
    directory: &dyn Directory,
    text: RichText,
    uncalled: &[UserId],
) -> Result<RichText, DeliverError> {
    let mut people: HashMap<Person, KnownPerson> = HashMap::new();
    let mut chats: HashMap<Place, KnownChat> = HashMap::new();
    for mention in text.mentions() {
        match mention {
            Mention::Person { who, .. } if !people.contains_key(who) => {
                let mut known = directory.person(who).await?;
                if who.network == directory.route().from.network && uncalled.contains(&who.user) {
                    known.person = Person::nobody();
                }
                people.insert(who.clone(), known);
            }
            Mention::Chat { place, .. } if !chats.contains_key(place) => {
                chats.insert(place.clone(), directory.chat(place).await?);
            }
            Mention::Person { .. }
            | Mention::Chat { .. }
            | Mention::Everyone
            | Mention::Role { .. } => {}
        }
    }
    if people.is_empty() && chats.is_empty() {
        return Ok(text);
    }
    let outside = directory.route().to.network.as_str() != MATRIX;
    Ok(text.map_spans(&mut |span| vec![resolved(span, &people, (&chats, outside))]))
}

fn resolved(
    span: Span,
    people: &HashMap<Person, KnownPerson>,
    (chats, outside): (&HashMap<Place, KnownChat>, bool),
) -> Span {
    let Span { leaf, style } = span;
    match leaf {
        Leaf::Mention(Mention::Person { who, name }) => {
            let (who, name) = match people.get(&who) {
                Some(known) => (known.person.clone(), known.name.clone().unwrap_or(name)),
                None => (who, name),
            };
            Span { leaf: Leaf::Mention(Mention::Person { who, name }), style }
        }
        Leaf::Mention(Mention::Chat { place, name }) => match chats.get(&place) {
            Some(known) => chat(known, outside, name, style),
            None => Span { leaf: Leaf::Mention(Mention::Chat { place, name }), style },
        },
        leaf @ (Leaf::Mention(Mention::Everyone | Mention::Role { .. })
        | Leaf::Text(_)
        | Leaf::Break
        | Leaf::Emoji { .. }
        | Leaf::Maths(_)
        | Leaf::Time { .. }) => Span { leaf, style },
    }
}

/// A mention of a chat; a Matrix room is a link outside of Matrix, and where it can be joined only
/// through certain servers, which the link then names.
fn chat(known: &KnownChat, outside: bool, name: String, mut style: Style) -> Span {
    let name = known.title.clone().unwrap_or(name);
    let is_room = known.place.network.as_str() == MATRIX;
    let room = address::matrix_to(known.place.chat.as_str());
    style.link = match known.via.as_slice() {
        [first, others @ ..] if is_room => {
            let others: String = others.iter().map(|server| format!("&via={server}")).collect();
            Some(format!("{room}?via={first}{others}"))
        }
        [] if is_room && outside => Some(room),
        _ => {
            let place = known.place.clone();
            return Span { leaf: Leaf::Mention(Mention::Chat { place, name }), style };
        }
    };
    Span { leaf: Leaf::Text(format!("#{name}")), style }
}
