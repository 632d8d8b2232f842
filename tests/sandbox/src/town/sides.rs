// SPDX-License-Identifier: AGPL-3.0-or-later
//! The same words for three networks: say something on one side, expect it on the others.
//!
//! Rule: what is read comes from the servers, as a person there would see it; never from the
//! bridge.

use std::time::Duration;

use anyhow::{Context, bail};

use super::{BOT, Town};
use crate::synapse::NewFile;
use crate::telegram::MessageId;

/// How long a side may take to show what was said on another.
const PATIENCE: Duration = Duration::from_secs(60);

/// One of the three networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Alice's room.
    Matrix,
    /// Tanja's group.
    Telegram,
    /// Dora's channel.
    Discord,
}

/// A message that somebody posted, to be answered, edited and so on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Where.
    pub side: Side,
    /// Its id there.
    pub id: String,
}

/// A message as people of one side see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its id on that side.
    pub id: String,
    /// The author's name as shown; empty for the core bot.
    pub who: String,
    /// The text or caption, without name and reply lines.
    pub text: String,
    /// What it answers, as far as it is shown: the text, or the line that stands for it.
    pub answers: Option<String>,
    /// It is marked as edited.
    pub edited: bool,
    /// Emoji, once for each kind.
    pub reactions: Vec<String>,
    /// Its picture or file.
    pub file: Option<Vec<u8>>,
}

impl Side {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Matrix, Self::Telegram, Self::Discord];

    /// The other two.
    pub fn others(self) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |side| *side != self)
    }

    /// The name of the person who speaks there.
    pub fn speaker(self) -> &'static str {
        match self {
            Self::Matrix => "Alice",
            Self::Telegram => "Tanja",
            Self::Discord => "Dora",
        }
    }
}

impl Town {
    /// That side's person says something.
    ///
    /// # Errors
    /// What the platform says.
    pub async fn say(&self, side: Side, text: &str) -> anyhow::Result<Said> {
        let id = match side {
            Side::Matrix => self.alice.say(&self.room, text).await?,
            Side::Telegram => self.group.say(&self.tanja, text)?.0.to_string(),
            Side::Discord => self.channel.say(&self.dora, text).to_string(),
        };
        Ok(Said { side, id })
    }

    /// Answers `to`, a message of the same side.
    ///
    /// # Errors
    /// What the platform says.
    pub async fn reply(&self, side: Side, to: &str, text: &str) -> anyhow::Result<Said> {
        let id = match side {
            Side::Matrix => self.alice.reply(&self.room, to, text).await?,
            Side::Telegram => self.group.reply(&self.tanja, message(to)?, text)?.0.to_string(),
            Side::Discord => self.channel.reply(&self.dora, to.parse()?, text).to_string(),
        };
        Ok(Said { side, id })
    }

    /// Edits the speaker's own message.
    ///
    /// # Errors
    /// What the platform says.
    pub async fn edit(&self, said: &Said, text: &str) -> anyhow::Result<()> {
        match said.side {
            Side::Matrix => self.alice.edit(&self.room, &said.id, text).await.map(drop),
            Side::Telegram => self.group.edit(&self.tanja, message(&said.id)?, text),
            Side::Discord => self.channel.edit(&self.dora, said.id.parse()?, text),
        }
    }

    /// Takes the speaker's own message away; on Telegram by the command, because bots are not told of
    /// deletions.
    ///
    /// # Errors
    /// What the platform says.
    pub async fn take_back(&self, said: &Said) -> anyhow::Result<()> {
        match said.side {
            Side::Matrix => self.alice.redact(&self.room, &said.id).await.map(drop),
            Side::Telegram => {
                self.group.reply(&self.tanja, message(&said.id)?, "/delete").map(drop)
            }
            Side::Discord => self.channel.delete(&self.dora, said.id.parse()?),
        }
    }

    /// Reacts to a message of the same side.
    ///
    /// # Errors
    /// What the platform says.
    pub async fn react(&self, side: Side, to: &str, emoji: &str) -> anyhow::Result<()> {
        match side {
            Side::Matrix => self.alice.react(&self.room, to, emoji).await.map(drop),
            Side::Telegram => self.group.react(&self.tanja, message(to)?, &[emoji]),
            Side::Discord => self.channel.react(&self.dora, to.parse()?, emoji),
        }
    }

    /// Posts a picture.
    ///
    /// # Errors
    /// What the platform says.
    pub async fn show(&self, side: Side, png: &[u8], caption: &str) -> anyhow::Result<Said> {
        let id = match side {
            Side::Matrix => {
                let file = NewFile::new(png, "picture.png", "image/png");
                self.alice.send_image(&self.room, file, caption).await?
            }
            Side::Telegram => self.group.photo(&self.tanja, png.to_vec(), caption)?.0.to_string(),
            Side::Discord => {
                let file = crate::discord::File::new("picture.png", "image/png", png.to_vec());
                self.channel.attach(&self.dora, file, caption).to_string()
            }
        };
        Ok(Said { side, id })
    }

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

    /// Waits until a side shows such a line.
    ///
    /// # Errors
    /// After a minute, with what was there instead.
    pub async fn expect(&self, side: Side, fits: impl Fn(&Line) -> bool) -> anyhow::Result<Line> {
        self.until(side, |lines| lines.iter().find(|line| fits(line)).cloned()).await
    }

    /// Waits until a side shows no such line any more.
    ///
    /// # Errors
    /// After a minute, with what was there instead.
    pub async fn expect_gone(
        &self,
        side: Side,
        gone: impl Fn(&Line) -> bool,
    ) -> anyhow::Result<()> {
        self.until(side, |lines| (!lines.iter().any(&gone)).then_some(())).await
    }

    /// Waits until `look` finds something in what a side shows.
    ///
    /// # Errors
    /// After a minute, with what was there instead.
    pub async fn until<T>(
        &self,
        side: Side,
        look: impl Fn(&[Line]) -> Option<T>,
    ) -> anyhow::Result<T> {
        self.until_within(side, PATIENCE, look).await
    }

    /// The same with another patience.
    ///
    /// # Errors
    /// When it is at its end, with what was there instead.
    pub async fn until_within<T>(
        &self,
        side: Side,
        patience: Duration,
        look: impl Fn(&[Line]) -> Option<T>,
    ) -> anyhow::Result<T> {
        let mut tick = tokio::time::interval(Duration::from_millis(100));
        let deadline = tokio::time::Instant::now() + patience;
        loop {
            tick.tick().await;
            let lines = self.lines(side).await?;
            if let Some(found) = look(&lines) {
                return Ok(found);
            }
            if tokio::time::Instant::now() > deadline {
                let shown: Vec<String> = lines.iter().map(ToString::to_string).collect();
                let shown = shown.join("\n");
                bail!(
                    "{side:?} does not show it. It shows:\n{shown}\n{}",
                    self.bridge.last_words()
                );
            }
        }
    }

    async fn matrix_lines(&self) -> anyhow::Result<Vec<Line>> {
        let mut lines = Vec::new();
        for seen in self.alice.transcript(&self.room).await?.0 {
            let file = match &seen.media {
                Some(media) => Some(self.alice.download(&media.mxc).await?),
                None => None,
            };
            let named = |media: &crate::synapse::SeenMedia| media.name == seen.body;
            let caption = !seen.media.as_ref().is_some_and(named);
            lines.push(Line {
                id: seen.event_id,
                who: if seen.sender == BOT { String::new() } else { seen.name },
                text: if caption { seen.body } else { String::new() },
                answers: seen.reply_body,
                edited: seen.edited,
                reactions: seen.reactions.into_iter().map(|reaction| reaction.key).collect(),
                file,
            });
        }
        Ok(lines)
    }

    fn telegram_lines(&self) -> Vec<Line> {
        let seen = self.group.messages();
        let text_of = |id| {
            let answered = seen.iter().find(|other: &&crate::telegram::Seen| other.id == id)?;
            Some(relayed(answered).1)
        };
        let told = seen.iter().filter(|seen| seen.service.is_none());
        told.map(|seen| {
            let (who, text) = relayed(seen);
            let bytes = seen.photo.as_ref().or(seen.document.as_ref().map(|file| &file.bytes));
            Line {
                id: seen.id.0.to_string(),
                who,
                text,
                answers: seen.reply_to.and_then(text_of),
                edited: seen.edited,
                reactions: seen.reactions.iter().map(|(_, emoji)| emoji.clone()).collect(),
                file: bytes.map(|bytes| bytes.to_vec()),
            }
        })
        .collect()
    }

    fn discord_lines(&self) -> Vec<Line> {
        let bot = self.discord.bot().id();
        let seen = self.channel.messages();
        let told = seen.iter().filter(|seen| matches!(seen.kind, 0 | 19));
        told.map(|line| {
            let (drawn, text) = match line.content.strip_prefix("-# ↪ ") {
                Some(rest) => {
                    let (reply, text) = rest.split_once('\n').unwrap_or((rest, ""));
                    (Some(reply.to_owned()), text.to_owned())
                }
                None => (None, line.content.clone()),
            };
            let native = line.reply.and_then(|id| seen.iter().find(|other| other.id == id));
            Line {
                id: line.id.to_string(),
                who: if line.user == Some(bot) { String::new() } else { line.author.clone() },
                text,
                answers: drawn.or_else(|| native.map(|other| other.content.clone())),
                edited: line.edited,
                reactions: line.reactions.iter().map(|r| r.emoji.clone()).collect(),
                file: line.attachments.first().map(|file| file.bytes.to_vec()),
            }
        })
        .collect()
    }
}

/// Author and text of a message in the group: the bot writes the name of whom it relays in bold on the
/// first line.
fn relayed(seen: &crate::telegram::Seen) -> (String, String) {
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

fn message(id: &str) -> anyhow::Result<MessageId> {
    Ok(MessageId(id.parse().context("a Telegram message id is a number")?))
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let who = if self.who.is_empty() { "[Freeside]" } else { &self.who };
        write!(f, "{who}: ")?;
        if let Some(answers) = &self.answers {
            let first: String =
                answers.lines().next().unwrap_or_default().chars().take(24).collect();
            write!(f, "[↩ {first}] ")?;
        }
        if self.file.is_some() {
            f.write_str("[picture] ")?;
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
