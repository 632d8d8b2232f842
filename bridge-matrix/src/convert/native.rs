// SPDX-License-Identifier: AGPL-3.0-or-later
//! What of a text is native to Matrix, and the rest as plain words.
//!
//! Rule: only accounts, rooms and pictures of Matrix itself are addressed; everything
//! of another network is its name.

use bot_core::address::is_mxc;
use bridge_model::{Leaf, Mention, NetworkId, RichText, Span};

use super::{NETWORK, address};

/// How a text addresses everybody in a room, literally.
pub const EVERYONE: &str = "@room";

/// Turns what Matrix cannot address into words: people, groups and chats of other networks into
/// their names, custom emoji that are not on the media repository into `:name:`, links that
/// clients would not follow into `words (url)`. The result is normalised.
pub fn native(text: &RichText) -> RichText {
    let mut rewrite = |spans: Vec<Span>| spans.into_iter().map(native_span).collect();
    let text = text.normalised().map_sequences(&mut rewrite);
    let disguised = text.disguised_links();
    text.write_out_links(&|url| address::may_be_link(url) && !disguised.contains(url))
}

/// The ids of the accounts that `text` addresses, sorted, and whether it addresses everybody.
pub fn mentioned(text: &RichText) -> (Vec<String>, bool) {
    let mut people = Vec::new();
    let mut everyone = false;
    for mention in text.mentions() {
        match mention {
            Mention::Person { who, .. } => {
                let id = who.user.as_str();
                if is_ours(&who.network) && address::is_user(id) {
                    people.push(id.to_owned());
                }
            }
            Mention::Everyone => everyone = true,
            Mention::Role { .. } | Mention::Chat { .. } => {}
        }
    }
    people.sort();
    people.dedup();
    (people, everyone)
}

/// An emoji by its name: `:name:`, or the name alone where it is no word but, say, the plain emoji
/// that the custom one stands for.
pub fn shortcode(name: &str) -> String {
    if name.is_empty() || is_word(name) || name.starts_with(':') || name.ends_with(':') {
        format!(":{name}:")
    } else {
        name.to_owned()
    }
}

/// Whether `name` is one that people could type between colons.
pub(super) fn is_word(name: &str) -> bool {
    name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '~' | '.'))
}

/// A name on one line, with single spaces and without characters that control something.
pub(super) fn one_line(name: &str) -> String {
    let shown: String = name.chars().filter(|c| !c.is_control() || c.is_whitespace()).collect();
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_ours(network: &NetworkId) -> bool {
    network.as_str() == NETWORK
}

/// One span, except for its link.
fn native_span(span: Span) -> Span {
    let Span { leaf, style } = span;
    let leaf = match leaf {
        Leaf::Mention(mention) => native_mention(mention),
        Leaf::Emoji { id, name, .. } if is_mxc(&id) && !name.is_empty() => {
            Leaf::Emoji { id, name, animated: false }
        }
        Leaf::Emoji { name, .. } => Leaf::Text(shortcode(&name)),
        same @ (Leaf::Text(_) | Leaf::Break | Leaf::Maths(_) | Leaf::Time { .. }) => same,
    };
    Span { leaf, style }
}

fn native_mention(mention: Mention) -> Leaf {
    match mention {
        Mention::Person { who, name } => {
            let name = one_line(&name);
            let ours = is_ours(&who.network) && address::is_user(who.user.as_str());
            if !ours {
                return Leaf::Text(format!("@{name}"));
            }
            let own = who.user.as_str().trim_start_matches('@');
            let name = if name.is_empty() { own.to_owned() } else { name };
            Leaf::Mention(Mention::Person { who, name })
        }
        Mention::Chat { place, name } => {
            let name = one_line(&name);
            let ours = is_ours(&place.network) && address::is_room(place.chat.as_str());
            if !ours {
                return Leaf::Text(format!("#{name}"));
            }
            let own = place.chat.as_str().trim_start_matches('#');
            let name = if name.is_empty() { own.to_owned() } else { name };
            Leaf::Mention(Mention::Chat { place, name })
        }
        Mention::Role { id, name, colour: colour @ Some(_) } => {
            Leaf::Mention(Mention::Role { id, name: one_line(&name), colour })
        }
        Mention::Role { name, .. } => Leaf::Text(format!("@{}", one_line(&name))),
        Mention::Everyone => Leaf::Text(EVERYONE.to_owned()),
    }
}
