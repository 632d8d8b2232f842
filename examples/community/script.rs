// SPDX-License-Identifier: AGPL-3.0-or-later
//! The eight weeks, one after the other.

use std::time::Duration;

use anyhow::{Context, ensure};
use bot_core::clock::{Clock, SystemClock};
use bridge_model::Timestamp;
use bridge_policy::calendar::{DAY_MS, Date};
use sandbox::discord::permissions;
use sandbox::synapse::{Person, Seen};
use sandbox::telegram::{Rights, User};
use sandbox::town::{BOT, Program, Town, TownOptions};
use serde_json::Value;

use crate::checks::{self, Found};
use crate::clock::FileClock;
use crate::out;
use crate::people::{self, MOVERS};
use crate::privacy;
use crate::words::Words;

const CONFIG: &str = "\n[stages]\nclosing_notice_days = 7\nsunset_notice_days = 7\nmajority_weeks = 2\n\
    [notices]\nquiet = \"\"\n";
const DECISION: &str = "--decision https://meta.example.org/move";

/// The play as it goes.
pub struct Play {
    pub town: Town,
    pub admins: Vec<Person>,
    pub members: Vec<User>,
    pub movers: Vec<Person>,
    pub clock: FileClock,
    pub found: Found,
    pub words: Words,
}

/// Plays it all; what did not hold.
///
/// # Errors
/// When it cannot go on.
pub async fn play(language: &str) -> anyhow::Result<Vec<String>> {
    let mut play = begin(Words::load(language)?).await?;
    play.announce().await?;
    play.bridge().await?;
    play.matrix_first().await?;
    play.read_only().await?;
    play.sunset().await?;
    play.end().await
}

async fn begin(words: Words) -> anyhow::Result<Play> {
    let path = std::env::current_exe().context("the play does not find its own program")?;
    out("Starting stand-ins for Telegram and Discord, a real Synapse, and the bridge.")?;
    let town = Town::build(TownOptions {
        program: Program { path, first: vec!["bridge".into()] },
        room_version: "12".to_owned(),
        encrypted: false,
        more_config: format!("language = \"{}\"{CONFIG}", words.language()),
        progress: &mut |line| drop(out(&format!("  {line}"))),
    })
    .await?;
    let clock = FileClock::beside(&town.bridge.config());
    let mut admins = Vec::new();
    for (localpart, name) in [("ben", "Ben"), ("caro", "Caro")] {
        let admin = town.synapse.person_named(localpart, name).await?;
        admin.join(&town.room).await?;
        town.alice.set_power(&town.room, admin.user_id(), 100).await?;
        admins.push(admin);
    }
    town.invite_bot().await?;
    town.group.promote_bot(Rights::all());
    town.guild.bot_permissions(permissions::BOT | permissions::MANAGE_ROLES);
    let members = people::members(&town, words.language())?;
    town.join_telegram().await?;
    town.join_discord().await?;
    let (movers, found) = (Vec::new(), Found::default());
    Ok(Play { town, admins, members, movers, clock, found, words })
}

impl Play {
    /// What the bot answers to an admin.
    async fn ask(&self, by: &Person, typed: &str) -> anyhow::Result<String> {
        let room = &self.town.room;
        let asked = by.say(room, &format!("!freeside {typed}")).await?;
        let answers =
            |seen: &Seen| seen.sender == BOT && seen.reply_to.as_deref() == Some(asked.as_str());
        let found = |lines: &sandbox::synapse::Transcript| {
            lines.0.iter().find(|seen| answers(seen)).cloned()
        };
        let answer = by.wait_within(Duration::from_secs(120), room, found).await;
        Ok(answer.with_context(|| format!("no answer to {typed}"))?.body)
    }

    /// The same, and confirmed where the bot shows first what it would do.
    async fn sure(&self, by: &Person, typed: &str) -> anyhow::Result<String> {
        let shown = self.ask(by, typed).await?;
        if self.words.says(&shown, "confirm-how") {
            return self.ask(by, "confirm").await;
        }
        Ok(shown)
    }

    async fn alice(&self, typed: &str) -> anyhow::Result<String> {
        self.sure(&self.town.alice, typed).await
    }

    /// Days go by, one after the other.
    async fn days(&self, days: i64) -> anyhow::Result<()> {
        for _ in 0..days {
            self.clock.set_ahead(self.clock.ahead() + DAY_MS)?;
            // Whatever was due that day has been seen when this is answered.
            self.alice("version").await?;
        }
        Ok(())
    }

    fn day_in(&self, days: i64) -> Date {
        let now = SystemClock.now().0 + self.clock.ahead();
        Date::of(Timestamp(now + days * DAY_MS))
    }

    /// The admins want a step, and it is taken; its gate goes on record.
    async fn step(&mut self, verb: &str, stage: &str) -> anyhow::Result<()> {
        self.rests().await?;
        let gate = self.alice("stage").await?;
        if verb == "next" {
            self.found.gate(stage, &gate, &self.words);
            for admin in [&self.town.alice, self.admins.first().context("an admin")?] {
                self.sure(admin, "stage approve").await?;
            }
        }
        let answer = self.alice(&format!("stage {verb} {DECISION}")).await?;
        let taken = self.words.says(&answer, "stage-taken") && answer.contains(stage);
        ensure!(taken, "{verb}: {answer}\n{gate}");
        out(&format!("{}: {stage}", self.day_in(0)))
    }

    /// A day is announced for a step, the admins agree, and on that day it is taken. Nobody can
    /// take it before.
    async fn on_a_day(&mut self, stage: &str) -> anyhow::Result<()> {
        self.rests().await?;
        self.alice(&format!("stage schedule {} {DECISION}", self.day_in(12))).await?;
        for admin in [&self.town.alice, self.admins.first().context("an admin")?] {
            self.sure(admin, "stage approve").await?;
        }
        self.days(11).await?;
        self.found.gate(stage, &self.alice("stage").await?, &self.words);
        let early = self.alice(&format!("stage next {DECISION}")).await?;
        self.found
            .holds("no step before the announced day", self.words.counts(&early, "gate-day-come"));
        self.days(1).await?;
        let come = |seen: &Seen| {
            self.words.says(&seen.body, "stage-taken-on-day") && seen.body.contains(stage)
        };
        let seen = self.town.alice.expect(&self.town.room, come).await;
        seen.with_context(|| format!("{stage} was not taken on its day"))?;
        out(&format!("{}: {stage}", self.day_in(0)))
    }

    /// Waits until nothing is under way.
    async fn rests(&self) -> anyhow::Result<()> {
        for _ in 0..600 {
            let now = self.alice("stage").await?;
            if !self.words.says(&now, "effect-under-way") {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        anyhow::bail!("something stays under way: {}", self.alice("stage").await?)
    }

    fn access(&self) -> (Value, Value) {
        (self.town.group.permissions(), self.town.channel.overwrites())
    }

    async fn announce(&mut self) -> anyhow::Result<()> {
        self.alice("vote \"Shall we move to Matrix?\" --days 3").await?;
        let poll = self.town.group.expect(|seen| seen.poll.is_some()).await?;
        for member in self.members.iter().take(50) {
            self.town.group.vote(member, poll.id, &[0])?;
        }
        self.days(4).await?;
        self.step("next", "announced").await?;
        self.days(15).await
    }

    /// Bans, mutes and deletions are tried on all sides.
    async fn self_test(&mut self) -> anyhow::Result<()> {
        self.alice("selftest").await?;
        let result = |seen: &Seen| {
            self.words.says(&seen.body, "self-test-passed")
                || self.words.says(&seen.body, "self-test-failed")
        };
        let seen = self.town.alice.expect(&self.town.room, result).await;
        let seen = seen.context("no result of the self-test")?;
        self.found.holds("the self-test passes", self.words.says(&seen.body, "self-test-passed"));
        out(&seen.body)
    }

    async fn bridge(&mut self) -> anyhow::Result<()> {
        self.self_test().await?;
        self.step("next", "bridged").await?;
        self.rests().await?;
        let first: Vec<User> = self.members.iter().take(100).cloned().collect();
        people::legacy_week(&self.town, &first, "week one").await?;
        // Ten links in one day, by ten people.
        for (number, member) in self.members.iter().skip(100).take(10).enumerate() {
            self.town.group.say(member, &format!("we meet at https://zoom.us/j/{number}00"))?;
        }
        people::arrives(&self.town, "we meet at https://zoom.us/j/900").await?;
        self.alice("version").await?;
        let said = self.town.alice.transcript(&self.town.room).await?;
        self.found.notices(&said, &self.words);
        self.days(7).await?;
        for number in 0..MOVERS {
            let member = self.members.get(number).context("a member")?.clone();
            let (person, messages) =
                people::moves(&self.town, (&member, number), &self.words).await?;
            self.found.moved(messages);
            self.movers.push(person);
        }
        out(&format!("{}: {MOVERS} people have moved", self.day_in(0)))?;
        let legacy: Vec<User> = self.members.iter().skip(100).take(60).cloned().collect();
        people::legacy_week(&self.town, &legacy, "week two").await?;
        people::matrix_week(&self.town, &self.movers, "week two").await?;
        self.days(7).await
    }

    async fn matrix_first(&mut self) -> anyhow::Result<()> {
        let before = self.access();
        self.step("next", "matrix-first").await?;
        self.rests().await?;
        // That was too early.
        self.step("back", "bridged").await?;
        self.rests().await?;
        self.found.same("a step back from matrix-first", &before, &self.access());
        self.step("next", "matrix-first").await?;
        for week in ["week three", "week four"] {
            let legacy: Vec<User> = self.members.iter().skip(200).take(20).cloned().collect();
            people::legacy_week(&self.town, &legacy, week).await?;
            people::matrix_week(&self.town, &self.movers, week).await?;
            self.days(7).await?;
        }
        Ok(())
    }

    async fn read_only(&mut self) -> anyhow::Result<()> {
        self.town.group.permit("can_send_polls", false);
        let before = self.access();
        self.on_a_day("read-only").await?;
        self.town.bridge.kill()?;
        self.town.bridge.start()?;
        self.rests().await?;
        let silent = self.town.group.say(self.members.last().context("a member")?, "may I?");
        self.found.holds("nobody speaks in the closed group", silent.is_err());
        self.step("back", "matrix-first").await?;
        self.rests().await?;
        self.found.same("a step back from read-only", &before, &self.access());
        self.on_a_day("read-only").await?;
        self.rests().await
    }

    async fn sunset(&mut self) -> anyhow::Result<()> {
        out("\nThe report before the end:\n")?;
        out(&self.town.bridge.tell(&["report", "--format", "markdown"])?)?;
        self.audited("before the end").await;
        self.on_a_day("sunset").await?;
        self.town
            .alice
            .expect(&self.town.room, |seen| self.words.says(&seen.body, "erased"))
            .await?;
        self.rests().await?;
        out("\nWhat was decided and done:\n")?;
        out(&self.alice("audit").await?)
    }

    /// Nothing of the people lies where it does not belong.
    async fn audited(&mut self, when: &str) {
        let found = match privacy::audit(&self.town, &self.members).await {
            Ok(said) if said.ends_with("nothing was found\n") => String::new(),
            Ok(said) => format!(": {said}"),
            Err(error) => format!(": {error:#}"),
        };
        let what = format!("the privacy audit finds nothing {when}{found}");
        self.found.holds(&what, found.is_empty());
    }

    async fn end(mut self) -> anyhow::Result<Vec<String>> {
        let said = self.town.alice.transcript(&self.town.room).await?;
        self.found.once(&said, &self.town.group.messages());
        self.found.language(&self.words, &said, &self.town.group.messages());
        let left = self.town.alice.members(&self.town.room).await?;
        let ghosts = left.keys().filter(|user| user.starts_with("@fs_")).count();
        self.found.holds("no ghost is left in the room", ghosts == 0);
        if let Err(error) = self.town.assert_clean() {
            self.found.holds(&format!("the platforms found nothing wrong: {error:#}"), false);
        }
        self.town.bridge.kill()?;
        self.audited("after it").await;
        let store = self.town.bridge.config().with_file_name("store");
        checks::store(&mut self.found, &store, &self.members, &self.movers).await?;
        self.found.done()
    }
}
