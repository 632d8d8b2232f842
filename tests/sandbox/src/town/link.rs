// SPDX-License-Identifier: AGPL-3.0-or-later
//! Linking as people do it: a code here, the code there.

use anyhow::Context;

use super::{BOT, Town};

impl Town {
    /// Alice invites the core bot and waits until it says hello.
    ///
    /// # Errors
    /// When it does not.
    pub async fn invite_bot(&self) -> anyhow::Result<()> {
        self.alice.invite(&self.room, BOT).await?;
        self.alice.set_power(&self.room, BOT, 100).await?;
        let hello = |seen: &crate::synapse::Seen| seen.sender == BOT;
        let said = self.alice.expect(&self.room, hello).await;
        let silent = || format!("the bot did not say hello\n{}", self.bridge.last_words());
        said.with_context(silent).map(drop)
    }

    /// Alice asks for a code.
    ///
    /// # Errors
    /// When there is none.
    pub async fn ask_for_code(&self, network: &str) -> anyhow::Result<String> {
        let asked = self.alice.say(&self.room, &format!("!freeside link {network}")).await?;
        let answers = |seen: &crate::synapse::Seen| {
            seen.sender == BOT && seen.reply_to.as_deref() == Some(asked.as_str())
        };
        let answer = self.alice.expect(&self.room, answers).await?;
        code_in(&answer.body).with_context(|| format!("no code in the answer: {}", answer.body))
    }

    /// Alice gets a code, Tanja types it in the group.
    ///
    /// # Errors
    /// When the bot does not confirm it there.
    pub async fn link_telegram(&self) -> anyhow::Result<()> {
        self.join_telegram().await?;
        self.group.expect(|seen| seen.is_bot && seen.pinned).await?;
        Ok(())
    }

    /// The same, where links begin before anything is announced.
    ///
    /// # Errors
    /// When the bot does not confirm it there.
    pub async fn join_telegram(&self) -> anyhow::Result<()> {
        let code = self.ask_for_code("telegram").await?;
        let typed = self.group.say(&self.tanja, &format!("/link {code}"))?;
        self.group.expect(|seen| seen.is_bot && seen.reply_to == Some(typed)).await?;
        self.agree(&self.room, &code).await.map(drop)
    }

    /// Alice gets a code, Dora types it in the channel.
    ///
    /// # Errors
    /// When the bot does not confirm it there.
    pub async fn link_discord(&self) -> anyhow::Result<()> {
        self.join_discord().await?;
        self.channel.expect(|seen| seen.pinned).await?;
        Ok(())
    }

    /// The same, where links begin before anything is announced.
    ///
    /// # Errors
    /// When the bot does not confirm it there.
    pub async fn join_discord(&self) -> anyhow::Result<()> {
        let code = self.ask_for_code("discord").await?;
        self.discord.expect_connected().await?;
        let typed = self.channel.slash(&self.dora, "freeside", "link", &[("code", &code)])?;
        typed.answer().await.context("the slash command was not answered")?;
        self.agree(&self.room, &code).await.map(drop)
    }

    /// Alice reads in a room of hers which chat has typed her code, and agrees; the bot's answer.
    ///
    /// # Errors
    /// When it does not ask, or does not join the chats.
    pub async fn agree(&self, room: &str, code: &str) -> anyhow::Result<String> {
        let yes = format!("!freeside link yes {code}");
        let asks = |seen: &crate::synapse::Seen| seen.sender == BOT && seen.body.contains(&yes);
        self.alice.expect(room, asks).await.context("nobody asks Alice to agree")?;
        let said = self.alice.say(room, &yes).await?;
        let answers = |seen: &crate::synapse::Seen| {
            seen.sender == BOT && seen.reply_to.as_deref() == Some(said.as_str())
        };
        let answer = self.alice.expect(room, answers).await?.body;
        // In whatever language it is said: the way back is named only where there is one.
        anyhow::ensure!(answer.contains("!freeside unlink"), "{answer}");
        Ok(answer)
    }
}

/// The link code in an answer of the bot: `ABCD-EFGH`.
pub fn code_in(text: &str) -> Option<String> {
    let letters = |half: &str| half.len() == 4 && half.chars().all(|c| c.is_ascii_alphanumeric());
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let mut codes = words.filter(|word| {
        word.split_once('-').is_some_and(|(left, right)| letters(left) && letters(right))
    });
    codes.next().map(ToOwned::to_owned)
}
