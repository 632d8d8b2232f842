// SPDX-License-Identifier: AGPL-3.0-or-later
//! Polls that the bot sends, and people who vote in them.
//!
//! Rule: a bot is told of the polls that it has sent itself, by the poll's own id and with counts
//! only. Source: <https://core.telegram.org/bots/api#poll>.

use anyhow::Context;
use serde_json::{Map, Value, json};

use super::answer::{ApiError, bad};
use super::edit::{message_id, own};
use super::group::Group;
use super::params::Params;
use super::send::{chat_id, send, target};
use super::user::{MessageId, User};
use super::wire;
use super::world::{Body, Draft, World};

/// One poll.
#[derive(Clone, Debug)]
pub(super) struct Poll {
    question: String,
    options: Vec<String>,
    multiple: bool,
    anonymous: bool,
    open_period: Option<i64>,
    closed: bool,
    /// Who voted for which options.
    votes: std::collections::BTreeMap<i64, Vec<usize>>,
}

/// A poll on a person's screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenPoll {
    /// The question.
    pub question: String,
    /// The options, with the number of their votes.
    pub options: Vec<(String, usize)>,
    /// Several options can be chosen.
    pub multiple: bool,
    /// Nobody can vote any more.
    pub closed: bool,
}

impl Poll {
    fn count(&self, option: usize) -> usize {
        self.votes.values().filter(|chosen| chosen.contains(&option)).count()
    }

    /// What a person sees.
    pub(super) fn seen(&self) -> SeenPoll {
        let options = self.options.iter().enumerate();
        SeenPoll {
            question: self.question.clone(),
            options: options.map(|(n, option)| (option.clone(), self.count(n))).collect(),
            multiple: self.multiple,
            closed: self.closed,
        }
    }

    /// The `Poll` of the Bot API.
    pub(super) fn to_json(&self, id: &str) -> Value {
        let options = self.options.iter().enumerate().map(|(n, option)| {
            json!({
                "persistent_id": format!("{n}"), "text": option, "voter_count": self.count(n),
            })
        });
        let mut poll = json!({
            "id": id,
            "question": self.question,
            "options": options.collect::<Vec<_>>(),
            "total_voter_count": self.votes.len(),
            "is_closed": self.closed,
            "is_anonymous": self.anonymous,
            "type": "regular",
            "allows_multiple_answers": self.multiple,
            "allows_revoting": true,
            "members_only": false,
        });
        if let (Some(seconds), Some(poll)) = (self.open_period, poll.as_object_mut()) {
            poll.insert("open_period".to_owned(), seconds.into());
        }
        poll
    }
}

fn line(text: &str, what: &str, most: usize) -> Result<String, ApiError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(bad(format!("poll {what} must be non-empty")));
    }
    if text.chars().count() > most {
        return Err(bad(format!("poll {what} length must not exceed {most}")));
    }
    Ok(text.to_owned())
}

fn option(value: &Value) -> Result<String, ApiError> {
    let text = value.get("text").and_then(Value::as_str).unwrap_or_default();
    line(text, "options", 100)
}

/// `sendPoll`.
pub(super) fn send_poll(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let chat = target(world, params)?;
    let question = line(&params.text("question").unwrap_or_default(), "question", 300)?;
    let options = params.list("options")?.unwrap_or_default();
    if options.is_empty() {
        return Err(bad("poll must have at least 1 option"));
    }
    if options.len() > 12 {
        return Err(bad("poll can't have more than 12 options"));
    }
    let options = options.iter().map(option).collect::<Result<Vec<_>, _>>()?;
    let open_period = params.int("open_period")?;
    if open_period.is_some_and(|seconds| !(5..=2_628_000).contains(&seconds)) {
        return Err(bad("poll open period must be between 5 and 2628000 seconds"));
    }
    let poll = Poll {
        question,
        options,
        multiple: params.flag("allows_multiple_answers"),
        anonymous: params.text("is_anonymous").is_none() || params.flag("is_anonymous"),
        open_period,
        closed: params.flag("is_closed"),
        votes: std::collections::BTreeMap::new(),
    };
    let id = format!("5352{:015}", world.fresh());
    world.polls.insert(id.clone(), poll);
    send(world, chat, params, Body::Poll(id))
}

/// `stopPoll`: answers with the poll.
pub(super) fn stop(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let chat = chat_id(world, params)?;
    let id = message_id(params)?;
    if !world.chat_for_bot(chat)?.messages.contains_key(&id) {
        return Err(bad("message with poll to stop not found"));
    }
    let Body::Poll(poll) = own(world, chat, id)?.body.clone() else {
        return Err(bad("message is not a poll"));
    };
    let found = world.polls.get_mut(&poll).ok_or_else(|| bad("message is not a poll"))?;
    if std::mem::replace(&mut found.closed, true) {
        return Err(bad("poll has already been closed"));
    }
    Ok(found.to_json(&poll))
}

impl Group {
    /// A person asks; with no names shown, as clients propose it.
    ///
    /// # Errors
    /// When the person may not, and for questions that clients do not take.
    pub fn ask(&self, user: &User, question: &str, options: &[&str]) -> anyhow::Result<MessageId> {
        let refused = |error: ApiError| anyhow::anyhow!("{}", error.description());
        anyhow::ensure!((2..=12).contains(&options.len()), "a poll has 2 to 12 options");
        let question = line(question, "question", 300).map_err(refused)?;
        let options = options.iter().map(|option| line(option, "options", 100));
        let options = options.collect::<Result<Vec<_>, _>>().map_err(refused)?;
        self.act(user, |world, user| {
            let id = format!("5352{:015}", world.fresh());
            let poll = Poll {
                question,
                options,
                multiple: false,
                anonymous: true,
                open_period: None,
                closed: false,
                votes: std::collections::BTreeMap::new(),
            };
            world.polls.insert(id.clone(), poll);
            let draft = Draft::new(Body::Poll(id));
            world.say(self.id, user.id, draft).map(MessageId).map_err(refused)
        })
    }

    /// Votes in a poll that the bot has sent; no option takes the vote back.
    ///
    /// # Errors
    /// When it is no poll, when it is closed, and for options that it does not have or allow.
    pub fn vote(&self, user: &User, id: MessageId, options: &[usize]) -> anyhow::Result<()> {
        self.act(user, |world, user| {
            let chat = world.chats.get(&self.id).context("the chat does not exist")?;
            let message = chat.messages.get(&id.0).context("message not found")?;
            let Body::Poll(poll_id) = message.body.clone() else {
                anyhow::bail!("message is not a poll")
            };
            let from_bot = message.from == world.bot;
            let poll = world.polls.get_mut(&poll_id).context("message is not a poll")?;
            anyhow::ensure!(!poll.closed, "the poll is closed");
            anyhow::ensure!(options.len() <= 1 || poll.multiple, "only one option can be chosen");
            let known = options.iter().all(|option| *option < poll.options.len());
            anyhow::ensure!(known, "there is no such option");
            poll.votes.remove(&user.id);
            if !options.is_empty() {
                poll.votes.insert(user.id, options.to_vec());
            }
            let anonymous = poll.anonymous;
            let poll = poll.to_json(&poll_id);
            if from_bot {
                world.tell("poll", poll);
            }
            if from_bot && !anonymous {
                let ids: Vec<String> = options.iter().map(ToString::to_string).collect();
                let who = wire::user(world, user.id);
                world.tell(
                    "poll_answer",
                    json!({
                        "poll_id": poll_id, "user": who, "option_ids": options,
                        "option_persistent_ids": ids,
                    }),
                );
            }
            Ok(())
        })
    }
}

/// The field of a message that holds a poll.
pub(super) fn field(world: &World, id: &str) -> Map<String, Value> {
    let poll = world.polls.get(id).map(|poll| poll.to_json(id));
    poll.map(|poll| ("poll".to_owned(), poll)).into_iter().collect()
}
