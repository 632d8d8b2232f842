// SPDX-License-Identifier: AGPL-3.0-or-later
//! Addresses of what people of wikis name: `[[links]]`, `{{templates}}`, tasks, ids.
//!
//! Rule: off unless the admins name the wiki of the chat; one answer for a message, the same in every
//! chat, and none for what is said by bots. What is found is judged by `bridge_policy::wiki`.

use bridge_model::{Block, Leaf, Place, RichText, Span, Style};
use bridge_policy::wiki::{Wiki, found};

use super::phrases::{Phrases, Post};
use crate::lane::Work;
use crate::portal::Portal;

/// What stands between two addresses.
const BETWEEN: &str = " · ";

/// The answer below a message, in every chat.
pub(super) fn answers(phrases: Phrases<'_>, portal: &Portal, post: Post<'_>) -> Vec<(Place, Work)> {
    let Some(home) = portal.settings.wiki.as_deref().and_then(Wiki::read) else {
        return Vec::new();
    };
    let mut spans = Vec::new();
    for one in found(&post.message.body, &home) {
        if !spans.is_empty() {
            spans.push(Span::text(BETWEEN));
        }
        let style = Style { link: Some(one.url), ..Style::default() };
        spans.push(Span { leaf: Leaf::Text(one.label), style });
    }
    if spans.is_empty() {
        return Vec::new();
    }
    let text = RichText(vec![Block::Paragraph(spans)]);
    phrases.below(portal, post, text)
}
