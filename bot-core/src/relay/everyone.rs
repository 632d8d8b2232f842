// SPDX-License-Identifier: AGPL-3.0-or-later
//! Mentions of everybody (`@room`, `@everyone`).
//!
//! Rule: everybody is notified only by somebody who may do that where they spoke.

use bridge_model::{Leaf, Mention, RichText, Span, UserId};

use super::directory::Directory;
use crate::order::DeliverError;

/// The text, in which a mention of everybody is words unless `author` may notify everybody.
///
/// # Errors
/// What the directory answers.
pub(super) async fn check_everyone(
    directory: &dyn Directory,
    author: &UserId,
    text: RichText,
) -> Result<RichText, DeliverError> {
    let calls = text.mentions().any(|mention| *mention == Mention::Everyone);
    if !calls || directory.may_call_everyone(author).await? {
        return Ok(text);
    }
    Ok(text.map_spans(&mut |span| {
        if span.leaf == Leaf::Mention(Mention::Everyone) {
            // The joiner keeps platforms from reading it as a mention of their own.
            let words = Mention::Everyone.shown().replacen('@', "@\u{2060}", 1);
            return vec![Span { leaf: Leaf::Text(words), style: span.style }];
        }
        vec![span]
    }))
}
