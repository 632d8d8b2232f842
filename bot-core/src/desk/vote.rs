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
use super::unconfirmed;
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
/// What can follow `vote`.
const VERBS: &[&str] = &["“…?” --days 7", "results", "close", "cancel"];
/// Votes that `vote results` shows.
const SHOWN: usize = 5;
/// Answers that every network can show.
const MOST_ANSWERS: usize = 10;
/// Characters of a question that every network can show.
const LONGEST_QUESTION: usize = 255;
/// Characters of an answer that every network can show.
const LONGEST_ANSWER: usize = 55;

/// Something is wrong with what was typed.
#[derive(Debug, PartialEq, Eq)]
enum Wrong {
    Unquoted,
    Word(String),
    Days,
    Answers,
    Long(usize, String),
}

/// The question, the answers, and the days.
fn read(typed: &Typed) -> Result<(String, Vec<String>, i64), Wrong> {
    let question = match typed.quoted.first() {
        Some(question) => question.clone(),
        // Words that were not meant as a question must reach nobody.
        None => return Err(Wrong::Unquoted),
    };
    if question.trim().is_empty() {
        return Err(Wrong::Unquoted);
    }
    if let Some(word) = typed.words.first() {
        return Err(Wrong::Word(word.clone()));
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
    /// `vote`, `vote "Question" ...`, `vote results`, `vote close N` and `vote cancel N`.
    pub(super) async fn vote(&self, call: &Call<'_>) -> Result<Outcome, DeskError> {
        let Some(portal) = call.portal else { return Ok(call.not_linked()) };
        let here = Community::of(&self.store, portal).await?;
        let typed = Typed::read(&call.command.text, &OPTIONS);
        let words: Vec<&str> = typed.words.iter().map(String::as_str).collect();
        let verb = words.first().map(|word| word.to_lowercase()).unwrap_or_default();
        if typed.is_empty() || (verb == "help" && typed.quoted.is_empty()) {
            return Ok(open_votes(call, &here.migration));
        }
        if verb == "results" && typed.quoted.is_empty() {
            return self.results(call, &here, words.get(1).copied()).await;
        }
        if !call.rights(&self.networks).await?.change {
            return Ok(call.may_not_change());
        }
        let end = matches!(verb.as_str(), "close" | "cancel") && typed.quoted.is_empty();
        if !end {
            return Ok(open_vote(call, &here, &typed));
        }
        let vote = match meant(call, &here.migration, words.get(1).copied()) {
            Ok(vote) => vote,
            Err(refused) => return Ok(*refused),
        };
        if vote.counts.is_some() {
            let args = [Arg::text(vote.number.to_string())];
            return Ok(call.phrases.answer(Key::VoteClosedBefore, &args));
        }
        if verb == "cancel" {
            return Ok(cancel(call, portal, vote));
        }
        self.end_vote(call.shared, portal, vote, Some(call.who())).await
    }

    /// How a vote stands, or how all of the last ones went.
    async fn results(
        &self,
        call: &Call<'_>,
        here: &Community<'_>,
        number: Option<&str>,
    ) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let all = &here.migration.votes;
        let shown: Vec<&Vote> = match number {
            None => all.iter().skip(all.len().saturating_sub(SHOWN)).collect(),
            Some(_) => match meant(call, &here.migration, number) {
                Ok(vote) => vec![vote],
                Err(refused) => return Ok(*refused),
            },
        };
        if shown.is_empty() {
            return Ok(phrases.answer(Key::VoteNone, &[]));
        }
        let mut text = RichText::default();
        for vote in shown {
            let (name, question) = (Arg::text(vote.number.to_string()), Arg::text(&vote.question));
            let (key, counts) = match &vote.counts {
                Some(counts) if counts.is_empty() => (Key::VoteWasCancelled, Vec::new()),
                Some(counts) => (Key::VoteIsOver, counts.clone()),
                None => (Key::VoteIsOpen, self.tally(here.portal, vote).await?.counts),
            };
            let day = Arg::day(Date::of(vote.closes));
            text = text.join_line(phrases.say(key, &[name, question, day]));
            for (answer, count) in vote.answers.iter().zip(counts) {
                let line = [Arg::text(answer), Arg::number(count)];
                text = text.join_line(phrases.say(Key::VotesLine, &line));
            }
        }
        Ok(Outcome::say(text))
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
        Err(Wrong::Word(word)) => return call.unknown_word(&word, "vote “…?”", VERBS),
        Err(wrong) => return Outcome::say(vote_wrong(call, &wrong)),
    };
    if !call.confirmed {
        return unconfirmed::ask(call, asked(call, portal, (&question, &answers), days));
    }
    let given = answers;
    let answers = if given.is_empty() { own_answers(call.shared) } else { given };
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

/// What the answers are where nobody gave any.
fn own_answers(phrases: Phrases<'_>) -> Vec<String> {
    let own = [Key::VoteYes, Key::VoteNo, Key::VoteAbstain];
    own.map(|key| phrases.plain(key, &[])).to_vec()
}

/// What opening a vote would do.
fn asked(
    call: &Call<'_>,
    portal: &Portal,
    (question, answers): (&str, &[String]),
    days: i64,
) -> RichText {
    let own = || own_answers(call.shared);
    let answers = if answers.is_empty() { own() } else { answers.to_vec() };
    let chats = u64::try_from(portal.active().len()).unwrap_or(u64::MAX);
    let days = u64::try_from(days).unwrap_or(0);
    let args = [
        Arg::text(question),
        Arg::text(answers.join(" | ")),
        Arg::number(chats),
        Arg::number(days),
    ];
    call.phrases.say(Key::VoteAsk, &args)
}

/// The vote of that number; the open one where only one is open and no number was typed.
fn meant<'m>(
    call: &Call<'_>,
    migration: &'m Migration,
    typed: Option<&str>,
) -> Result<&'m Vote, Box<Outcome>> {
    let mut open = migration.votes.iter().filter(|vote| vote.counts.is_none());
    let found = match typed {
        None => open.next().filter(|_| open.next().is_none()),
        Some(typed) => {
            let number = typed.trim_start_matches('#').parse::<u32>().ok();
            migration.votes.iter().find(|vote| Some(vote.number) == number)
        }
    };
    found.ok_or_else(|| {
        let args = [Arg::text(typed.unwrap_or_default()), Arg::text(call.typed("vote"))];
        let key = if typed.is_none() { Key::VoteWhich } else { Key::VoteUnknown };
        Box::new(call.phrases.answer(key, &args))
    })
}

/// A vote is called off: nothing is counted, and all sides read so.
fn cancel(call: &Call<'_>, portal: &Portal, vote: &Vote) -> Outcome {
    let phrases = call.shared;
    let args = [Arg::text(vote.number.to_string()), Arg::text(&vote.question)];
    let text = phrases.say(Key::VoteCancelled, &args);
    let told = portal.active();
    let then = told.iter().map(|place| phrases.message_in(place, text.clone())).collect();
    let (room, who) = (portal.room.clone(), Some(call.who()));
    let close = MigrationChange::CloseVote(room, vote.number, Vec::new(), who);
    let timer = Change::StopTimer(timer_name(portal, vote.number));
    let changes = vec![Change::Move(Box::new(close)), timer];
    Outcome { changes, ..Outcome::then(then) }
}

fn vote_wrong(call: &Call<'_>, wrong: &Wrong) -> RichText {
    let phrases = call.phrases;
    let usage = call.typed("vote \u{201C}…?\u{201D} \u{201C}…\u{201D} \u{201C}…\u{201D} --days 7");
    match wrong {
        Wrong::Unquoted | Wrong::Word(_) => phrases.say(Key::VoteUnquoted, &[Arg::text(usage)]),
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
        let typed = Typed::read("vote \u{201C}Move?\u{201D} --decision https://x.org/a", &OPTIONS);
        assert_eq!(read(&typed), Ok(("Move?".into(), Vec::new(), 7)));
        assert_eq!(typed.option("decision"), Some("https://x.org/a"));
    }

    #[test]
    fn words_without_quotation_marks_open_no_vote() {
        for typed in ["close", "results", "Shall we move?", "'a?' 'b' 'c'", ""] {
            assert_eq!(typed_as(typed), Err(Wrong::Unquoted), "{typed}");
        }
        assert_eq!(typed_as("\"Move?\" now"), Err(Wrong::Word("now".into())));
    }

    #[test]
    fn more_words_in_quotation_marks_are_the_answers() {
        let typed = typed_as("\"Where?\" \"Here\" \"There\"").unwrap();
        assert_eq!(typed, ("Where?".into(), vec!["Here".into(), "There".into()], 7));
        for wrong in ["\"a\" \"b\"", "\"a\" \"b\" \"b\"", "\"a\" \"b\" \"\""] {
            assert_eq!(typed_as(wrong), Err(Wrong::Answers), "{wrong}");
        }
        assert_eq!(typed_as("\"a\" --days 0"), Err(Wrong::Days));
        assert_eq!(typed_as("\"a\" --days soon"), Err(Wrong::Days));
        let long = "a".repeat(256);
        assert_eq!(typed_as(&format!("\"{long}\"")), Err(Wrong::Long(255, long)));
    }
}
