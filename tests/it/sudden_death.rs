// SPDX-License-Identifier: AGPL-3.0-or-later
//! `kill -9` at any moment loses nothing and doubles nothing.

use std::time::Duration;

use sandbox::town::{Line, Side, Town};

use crate::town;

/// Messages in all, spread over the three networks.
const MESSAGES: usize = 500;
/// How often the bridge dies meanwhile.
const DEATHS: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_messages_survive_twenty_sudden_deaths() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    let mut random = 0x2545_f491_u32;
    for death in 0..DEATHS {
        for number in 0..MESSAGES / DEATHS {
            let number = death * (MESSAGES / DEATHS) + number;
            let side = Side::ALL[number % 3];
            town.say(side, &numbered(number)).await?;
        }
        // A moment that is different each time, within the work on what was just said.
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let moment = Duration::from_millis(u64::from(random >> 22));
        wait_for_some(&town, moment).await?;
        town.bridge.kill()?;
        town.bridge.start()?;
    }
    for side in Side::ALL {
        let all = |lines: &[Line]| (numbers(lines).len() >= MESSAGES).then_some(());
        town.until_within(side, Duration::from_secs(240), all).await?;
    }
    for side in Side::ALL {
        told_once_and_in_order(side, &town.lines(side).await?, MESSAGES);
    }
    town.assert_clean()
}

pub fn numbered(number: usize) -> String {
    format!("message {number}")
}

/// Lets the bridge work for a moment; the deadline passing is the usual end.
async fn wait_for_some(town: &Town, moment: Duration) -> anyhow::Result<()> {
    let never = |_: &Line| false;
    drop(tokio::time::timeout(moment, town.expect(Side::Telegram, never)).await);
    Ok(())
}

pub fn numbers(lines: &[Line]) -> Vec<usize> {
    let texts = lines.iter().filter_map(|line| line.text.strip_prefix("message "));
    texts.filter_map(|number| number.parse().ok()).collect()
}

pub fn told_once_and_in_order(side: Side, lines: &[Line], messages: usize) {
    let told = numbers(lines);
    let mut sorted = told.clone();
    sorted.sort_unstable();
    let all: Vec<usize> = (0..messages).collect();
    let missing: Vec<_> = all.iter().filter(|number| !sorted.contains(number)).collect();
    let mut doubled = sorted.clone();
    doubled.dedup();
    assert!(missing.is_empty(), "{side:?} lost {missing:?}");
    assert_eq!(doubled.len(), sorted.len(), "{side:?} tells something twice: {told:?}");
    for author in 0..3 {
        let own: Vec<_> = told.iter().filter(|number| **number % 3 == author).collect();
        assert!(own.is_sorted(), "{side:?} tells author {author} out of order: {own:?}");
    }
}
