// SPDX-License-Identifier: AGPL-3.0-or-later
//! Three people on each side, who talk, correct themselves, answer, react and take things back.

use anyhow::Context;
use sandbox::synapse::Person;
use sandbox::telegram::MessageId;
use sandbox::town::{Side, Town};
use sandbox::{discord, telegram};

use super::dice::Dice;
use super::ledger::{Ledger, words};

/// People on each side.
const PEOPLE: usize = 3;
/// What they react with; Telegram has it, too.
const EMOJI: [&str; 3] = ["👍", "🔥", "🎉"];

/// Everybody.
pub struct People {
    matrix: Vec<Person>,
    telegram: Vec<telegram::User>,
    discord: Vec<discord::User>,
}

impl People {
    /// They come into the three chats.
    pub async fn gather(town: &Town) -> anyhow::Result<Self> {
        let mut all = Self { matrix: Vec::new(), telegram: Vec::new(), discord: Vec::new() };
        for number in 0..PEOPLE {
            let name = format!("mona{number}");
            let person = town.synapse.person_named(&name, &format!("Mona {number}")).await?;
            person.join(&town.room).await?;
            all.matrix.push(person);
            let user = town.telegram.user(&format!("Tom {number}"));
            town.group.join(&user)?;
            all.telegram.push(user);
            let user = town.discord.user(&format!("Dan {number}"));
            town.guild.join(&user);
            all.discord.push(user);
        }
        Ok(all)
    }

    /// Somebody does something; nobody on Matrix while the homeserver is down.
    pub async fn act(
        &self,
        town: &Town,
        ledger: &mut Ledger,
        dice: &mut Dice,
        homeserver: bool,
    ) -> anyhow::Result<()> {
        let sides: &[Side] = if homeserver { &Side::ALL } else { &Side::ALL[1..] };
        let side = *dice.one(sides).context("no side")?;
        let author = usize::try_from(dice.below(PEOPLE as u64))?;
        let own = ledger.recent(side, Some(author));
        let any = ledger.recent(side, None);
        let (own, any) = (dice.one(&own).copied(), dice.one(&any).copied());
        match (dice.below(100), own, any) {
            (0..=17, Some(number), _) => self.edit(town, ledger, number).await,
            (18..=23, Some(number), _) if side != Side::Telegram => {
                self.delete(town, ledger, number).await
            }
            (24..=35, _, Some(number)) => {
                let emoji = dice.one(&EMOJI).copied().context("no emoji")?;
                self.react(town, ledger, (number, author), emoji).await
            }
            (36..=43, _, Some(to)) => self.say(town, ledger, (side, author), Some(to)).await,
            _ => self.say(town, ledger, (side, author), None).await,
        }
    }

    fn of<T>(all: &[T], author: usize) -> anyhow::Result<&T> {
        all.get(author).context("nobody has this number")
    }

    async fn say(
        &self,
        town: &Town,
        ledger: &mut Ledger,
        (side, author): (Side, usize),
        to: Option<usize>,
    ) -> anyhow::Result<()> {
        let text = words(ledger.next(), 0);
        let to = to.and_then(|to| ledger.posted.get(to)).map(|posted| posted.id.clone());
        let id = match side {
            Side::Matrix => {
                let person = Self::of(&self.matrix, author)?;
                match to {
                    Some(to) => person.reply(&town.room, &to, &text).await?,
                    None => person.say(&town.room, &text).await?,
                }
            }
            Side::Telegram => {
                let user = Self::of(&self.telegram, author)?;
                let id = match to {
                    Some(to) => town.group.reply(user, MessageId(to.parse()?), &text)?,
                    None => town.group.say(user, &text)?,
                };
                id.0.to_string()
            }
            Side::Discord => {
                let user = Self::of(&self.discord, author)?;
                let id = match to {
                    Some(to) => town.channel.reply(user, to.parse()?, &text),
                    None => town.channel.say(user, &text),
                };
                id.to_string()
            }
        };
        ledger.say((side, author), id);
        Ok(())
    }

    async fn edit(&self, town: &Town, ledger: &mut Ledger, number: usize) -> anyhow::Result<()> {
        let posted = ledger.posted.get(number).context("no such message")?;
        let text = words(number, posted.version + 1);
        match posted.side {
            Side::Matrix => {
                let person = Self::of(&self.matrix, posted.author)?;
                person.edit(&town.room, &posted.id, &text).await?;
            }
            Side::Telegram => {
                let user = Self::of(&self.telegram, posted.author)?;
                town.group.edit(user, MessageId(posted.id.parse()?), &text)?;
            }
            Side::Discord => {
                let user = Self::of(&self.discord, posted.author)?;
                town.channel.edit(user, posted.id.parse()?, &text)?;
            }
        }
        ledger.edit(number);
        Ok(())
    }

    /// On Telegram nobody does: bots are not told of deletions there.
    async fn delete(&self, town: &Town, ledger: &mut Ledger, number: usize) -> anyhow::Result<()> {
        let posted = ledger.posted.get(number).context("no such message")?;
        match posted.side {
            Side::Matrix => {
                let person = Self::of(&self.matrix, posted.author)?;
                person.redact(&town.room, &posted.id).await?;
            }
            Side::Discord => {
                let user = Self::of(&self.discord, posted.author)?;
                town.channel.delete(user, posted.id.parse()?)?;
            }
            Side::Telegram => return Ok(()),
        }
        ledger.delete(number);
        Ok(())
    }

    async fn react(
        &self,
        town: &Town,
        ledger: &mut Ledger,
        (number, author): (usize, usize),
        emoji: &'static str,
    ) -> anyhow::Result<()> {
        let posted = ledger.posted.get(number).context("no such message")?;
        // One reaction is enough to tell, and on Telegram a second one replaces the first.
        if posted.reaction.is_some() {
            return Ok(());
        }
        match posted.side {
            Side::Matrix => {
                let person = Self::of(&self.matrix, author)?;
                person.react(&town.room, &posted.id, emoji).await?;
            }
            Side::Telegram => {
                let user = Self::of(&self.telegram, author)?;
                town.group.react(user, MessageId(posted.id.parse()?), &[emoji])?;
            }
            Side::Discord => {
                let user = Self::of(&self.discord, author)?;
                town.channel.react(user, posted.id.parse()?, emoji)?;
            }
        }
        ledger.react(number, emoji);
        Ok(())
    }
}
