// SPDX-License-Identifier: AGPL-3.0-or-later
//! `vote`: one question to a whole community, in every chat at once.
//!
//! Rule: the bot tells how many, never who. A vote counts when its voter had spoken before it began,
//! and is a member of a chat of the portal when it ends.

use std::sync::Arc;

use bridge_model::{Card, Person, Poll, PollAnswer, RichText, Timestamp};
use bridge_policy::calendar::{DAY_MS, Date};

use super::call::Call;
use super::community::Community;
use super::outcome::{DeskError, Outcome};
use super::phrases::Phrases;
use super::typed::Typed;
use crate::i18n::{Arg, Key};
use crate::lane::{Work, core_place};
use crate::migration::{Deadline, Migration, MigrationChange, Task, Vote, Who};
use crate::network::AskError;
use crate::portal::Portal;
use crate::relay::Networks;
use crate::store::timers::NewTimer;
use crate::store::{Change, Store};
use crate::wording::Lines;

const OPTIONS: [&str; 2] = ["days", "decision"];
/// Days that a vote is open, if nobody says otherwise.
const DAYS: i64 = 7;
/// Days that a vote may be open: Discord's polls last no longer.
const MOST_DAYS: i64 = 32;
/// Answers that every network can show.
const MOST_ANSWERS: usize = 10;
/// Characters of a question that every network can show.
const LONGEST_QUESTION: usize = 255;
/// Characters of an answer that every network can show.
const LONGEST_ANSWER: usize = 55;

/// Something is wrong with what was typed.
#[derive(Debug, PartialEq, Eq)]
enum Wrong {
    Nothing,
    Days,
    Answers,
    Long(usize, String),
}

/// The question, the answers, and the days.
fn read(typed: &Typed) -> Result<(String, Vec<String>, i64), Wrong> {
    let question = match typed.quoted.first() {
        Some(question) => question.clone(),
        None => typed.words.join(" "),
    };
    if question.is_empty() {
        return Err(Wrong::Nothing);
    }
    let days = match typed.option("days") {
        None => DAYS,
        Some(days) => days.parse().map_err(|_| Wrong::Days)?,
    };
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(Wrong::Days);
    }
    let answers: Vec<String> = typed.quoted.iter().skip(1).cloned().collect();
    let twice = |at: usize| answers.iter().take(at).any(|known| Some(known) == answers.get(at));
    let bad = answers.len() == 1
        || answers.len() > MOST_ANSWERS
        || (0..answers.len()).any(twice)
        || answers.iter().any(String::is_empty);
    if bad {
        return Err(Wrong::Answers);
    }
    let long = |text: &String, most: usize| text.chars().count() > most;
    if long(&question, LONGEST_QUESTION) {
        return Err(Wrong::Long(LONGEST_QUESTION, question));
    }
    if let Some(answer) = answers.iter().find(|answer| long(answer, LONGEST_ANSWER)) {
        return Err(Wrong::Long(LONGEST_ANSWER, answer.clone()));
    }
    Ok((question, answers, days))
}

/// `vote`, and the end of votes.
#[derive(Clone)]
pub(super) struct Votes {
    pub(super) networks: Networks,
    pub(super) store: Arc<Store>,
}

impl Votes {
    /// `vote`, `vote "Question" ...` and `vote close N`.
    pub(super) async fn vote(&self, call: &Call<'_>) -> Result<Outcome, DeskError> {
        let Some(portal) = call.portal else { return Ok(call.phrases.not_linked()) };
        let here = Community::of(&self.store, portal).await?;
        let typed = Typed::read(&call.command.text, &OPTIONS);
        let words: Vec<&str> = typed.words.iter().map(String::as_str).collect();
        if typed.is_empty() {
            return Ok(open_votes(call, &here.migration));
        }
        if !call.rights(&self.networks).await?.change {
            return Ok(call.may_not_change());
        }
        match words.as_slice() {
            ["close", number] if typed.quoted.is_empty() => {
                self.close_vote(call, &here, number).await
            }
            _ => Ok(open_vote(call, &here, &typed)),
        }
    }

    async fn close_vote(
        &self,
        call: &Call<'_>,
        Community { portal, migration }: &Community<'_>,
        typed: &str,
    ) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let number = typed.trim_start_matches('#').parse::<u32>().ok();
        let known = migration.votes.iter().find(|vote| Some(vote.number) == number);
        match known {
            None => {
                let args = [Arg::text(typed), Arg::text(call.typed("vote"))];
                Ok(phrases.answer(Key::VoteUnknown, &args))
            }
            Some(vote) if vote.counts.is_some() => {
                let args = [Arg::text(vote.number.to_string())];
                Ok(phrases.answer(Key::VoteClosedBefore, &args))
            }
            Some(vote) => self.end_vote(phrases, portal, vote, Some(call.who())).await,
        }
    }

    /// A vote is over: its polls are closed, and all sides read how it went.
    pub(super) async fn end_vote(
        &self,
        phrases: Phrases<'_>,
        portal: &Portal,
        vote: &Vote,
        who: Option<Who>,
    ) -> Result<Outcome, DeskError> {
        let tally = self.tally(portal, vote).await?;
        let text = result(phrases, vote, &tally);
        let counts = tally.counts;
        let told = portal.active();
        let then = told.iter().map(|place| phrases.message_in(place, text.clone())).collect();
        let close = MigrationChange::CloseVote(portal.room.clone(), vote.number, counts, who);
        let changes =
            vec![Change::Move(Box::new(close)), Change::StopTimer(timer_name(portal, vote.number))];
        Ok(Outcome { changes, ..Outcome::then(then) })
    }
}

/// What the votes come to.
struct Tally {
    /// How many chose each answer.
    counts: Vec<u64>,
    /// Votes of people who had not spoken before; they do not count.
    unheard: u64,
    /// Votes of people who are no members any more; they do not count.
    gone: u64,
}

impl Votes {
    async fn tally(&self, portal: &Portal, vote: &Vote) -> Result<Tally, DeskError> {
        let ballots = self.store.ballots(portal, vote.number).await?;
        let counts = vec![0; vote.answers.len()];
        let mut tally = Tally { counts, unheard: ballots.unheard, gone: 0 };
        for ballot in ballots.heard {
            if !ballot.accounts.is_empty() && !self.are_members(portal, &ballot.accounts).await? {
                tally.gone += 1;
                continue;
            }
            for answer in ballot.answers {
                if let Some(count) = tally.counts.get_mut(usize::from(answer)) {
                    *count += 1;
                }
            }
        }
        Ok(tally)
    }

    /// Whether one of these accounts is in a chat of the portal.
    async fn are_members(&self, portal: &Portal, accounts: &[Person]) -> Result<bool, DeskError> {
        for account in accounts {
            let Some(network) = self.networks.get(&account.network) else { continue };
            for place in portal.places().filter(|place| place.network == account.network) {
                match network.rights(&place.chat, &account.user).await {
                    Ok(rights) if rights.member => return Ok(true),
                    Ok(_) | Err(AskError::Refused(_)) => {}
                    Err(error @ AskError::Retry { .. }) => return Err(error.into()),
                }
            }
        }
        Ok(false)
    }
}

/// The votes that are open.
fn open_votes(call: &Call<'_>, migration: &Migration) -> Outcome {
    let phrases = call.phrases;
    let usage = call.typed("vote \u{201C}…?\u{201D} --days 7");
    let mut text = phrases.say(Key::VoteUsage, &[Arg::text(usage)]);
    let mut buttons = Vec::new();
    for vote in migration.votes.iter().filter(|vote| vote.counts.is_none()) {
        let args = [
            Arg::text(vote.number.to_string()),
            Arg::text(&vote.question),
            Arg::day(Date::of(vote.closes)),
        ];
        text = text.join_line(phrases.say(Key::VoteIsOpen, &args));
        let close = format!("vote close {}", vote.number);
        buttons.push(phrases.numbered(Key::ButtonClose, vote.number, close));
    }
    Outcome::say(text).with(buttons)
}

fn open_vote(call: &Call<'_>, here: &Community<'_>, typed: &Typed) -> Outcome {
    let phrases = call.phrases;
    let Community { portal, migration } = here;
    let (question, answers, days) = match read(typed) {
        Ok(vote) => vote,
        Err(wrong) => return Outcome::say(vote_wrong(call, &wrong)),
    };
    let given = answers;
    let own = [Key::VoteYes, Key::VoteNo, Key::VoteAbstain];
    let own = || own.map(|key| phrases.plain(key, &[])).to_vec();
    let answers = if given.is_empty() { own() } else { given };
    let now = phrases.now;
    let closes = Timestamp(now.0.saturating_add(days.saturating_mul(DAY_MS)));
    let number = migration.votes.iter().map(|vote| vote.number).max().unwrap_or(0) + 1;
    let decision = typed.option("decision").map(str::to_owned);
    let poll = poll(&question, &answers, closes);
    let message = phrases.message(RichText::default());
    let message = bridge_model::Message { card: Some(Card::Poll(poll)), ..message };
    let vote = Vote { number, question: question.clone(), answers, closes, decision, counts: None };
    let close = call.typed(&format!("vote close {number}"));
    let args = [
        Arg::text(number.to_string()),
        Arg::text(question),
        Arg::day(Date::of(closes)),
        Arg::text(close),
    ];
    let answer = phrases.say(Key::VoteOpened, &args).join_line(phrases.say(Key::VoteWho, &[]));
    let due = Deadline::Vote { portal: portal.id, number };
    let timer = NewTimer {
        name: timer_name(portal, number),
        at: closes,
        lane: core_place(&portal.room),
        work: Work::Task(Task::Due(due)),
    };
    let room = portal.room.clone();
    let open = MigrationChange::OpenVote(room, vote, Box::new(message), Some(call.who()));
    let changes = vec![Change::Move(Box::new(open)), Change::Timer(Box::new(timer))];
    Outcome::change(answer, changes)
}

fn vote_wrong(call: &Call<'_>, wrong: &Wrong) -> RichText {
    let phrases = call.phrases;
    let usage = call.typed("vote \u{201C}…?\u{201D} \u{201C}…\u{201D} \u{201C}…\u{201D} --days 7");
    match wrong {
        Wrong::Nothing => phrases.say(Key::VoteUsage, &[Arg::text(usage)]),
        Wrong::Days => {
            let most = u64::try_from(MOST_DAYS).unwrap_or(0);
            phrases.say(Key::VoteDaysWrong, &[Arg::number(most)])
        }
        Wrong::Answers => {
            let most = u64::try_from(MOST_ANSWERS).unwrap_or(0);
            phrases.say(Key::VoteAnswersWrong, &[Arg::number(most), Arg::text(usage)])
        }
        Wrong::Long(most, text) => {
            let most = u64::try_from(*most).unwrap_or(0);
            phrases.say(Key::VoteTooLong, &[Arg::text(text), Arg::number(most)])
        }
    }
}

fn result(phrases: Phrases<'_>, vote: &Vote, tally: &Tally) -> RichText {
    let mut text = phrases.say(Key::VoteResult, &[Arg::text(&vote.question)]);
    for (answer, count) in vote.answers.iter().zip(&tally.counts) {
        let line = [Arg::text(answer), Arg::number(*count)];
        text = text.join_line(phrases.say(Key::VotesLine, &line));
    }
    for (many, key) in [(tally.unheard, Key::VoteUnheard), (tally.gone, Key::VoteGone)] {
        if many > 0 {
            text = text.join_line(phrases.say(key, &[Arg::number(many)]));
        }
    }
    if let Some(address) = &vote.decision {
        text = text.join_line(phrases.say(Key::AuditDecision, &[Arg::url(address)]));
    }
    text
}

fn timer_name(portal: &Portal, number: u32) -> String {
    format!("vote/{}/{number}", portal.id.0)
}

fn poll(question: &str, answers: &[String], closes: Timestamp) -> Poll {
    let answers = answers.iter().enumerate();
    Poll {
        question: RichText::plain_text(question),
        answers: answers
            .map(|(at, text)| PollAnswer { id: at.to_string(), text: RichText::plain_text(text) })
            .collect(),
        choices: 1,
        disclosed: true,
        closes_at: Some(closes),
        closed: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed_as(text: &str) -> Result<(String, Vec<String>, i64), Wrong> {
        read(&Typed::read(&format!("vote {text}"), &OPTIONS))
    }

    #[test]
    fn quotation_marks_of_any_language_count() {
        for typed in
            ["\"Move?\" --days 5", "“Move?” —days 5", "„Move?“ --days=5", "«Move?» --days 5"]
        {
            assert_eq!(typed_as(typed), Ok(("Move?".into(), Vec::new(), 5)), "{typed}");
        }
        let typed = Typed::read("vote Shall we move? --decision https://x.org/a", &OPTIONS);
        assert_eq!(read(&typed), Ok(("Shall we move?".into(), Vec::new(), 7)));
        assert_eq!(typed.option("decision"), Some("https://x.org/a"));
    }

    #[test]
    fn more_words_in_quotation_marks_are_the_answers() {
        let typed = typed_as("\"Where?\" \"Here\" \"There\"").unwrap();
        assert_eq!(typed, ("Where?".into(), vec!["Here".into(), "There".into()], 7));
        for wrong in ["\"a\" \"b\"", "\"a\" \"b\" \"b\"", "\"a\" \"b\" \"\""] {
            assert_eq!(typed_as(wrong), Err(Wrong::Answers), "{wrong}");
        }
        assert_eq!(typed_as(""), Err(Wrong::Nothing));
        assert_eq!(typed_as("a --days 0"), Err(Wrong::Days));
        assert_eq!(typed_as("a --days soon"), Err(Wrong::Days));
        let long = "a".repeat(256);
        assert_eq!(typed_as(&long), Err(Wrong::Long(255, long)));
    }
}
