// SPDX-License-Identifier: AGPL-3.0-or-later
//! Custom emoji in the destination's own terms: files of the media repository on Matrix, their own
//! ids where they came from.
//!
//! Rule: a picture is fetched and stored once; one that cannot be had is shown as text.

use std::collections::HashMap;
use std::sync::Arc;

use bridge_model::name::one_line;
use bridge_model::{
    EmojiPack, Leaf, Media, MediaKind, NetworkId, PackedEmoji, Place, Reaction, RichText, Span,
};

use super::directory::{CustomEmoji, Directory, KnownEmoji};
use super::lookup::unread;
use super::networks::Networks;
use crate::address::is_mxc;
use crate::network::MATRIX;
use crate::order::DeliverError;
use crate::pseudonym::Pseudonyms;
use crate::store::{EmojiRecord, Store};

/// New pictures that are fetched for one text; the rest stays text.
const MOST_NEW: usize = 20;

/// Graphemes of a reaction that others see.
const LONGEST_KEY: usize = 8;

/// Pictures of a pack that are fetched side by side.
const AT_ONCE: usize = 4;

/// The text with every custom emoji as the destination knows it, else as text.
///
/// # Errors
/// What the directory answers.
pub(super) async fn resolve_emoji(
    directory: &dyn Directory,
    text: RichText,
) -> Result<RichText, DeliverError> {
    let network = &directory.route().from.network;
    let mut local: HashMap<CustomEmoji, Leaf> = HashMap::new();
    let all: Vec<CustomEmoji> =
        text.runs().filter_map(|span| custom_emoji(network, &span.leaf)).collect();
    if all.is_empty() {
        return Ok(text);
    }
    for emoji in all {
        if local.len() < MOST_NEW && !local.contains_key(&emoji) {
            let leaf = match directory.emoji(&emoji).await? {
                Some(KnownEmoji::Custom { id, name, animated }) => {
                    Leaf::Emoji { id, name, animated: animated || emoji.animated }
                }
                Some(KnownEmoji::Text(text)) => Leaf::Text(text),
                None => Leaf::Text(in_words(&emoji.name)),
            };
            local.insert(emoji, leaf);
        }
    }
    Ok(text.map_spans(&mut |span| {
        let Span { leaf, style } = span;
        let leaf = match custom_emoji(network, &leaf) {
            Some(emoji) => {
                let words = || Leaf::Text(in_words(&emoji.name));
                local.get(&emoji).cloned().unwrap_or_else(words)
            }
            None => leaf,
        };
        vec![Span { leaf, style }]
    }))
}

/// The reaction of somebody on `network` as the destination knows it, else its name as text.
///
/// # Errors
/// What the directory answers.
pub(super) async fn resolve_reaction(
    directory: &dyn Directory,
    network: &NetworkId,
    reaction: Reaction,
) -> Result<Reaction, DeliverError> {
    let (id, name) = match reaction {
        Reaction::Custom { id, name } => (id, name),
        Reaction::Emoji(key) => return Ok(Reaction::Emoji(short_key(&key))),
    };
    let emoji = CustomEmoji::of(network, id, name, false);
    Ok(match directory.emoji(&emoji).await? {
        Some(KnownEmoji::Custom { id, name, .. }) => Reaction::Custom { id, name },
        Some(KnownEmoji::Text(text)) => Reaction::Emoji(text),
        None => Reaction::Emoji(in_words(&emoji.name)),
    })
}

/// A reaction by a text, which can be of any length on Matrix, with at most [`LONGEST_KEY`]
/// characters as a reader counts them.
pub(super) fn short_key(key: &str) -> String {
    // One emoji can be made of many code points; a short key has no more of them than it may.
    match key.chars().count() <= LONGEST_KEY {
        true => key.to_owned(),
        false => one_line(key, LONGEST_KEY),
    }
}

/// The pictures of custom emoji on the media repository.
#[derive(Clone)]
pub(super) struct EmojiUploads {
    pub store: Arc<Store>,
    pub networks: Networks,
    pub pseudonyms: Pseudonyms,
}

impl EmojiUploads {
    /// The emoji on `network`, when it has it or gets it.
    ///
    /// # Errors
    /// [`DeliverError::Retry`] when the store cannot be asked.
    pub(super) async fn at(
        &self,
        network: &NetworkId,
        emoji: &CustomEmoji,
    ) -> Result<Option<KnownEmoji>, DeliverError> {
        if emoji.network == *network {
            let (id, name, animated) = (emoji.id.clone(), emoji.name.clone(), emoji.animated);
            return Ok(Some(KnownEmoji::Custom { id, name, animated }));
        }
        if network.as_str() == MATRIX {
            let hosted = self.hosted(emoji).await?;
            return Ok(hosted.map(|it| {
                let EmojiRecord { mxc: id, name, animated, .. } = it;
                KnownEmoji::Custom { id, name, animated }
            }));
        }
        if !is_mxc(&emoji.id) {
            return Ok(None);
        }
        let known = self.store.emoji_behind(&emoji.id).await.map_err(unread)?;
        let known = known.filter(|known| known.network == *network);
        Ok(known.map(|known| {
            let EmojiRecord { id, name, animated, .. } = known;
            KnownEmoji::Custom { id, name, animated }
        }))
    }

    /// The emoji of a pack with their files on the media repository, under a name of the pack that
    /// says nothing about where it comes from. One whose picture cannot be had is left out.
    ///
    /// # Errors
    /// [`DeliverError::Retry`] when the store cannot be asked.
    pub(super) async fn pack(
        &self,
        place: &Place,
        pack: &EmojiPack,
    ) -> Result<EmojiPack, DeliverError> {
        let used = |it: &PackedEmoji| {
            CustomEmoji::of(&place.network, it.id.clone(), it.name.clone(), it.animated)
        };
        let all: Vec<CustomEmoji> = pack.emoji.iter().map(used).collect();
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

    /// The emoji with its file on the media repository.
    async fn hosted(&self, emoji: &CustomEmoji) -> Result<Option<EmojiRecord>, DeliverError> {
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

    async fn upload(&self, emoji: &CustomEmoji) -> Option<String> {
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

fn custom_emoji(network: &NetworkId, leaf: &Leaf) -> Option<CustomEmoji> {
    match leaf {
        Leaf::Emoji { id, name, animated } => {
            Some(CustomEmoji::of(network, id.clone(), name.clone(), *animated))
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
    use super::{in_words, short_key};

    #[test]
    fn a_plain_emoji_is_its_own_name() {
        for emoji in ["😀", "❤\u{fe0f}", "1\u{fe0f}\u{20e3}", "🇩🇪", "©"] {
            assert_eq!(in_words(emoji), emoji);
        }
        assert_eq!(in_words("party_parrot"), ":party_parrot:");
        assert_eq!(in_words("熊猫"), ":熊猫:");
    }

    #[test]
    fn a_reaction_by_text_is_short_and_an_emoji_stays_whole() {
        assert_eq!(short_key("well done everybody").chars().count(), 8);
        let family = "👩\u{200d}👩\u{200d}👧\u{200d}👦";
        for emoji in [family, "❤\u{fe0f}\u{200d}🔥", "+1"] {
            assert_eq!(short_key(emoji), emoji);
        }
    }
}
