// SPDX-License-Identifier: AGPL-3.0-or-later
//! What lies on the disk: nothing that can be read without the key, which lies elsewhere.

use std::path::PathBuf;

use sandbox::town::{Said, Side, Town};

use crate::{encrypted_town, town};

/// Says something on one side and waits until the others have it.
async fn crosses(town: &Town, side: Side, text: &str) -> anyhow::Result<Said> {
    let said = town.say(side, text).await?;
    for other in side.others() {
        town.expect(other, |line| line.text == text).await?;
    }
    Ok(said)
}

fn beside(town: &Town, name: &str) -> PathBuf {
    town.bridge.config().with_file_name(name)
}

/// A file with the names, ids and tokens of the town, and the words that were said.
fn known(town: &Town, words: &[&str]) -> anyhow::Result<String> {
    let ids = [
        town.tanja.id().to_string(),
        town.group.id().to_string(),
        town.dora.id().to_string(),
        town.channel.id().to_string(),
        town.guild.id().to_string(),
        town.alice.user_id().to_owned(),
        town.room.clone(),
    ];
    let tokens = [town.telegram.bot_token(), town.discord.bot_token()];
    let mut lines: Vec<String> = ids.iter().map(|id| format!("id {id}")).collect();
    lines.extend([town.tanja.name(), "Alice".into()].map(|name| format!("name {name}")));
    lines.extend(words.iter().map(|words| format!("text {words}")));
    lines.extend(tokens.map(|token| format!("token {token}")));
    let path = beside(town, "known");
    std::fs::write(&path, lines.join("\n"))?;
    Ok(path.display().to_string())
}

/// What the audit says of the store and the log.
fn audit(town: &Town, words: &[&str]) -> anyhow::Result<String> {
    let known = known(town, words)?;
    let log = beside(town, "freeside.log").display().to_string();
    town.bridge.tell(&["privacy", "audit", "--known", &known, "--log", &log])
}

const DELIVERED: &str = "the meeting is at five tonight";
const EDITED: &str = "the meeting is at six tonight";
const TAKEN_BACK: &str = "nobody shall remember these words";
const WORDS: [&str; 5] =
    [DELIVERED, EDITED, TAKEN_BACK, "from the channel with love", "from the room with love"];

#[tokio::test(flavor = "multi_thread")]
async fn p7_what_was_said_and_by_whom_can_be_read_nowhere_in_the_store() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    let said = crosses(&town, Side::Telegram, DELIVERED).await?;
    let gone = crosses(&town, Side::Discord, TAKEN_BACK).await?;
    crosses(&town, Side::Discord, WORDS[3]).await?;
    let rooms = crosses(&town, Side::Matrix, WORDS[4]).await?;
    town.react(Side::Matrix, &rooms.id, "👍").await?;
    town.edit(&said, EDITED).await?;
    town.expect(Side::Matrix, |line| line.text == EDITED).await?;
    town.take_back(&gone).await?;
    town.expect_gone(Side::Matrix, |line| line.text == TAKEN_BACK).await?;
    assert!(audit(&town, &WORDS)?.ends_with("nothing was found\n"), "while it runs");
    town.bridge.kill()?;
    assert!(audit(&town, &WORDS)?.ends_with("nothing was found\n"), "after kill -9");
    town.bridge.start()?;
    crosses(&town, Side::Matrix, "and it goes on").await?;
    assert!(audit(&town, &WORDS)?.ends_with("nothing was found\n"), "after the next start");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_the_keys_of_encrypted_rooms_tell_nobody_who_is_in_them() -> anyhow::Result<()> {
    let mut town = encrypted_town().await?;
    crosses(&town, Side::Matrix, WORDS[4]).await?;
    crosses(&town, Side::Telegram, DELIVERED).await?;
    let databases = std::fs::read_dir(beside(&town, "store").join("crypto"))?.count();
    assert!(databases >= 2, "the bot's and Tanja's");
    town.bridge.kill()?;
    assert!(audit(&town, &WORDS)?.ends_with("nothing was found\n"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_the_audit_finds_what_somebody_leaves_in_the_store() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let planted = beside(&town, "store").join("planted");
    for bytes in [
        town.tanja.id().to_string().into_bytes(),
        town.tanja.id().to_be_bytes().to_vec(),
        DELIVERED.as_bytes().to_vec(),
        town.telegram.bot_token().into_bytes(),
        town.alice.user_id().as_bytes().to_vec(),
        std::fs::read(beside(&town, "store_key"))?,
    ] {
        std::fs::write(&planted, [b"before ", &bytes[..], b" after"].concat())?;
        let found = audit(&town, &WORDS).unwrap_err().to_string();
        assert!(found.contains("stand where they do not belong"), "{found}");
    }
    std::fs::remove_file(&planted)?;
    audit(&town, &WORDS)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_new_keys_read_what_was_there_and_the_old_key_reads_nothing() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    let said = crosses(&town, Side::Telegram, DELIVERED).await?;
    let running = town.bridge.tell(&["keys", "rotate"]).unwrap_err().to_string();
    assert!(running.contains("Is another freeside running on it?"), "{running}");
    town.bridge.kill()?;
    let old = std::fs::read(beside(&town, "store_key"))?;
    let rotated = town.bridge.tell(&["keys", "rotate"])?;
    assert!(rotated.contains("records are encrypted with new keys"), "{rotated}");
    let new = std::fs::read(beside(&town, "store_key"))?;
    assert_ne!(old, new);
    town.bridge.start()?;
    town.edit(&said, EDITED).await?;
    town.expect(Side::Matrix, |line| line.text == EDITED).await?;
    town.bridge.kill()?;
    std::fs::write(beside(&town, "store_key"), &old)?;
    let refused = town.bridge.tell(&["run"]).unwrap_err().to_string();
    assert!(refused.contains("was encrypted with another key"), "{refused}");
    std::fs::write(beside(&town, "store_key"), &new)?;
    town.bridge.start()?;
    crosses(&town, Side::Matrix, "and it goes on").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_without_the_key_the_bridge_says_what_to_do_and_touches_nothing() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    crosses(&town, Side::Telegram, DELIVERED).await?;
    town.bridge.kill()?;
    let (key, away) = (beside(&town, "store_key"), beside(&town, "put_away"));
    let kept = town.bridge.tell(&["keys", "init"]).unwrap_err().to_string();
    assert!(kept.contains("is there already, and is left as it is"), "{kept}");
    std::fs::rename(&key, &away)?;
    for verb in [&["run"][..], &["check-config"], &["keys", "init"], &["keys", "rotate"]] {
        let refused = town.bridge.tell(verb).unwrap_err().to_string();
        assert!(refused.contains("is encrypted and its key"), "{verb:?}: {refused}");
        assert!(refused.contains("put that file back"), "{verb:?}: {refused}");
    }
    std::fs::rename(&away, &key)?;
    town.bridge.tell(&["check-config"])?;
    town.bridge.start()?;
    crosses(&town, Side::Discord, "and it goes on").await?;
    town.bridge.kill()?;
    std::fs::rename(beside(&town, "store"), beside(&town, "old_store"))?;
    std::fs::remove_file(&key)?;
    let refused = town.bridge.tell(&["run"]).unwrap_err().to_string();
    assert!(refused.contains("is missing: type `freeside keys init`"), "{refused}");
    town.bridge.tell(&["keys", "init"])?;
    town.bridge.tell(&["check-config"])?;
    Ok(())
}
