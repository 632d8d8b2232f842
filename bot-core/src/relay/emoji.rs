// SPDX-License-Identifier: AGPL-3.0-or-later
//! Custom emoji in the destination's own terms: files of the media repository on Matrix, their own
//! ids where they came from.
//!
//! Rule: a picture is fetched and stored once; one that cannot be had is shown as text.

use std::collections::HashMap;

use bridge_model::{
    EmojiPack, Event, Leaf, Media, MediaKind, NetworkId, PackedEmoji, Person, Place, Reaction,
    RichText, Span,
};

use super::Relay;
use super::prepare::unread;
use crate::address::is_mxc;
use crate::network::MATRIX;
use crate::order::DeliverError;
use crate::store::EmojiRecord;

/// New pictures that are fetched for one text; the rest stays text.
const MOST_NEW: usize = 20;

/// Pictures of a pack that are fetched side by side.
const AT_ONCE: usize = 4;

/// A custom emoji as its author used it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Used {
    network: NetworkId,
    id: String,
    name: String,
    animated: bool,
}

impl Relay {
    /// The text with every custom emoji as the destination knows it, else as text.
    ///
    /// # Errors
    /// [`DeliverError::Retry`] when the store cannot be asked.
    pub(super) async fn local_emoji(
        &self,
        lane: &Place,
        place: &Place,
        text: RichText,
    ) -> Result<RichText, DeliverError> {
        let mut local: HashMap<Used, Leaf> = HashMap::new();
        let all: Vec<Used> =
            text.runs().filter_map(|span| used(&place.network, &span.leaf)).collect();
        if all.is_empty() {
            return Ok(text);
        }
        for emoji in all {
            if local.len() < MOST_NEW && !local.contains_key(&emoji) {
                let leaf = match self.local_one(lane, &emoji).await? {
                    Some((id, name)) => Leaf::Emoji { id, name, animated: emoji.animated },
                    None => Leaf::Text(in_words(&emoji.name)),
                };
                local.insert(emoji, leaf);
            }
        }
        Ok(text.map_spans(&mut |span| {
            let Span { leaf, style } = span;
            let leaf = match used(&place.network, &leaf) {
                Some(emoji) => {
                    let words = || Leaf::Text(in_words(&emoji.name));
                    local.get(&emoji).cloned().unwrap_or_else(words)
                }
                None => leaf,
            };
            vec![Span { leaf, style }]
        }))
    }

    /// The reaction as the destination knows it, else its name as text.
    ///
    /// # Errors
    /// [`DeliverError::Retry`] when the store cannot be asked.
    pub(super) async fn local_reaction(
        &self,
        lane: &Place,
        place: &Place,
        reaction: Reaction,
    ) -> Result<Reaction, DeliverError> {
        let Reaction::Custom { id, name } = reaction else { return Ok(reaction) };
        let emoji = Used::of(&place.network, id, name, false);
        Ok(match self.local_one(lane, &emoji).await? {
            Some((id, name)) => Reaction::Custom { id, name },
            None => Reaction::Emoji(in_words(&emoji.name)),
        })
    }

    /// The other reactions to the same message, each from its own network.
    ///
    /// # Errors
    /// [`DeliverError::Retry`] when the store cannot be asked.
    pub(super) async fn local_others(
        &self,
        lane: &Place,
        event: &Event,
        others: Vec<Reaction>,
    ) -> Result<Vec<Reaction>, DeliverError> {
        if others.iter().all(|reaction| matches!(reaction, Reaction::Emoji(_))) {
            return Ok(others);
        }
        let replica = self.store.find_replica(&event.place, &event.message).await;
        let known = replica.map_err(unread)?.map(|replica| replica.reactions).unwrap_or_default();
        let mut local = Vec::with_capacity(others.len());
        for reaction in others {
            let by = known.iter().find(|known| known.reaction == reaction).map(|known| &known.by);
            let network = by.map_or(&event.place.network, |by: &Person| &by.network);
            let place = Place { network: network.clone(), chat: event.place.chat.clone() };
            local.push(self.local_reaction(lane, &place, reaction).await?);
        }
        Ok(local)
    }

    /// The emoji of a pack with their files on the media repository, under a name of the pack that
    /// says nothing about where it comes from. One whose picture cannot be had is left out.
    ///
    /// # Errors
    /// [`DeliverError::Retry`] when the store cannot be asked.
    pub(super) async fn local_pack(
        &self,
        place: &Place,
        pack: &EmojiPack,
    ) -> Result<EmojiPack, DeliverError> {
        let used = |it: &PackedEmoji| {
            Used::of(&place.network, it.id.clone(), it.name.clone(), it.animated)
        };
        let all: Vec<Used> = pack.emoji.iter().map(used).collect();
        let mut emoji = Vec::with_capacity(all.len());
        for some in all.chunks(AT_ONCE) {
            let mut fetching = Vec::with_capacity(some.len());
            for one in some {
                fetching.push(self.hosted(one));
            }
            let fetched = futures_util::future::try_join_all(fetching).await?;
            let found = some.iter().zip(fetched).filter_map(|(one, found)| {
                let EmojiRecord { mxc, animated, .. } = found?;
                Some(PackedEmoji { id: mxc, name: one.name.clone(), animated })
            });
            emoji.extend(found);
        }
        let home = Place::new(place.network.as_str(), pack.id.as_str());
        let id = self.pseudonyms.place(&home);
        Ok(EmojiPack { id, name: pack.name.clone(), emoji })
    }

    /// Id and name at the destination, when it has or gets the emoji.
    async fn local_one(
        &self,
        lane: &Place,
        emoji: &Used,
    ) -> Result<Option<(String, String)>, DeliverError> {
        if emoji.network == lane.network {
            return Ok(Some((emoji.id.clone(), emoji.name.clone())));
        }
        if lane.network.as_str() == MATRIX {
            let hosted = self.hosted(emoji).await?;
            return Ok(hosted.map(|emoji| (emoji.mxc, emoji.name)));
        }
        if !is_mxc(&emoji.id) {
            return Ok(None);
        }
        let known = self.store.emoji_behind(&emoji.id).await.map_err(unread)?;
        let known = known.filter(|known| known.network == lane.network);
        Ok(known.map(|known| (known.id, known.name)))
    }

    /// The emoji with its file on the media repository.
    async fn hosted(&self, emoji: &Used) -> Result<Option<EmojiRecord>, DeliverError> {
        let known = self.store.emoji(&emoji.network, &emoji.id).await.map_err(unread)?;
        if known.is_some() {
            return Ok(known);
        }
        let Some(mxc) = self.upload(emoji).await else { return Ok(None) };
        let record = EmojiRecord {
            network: emoji.network.clone(),
            id: emoji.id.clone(),
            name: emoji.name.clone(),
            animated: emoji.animated,
            mxc,
        };
        self.store.save_emoji(record.clone()).await.map_err(unread)?;
        Ok(Some(record))
    }

    async fn upload(&self, emoji: &Used) -> Option<String> {
        let origin = self.networks.get(&emoji.network)?;
        let matrix = self.networks.get(&MATRIX.into())?;
        let found = match origin.emoji(&emoji.id).await {
            Ok(Some(handle)) => {
                let picture = Media::new(handle, MediaKind::Image);
                matrix.host(&picture, &self.networks).await
            }
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        found.unwrap_or_else(|error| {
            tracing::info!(network = %emoji.network, %error, "a custom emoji was left as text");
            None
        })
    }
}

impl Used {
    fn of(network: &NetworkId, id: String, name: String, animated: bool) -> Self {
        let network = if is_mxc(&id) { MATRIX.into() } else { network.clone() };
        Self { network, id, name, animated }
    }
}

fn used(network: &NetworkId, leaf: &Leaf) -> Option<Used> {
    match leaf {
        Leaf::Emoji { id, name, animated } => {
            Some(Used::of(network, id.clone(), name.clone(), *animated))
        }
        Leaf::Text(_) | Leaf::Break | Leaf::Mention(_) | Leaf::Maths(_) | Leaf::Time { .. } => None,
    }
}

/// A plain emoji that stands for the custom one is itself; a word is put between colons.
fn in_words(name: &str) -> String {
    let is_picture =
        |c: char| matches!(c, '\u{a9}' | '\u{ae}') || (c >= '\u{203c}' && !c.is_alphanumeric());
    if name.chars().any(is_picture) { name.to_owned() } else { format!(":{name}:") }
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn a_plain_emoji_is_its_own_name() {
        for emoji in ["😀", "❤\u{fe0f}", "1\u{fe0f}\u{20e3}", "🇩🇪", "©"] {
            assert_eq!(in_words(emoji), emoji);
        }
        assert_eq!(in_words("party_parrot"), ":party_parrot:");
        assert_eq!(in_words("熊猫"), ":熊猫:");
    }
}
