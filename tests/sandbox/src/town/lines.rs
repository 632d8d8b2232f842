// SPDX-License-Identifier: AGPL-3.0-or-later
//! What people of each side see, in the same words for all.
//!
//! Rule: nothing is put together that people see apart, except the files of one album.

use super::{BOT, Side, Town};
use crate::discord::SeenFile;
use crate::synapse::{Seen, SeenMedia};
use crate::telegram;

/// A message as people of one side see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its id on that side; of an album on Telegram, that of its first file.
    pub id: String,
    /// The author's name as shown; empty for the core bot.
    pub who: String,
    /// The text or caption, without name and reply lines.
    pub text: String,
    /// What it answers, as far as it is shown: the text, or the line that stands for it.
    pub answers: Option<String>,
    /// It is marked as edited.
    pub edited: bool,
    /// Emoji, once for each kind; such with a picture of their own by name, as `:cat:`.
    pub reactions: Vec<String>,
    /// Its first picture or file.
    pub file: Option<Vec<u8>>,
    /// What it holds besides text, in order.
    pub things: Vec<Thing>,
    /// The thread that it stands in: what its root says, or what it is called.
    pub thread: Option<String>,
}

/// What a message holds besides text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A picture.
    Picture,
    /// A sticker.
    Sticker,
    /// A spoken message.
    Voice,
    /// Any other sound.
    Sound,
    /// Any other file.
    File,
    /// A poll: its question, and each answer with its votes.
    Poll(String, Vec<(String, usize)>),
}

impl Town {
    /// Everything that people of a side see, oldest first.
    ///
    /// # Errors
    /// When the server cannot be read.
    pub async fn lines(&self, side: Side) -> anyhow::Result<Vec<Line>> {
        match side {
            Side::Matrix => self.matrix_lines().await,
            Side::Telegram => Ok(self.telegram_lines()),
            Side::Discord => Ok(self.discord_lines()),
        }
    }

    async fn matrix_lines(&self) -> anyhow::Result<Vec<Line>> {
        let seen = self.alice.transcript(&self.room).await?.0;
        let words = |line: &Seen| {
            line.poll.as_ref().map_or_else(|| line.body.clone(), |poll| poll.question.clone())
        };
        let all: Vec<(String, String)> =
            seen.iter().map(|line| (line.event_id.clone(), words(line))).collect();
        let words_of =
            |id: &String| all.iter().find(|(other, _)| other == id).map(|(_, words)| words.clone());
        let mut lines = Vec::new();
        for seen in seen {
            let file = match &seen.media {
                Some(media) => Some(self.alice.download(&media.mxc).await?),
                None => None,
            };
            let root = seen.thread.as_ref().map(|root| words_of(root).unwrap_or_default());
            let things = matrix_things(&seen);
            let named = |media: &SeenMedia| media.name == seen.body;
            // A poll's body is for clients that do not know polls.
            let spare = seen.poll.is_some() || seen.media.as_ref().is_some_and(named);
            let face = |it: crate::synapse::SeenReaction| it.shortcode.unwrap_or(it.key);
            lines.push(Line {
                id: seen.event_id,
                who: if seen.sender == BOT { String::new() } else { seen.name },
                text: if spare { String::new() } else { seen.body },
                answers: seen.reply_to.as_ref().and_then(words_of),
                edited: seen.edited,
                reactions: seen.reactions.into_iter().map(face).collect(),
                file,
                things,
                thread: root,
            });
        }
        Ok(lines)
    }

    fn telegram_lines(&self) -> Vec<Line> {
        let seen = self.group.messages();
        let text_of = |id| {
            let answered = seen.iter().find(|other: &&telegram::Seen| other.id == id)?;
            let question = answered.poll.as_ref().map(|poll| poll.question.clone());
            Some(question.unwrap_or_else(|| relayed(answered).1))
        };
        let mut lines: Vec<Line> = Vec::new();
        let mut album = None;
        for seen in seen.iter().filter(|seen| seen.service.is_none()) {
            if let (true, Some(line)) =
                (seen.album.is_some() && seen.album == album, lines.last_mut())
            {
                line.things.extend(telegram_thing(seen));
                continue;
            }
            album.clone_from(&seen.album);
            let (who, text) = relayed(seen);
            let bytes = seen.photo.as_ref().or(seen.document.as_ref().map(|file| &file.bytes));
            lines.push(Line {
                id: seen.id.0.to_string(),
                who,
                text,
                answers: seen.reply_to.and_then(text_of),
                edited: seen.edited,
                reactions: seen.reactions.iter().map(|(_, emoji)| emoji.clone()).collect(),
                file: bytes.map(|bytes| bytes.to_vec()),
                things: Vec::from_iter(telegram_thing(seen)),
                thread: seen.topic.clone(),
            });
        }
        lines
    }

    fn discord_lines(&self) -> Vec<Line> {
        let bot = self.discord.bot().id();
        let mut seen: Vec<_> = self.channel.messages().into_iter().map(|it| (it, None)).collect();
        for thread in self.channel.threads() {
            let inside = self.channel.at(thread.id).messages().into_iter();
            seen.extend(inside.map(|it| (it, Some(thread.name.clone()))));
        }
        // Their numbers grow with time, also from channel to channel.
        seen.sort_by_key(|(it, _)| it.id);
        let told = seen.iter().filter(|(it, _)| matches!(it.kind, 0 | 19));
        told.map(|(line, thread)| {
            let (drawn, text) = match line.content.strip_prefix("-# ↪ ") {
                Some(rest) => {
                    let (reply, text) = rest.split_once('\n').unwrap_or((rest, ""));
                    (Some(reply.to_owned()), text.to_owned())
                }
                None => (None, line.content.clone()),
            };
            let native = line.reply.and_then(|id| seen.iter().find(|(other, _)| other.id == id));
            let face = |emoji: &str| match emoji.split_once(':') {
                Some((name, _)) => format!(":{name}:"),
                None => emoji.to_owned(),
            };
            let poll = line.poll.iter().map(|poll| {
                let counted = poll.answers.iter().map(|(words, who)| (words.clone(), who.len()));
                Thing::Poll(poll.question.clone(), counted.collect())
            });
            Line {
                id: line.id.to_string(),
                who: if line.user == Some(bot) { String::new() } else { line.author.clone() },
                text,
                answers: drawn.or_else(|| native.map(|(other, _)| discord_words(other))),
                edited: line.edited,
                reactions: line.reactions.iter().map(|it| face(&it.emoji)).collect(),
                file: line.attachments.first().map(|file| file.bytes.to_vec()),
                things: poll.chain(line.attachments.iter().map(discord_thing)).collect(),
                thread: thread.clone(),
            }
        })
        .collect()
    }
}

fn matrix_things(seen: &Seen) -> Vec<Thing> {
    let poll = seen.poll.iter().map(|poll| {
        let answers = poll.answers.iter().map(|(_, words, count)| (words.clone(), *count));
        Thing::Poll(poll.question.clone(), answers.collect())
    });
    let spoken = seen.content.get("org.matrix.msc3245.voice").is_some();
    let file = seen.media.iter().map(|_| match seen.kind.as_str() {
        "m.sticker" => Thing::Sticker,
        "m.image" => Thing::Picture,
        _ if spoken => Thing::Voice,
        "m.audio" => Thing::Sound,
        _ => Thing::File,
    });
    poll.chain(file).collect()
}

fn telegram_thing(seen: &telegram::Seen) -> Option<Thing> {
    if let Some(poll) = &seen.poll {
        return Some(Thing::Poll(poll.question.clone(), poll.options.clone()));
    }
    if seen.photo.is_some() {
        return Some(Thing::Picture);
    }
    seen.document.as_ref().map(|file| match file.kind {
        "sticker" => Thing::Sticker,
        "voice" => Thing::Voice,
        "audio" => Thing::Sound,
        _ => Thing::File,
    })
}

fn discord_thing(file: &SeenFile) -> Thing {
    match file.mime.split('/').next() {
        Some("image") => Thing::Picture,
        Some("audio") => Thing::Sound,
        Some(_) | None => Thing::File,
    }
}

/// What stands above an answer to this message.
fn discord_words(seen: &crate::discord::Seen) -> String {
    match &seen.poll {
        Some(poll) if seen.content.is_empty() => poll.question.clone(),
        Some(_) | None => seen.content.clone(),
    }
}

/// Author and text of a message in the group: the bot writes the name of whom it relays in bold on the
/// first line.
fn relayed(seen: &telegram::Seen) -> (String, String) {
    if !seen.is_bot {
        return (seen.from.clone(), seen.text.clone());
    }
    let first = seen.styled("bold").into_iter().next().unwrap_or_default();
    let (line, rest) = seen.text.split_once('\n').unwrap_or((&seen.text, ""));
    match line.strip_suffix(':') {
        Some(name) if first.trim_end_matches(':') == name => (name.to_owned(), rest.to_owned()),
        Some(_) | None => (String::new(), seen.text.clone()),
    }
}

impl std::fmt::Display for Thing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Picture => f.write_str("[picture]"),
            Self::Sticker => f.write_str("[sticker]"),
            Self::Voice => f.write_str("[voice message]"),
            Self::Sound => f.write_str("[sound]"),
            Self::File => f.write_str("[file]"),
            Self::Poll(question, answers) => {
                write!(f, "[poll] {question}")?;
                answers.iter().try_for_each(|(words, count)| write!(f, " ({words}: {count})"))
            }
        }
    }
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let who = if self.who.is_empty() { "[Freeside]" } else { &self.who };
        write!(f, "{who}: ")?;
        if let Some(root) = &self.thread {
            write!(f, "[in thread: {}] ", start(root))?;
        }
        if let Some(answers) = &self.answers {
            write!(f, "[↩ {}] ", start(answers))?;
        }
        for thing in &self.things {
            write!(f, "{thing} ")?;
        }
        f.write_str(&self.text.replace('\n', " / "))?;
        if self.edited {
            f.write_str(" (edited)")?;
        }
        if !self.reactions.is_empty() {
            write!(f, " {{{}}}", self.reactions.join(" "))?;
        }
        Ok(())
    }
}

/// How a text begins.
fn start(text: &str) -> String {
    let first = text.lines().next().unwrap_or_default();
    let start: String = first.chars().take(24).collect();
    if start.len() < first.len() { format!("{start}…") } else { start }
}
