// SPDX-License-Identifier: AGPL-3.0-or-later
//! Components: texts, buttons, galleries and files that a bot lays out.
//!
//! Rule: words and files are read wherever they stand; what only works on Discord is named in
//! a note. See <https://discord.com/developers/docs/components/reference>.

use bridge_model::{Block, Media, Note, Span};
use serde_json::Value;

use super::field::{id, is, list, number, text};
use super::{Ours, media};
use crate::convert::markdown::{Names, from_markdown, veil};

/// Deeper nesting than Discord allows is not followed.
const DEEPEST: u8 = 8;

/// What components say.
#[derive(Default)]
pub(super) struct Laid {
    pub(super) blocks: Vec<Block>,
    pub(super) media: Vec<Media>,
    pub(super) notes: Vec<Note>,
}

/// Reads the components of a message.
pub(super) fn read(message: &Value, names: &Names, ours: &Ours) -> Laid {
    let mut laid = Laid::default();
    let attached = list(message, "attachments").iter().filter_map(|file| id(file, "id")).collect();
    let reader = Reader { names, ours, attached };
    reader.all(list(message, "components"), &mut laid, 0);
    laid
}

struct Reader<'a> {
    names: &'a Names,
    ours: &'a Ours,
    /// Files that are read as attachments already.
    attached: Vec<&'a str>,
}

impl Reader<'_> {
    fn all(&self, components: &[Value], laid: &mut Laid, depth: u8) {
        if depth > DEEPEST {
            return;
        }
        let mut row = Vec::new();
        for component in components {
            match number(component, "type") {
                2 => self.button(component, &mut row, &mut laid.notes),
                3 | 5..=8 => laid.notes.extend(text(component, "placeholder").map(button)),
                10 => {
                    let words = text(component, "content").unwrap_or_default();
                    laid.blocks.extend(from_markdown(words, self.names).0);
                }
                11 => self.file(component.get("media"), component, laid),
                12 => {
                    for item in list(component, "items") {
                        self.file(item.get("media"), item, laid);
                    }
                }
                13 => self.file(component.get("file"), component, laid),
                14 if component.get("divider").and_then(Value::as_bool).unwrap_or(true) => {
                    laid.blocks.push(Block::Rule);
                }
                _ => self.inside(component, laid, depth),
            }
        }
        if !row.is_empty() {
            laid.blocks.push(Block::Paragraph(row));
        }
    }

    /// Rows, sections and containers, also those of the future.
    fn inside(&self, component: &Value, laid: &mut Laid, depth: u8) {
        let mut within = Laid::default();
        self.all(list(component, "components"), &mut within, depth + 1);
        let beside = component.get("accessory").map(std::slice::from_ref).unwrap_or_default();
        self.all(beside, &mut within, depth + 1);
        if is(component, "spoiler") {
            // A line of the bridge would say what is hidden.
            let labels = std::mem::take(&mut within.notes).into_iter().filter_map(label);
            within.blocks.extend(labels.map(|label| Block::Paragraph(vec![Span::text(label)])));
            within.media.iter_mut().for_each(|file| file.spoiler = true);
            veil(&mut within.blocks);
        }
        laid.blocks.append(&mut within.blocks);
        laid.media.append(&mut within.media);
        laid.notes.append(&mut within.notes);
    }

    fn button(&self, one: &Value, row: &mut Vec<Span>, notes: &mut Vec<Note>) {
        let face = one.get("emoji").and_then(|emoji| text(emoji, "name"));
        let label = text(one, "label").or(face);
        match (text(one, "url"), label) {
            (Some(url), label) => {
                if !row.is_empty() {
                    row.push(Span::text(" · "));
                }
                row.push(Span::link(label.unwrap_or(url), url));
            }
            (None, Some(label)) => notes.push(button(label)),
            (None, None) => {}
        }
    }

    fn file(&self, item: Option<&Value>, beside: &Value, laid: &mut Laid) {
        let Some(item) = item else { return };
        if id(item, "attachment_id").is_some_and(|id| self.attached.contains(&id)) {
            return;
        }
        match (media::described(item, beside, self.ours), text(item, "url")) {
            (Some(file), _) => laid.media.push(file),
            (None, Some(url)) => {
                let words = text(beside, "description").unwrap_or(url);
                laid.blocks.push(Block::Paragraph(vec![Span::link(words, url)]));
            }
            (None, None) => {}
        }
    }
}

/// What stands on the button that a note tells of.
fn label(note: Note) -> Option<String> {
    if let Note::Button { label } = note { Some(label) } else { None }
}

fn button(label: &str) -> Note {
    Note::Button { label: label.to_owned() }
}
