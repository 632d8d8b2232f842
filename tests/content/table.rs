// SPDX-License-Identifier: AGPL-3.0-or-later
//! The rows of the table: one a capability, with what becomes of what a network lacks.
//!
//! Rule: structures are taken apart field by field, without `..`.

use bridge_model::{
    Capabilities, ChatCapabilities, LengthUnit, MediaCapabilities, PollCapabilities, QuoteDepth,
    TextCapabilities, ThreadKind,
};

/// One row for one network.
pub struct Row {
    /// What.
    pub what: &'static str,
    /// How it arrives there.
    pub how: String,
}

fn row(what: &'static str, how: impl Into<String>) -> Row {
    Row { what, how: how.into() }
}

fn able(what: &'static str, able: bool, otherwise: &str) -> Row {
    row(what, if able { "yes" } else { otherwise })
}

/// All rows for one network.
pub fn rows(network: &Capabilities) -> Vec<Row> {
    let Capabilities {
        text,
        max_text,
        max_caption,
        unit,
        media,
        replies,
        reply_quotes,
        many_reactions,
        custom_reactions,
        edits_media,
        polls,
        locations,
        live_locations,
        contacts,
        threads,
        chat,
    } = network;
    let mut rows = of_text(text);
    rows.push(row("longest text", length(*max_text, *unit)));
    rows.push(row("longest caption", length(*max_caption, *unit)));
    rows.extend(of_media(media));
    rows.push(able("exchanged files", *edits_media, "the text alone changes"));
    rows.push(able("replies", *replies, "a line with a link above the text"));
    rows.push(able(
        "quoting a part in a reply",
        *reply_quotes,
        "the part as a quote, or the reply alone",
    ));
    rows.push(able(
        "several reactions to one message",
        *many_reactions,
        "the most frequent one, and a line that counts all",
    ));
    rows.push(able("custom emoji as reactions", *custom_reactions, "counted in a line"));
    rows.push(row("polls", of_polls(*polls)));
    rows.push(able("places", *locations, "text with a link to a map"));
    rows.push(able("places that move", *live_locations, "the message is edited"));
    rows.push(able("contacts", *contacts, "the name; the number only where the room allows it"));
    rows.push(row(
        "threads",
        match threads {
            ThreadKind::Replies => "as replies to the first message",
            ThreadKind::OnMessages => "yes, on a message",
            ThreadKind::Topics => "yes, as topics; as replies in groups without topics",
        },
    ));
    rows.extend(of_chat(chat));
    rows
}

fn length(most: usize, unit: LengthUnit) -> String {
    let unit = match unit {
        LengthUnit::Utf16 => "UTF-16 units",
        LengthUnit::Chars => "characters",
        LengthUnit::Bytes => "bytes",
    };
    format!("{most} {unit}; more is split")
}

fn of_text(text: &TextCapabilities) -> Vec<Row> {
    let TextCapabilities {
        headings,
        lists,
        tables,
        details,
        rules,
        quotes,
        expandable_quotes,
        blocks_in_quotes,
        code_blocks,
        code_language,
        basic_styles,
        underline,
        code,
        styled_code,
        spoilers,
        spoiler_reasons,
        subtext,
        links,
        custom_emoji,
        maths,
        timestamps,
    } = text;
    vec![
        able("bold, italic, struck through", *basic_styles, "as plain text"),
        able("underlined", *underline, "as plain text"),
        able("code", *code, "as plain text"),
        able("code that is bold or a link", *styled_code, "as code alone"),
        able("blocks of code", *code_blocks, "as plain lines"),
        able("language of code", *code_language, "not shown"),
        able("hidden text", *spoilers, "as plain text"),
        able("why it is hidden", *spoiler_reasons, "in brackets before it"),
        able("small print", *subtext, "as plain text"),
        able("links under other words", *links, "the address behind the words"),
        row(
            "quotes",
            match quotes {
                QuoteDepth::None => "lines with `>`",
                QuoteDepth::One => "yes; quotes within quotes are flattened",
                QuoteDepth::Many => "yes",
            },
        ),
        able("quotes that start folded", *expandable_quotes, "as plain quotes"),
        able("lists and code in quotes", *blocks_in_quotes, "as text"),
        able("lists", *lists, "lines with bullets or numbers"),
        row(
            "headings",
            match headings {
                0 => "bold lines".to_owned(),
                6 => "yes".to_owned(),
                deepest => format!("down to level {deepest}, then bold lines"),
            },
        ),
        able("tables", *tables, "as aligned text"),
        able("sections that fold", *details, "unfolded, below a bold line"),
        able("horizontal lines", *rules, "a line `---`"),
        able("custom emoji", *custom_emoji, "`:name:`, or the plain emoji that stands for it"),
        able("formulas", *maths, "as code"),
        able("moments in the reader's time", *timestamps, "in UTC"),
    ]
}

fn of_media(media: &MediaCapabilities) -> Vec<Row> {
    let MediaCapabilities {
        max_upload,
        max_download,
        per_message,
        spoilers,
        alt,
        voice,
        waveform,
        video_notes,
        animations,
        stickers,
        tags,
        formats,
    } = media;
    let size = |most: u64| match most {
        u64::MAX => "what the homeserver allows".to_owned(),
        most => format!("{} MB", most / 1_000_000),
    };
    vec![
        row("largest file sent there", format!("{}; else a line that says so", size(*max_upload))),
        row(
            "largest file fetched from there",
            format!("{}; else a line that says so", size(*max_download)),
        ),
        row(
            "files in one message",
            match per_message {
                1 => "one; the others follow".to_owned(),
                most => format!("up to {most}"),
            },
        ),
        able("hidden files", *spoilers, "open"),
        able("descriptions of files", *alt, "not shown"),
        able("voice messages", *voice, "as sound files"),
        able("loudness of voice messages", *waveform, "drawn by the app"),
        able("round films", *video_notes, "as films"),
        able("silent loops", *animations, "as files that play"),
        able("stickers", *stickers, "as pictures"),
        able("title and performer of music", *tags, "in a line of text"),
        row(
            "moving pictures and stickers",
            formats.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(" "),
        ),
    ]
}

fn of_polls(polls: Option<PollCapabilities>) -> String {
    let Some(PollCapabilities { question, answer, fewest, most, closing }) = polls else {
        return "as text".to_owned();
    };
    let closing = if closing { "closed with the original" } else { "cannot be closed early" };
    format!(
        "{fewest} to {most} answers of {answer}, question of {question}; {closing}; else as text"
    )
}

fn of_chat(chat: &ChatCapabilities) -> Vec<Row> {
    let ChatCapabilities { name, topic, avatar, pins, emoji } = chat;
    vec![
        able("name of the chat", *name, "stays as it is"),
        able("description of the chat", *topic, "stays as it is"),
        able("picture of the chat", *avatar, "there is none"),
        able("pinned messages", *pins, "stay as they are"),
        able("pack of the custom emoji of a server", *emoji, "there is none"),
    ]
}
