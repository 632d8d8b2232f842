// SPDX-License-Identifier: AGPL-3.0-or-later
//! P15: a group whose members are at risk. No files cross, nothing is said about links, and nobody reads of
//! the group anywhere.
//!
//! Rule: each promise is first seen not to hold, so that the setting is what makes it hold.

use anyhow::{Context, ensure};
use sandbox::town::{Line, Side, Town};
use serde_json::Value;

use crate::pictures::picture;
use crate::{ask, crosses, eventually, set_by_all, town};

const NOTICES: &str = "[notices]\nquiet = \"\"\nper_person = 5\n";

async fn notices(town: &Town) -> anyhow::Result<usize> {
    let said = town.alice.transcript(&town.room).await?;
    Ok(said.bodies().iter().filter(|body| body.contains("Zoom is proprietary")).count())
}

/// The groups in the report, and the messages that were counted.
fn reported(town: &Town) -> anyhow::Result<(usize, u64)> {
    let report: Value = serde_json::from_str(&town.bridge.tell(&["report", "--format", "json"])?)?;
    let groups = report.get("portals").and_then(Value::as_array).context("no list")?;
    let counts = report.to_string().matches("\"messages\":").count();
    Ok((groups.len(), u64::try_from(counts)?))
}

async fn show(town: &Town, side: Side, shade: u8, caption: &str) -> anyhow::Result<Vec<Line>> {
    town.show(side, &picture(shade), caption).await?;
    let mut seen = Vec::new();
    for other in side.others() {
        seen.push(town.expect(other, |line| line.text.starts_with(caption)).await?);
    }
    Ok(seen)
}

#[tokio::test(flavor = "multi_thread")]
async fn p15_of_a_group_at_risk_no_file_no_link_and_no_figure_is_told() -> anyhow::Result<()> {
    let town = town("12", NOTICES).await?;
    let mxc = town.alice.upload(picture(77), "me.png", "image/png").await?;
    town.alice.set_avatar(&mxc).await?;
    for line in show(&town, Side::Telegram, 1, "before").await? {
        assert!(line.file.is_some(), "{line:?}");
    }
    town.channel.say(&town.dora, "we meet at https://zoom.us/j/123456");
    eventually("a notice", async || Ok(notices(&town).await? == 1)).await?;
    assert_eq!(reported(&town)?.0, 1);
    let listed = ask(&town.alice, &town.room, "!freeside portals").await?;
    assert!(listed.contains("Telegram"), "{listed}");
    town.say(Side::Matrix, "with a face").await?;
    let seen = town.channel.expect(|seen| seen.content == "with a face").await?;
    let address = seen.avatar_url.context("no picture")?;

    let done = ask(&town.alice, &town.room, "!freeside set at-risk on").await?;
    assert!(done.contains("at-risk is now on"), "{done}");
    let tells = |line: &Line| line.text.contains("No files are shared");
    town.expect(Side::Telegram, tells).await?;
    for (shade, side) in (10..).zip(Side::ALL) {
        for line in show(&town, side, shade, &format!("after, from {side:?}")).await? {
            assert_eq!(line.file, None, "{line:?}");
            assert!(line.text.contains("not shared, because files stay"), "{line:?}");
        }
    }
    assert_eq!(reqwest::get(&address).await?.status().as_u16(), 410);
    town.say(Side::Matrix, "without a face").await?;
    let seen = town.channel.expect(|seen| seen.content == "without a face").await?;
    assert_eq!(seen.avatar_url, None);

    town.say(Side::Matrix, "we meet at https://zoom.us/j/777").await?;
    town.expect(Side::Discord, |line| line.text.contains("zoom.us/j/777")).await?;
    // Whatever the bot had to say about the link stands before this answer.
    let status = ask(&town.alice, &town.room, "!freeside status").await?;
    assert!(status.contains("at-risk on"), "{status}");
    crosses(&town, Side::Discord, "the last word").await?;
    assert_eq!(notices(&town).await?, 1);
    ensure!(reported(&town)? == (0, 0), "{:?}", reported(&town)?);
    let listed = ask(&town.alice, &town.room, "!freeside portals").await?;
    assert!(!listed.contains("Telegram") && !listed.contains("at-risk"), "{listed}");

    // Less protection takes an admin of each side.
    set_by_all(&town, "at-risk off").await?;
    for line in show(&town, Side::Discord, 99, "afterwards").await? {
        assert!(line.file.is_some(), "{line:?}");
    }
    assert_eq!(reported(&town)?.0, 1);
    town.assert_clean()
}
