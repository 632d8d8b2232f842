// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a network can show. `RichText::restrict` degrades by it.

/// What a network can show and carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Text of a message without media.
    pub text: TextCapabilities,
    /// Longest text of one message.
    pub max_text: usize,
    /// Longest caption of one medium.
    pub max_caption: usize,
    /// The unit of the two lengths above.
    pub unit: LengthUnit,
    /// Files.
    pub media: MediaCapabilities,
    /// A relayed message can be a native answer to another.
    pub replies: bool,
    /// A native answer can quote a part of what it answers.
    pub reply_quotes: bool,
    /// The bot can set several reactions on one message.
    pub many_reactions: bool,
    /// Pictures can be reactions.
    pub custom_reactions: bool,
    /// Files of a message can be exchanged afterwards.
    pub edits_media: bool,
    /// Polls; `None` where they become text.
    pub polls: Option<PollCapabilities>,
    /// Places on the map; otherwise text with a link to a map.
    pub locations: bool,
    /// Places that move; otherwise edited.
    pub live_locations: bool,
    /// Business cards; otherwise text.
    pub contacts: bool,
    /// What threads are here.
    pub threads: ThreadKind,
    /// What of the chat itself can be changed.
    pub chat: ChatCapabilities,
}

/// What a network can do with polls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollCapabilities {
    /// Longest question, in the unit of the network.
    pub question: usize,
    /// Longest answer, in the unit of the network.
    pub answer: usize,
    /// Fewest answers.
    pub fewest: usize,
    /// Most answers.
    pub most: usize,
    /// The bridge can close its copy of a poll.
    pub closing: bool,
}

/// What threads are on a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreadKind {
    /// None: messages of a thread answer its root.
    Replies,
    /// They hang on a message.
    OnMessages,
    /// They are chats of their own within the chat.
    Topics,
}

/// What of a chat a network lets the bridge change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChatCapabilities {
    /// The name.
    pub name: bool,
    /// The topic or description.
    pub topic: bool,
    /// The picture.
    pub avatar: bool,
    /// What is pinned.
    pub pins: bool,
    /// Custom emoji of other networks, as a pack.
    pub emoji: bool,
}

/// What a network can show in text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextCapabilities {
    /// Highest heading level that is shown, 0 for none. Deeper ones become bold lines.
    pub headings: u8,
    /// Lists; otherwise lines with a bullet or number.
    pub lists: bool,
    /// Tables; otherwise lines with ` | ` between cells.
    pub tables: bool,
    /// Sections that fold; otherwise a bold summary line, then the content.
    pub details: bool,
    /// Horizontal rules; otherwise a line `---`.
    pub rules: bool,
    /// Quotes; what is deeper is flattened, `None` gives lines with `> `.
    pub quotes: QuoteDepth,
    /// Quotes that start folded; otherwise plain quotes.
    pub expandable_quotes: bool,
    /// Blocks other than paragraphs inside quotes.
    pub blocks_in_quotes: bool,
    /// Code blocks; otherwise the lines as they are.
    pub code_blocks: bool,
    /// Code blocks name their language.
    pub code_language: bool,
    /// Bold, italic and strike.
    pub basic_styles: bool,
    /// Underline.
    pub underline: bool,
    /// Inline code; otherwise the text as it is.
    pub code: bool,
    /// Inline code can also be bold, linked and so on.
    pub styled_code: bool,
    /// Hidden text.
    pub spoilers: bool,
    /// Hidden text gives a reason; otherwise `(reason) ` stands before it.
    pub spoiler_reasons: bool,
    /// Small print.
    pub subtext: bool,
    /// Links under other words; otherwise `words (url)`.
    pub links: bool,
    /// Custom emoji; otherwise `:name:`.
    pub custom_emoji: bool,
    /// Formulas; otherwise inline code.
    pub maths: bool,
    /// Moments in the reader's own time zone; otherwise UTC text.
    pub timestamps: bool,
}

/// How deep quotes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuoteDepth {
    /// No quotes.
    None,
    /// Quotes, but not within quotes.
    One,
    /// Quotes within quotes.
    Many,
}

/// How a network counts the length of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthUnit {
    /// UTF-16 code units (Telegram).
    Utf16,
    /// Unicode scalar values (Discord).
    Chars,
    /// Bytes of UTF-8 (Matrix).
    Bytes,
}

impl LengthUnit {
    /// The length of `text` in this unit.
    pub fn measure(self, text: &str) -> usize {
        match self {
            Self::Utf16 => text.encode_utf16().count(),
            Self::Chars => text.chars().count(),
            Self::Bytes => text.len(),
        }
    }
}

/// What a network can carry as files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaCapabilities {
    /// Largest file that can be sent, in bytes.
    pub max_upload: u64,
    /// Largest file that can be fetched, in bytes.
    pub max_download: u64,
    /// Most files in one message or group.
    pub per_message: usize,
    /// Files can be hidden until asked for.
    pub spoilers: bool,
    /// Files have descriptions for people who cannot see them.
    pub alt: bool,
    /// Spoken messages.
    pub voice: bool,
    /// The loudness of spoken messages over time.
    pub waveform: bool,
    /// Round films.
    pub video_notes: bool,
    /// Silent loops.
    pub animations: bool,
    /// Stickers.
    pub stickers: bool,
    /// Title and performer of music.
    pub tags: bool,
    /// Media types of pictures and stickers that people see as they are meant, moving if they
    /// move, besides JPEG and PNG.
    pub formats: &'static [&'static str],
}

impl TextCapabilities {
    /// Everything that the model can say (Matrix HTML).
    pub const FULL: Self = Self {
        headings: 6,
        lists: true,
        tables: true,
        details: true,
        rules: true,
        quotes: QuoteDepth::Many,
        expandable_quotes: true,
        blocks_in_quotes: true,
        code_blocks: true,
        code_language: true,
        basic_styles: true,
        underline: true,
        code: true,
        styled_code: true,
        spoilers: true,
        spoiler_reasons: true,
        subtext: true,
        links: true,
        custom_emoji: true,
        maths: true,
        timestamps: true,
    };

    /// Nothing but characters and line breaks.
    pub const PLAIN: Self = Self {
        headings: 0,
        lists: false,
        tables: false,
        details: false,
        rules: false,
        quotes: QuoteDepth::None,
        expandable_quotes: false,
        blocks_in_quotes: false,
        code_blocks: false,
        code_language: false,
        basic_styles: false,
        underline: false,
        code: false,
        styled_code: false,
        spoilers: false,
        spoiler_reasons: false,
        subtext: false,
        links: false,
        custom_emoji: false,
        maths: false,
        timestamps: false,
    };
}
