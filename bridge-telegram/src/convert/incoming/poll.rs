// SPDX-License-Identifier: AGPL-3.0-or-later
//! What stands beside the question and the answers of a poll,
//! <https://core.telegram.org/bots/api#poll>.
//!
//! Rule: an answer's file or place is told with the words of the answer, because nothing else says
//! which answer it belongs to. The explanation of a quiz gives the right answer away, so it is hidden
//! while people still answer.

use bridge_model::{Leaf, Note, RichText, Span, Spoiler, Style};
use serde_json::Value;

use super::content::MessageParts;
use super::field::{flag, list, object, text};
use super::{card, lists, media};
use crate::convert::address::leads_to_account;
use crate::convert::entities::from_wire;

/// Adds to `said` what the description, the answers and the explanation of the poll `field` hold, and
/// that it is a quiz.
pub(super) fn attachments(field: &Value, said: &mut MessageParts) {
    if let Some(attached) = object(field, "media") {
        said.media.extend(media::of_poll(attached));
        if let Some(line) = address(attached) {
            said.body.append(RichText::paragraph(vec![line]));
        }
    }
    let lines: Vec<Vec<Span>> =
        list(field, "options").iter().filter_map(|option| answer(option, said)).collect();
    if !lines.is_empty() {
        said.body.append(RichText(vec![lists::bullets(lines)]));
    }
    explain(field, said);
    said.notes.extend((text(field, "type") == Some("quiz")).then_some(Note::Quiz));
    said.body = std::mem::take(&mut said.body).normalise();
}

/// The answer with what is attached to it; its file goes to `said`.
fn answer(option: &Value, said: &mut MessageParts) -> Option<Vec<Span>> {
    let attached = object(option, "media")?;
    let words = from_wire(text(option, "text")?, list(option, "text_entities")).plain();
    let file = media::of_poll(attached);
    let sign = file.as_ref().map(|_| Span::text(ATTACHED));
    said.media.extend(file);
    let told: Vec<Span> = sign.into_iter().chain(address(attached)).collect();
    if told.is_empty() {
        return None;
    }
    Some(std::iter::once(Span::text(format!("{words}: "))).chain(told).collect())
}

/// Stands for the file of an answer, which crosses by itself.
const ATTACHED: &str = "📎";

/// A link, or a place on the map as one.
fn address(attached: &Value) -> Option<Span> {
    let url = object(attached, "link").and_then(|it| text(it, "url"));
    if let Some(url) = url.filter(|url| !leads_to_account(url)) {
        return Some(Span::link(url, url));
    }
    let venue = object(attached, "venue").and_then(card::venue);
    let place = venue.or_else(|| card::location(object(attached, "location")?, 0, false))?;
    let words = [place.title, place.address];
    let words = words.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let words = if words.is_empty() { place.point.text() } else { words };
    Some(Span::link(words, place.point.map_url()))
}

fn explain(field: &Value, said: &mut MessageParts) {
    let attached = object(field, "explanation_media");
    let hidden = !flag(field, "is_closed");
    said.media.extend(
        attached
            .and_then(media::of_poll)
            .map(|file| bridge_model::Media { spoiler: file.spoiler || hidden, ..file }),
    );
    let Some(words) = text(field, "explanation") else { return };
    let explanation = from_wire(words, list(field, "explanation_entities"));
    if hidden {
        let style = Style { spoiler: Some(Spoiler::default()), ..Style::default() };
        let leaf = Leaf::Text(explanation.plain().replace('\n', " "));
        said.body.append(RichText::paragraph(vec![Span { leaf, style }]));
    } else {
        said.body.append(explanation);
    }
}
