// SPDX-License-Identifier: AGPL-3.0-or-later
//! The store in an operator's hands, with the real binary.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use sandbox::town::{Side, Town};

use crate::{crosses, town};

fn beside(town: &Town, name: &str) -> PathBuf {
    town.bridge.config().with_file_name(name)
}

fn mode(path: &PathBuf) -> anyhow::Result<u32> {
    Ok(std::fs::metadata(path)?.permissions().mode() & 0o777)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_made_while_the_bridge_runs_takes_the_place_of_a_lost_store()
-> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    let said = town.say(Side::Telegram, "before the copy").await?;
    town.expect(Side::Matrix, |line| line.text == "before the copy").await?;
    town.expect(Side::Discord, |line| line.text == "before the copy").await?;
    let copy = beside(&town, "copy");
    let shown = copy.display().to_string();
    let copied = town.bridge.tell(&["store", "backup", &shown])?;
    assert!(copied.contains(&format!("the copy in {shown} is whole")), "{copied}");
    assert_eq!((mode(&copy)?, mode(&copy.join("sealed/db"))?), (0o700, 0o600));
    assert!(!copy.join("backup-request").exists());
    let again = town.bridge.tell(&["store", "backup", &shown]).unwrap_err().to_string();
    assert!(again.contains("is not empty: name a new folder"), "{again}");
    town.bridge.tell(&["store", "check", "--copy", &shown])?;
    town.bridge.kill()?;
    std::fs::remove_dir_all(beside(&town, "store"))?;
    std::fs::rename(&copy, beside(&town, "store"))?;
    town.bridge.start()?;
    crosses(&town, Side::Discord, "and it goes on").await?;
    town.edit(&said, "what was said before is known").await?;
    town.expect(Side::Matrix, |line| line.text == "what was said before is known").await?;
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_exported_and_imported_knows_what_was_said() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    let said = town.say(Side::Discord, "before the move").await?;
    town.expect(Side::Matrix, |line| line.text == "before the move").await?;
    town.expect(Side::Telegram, |line| line.text == "before the move").await?;
    let file = beside(&town, "store.jsonl");
    let shown = file.display().to_string();
    for verb in [&["check"][..], &["export", &shown], &["compact"]] {
        let arguments = [&["store"], verb].concat();
        let refused = town.bridge.tell(&arguments).unwrap_err().to_string();
        assert!(refused.contains("Is another freeside running on it?"), "{verb:?}: {refused}");
    }
    assert!(!file.exists());
    town.bridge.kill()?;
    let whole = town.bridge.tell(&["store", "check"])?;
    assert!(whole.contains("the store is whole"), "{whole}");
    let compacted = town.bridge.tell(&["store", "compact"])?;
    assert!(compacted.contains("all records were written anew"), "{compacted}");
    let exported = town.bridge.tell(&["store", "export", &shown])?;
    assert!(exported.contains("It is encrypted with the key of the store"), "{exported}");
    assert_eq!(mode(&file)?, 0o600);
    let there = town.bridge.tell(&["store", "import", &shown]).unwrap_err().to_string();
    assert!(there.contains("there is a store in"), "{there}");
    std::fs::rename(beside(&town, "store"), beside(&town, "old"))?;
    let none = town.bridge.tell(&["store", "check"]).unwrap_err().to_string();
    assert!(none.contains("there is no store in"), "{none}");
    town.bridge.tell(&["store", "import", &shown])?;
    town.bridge.start()?;
    crosses(&town, Side::Matrix, "and it goes on").await?;
    town.edit(&said, "what was said before is known").await?;
    town.expect(Side::Telegram, |line| line.text == "what was said before is known").await?;
    town.assert_clean()
}
