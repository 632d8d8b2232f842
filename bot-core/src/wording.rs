// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the core bot says, one function a sentence.
//!
//! Rule: every sentence comes from `i18n/`; what is inserted is data and never markup.

pub mod marks;
mod notes;
mod reasons;
mod stages;
mod summaries;

use std::fmt;
use std::sync::Arc;

use bridge_model::{
    Author, AuthorKind, Block, Media, Message, MessageKind, Missing, NetworkId, Note, RichText,
    Span, Timestamp, UserId,
};

use crate::i18n::{Arg, I18n, Key};
use crate::media_link::FileLinks;
use crate::refusal::{Fallback, Refusal};

pub use notes::megabytes;

/// The core bot's sentences in one language.
pub struct Wording {
    i18n: I18n,
    language: String,
    bot: String,
}

/// Says notes in the language of a destination. Clones share it.
#[derive(Clone)]
pub struct Words {
    wording: Arc<Wording>,
    links: Option<Arc<FileLinks>>,
}

impl Words {
    /// The words of that wording.
    pub fn new(wording: Arc<Wording>) -> Self {
        Self { wording, links: None }
    }

    /// The same with addresses of files that cannot be sent.
    #[must_use]
    pub fn with_links(self, links: FileLinks) -> Self {
        Self { links: Some(Arc::new(links)), ..self }
    }

    /// In English, for tools and tests.
    pub fn english() -> Self {
        Self::new(Arc::new(Wording::new(I18n::embedded(), "en", "Freeside")))
    }

    /// The words of a note.
    pub fn note(&self, note: &Note) -> RichText {
        self.wording.note(note)
    }

    /// The line for a file that is not sent, called `name`; `size` is in bytes, where it is known. What
    /// is too large for the chat has a link, where there can be one.
    pub fn missing(
        &self,
        media: &Media,
        (name, size): (Option<String>, Option<u64>),
        why: Missing,
    ) -> RichText {
        let sized = Media { size: size.or(media.size), ..media.clone() };
        let links = self.links.as_ref().filter(|_| why == Missing::TooLargeToSend);
        match links.and_then(|links| links.address(&sized)) {
            Some((address, until)) => {
                self.wording.linked_file(name.as_deref(), sized.size, (&address, until))
            }
            None => self.note(&Note::FileMissing { name, size: sized.size, why }),
        }
    }

    /// All sentences in this language.
    pub fn wording(&self) -> &Wording {
        &self.wording
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Words")
    }
}

/// A text of a menu, which each person reads in the language of their client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MenuText {
    /// In the bot's own language, for whoever speaks none of the others.
    pub own: String,
    /// In others, by our code of the language (`pt-br`).
    pub others: Vec<(String, String)>,
}

impl From<&str> for MenuText {
    fn from(own: &str) -> Self {
        Self { own: own.to_owned(), others: Vec::new() }
    }
}

/// How people write the name of a network.
pub fn label(network: &NetworkId) -> String {
    let mut letters = network.as_str().chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

impl Wording {
    /// What the bot is called.
    pub fn bot(&self) -> &str {
        &self.bot
    }

    /// The same in another language, or in what its readers understand best.
    #[must_use]
    pub fn speaking(&self, language: &str) -> Self {
        let (i18n, bot) = (self.i18n.clone(), self.bot.clone());
        Self { i18n, language: language.to_owned(), bot }
    }

    /// The language that is there for a tag of a client, if there is one.
    pub fn closest(&self, tag: &str) -> Option<String> {
        self.i18n.closest(tag)
    }

    /// The language that it speaks, by our code.
    pub fn language(&self) -> &str {
        &self.language
    }

    /// `language` is that of the community, `bot` the core bot's name.
    pub fn new(i18n: I18n, language: &str, bot: &str) -> Self {
        Self { i18n, language: language.into(), bot: bot.into() }
    }

    /// A text of a menu, in every language.
    pub fn in_menu(&self, key: Key) -> MenuText {
        let others = self.i18n.languages().filter(|code| *code != self.language);
        let others = others.map(|code| (code.to_owned(), self.i18n.plain(code, key, &[])));
        MenuText { own: self.plain(key, &[]), others: others.collect() }
    }

    /// A sentence.
    pub fn say(&self, key: Key, args: &[Arg]) -> RichText {
        self.i18n.say(&self.language, key, args)
    }

    /// A sentence without formatting.
    pub fn plain(&self, key: Key, args: &[Arg]) -> String {
        self.i18n.plain(&self.language, key, args)
    }

    /// The words as a message of the core bot.
    pub fn message(&self, body: RichText, sent_at: Timestamp) -> Message {
        let author = Author {
            user: UserId::from("bot"),
            kind: AuthorKind::Bot,
            name: self.bot.clone(),
            username: None,
            avatar: None,
        };
        Message { kind: MessageKind::Notice, body, ..Message::new(author, sent_at) }
    }

    /// A message did not arrive.
    pub fn refused(&self, network: &NetworkId, reason: &Refusal) -> RichText {
        let reason = self.reason(network, reason);
        self.say(Key::Refused, &[Arg::text(label(network)), Arg::text(reason)])
    }

    /// The bot speaks for people in a chat.
    pub fn fallback(&self, network: &NetworkId, fallback: Fallback) -> RichText {
        let key = match fallback {
            Fallback::NoWebhook => Key::FallbackWebhook,
            Fallback::NameRefused => Key::FallbackName,
        };
        self.say(key, &[Arg::text(label(network))])
    }

    /// A chat cannot be reached any more.
    pub fn lane_halted(&self, network: &NetworkId, reason: &Refusal) -> RichText {
        let reason = self.reason(network, reason);
        self.say(Key::LaneHalted, &[Arg::text(label(network)), Arg::text(reason)])
    }
}

/// Lines of an answer.
pub trait Lines {
    /// The other text on a line of its own after this one.
    #[must_use]
    fn join_line(self, next: RichText) -> RichText;
}

impl Lines for RichText {
    fn join_line(mut self, next: RichText) -> RichText {
        let mut blocks = next.0.into_iter();
        match (self.0.last_mut(), blocks.next()) {
            (Some(Block::Paragraph(above)), Some(Block::Paragraph(below))) => {
                above.push(Span::line_break());
                above.extend(below);
            }
            (_, Some(block)) => self.0.push(block),
            (_, None) => {}
        }
        self.0.extend(blocks);
        self
    }
}
