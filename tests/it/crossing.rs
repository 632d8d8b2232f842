// SPDX-License-Identifier: AGPL-3.0-or-later
//! Everything crosses in all six directions, once, in order, and never comes back.

use sandbox::town::{Line, Side, Town};

use crate::town;

/// A picture.
pub const PIXEL: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, b'I', b'H', b'D', b'R', 0, 0, 0,
    1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 0x0a, b'I', b'D', b'A', b'T',
    0x78, 0x9c, 0x62, 0, 1, 0, 0, 5, 0, 1, 0x0d, 0x0a, 0x2d, 0xb4, 0, 0, 0, 0, b'I', b'E', b'N',
    b'D', 0xae, 0x42, 0x60, 0x82,
];

#[tokio::test(flavor = "multi_thread")]
async fn everything_crosses_in_all_six_directions_in_room_version_12() -> anyhow::Result<()> {
    everything_crosses(&town("12", "").await?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_crosses_in_all_six_directions_in_room_version_11() -> anyhow::Result<()> {
    everything_crosses(&town("11", "").await?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_and_a_picture_are_shown_as_the_operator_decides() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let mxc = town.alice.upload(PIXEL.to_vec(), "me.png", "image/png").await?;
    appear(&town, "Alice", &mxc).await?;
    town.say(Side::Matrix, "with a face").await?;
    let seen = town.channel.expect(|seen| seen.content == "with a face").await?;
    assert_eq!(town.discord.fetch_avatar(&seen).await?, PIXEL);

    town.bridge.reconfigure("[privacy]", "[privacy]\nnames = \"first-name\"")?;
    appear(&town, "Alice Surname", &mxc).await?;
    let mut town = town;
    town.bridge.kill()?;
    town.bridge.start()?;
    town.say(Side::Matrix, "with half a name").await?;
    let seen = town.expect(Side::Telegram, |line| line.text == "with half a name").await?;
    assert_eq!(seen.who, "Alice");
    town.assert_clean()
}

/// Alice's name and picture in the room, at once.
async fn appear(town: &Town, name: &str, mxc: &str) -> anyhow::Result<()> {
    let content = serde_json::json!({
        "membership": "join", "displayname": name, "avatar_url": mxc,
    });
    let alice = town.alice.user_id().to_owned();
    town.alice.set_state(&town.room, "m.room.member", &alice, content).await.map(drop)
}

/// Text, answers, edits, reactions, pictures and deletions, from each side to both others.
pub async fn everything_crosses(town: &Town) -> anyhow::Result<()> {
    let before = counts(town).await?;
    text_and_reply_cross(town).await?;
    edits_and_reactions_cross(town).await?;
    pictures_cross(town).await?;
    deletions_cross(town).await?;
    nothing_came_back_or_twice(town, before).await?;
    town.assert_clean()
}

fn says<'a>(who: &'a str, text: &'a str) -> impl Fn(&Line) -> bool + 'a {
    move |line| line.who.starts_with(who) && line.text == text
}

async fn text_and_reply_cross(town: &Town) -> anyhow::Result<()> {
    for side in Side::ALL {
        let text = format!("said on {side:?}");
        town.say(side, &text).await?;
        for other in side.others() {
            let seen = town.expect(other, says(side.speaker(), &text)).await?;
            let reply = format!("answered on {other:?} to {side:?}");
            town.reply(other, &seen.id, &reply).await?;
            for third in other.others() {
                let seen = town.expect(third, says(other.speaker(), &reply)).await?;
                let answers = seen.answers.unwrap_or_default();
                assert!(answers.contains(&text), "{third:?} shows no reply to {text}: {answers:?}");
                // Where a reply is drawn, it names the one whose words they were.
                let named = third != Side::Discord || answers.contains(side.speaker());
                assert!(named || side == third, "{third:?} names somebody else: {answers:?}");
            }
        }
    }
    Ok(())
}

async fn edits_and_reactions_cross(town: &Town) -> anyhow::Result<()> {
    for side in Side::ALL {
        let first = format!("frist on {side:?}");
        let second = format!("first on {side:?}");
        let said = town.say(side, &first).await?;
        for other in side.others() {
            town.expect(other, says(side.speaker(), &first)).await?;
        }
        town.edit(&said, &second).await?;
        for other in side.others() {
            let seen = town.expect(other, says(side.speaker(), &second)).await?;
            let emoji = if other == Side::Telegram { "👍" } else { "🎉" };
            town.react(other, &seen.id, emoji).await?;
            for third in other.others() {
                let reacted = |line: &Line| {
                    line.text == second && line.reactions.iter().any(|it| it.starts_with(emoji))
                };
                town.expect(third, reacted).await?;
            }
        }
    }
    Ok(())
}

async fn pictures_cross(town: &Town) -> anyhow::Result<()> {
    for side in Side::ALL {
        let caption = format!("a picture on {side:?}");
        town.show(side, PIXEL, &caption).await?;
        for other in side.others() {
            let seen = town.expect(other, says(side.speaker(), &caption)).await?;
            assert_eq!(seen.file.as_deref(), Some(PIXEL), "{other:?} shows other bytes");
        }
    }
    Ok(())
}

async fn deletions_cross(town: &Town) -> anyhow::Result<()> {
    for side in Side::ALL {
        let text = format!("taken back on {side:?}");
        let said = town.say(side, &text).await?;
        for other in side.others() {
            town.expect(other, says(side.speaker(), &text)).await?;
        }
        town.take_back(&said).await?;
        for other in side.others() {
            town.expect_gone(other, says(side.speaker(), &text)).await?;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn s13_08_what_is_marked_stays_where_it_was_said() -> anyhow::Result<()> {
    let town = &town("12", "").await?;
    for side in Side::ALL {
        for mark in ["(NOFWD)", "[nofwd]", "（NOFWD）", "( nofwd )", "(不转发)"] {
            let said = town.say(side, &format!("{mark} for this side only")).await?;
            // Who answers it is heard, without its words.
            town.reply(side, &said.id, &format!("an answer from {side:?} to {mark}")).await?;
        }
        let text = format!("for all sides, from {side:?}");
        let said = town.say(side, &text).await?;
        for other in side.others() {
            town.expect(other, says(side.speaker(), &text)).await?;
            let marked = |line: &&Line| {
                line.who.starts_with(side.speaker()) && line.text.contains("this side only")
            };
            assert_eq!(town.lines(other).await?.iter().find(marked), None, "{other:?} shows it");
        }
        town.edit(&said, "(NOFWD) on second thoughts").await?;
        for other in side.others() {
            town.expect_gone(other, says(side.speaker(), &text)).await?;
        }
    }
    let group = town.group.messages().into_iter().filter(|it| it.is_bot).map(|it| it.text);
    let channel = town.channel.messages().into_iter().filter(|it| it.webhook.is_some());
    let room = town.alice.transcript(&town.room).await?.0.into_iter();
    let ghosts = room.filter(|it| it.sender.starts_with("@_freeside_"));
    let ghosts = ghosts.map(|it| it.content.to_string());
    let all = group.chain(channel.map(|it| it.content)).chain(ghosts);
    let told: Vec<String> = all.filter(|text| text.contains("this side only")).collect();
    assert_eq!(told, [""; 0], "an answer carries words that were to stay");
    town.assert_clean()
}

async fn counts(town: &Town) -> anyhow::Result<Vec<usize>> {
    let mut counts = Vec::new();
    for side in Side::ALL {
        counts.push(people(&town.lines(side).await?).len());
    }
    Ok(counts)
}

/// What people said, without commands and the core bot's words.
fn people(lines: &[Line]) -> Vec<&Line> {
    let said = lines.iter().filter(|line| {
        !line.who.is_empty() && !line.text.starts_with('/') && !line.text.starts_with('!')
    });
    said.collect()
}

/// A last message has crossed everywhere, so everything before it has too; then all
/// sides show the same texts in the same order.
async fn nothing_came_back_or_twice(town: &Town, before: Vec<usize>) -> anyhow::Result<()> {
    for side in Side::ALL {
        let last = format!("the last word on {side:?}");
        town.say(side, &last).await?;
        for other in side.others() {
            town.expect(other, says(side.speaker(), &last)).await?;
        }
    }
    let mut told = Vec::new();
    for (side, before) in Side::ALL.into_iter().zip(before) {
        let lines = town.lines(side).await?;
        let texts = people(&lines).into_iter().skip(before).map(|line| line.text.clone());
        told.push(texts.collect::<Vec<_>>());
    }
    let [matrix, telegram, discord] = told.as_slice() else { anyhow::bail!("three sides") };
    assert_eq!(matrix, discord, "Matrix and Discord tell different stories");
    let kept = |text: &&String| *text != "taken back on Telegram";
    let telegram: Vec<_> = telegram.iter().filter(kept).cloned().collect();
    assert_eq!(*matrix, telegram, "Matrix and Telegram tell different stories");
    Ok(())
}
