// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a message says: words, files, cards and notes.
//!
//! Rule: whatever a person sends has something to show for it here, if only one line that says
//! that something was there.

use bridge_model::{Alias, Card, Leaf, Media, MediaKind, Note, RichText, Span, Style};
use serde_json::Value;

use super::field::{flag, int, list, object, small, text};
use super::fields::{self, FieldUse};
use super::{card, lists, media, poll, rich};
use crate::convert::address::leads_to_account;
use crate::convert::entities::from_wire;

/// What a message says.
#[derive(Default)]
pub(super) struct MessageParts {
    /// The text or caption.
    pub body: RichText,
    /// The files; albums come as one message for each.
    pub media: Vec<Media>,
    /// A poll, a place, a business card.
    pub card: Option<Card>,
    /// What else there was.
    pub notes: Vec<Note>,
    /// Under which other names the platform will speak of it.
    pub also: Vec<Alias>,
}

impl MessageParts {
    /// There is nothing in it.
    fn is_empty(&self) -> bool {
        let Self { body, media, card, notes, also: _ } = self;
        body.is_empty() && media.is_empty() && card.is_none() && notes.is_empty()
    }
}

/// Reads one kind of message: the whole message, and the field that names the kind.
type Reader = fn(&Value, &Value) -> Option<MessageParts>;

/// All kinds, the first that is there counts. The platform repeats some kinds in the form of an
/// older one: an animation is also a `document`, a live photo a `photo`, a venue a `location`.
const KINDS: [(&str, Reader); 26] = [
    ("text", words),
    ("rich_message", |_, it| Some(rich::message(it)).filter(|it| !it.is_empty())),
    ("animation", |whole, it| captioned(whole, media::file(it, MediaKind::Animation))),
    ("audio", |whole, it| captioned(whole, media::file(it, MediaKind::Audio))),
    ("document", |whole, it| captioned(whole, media::file(it, MediaKind::File))),
    ("live_photo", |whole, it| captioned(whole, media::live_photo(whole, it))),
    ("paid_media", paid),
    ("photo", |whole, it| captioned(whole, media::photo(it))),
    ("sticker", |whole, it| captioned(whole, media::sticker(it))),
    ("story", story),
    ("video", |whole, it| captioned(whole, media::file(it, MediaKind::Video))),
    ("video_note", |whole, it| captioned(whole, media::video_note(it))),
    ("voice", |whole, it| captioned(whole, media::voice(it))),
    ("checklist", |_, it| {
        Some(MessageParts { body: lists::checklist(it)?, ..MessageParts::default() })
    }),
    ("contact", |_, it| of_card(card::contact(it).map(Card::Contact)?)),
    ("dice", dice),
    ("game", game),
    ("poll", poll),
    ("venue", |_, it| of_card(Card::Location(card::venue(it)?))),
    ("location", location),
    ("invoice", invoice),
    ("giveaway", giveaway),
    ("giveaway_winners", giveaway),
    ("gift", gift),
    ("gift_upgrade_sent", gift),
    ("unique_gift", gift),
];

/// What a message says that is no service message; `None` when there is nothing in it at all.
pub(super) fn of_message(message: &Value) -> Option<MessageParts> {
    let kind = KINDS.iter().find_map(|(name, read)| Some((read, message.get(*name)?)));
    let said = match kind {
        Some((read, field)) => read(message, field).unwrap_or_else(|| unknown(message)),
        None if has_content(message) => unknown(message),
        None => return None,
    };
    Some(with_buttons(said, message))
}

fn has_content(message: &Value) -> bool {
    let names = message.as_object().map(|it| it.keys()).into_iter().flatten();
    names.into_iter().any(|name| fields::of_message(name) != Some(FieldUse::Around))
}

/// Something that is not known here; its words are kept.
fn unknown(message: &Value) -> MessageParts {
    let body = match text(message, "text") {
        Some(words) => from_wire(words, list(message, "entities")),
        None => caption(message),
    };
    MessageParts { body, notes: vec![Note::Unknown], ..MessageParts::default() }
}

fn words(message: &Value, field: &Value) -> Option<MessageParts> {
    let body = from_wire(field.as_str()?, list(message, "entities"));
    Some(MessageParts { body, ..MessageParts::default() })
}

/// Whether it stands above or below the file is left to who shows it.
fn caption(message: &Value) -> RichText {
    let words = text(message, "caption").unwrap_or_default();
    from_wire(words, list(message, "caption_entities"))
}

fn captioned(message: &Value, media: impl IntoIterator<Item = Media>) -> Option<MessageParts> {
    let spoiler = flag(message, "has_media_spoiler");
    let media: Vec<Media> =
        media.into_iter().map(|it| Media { spoiler: it.spoiler || spoiler, ..it }).collect();
    let body = caption(message);
    (!media.is_empty()).then(|| MessageParts { body, media, ..MessageParts::default() })
}

fn paid(message: &Value, field: &Value) -> Option<MessageParts> {
    let (body, media) = (caption(message), media::paid(field));
    Some(MessageParts { body, media, notes: vec![Note::PaidMedia], ..MessageParts::default() })
}

fn of_card(card: Card) -> Option<MessageParts> {
    Some(MessageParts { card: Some(card), ..MessageParts::default() })
}

fn noted(body: RichText, note: Note) -> Option<MessageParts> {
    Some(MessageParts { body, notes: vec![note], ..MessageParts::default() })
}

fn story(_: &Value, field: &Value) -> Option<MessageParts> {
    let from = object(field, "chat").and_then(super::author::of_chat).map(|it| it.name);
    noted(RichText::default(), Note::Story { from })
}

fn dice(_: &Value, field: &Value) -> Option<MessageParts> {
    let emoji = text(field, "emoji")?.to_owned();
    noted(RichText::default(), Note::Dice { emoji, value: small(field, "value")? })
}

fn game(_: &Value, field: &Value) -> Option<MessageParts> {
    let about = match text(field, "text") {
        Some(words) => from_wire(words, list(field, "text_entities")),
        None => RichText::plain_text(text(field, "description").unwrap_or_default()),
    };
    noted(about.normalise(), Note::Game { title: text(field, "title")?.to_owned() })
}

fn invoice(_: &Value, field: &Value) -> Option<MessageParts> {
    let about = RichText::plain_text(text(field, "description").unwrap_or_default()).normalise();
    let amount = text(field, "currency").zip(int(field, "total_amount"));
    let amount = amount.map(|(currency, units)| price(currency, units));
    noted(about, Note::Invoice { title: text(field, "title")?.to_owned(), amount })
}

fn giveaway(_: &Value, field: &Value) -> Option<MessageParts> {
    let mut prize = RichText::plain_text(text(field, "prize_description").unwrap_or_default());
    if let Some(stars) = int(field, "prize_star_count").filter(|stars| *stars > 0) {
        prize.append(RichText::plain_text(&price("XTR", stars)));
    }
    noted(prize.normalise(), Note::Giveaway)
}

/// Whoever gives may hide words and name from all but the receiver.
fn gift(_: &Value, field: &Value) -> Option<MessageParts> {
    let words = text(field, "text").filter(|_| !flag(field, "is_private")).unwrap_or_default();
    noted(from_wire(words, list(field, "entities")), Note::Gift)
}

fn poll(message: &Value, field: &Value) -> Option<MessageParts> {
    let about = text(field, "description").unwrap_or_default();
    let mut said = MessageParts {
        body: from_wire(about, list(field, "description_entities")),
        card: Some(Card::Poll(card::poll(field, int(message, "date").unwrap_or(0))?)),
        also: card::alias(field).into_iter().collect(),
        ..MessageParts::default()
    };
    poll::attachments(field, &mut said);
    Some(said)
}

fn location(message: &Value, field: &Value) -> Option<MessageParts> {
    let (date, edited) = (int(message, "date").unwrap_or(0), int(message, "edit_date").is_some());
    of_card(Card::Location(card::location(field, date, edited)?))
}

/// An amount in the smallest units of its currency, <https://core.telegram.org/bots/payments>.
fn price(currency: &str, units: i64) -> String {
    let digits = match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX"
        | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        // The platform's own stars.
        "XTR" => return format!("{units} ⭐"),
        _ => 2,
    };
    let one = 10_u64.pow(digits);
    let sign = if units < 0 { "-" } else { "" };
    let (whole, rest) = (units.unsigned_abs() / one, units.unsigned_abs() % one);
    match usize::try_from(digits).unwrap_or(0) {
        0 => format!("{sign}{whole} {currency}"),
        width => format!("{sign}{whole}.{rest:0width$} {currency}"),
    }
}

/// Buttons that lead somewhere are links; what one copies is told with its label; of the others
/// only the label can be told.
fn with_buttons(mut said: MessageParts, message: &Value) -> MessageParts {
    let rows = object(message, "reply_markup").map_or(&[][..], |it| list(it, "inline_keyboard"));
    let buttons = rows.iter().filter_map(Value::as_array).flatten();
    let mut links = Vec::new();
    for button in buttons {
        let Some(label) = text(button, "text") else { continue };
        match (address_of(button), object(button, "copy_text").and_then(|it| text(it, "text"))) {
            (Some(url), _) => links.push(vec![Span::link(label, url)]),
            (None, Some(copied)) => {
                let code = Style { code: true, ..Style::default() };
                let copied = Span { leaf: Leaf::Text(copied.to_owned()), style: code };
                links.push(vec![Span::text(format!("{label}: ")), copied]);
            }
            (None, None) => said.notes.push(Note::Button { label: label.to_owned() }),
        }
    }
    if !links.is_empty() {
        said.body.append(RichText(vec![lists::bullets(links)]));
        said.body = said.body.label_links().normalise();
    }
    said
}

/// Where a button leads: to a page, a web app, or a page that the platform logs people in to. That it
/// leads to an account is not told.
pub(super) fn address_of(button: &Value) -> Option<&str> {
    let inner = |key| object(button, key).and_then(|it| text(it, "url"));
    let url = text(button, "url").or_else(|| inner("web_app")).or_else(|| inner("login_url"));
    url.filter(|url| !leads_to_account(url))
}

#[cfg(test)]
mod price_tests {
    use super::price;

    #[test]
    fn prices_have_the_digits_of_their_currency() {
        assert_eq!(price("EUR", 1250), "12.50 EUR");
        assert_eq!(price("EUR", 5), "0.05 EUR");
        assert_eq!(price("JPY", 1250), "1250 JPY");
        assert_eq!(price("KWD", 1250), "1.250 KWD");
        assert_eq!(price("XTR", 50), "50 ⭐");
        assert_eq!(price("USD", i64::MIN), "-92233720368547758.08 USD");
    }
}
