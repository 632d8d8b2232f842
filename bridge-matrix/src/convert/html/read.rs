// SPDX-License-Identifier: AGPL-3.0-or-later
//! From HTML tokens to a text.
//!
//! Rule: a tag that is not named here has no effect.

use std::borrow::Cow;
use std::cell::RefCell;

use bridge_model::text::scripts;
use bridge_model::{Leaf, Mention, Person, Place, RichText, Spoiler, Style};
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use super::super::address::{self, Target};
use super::super::incoming::NAMELESS_EMOJI;
use super::super::{NETWORK, name, native};
use super::MAX_DEPTH;
use super::blocks;
use super::effect::{Effect, attribute, language_of, spoiler};
use super::frames::{Frame, Frames};
use super::line::is_space;

/// Stands for a picture that nobody has described.
const PICTURE: &str = "🖼";

/// Begins the names of veils that other tags than `span` put on: no tag is called so.
const VEIL: &str = "/";

/// Longest address of a link, in characters; browsers and other networks take no longer ones.
const LONGEST_ADDRESS: usize = 2_048;

/// Reads HTML; the result is not normalised.
pub(super) fn read(html: &str) -> RichText {
    let sink = Sink(RefCell::new(Reader::new()));
    let options = TokenizerOpts { discard_bom: false, ..TokenizerOpts::default() };
    let tokenizer = Tokenizer::new(sink, options);
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    // Scripts never pause the reader, so one call takes everything.
    let _done = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.into_inner().finish()
}

struct Sink(RefCell<Reader>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut reader = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(text) => reader.text(&text),
            Token::NullCharacterToken => reader.text("\u{fffd}"),
            Token::TagToken(tag) => match tag.kind {
                TagKind::StartTag => return reader.start(&tag),
                TagKind::EndTag => reader.end(&tag.name),
            },
            Token::DoctypeToken(_)
            | Token::CommentToken(_)
            | Token::EOFToken
            | Token::ParseError(_) => {}
        }
        TokenSinkResult::Continue
    }
}

struct Reader {
    frames: Frames,
    /// Open inline tags, by name.
    open_tags: Vec<(String, Effect)>,
    /// Inline tags that were too deep and are still open.
    too_deep: usize,
    /// Nothing stands in the link that is open.
    link_is_empty: bool,
    capture: Option<Capture>,
    skip: Option<Skip>,
}

/// The words of a link to a person or room.
struct Capture {
    target: Target,
    href: String,
    style: Style,
    /// With the style of each piece inside the link.
    words: Vec<(String, Style)>,
    /// Lines of the same link came before.
    goes_on: bool,
}

/// Everything up to the end of this element is left out.
struct Skip {
    name: String,
    depth: usize,
}

impl Reader {
    fn new() -> Self {
        Self {
            frames: Frames::new(),
            open_tags: Vec::new(),
            too_deep: 0,
            link_is_empty: false,
            capture: None,
            skip: None,
        }
    }

    fn finish(mut self) -> RichText {
        self.end_capture();
        self.frames.finish()
    }

    fn text(&mut self, text: &str) {
        if self.skip.is_some() {
            return;
        }
        self.link_is_empty &= text.chars().all(is_space);
        let style = self.style();
        let text = &*self.raised(text);
        if let Some(capture) = &mut self.capture {
            capture.words.push((text.to_owned(), style));
            return;
        }
        if let Some(Frame::Pre { fresh, .. }) = self.frames.top() {
            let first = std::mem::take(fresh);
            let text = text.strip_prefix('\n').filter(|_| first).unwrap_or(text);
            let lowered = style.subtext.then(|| scripts::subscript(text));
            self.frames.code(lowered.as_deref().unwrap_or(text), style.spoiler);
            return;
        }
        if text.chars().all(is_space) {
            self.frames.line.space(&style);
        } else {
            self.frames.make_room_for_text();
            self.frames.line.text(text, &style);
        }
    }

    fn start(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        if let Some(skip) = &mut self.skip {
            skip.depth += usize::from(skip.name == name);
            return TokenSinkResult::Continue;
        }
        if let Some(Frame::Pre { fresh, .. }) = self.frames.top() {
            *fresh = false;
        }
        let named = matches!(name, "strong" | "b" | "span");
        if named && attribute(tag, "data-mx-profile-fallback").is_some() {
            // The name of a profile for one message, which its reader knows from elsewhere (MSC4144).
            self.skip(name);
            return TokenSinkResult::Continue;
        }
        if name != "span" && !matches!(name, "script" | "style" | "mx-reply" | "img" | "br" | "hr")
        {
            self.veil(tag);
        }
        match name {
            "script" => return self.leave_out(name, RawKind::ScriptData),
            "style" => return self.leave_out(name, RawKind::Rawtext),
            "mx-reply" => self.skip(name),
            "img" => self.image(tag),
            "br" => self.line_break(),
            "a" => self.link(tag),
            "span" | "div" if attribute(tag, "data-mx-maths").is_some() => self.maths(tag),
            "span" => self.open_tag(name, spoiler(tag).unwrap_or(Effect::Nothing)),
            "code" => {
                if let Some(Frame::Pre { language: language @ None, .. }) = self.frames.top() {
                    *language = attribute(tag, "class").and_then(language_of);
                }
                self.open_tag(name, Effect::Code);
            }
            "b" | "strong" => self.open_tag(name, Effect::Bold),
            "i" | "em" => self.open_tag(name, Effect::Italic),
            "u" => self.open_tag(name, Effect::Underline),
            "s" | "del" | "strike" => self.open_tag(name, Effect::Strike),
            "sub" => self.open_tag(name, Effect::Subtext),
            "sup" => self.open_tag(name, Effect::Raised),
            _ => {
                if blocks::is_block(name) {
                    self.end_capture();
                    let start = attribute(tag, "start").and_then(|n| n.parse().ok());
                    blocks::open(&mut self.frames, name, start);
                }
            }
        }
        TokenSinkResult::Continue
    }

    fn end(&mut self, name: &str) {
        if let Some(skip) = &mut self.skip {
            if skip.name == name {
                skip.depth = skip.depth.saturating_sub(1);
                if skip.depth == 0 {
                    self.skip = None;
                    self.lift_veil(name);
                    if name == "div" {
                        self.frames.paragraph_edge();
                    }
                }
            }
            return;
        }
        self.end_element(name);
        self.lift_veil(name);
    }

    fn end_element(&mut self, name: &str) {
        match name {
            "a" | "b" | "strong" | "i" | "em" | "u" | "s" | "del" | "strike" | "sub" | "sup"
            | "code" | "span" => {
                if name == "a" && self.capture.is_some() {
                    self.end_capture();
                } else {
                    if name == "a" {
                        self.end_link();
                    }
                    self.close_tag(name);
                }
            }
            _ => {
                if blocks::is_block(name) {
                    self.end_capture();
                    blocks::close(&mut self.frames, name);
                }
            }
        }
    }

    /// Hides what stands in other tags than `span`, too. The specification knows the attribute only
    /// there, but whoever writes it means it.
    fn veil(&mut self, tag: &Tag) {
        let name = format!("{VEIL}{}", tag.name);
        match spoiler(tag) {
            Some(effect) => self.open_tag(&name, effect),
            // The same tag within it has an end of its own.
            None if self.open_tags.iter().any(|(open, _)| *open == name) => {
                self.open_tag(&name, Effect::Nothing);
            }
            None => {}
        }
    }

    fn lift_veil(&mut self, name: &str) {
        let is_it = |(open, _): &(String, Effect)| open.strip_prefix(VEIL) == Some(name);
        if let Some(index) = self.open_tags.iter().rposition(is_it) {
            self.open_tags.remove(index);
        }
    }

    /// The style of what comes now.
    fn style(&self) -> Style {
        let mut style = Style::default();
        for (_, effect) in &self.open_tags {
            match effect {
                Effect::Nothing | Effect::Raised => {}
                Effect::Bold => style.bold = true,
                Effect::Italic => style.italic = true,
                Effect::Underline => style.underline = true,
                Effect::Strike => style.strike = true,
                Effect::Code => style.code = true,
                Effect::Subtext => style.subtext = true,
                Effect::Spoiler(reason) => {
                    style.spoiler = Some(Spoiler { reason: reason.clone() });
                }
                Effect::Link(url) => style.link = Some(url.clone()),
            }
        }
        style
    }

    /// Raised letters as the plain text shows them: beside what they belong to, they would say
    /// something else.
    fn raised<'t>(&mut self, text: &'t str) -> Cow<'t, str> {
        let is_raised = self.open_tags.iter().any(|(_, effect)| matches!(effect, Effect::Raised));
        if !is_raised || text.chars().all(is_space) {
            return Cow::Borrowed(text);
        }
        Cow::Owned(scripts::superscript(text))
    }

    fn open_tag(&mut self, name: &str, effect: Effect) {
        if self.open_tags.len() < MAX_DEPTH {
            self.open_tags.push((name.to_owned(), effect));
        } else {
            self.too_deep += 1;
        }
    }

    fn close_tag(&mut self, name: &str) {
        if self.too_deep > 0 {
            self.too_deep -= 1;
        } else if let Some(index) = self.open_tags.iter().rposition(|(open, _)| open == name) {
            self.open_tags.remove(index);
        }
    }

    /// A link without words leaves a run without words, for [`RichText::label_links`].
    fn end_link(&mut self) {
        let link =
            |(name, effect): &(String, Effect)| name == "a" && matches!(effect, Effect::Link(_));
        if self.link_is_empty && self.open_tags.iter().any(link) {
            let style = self.style();
            self.leaf(Leaf::Text(String::new()), style);
        }
    }

    fn skip(&mut self, name: &str) {
        self.end_capture();
        self.skip = Some(Skip { name: name.to_owned(), depth: 1 });
    }

    fn leave_out(&mut self, name: &str, kind: RawKind) -> TokenSinkResult<()> {
        self.skip(name);
        TokenSinkResult::RawData(kind)
    }

    fn line_break(&mut self) {
        if let Some(capture) = &self.capture {
            match capture.target {
                Target::Person(_) => self.text(" "),
                Target::Room(_) => self.next_line_of_capture(),
            }
        } else if !self.frames.code("\n", self.style().spoiler) {
            self.frames.make_room_for_text();
            self.frames.line.line_break();
        }
    }

    fn leaf(&mut self, leaf: Leaf, style: Style) {
        self.link_is_empty = false;
        self.frames.make_room_for_text();
        self.frames.line.leaf(leaf, style);
    }

    /// Custom emoji are pictures on the media repository that say so, or that have the size
    /// and the kind of name that emoji have. Of other pictures, the description is left.
    fn image(&mut self, tag: &Tag) {
        let described = [attribute(tag, "alt"), attribute(tag, "title")];
        let mut described = described.into_iter().flatten();
        let name = described.find(|text| name::line(text).is_some()).unwrap_or("");
        let bare = name.strip_prefix(':').unwrap_or(name);
        let bare = bare.strip_suffix(':').unwrap_or(bare);
        let source = attribute(tag, "src").filter(|src| bot_core::address::is_mxc(src));
        let looks_so = attribute(tag, "height") == Some("32") && bare.len() + 2 == name.len();
        let emoji = source.filter(|_| looks_so || attribute(tag, "data-mx-emoticon").is_some());
        let in_pre = matches!(self.frames.top(), Some(Frame::Pre { .. }));
        match emoji {
            Some(id) if self.capture.is_none() && !in_pre => {
                let style = self.style();
                let name = if bare.is_empty() { NAMELESS_EMOJI } else { bare };
                let (id, name) = (id.to_owned(), name.to_owned());
                self.leaf(Leaf::Emoji { id, name, animated: false }, style);
            }
            Some(_) | None => {
                // One from elsewhere that nobody has described is there to count its readers.
                let sign = source.map_or("", |_| PICTURE);
                let name = if name.is_empty() { sign } else { name }.to_owned();
                self.text(&name);
            }
        }
    }

    fn maths(&mut self, tag: &Tag) {
        let latex = attribute(tag, "data-mx-maths").unwrap_or_default().to_owned();
        if tag.name.as_ref() == "div" {
            self.end_capture();
            self.frames.paragraph_edge();
        }
        if self.frames.code(&latex, self.style().spoiler) {
            // A formula has no form of its own there.
        } else if self.capture.is_some() {
            self.text(&latex);
        } else {
            let style = self.style();
            self.leaf(Leaf::Maths(latex), style);
        }
        // What is inside is a fallback for the same formula.
        let name: &str = &tag.name;
        self.skip = Some(Skip { name: name.to_owned(), depth: 1 });
    }

    fn link(&mut self, tag: &Tag) {
        // Links do not nest: a new one ends the one before.
        self.end_capture();
        if self.open_tags.iter().any(|(name, _)| name == "a") {
            self.close_tag("a");
        }
        // Control characters are in no address, and none is written.
        let href: String = attribute(tag, "href").unwrap_or_default().replace(char::is_control, "");
        // It is written again for each line of the link.
        let href = if href.chars().count() > LONGEST_ADDRESS { String::new() } else { href };
        let href = address::on_the_web(&href).unwrap_or(href);
        let in_pre = matches!(self.frames.top(), Some(Frame::Pre { .. }));
        match address::target(&href) {
            // Blocks of code hold no links, and an end tag that is missing carries none out of them.
            _ if in_pre => self.open_tag("a", Effect::Nothing),
            Some(target) => {
                let words = Vec::new();
                self.capture =
                    Some(Capture { target, href, style: self.style(), words, goes_on: false });
            }
            None if address::says_something(&href) => {
                self.open_tag("a", Effect::Link(href));
                self.link_is_empty = true;
            }
            None => self.open_tag("a", Effect::Nothing),
        }
    }

    /// A link that stands on several lines is one link on each of them.
    fn next_line_of_capture(&mut self) {
        let Some(capture) = &self.capture else { return };
        let blank = capture.words.iter().all(|(piece, _)| native::one_line(piece).is_empty());
        let next = Capture {
            target: capture.target.clone(),
            href: capture.href.clone(),
            style: capture.style.clone(),
            words: Vec::new(),
            goes_on: capture.goes_on || !blank,
        };
        if blank {
            self.capture = None;
        } else {
            self.end_capture();
        }
        self.frames.make_room_for_text();
        self.frames.line.line_break();
        self.capture = Some(next);
    }

    fn end_capture(&mut self) {
        let Some(Capture { target, href, style, words: pieces, goes_on }) = self.capture.take()
        else {
            return;
        };
        let words: String = pieces.iter().map(|(piece, _)| piece.as_str()).collect();
        let name = native::one_line(&words);
        if goes_on && name.is_empty() {
            return;
        }
        self.frames.make_room_for_text();
        // A space between two parts of a link is no name.
        let gap = name.is_empty() && !words.is_empty() && self.frames.line.ends_in_link(&href);
        let is_name = |id: &str| !gap && (name.is_empty() || name.starts_with('#') || name == id);
        if matches!(&target, Target::Room(id) if !is_name(id)) {
            // "click here": the address says more than the room's name would.
            for (piece, style) in pieces {
                let link = Some(href.clone());
                self.frames.line.text(&piece, &Style { link, ..style });
            }
            return;
        }
        if words.starts_with(is_space) {
            self.frames.line.space(&style);
        }
        match target {
            Target::Person(id) => {
                let bare = name.strip_prefix('@').unwrap_or(&name);
                let own = id.strip_prefix('@').unwrap_or(&id);
                let name = if bare.is_empty() { own } else { bare }.to_owned();
                let who = Person::new(NETWORK, id);
                self.leaf(Leaf::Mention(Mention::Person { who, name }), style.clone());
            }
            Target::Room(id) => {
                let bare = name.strip_prefix('#').unwrap_or(&name);
                let own = id.strip_prefix('#').unwrap_or(&id);
                let name = if bare.is_empty() { own } else { bare }.to_owned();
                let place = Place::new(NETWORK, id);
                self.leaf(Leaf::Mention(Mention::Chat { place, name }), style.clone());
            }
        }
        if words.ends_with(is_space) {
            self.frames.line.space(&style);
        }
    }
}
