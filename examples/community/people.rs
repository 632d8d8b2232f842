// SPDX-License-Identifier: AGPL-3.0-or-later
//! The people of the play: who says what in which week, and who moves.

use std::time::Duration;

use anyhow::{Context, ensure};
use sandbox::synapse::{Person, RoomOptions};
use sandbox::telegram::User;
use sandbox::town::{BOT, Town, code_in};

use crate::words::Words;

/// Members of the group at the beginning.
pub const MEMBERS: usize = 600;
/// Those of them who move.
pub const MOVERS: usize = 40;

/// How long a thing may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// The members of the group.
///
/// # Errors
/// When the stand-in lets somebody not in.
pub fn members(town: &Town, language: &str) -> anyhow::Result<Vec<User>> {
    let mut all = Vec::with_capacity(MEMBERS);
    for number in 0..MEMBERS {
        let user = town.telegram.user(&format!("Member {number}")).with_language(language);
        town.group.join(&user)?;
        all.push(user);
    }
    Ok(all)
}

/// Each of these people says one thing, unlike all others.
///
/// # Errors
/// When one of it does not arrive in the room.
pub async fn legacy_week(town: &Town, people: &[User], mark: &str) -> anyhow::Result<()> {
    let mut last = String::new();
    for (number, user) in people.iter().enumerate() {
        last = format!("{mark} from the group, {number}");
        town.group.say(user, &last)?;
    }
    arrives(town, &last).await
}

/// The same on Matrix; it arrives in the group.
///
/// # Errors
/// When one of it does not arrive.
pub async fn matrix_week(town: &Town, people: &[Person], mark: &str) -> anyhow::Result<()> {
    let mut last = String::new();
    for (number, person) in people.iter().enumerate() {
        last = format!("{mark} from the room, {number}");
        person.say(&town.room, &last).await?;
    }
    let arrived = async {
        while !town.group.messages().iter().any(|seen| seen.text.contains(&last)) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, arrived).await.context("the group does not show it all")
}

/// Waits until the room shows a text.
///
/// # Errors
/// When it does not.
pub async fn arrives(town: &Town, text: &str) -> anyhow::Result<()> {
    let found = |lines: &sandbox::synapse::Transcript| lines.line(text).map(drop);
    let seen = town.alice.wait_within(PATIENCE, &town.room, found).await;
    seen.with_context(|| format!("the room does not show {text:?}"))
}

/// Somebody asks the bot in private, makes an account on Matrix, and shows the code there; how many
/// messages of the bot that took on the old side.
///
/// # Errors
/// When something of it does not work.
pub async fn moves(
    town: &Town,
    (user, number): (&User, usize),
    words: &Words,
) -> anyhow::Result<(Person, usize)> {
    let private = town.telegram.private_chat(user);
    private.say(user, "/start matrix")?;
    let told = private.expect(|seen| seen.is_bot && code_in(&seen.text).is_some()).await?;
    let code = code_in(&told.text).context("no code")?;
    let person = town.synapse.person_named(&format!("mover{number}"), &user.name()).await?;
    person.join(&town.room).await?;
    let options = RoomOptions { invite: vec![BOT.into()], ..RoomOptions::default() };
    let alone = person.create_room(options).await?;
    while !person.members(&alone).await?.contains_key(BOT) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let asked = person.say(&alone, &code).await?;
    let answers = |seen: &sandbox::synapse::Seen| seen.reply_to.as_deref() == Some(asked.as_str());
    let answer = person.expect(&alone, answers).await?.body;
    ensure!(words.says(&answer, "claimed"), "{answer}");
    let english = words.english_in(&answer);
    ensure!(english.is_none(), "the answer to the code says in English: {english:?}");
    private.expect(|seen| seen.is_bot && words.says(&seen.text, "claimed-there")).await?;
    let of_bot = private.messages().iter().filter(|seen| seen.is_bot).count();
    Ok((person, of_bot))
}
