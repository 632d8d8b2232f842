// SPDX-License-Identifier: AGPL-3.0-or-later
//! The same words for three networks: say something on one side, expect it on the others.
//!
//! Rule: what is read comes from the servers, as a person there would see it; never from the
//! bridge.

use std::time::Duration;

use anyhow::{Context, bail};

use super::Town;
use super::lines::Line;
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
}

fn message(id: &str) -> anyhow::Result<MessageId> {
    Ok(MessageId(id.parse().context("a Telegram message id is a number")?))
}
