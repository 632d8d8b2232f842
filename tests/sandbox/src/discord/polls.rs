// SPDX-License-Identifier: AGPL-3.0-or-later
//! Polls, as people use them.
//!
//! Rule: votes are told one by one; the counts come with the end, in an update of the message
//! and in a message of its own. See Discord's "Poll Resource" page.

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::message::{Author, POLL_RESULT, Reference};
use super::posting::Draft;
use super::session::{Event, intents};
use super::world::World;
use super::{Channel, User, clock};

/// A day, in milliseconds.
const DAY: u64 = 86_400_000;

/// The poll object of a new message.
fn poll(question: &str, answers: &[&str], several: bool) -> Value {
    let answers: Vec<Value> = answers
        .iter()
        .enumerate()
        .map(|(at, text)| json!({"answer_id": at + 1, "poll_media": {"text": text}}))
        .collect();
    json!({
        "question": {"text": question}, "answers": answers, "allow_multiselect": several,
        "expiry": clock::iso(clock::now() + DAY), "layout_type": 1,
        "results": {"is_finalized": false, "answer_counts": []},
    })
}

/// The answers of a poll with what they say.
fn answers(poll: &Value) -> Vec<(u64, String)> {
    let all = poll.get("answers").and_then(Value::as_array).cloned().unwrap_or_default();
    let one = |answer: &Value| {
        let text = answer.pointer("/poll_media/text").and_then(Value::as_str).unwrap_or_default();
        Some((answer.get("answer_id")?.as_u64()?, text.to_owned()))
    };
    all.iter().filter_map(one).collect()
}

impl World {
    /// Puts the votes of a message into its poll.
    fn count(&mut self, channel: u64, id: u64, over: bool) {
        let Some(row) = self.message_mut(channel, id) else { return };
        let votes = row.votes.clone();
        let Some(poll) = row.extra.get_mut("poll") else { return };
        let counts = answers(poll).into_iter().filter_map(|(answer, _)| {
            let count = votes.iter().filter(|vote| vote.1 == answer).count();
            (count > 0).then(|| json!({"id": answer, "count": count, "me_voted": false}))
        });
        let counts: Vec<Value> = counts.collect();
        if let Some(map) = poll.as_object_mut() {
            let results = json!({"is_finalized": over, "answer_counts": counts});
            map.insert("results".into(), results);
        }
    }

    /// Ends a poll: no more votes, and the channel shows the result.
    fn end_poll(&mut self, channel: u64, id: u64) -> anyhow::Result<()> {
        self.count(channel, id, true);
        self.tell(channel, id, "MESSAGE_UPDATE", None);
        let row = self.message(channel, id).context("the message is gone")?;
        let poll = row.extra.get("poll").context("the message has no poll")?;
        let votes = |answer: u64| row.votes.iter().filter(|vote| vote.1 == answer).count();
        let field =
            |name: &str, value: String| json!({"name": name, "value": value, "inline": false});
        let question = poll.pointer("/question/text").and_then(Value::as_str).unwrap_or_default();
        let mut fields = vec![
            field("poll_question_text", question.to_owned()),
            field("total_votes", row.votes.len().to_string()),
        ];
        let best = answers(poll).into_iter().max_by_key(|(answer, _)| votes(*answer));
        if let Some((answer, text)) = best.filter(|(answer, _)| votes(*answer) > 0) {
            fields.push(field("victor_answer_votes", votes(answer).to_string()));
            fields.push(field("victor_answer_id", answer.to_string()));
            fields.push(field("victor_answer_text", text));
        }
        let mut draft = Draft::new(row.author.clone(), "");
        draft.kind = POLL_RESULT;
        draft.reference = Some(Reference { channel, message: id });
        draft.embeds = vec![json!({"type": "poll_result", "fields": fields})];
        self.post(channel, draft);
        Ok(())
    }
}

impl Channel {
    /// A person asks; answers with the message's id.
    pub fn poll(&self, user: &User, question: &str, answers: &[&str], several: bool) -> u64 {
        let mut draft = Draft::new(Author::User(user.id()), "");
        draft.extra.insert("poll".into(), poll(question, answers, several));
        self.post(user, draft)
    }

    /// A person votes for an answer, counted from 1.
    ///
    /// # Errors
    /// When there is no such open poll, no such answer, or only one may be chosen.
    pub fn vote(&self, user: &User, id: u64, answer: u64) -> anyhow::Result<()> {
        self.inner.with(|world| {
            self.come_in(world, user);
            let row = world.message_mut(self.id, id).context("the message is gone")?;
            let poll = row.extra.get("poll").context("the message has no poll")?;
            let over = poll.pointer("/results/is_finalized") == Some(&Value::Bool(true));
            ensure!(!over, "the poll is over");
            ensure!(answers(poll).iter().any(|(one, _)| *one == answer), "there is no such answer");
            let several = poll.get("allow_multiselect") == Some(&Value::Bool(true));
            let before = row.votes.iter().any(|vote| vote.0 == user.id());
            ensure!(several || !before, "one takes the old vote back first");
            if row.votes.contains(&(user.id(), answer)) {
                return Ok(());
            }
            row.votes.push((user.id(), answer));
            self.tell_vote(world, "MESSAGE_POLL_VOTE_ADD", (user, id, answer));
            Ok(())
        })
    }

    /// A person takes all votes back, as the client offers it.
    ///
    /// # Errors
    /// When the message is gone.
    pub fn unvote(&self, user: &User, id: u64) -> anyhow::Result<()> {
        self.inner.with(|world| {
            let row = world.message_mut(self.id, id).context("the message is gone")?;
            let all = row.votes.clone();
            row.votes.retain(|vote| vote.0 != user.id());
            for (_, answer) in all.into_iter().filter(|vote| vote.0 == user.id()) {
                self.tell_vote(world, "MESSAGE_POLL_VOTE_REMOVE", (user, id, answer));
            }
            Ok(())
        })
    }

    fn tell_vote(&self, world: &mut World, name: &str, (user, id, answer): (&User, u64, u64)) {
        world.count(self.id, id, false);
        let data = json!({
            "user_id": user.id().to_string(), "message_id": id.to_string(), "answer_id": answer,
        });
        let data = world.located(self.id, data);
        world.dispatch(Event::new(name, intents::GUILD_MESSAGE_POLLS, data).within(self.id));
    }

    /// Whoever asked ends the poll, or its time is up.
    ///
    /// # Errors
    /// When there is no such poll.
    pub fn end_poll(&self, id: u64) -> anyhow::Result<()> {
        self.inner.with(|world| world.end_poll(self.id, id))
    }
}
