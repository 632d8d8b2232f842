// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the tags of blocks do to the open blocks.
//!
//! Rule: end tags that are left out are put where the HTML standard puts them, as far
//! as people leave them out (`p`, `li`, rows and cells).

use bridge_model::Block;

use super::frames::{self, Flow, Frame, Frames, Single};

/// Whether a tag of this name is for us to open and close.
pub(super) fn is_block(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "blockquote"
            | "ul"
            | "ol"
            | "li"
            | "pre"
            | "hr"
            | "table"
            | "caption"
            | "thead"
            | "tbody"
            | "tr"
            | "th"
            | "td"
            | "details"
            | "summary"
    )
}

/// A start tag; `start` is the number that an `ol` begins with.
pub(super) fn open(frames: &mut Frames, name: &str, start: Option<u32>) {
    if matches!(frames.top(), Some(Frame::Pre { .. })) {
        return;
    }
    match name {
        "p" => frames.paragraph_edge(),
        "div" => frames.line_edge(),
        "li" => {
            frames.close(is_item, |frame| !is_item(frame));
            open_in(frames, is_list, frames::item(Vec::new()));
        }
        "thead" | "tbody" => table_section(frames, name == "thead"),
        "tr" => {
            frames.close(is_row, is_table);
            let in_head = matches!(frames.top(), Some(Frame::Table { in_head: true, .. }));
            open_in(frames, is_table, frames::row(in_head));
        }
        "th" | "td" => {
            frames.close(is_cell, |frame| is_row(frame) || is_table(frame));
            if matches!(frames.top(), Some(Frame::Table { .. })) {
                open(frames, "tr", None);
            }
            open_in(frames, is_row, Frame::Single(Single::Cell { th: name == "th" }));
        }
        "caption" => open_in(frames, is_table, Frame::Single(Single::Caption)),
        "summary" => open_in(frames, is_details, Frame::Single(Single::Summary)),
        "hr" => {
            if frames.make_room_for_block() {
                frames.add(Block::Rule);
            } else {
                frames.line_edge();
            }
        }
        _ => {
            frames.close(is_heading, |frame| !is_heading(frame));
            if let Some(frame) = block(name, start) {
                open_block(frames, frame);
            }
        }
    }
}

/// An end tag.
pub(super) fn close(frames: &mut Frames, name: &str) {
    match name {
        "p" => frames.paragraph_edge(),
        "div" => frames.line_edge(),
        _ if block(name, None).is_some() && frames.forget_ignored() => frames.line_edge(),
        "blockquote" => frames.close(is_quote, is_fence),
        "ul" | "ol" => frames.close(is_list, is_fence),
        "li" => frames.close(is_item, |frame| is_list(frame) || is_fence(frame)),
        "pre" => frames.close(|frame| matches!(frame, Frame::Pre { .. }), is_fence),
        "table" => frames.close(is_table, |_| false),
        "caption" => {
            frames.close(|frame| matches!(frame, Frame::Single(Single::Caption)), is_table);
        }
        "thead" | "tbody" => table_section(frames, false),
        "tr" => frames.close(is_row, is_table),
        "th" | "td" => frames.close(is_cell, is_table),
        "details" => frames.close(is_details, is_fence),
        "summary" => {
            frames.close(|frame| matches!(frame, Frame::Single(Single::Summary)), is_fence);
        }
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => frames.close(is_heading, is_fence),
        _ => {}
    }
}

fn block(name: &str, start: Option<u32>) -> Option<Frame> {
    let blocks = Vec::new();
    Some(match name {
        "h1" => Frame::Single(Single::Heading(1)),
        "h2" => Frame::Single(Single::Heading(2)),
        "h3" => Frame::Single(Single::Heading(3)),
        "h4" => Frame::Single(Single::Heading(4)),
        "h5" => Frame::Single(Single::Heading(5)),
        "h6" => Frame::Single(Single::Heading(6)),
        "blockquote" => Frame::Flow { kind: Flow::Quote, blocks },
        "details" => Frame::Flow { kind: Flow::Details { summary: Vec::new() }, blocks },
        "ul" => Frame::List { start: None, items: Vec::new() },
        "ol" => Frame::List { start: Some(start.unwrap_or(1)), items: Vec::new() },
        "table" => {
            Frame::Table { head: false, in_head: false, caption: Vec::new(), rows: Vec::new() }
        }
        "pre" => Frame::Pre { language: None, text: Vec::new(), fresh: true },
        _ => return None,
    })
}

/// Opens a block that can stand wherever blocks stand.
fn open_block(frames: &mut Frames, frame: Frame) {
    if frames.is_full() {
        frames.ignore();
    } else if frames.make_room_for_block() {
        frames.push(frame);
    } else {
        frames.line_edge();
    }
}

/// Opens a frame that can only stand in one kind of frame.
fn open_in(frames: &mut Frames, parent: impl Fn(&Frame) -> bool, frame: Frame) {
    let fits = frames.top().is_some_and(|top| parent(top));
    if fits && !frames.is_full() {
        frames.push(frame);
    } else {
        frames.line_edge();
    }
}

fn table_section(frames: &mut Frames, head: bool) {
    frames.close(is_row, is_table);
    if let Some(Frame::Table { in_head, .. }) = frames.top() {
        *in_head = head;
    }
}

fn is_item(frame: &Frame) -> bool {
    matches!(frame, Frame::Flow { kind: Flow::Item, .. })
}

fn is_quote(frame: &Frame) -> bool {
    matches!(frame, Frame::Flow { kind: Flow::Quote, .. })
}

fn is_details(frame: &Frame) -> bool {
    matches!(frame, Frame::Flow { kind: Flow::Details { .. }, .. })
}

fn is_list(frame: &Frame) -> bool {
    matches!(frame, Frame::List { .. })
}

fn is_table(frame: &Frame) -> bool {
    matches!(frame, Frame::Table { .. })
}

fn is_row(frame: &Frame) -> bool {
    matches!(frame, Frame::Row { .. })
}

fn is_cell(frame: &Frame) -> bool {
    matches!(frame, Frame::Single(Single::Cell { .. }))
}

fn is_heading(frame: &Frame) -> bool {
    matches!(frame, Frame::Single(Single::Heading(_)))
}

/// End tags do not reach out of these.
fn is_fence(frame: &Frame) -> bool {
    matches!(frame, Frame::Single(Single::Cell { .. } | Single::Caption))
}
