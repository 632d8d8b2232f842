// SPDX-License-Identifier: AGPL-3.0-or-later
//! What people and our bot may do in a chat, <https://core.telegram.org/bots/api#chatmember>.
//!
//! Rule: rights are asked at the moment when they matter and never kept.

use bot_core::AskError;
use bot_core::network::{Need, Standing};
use bot_core::{MissingRight, Refusal};
use bridge_model::{ChatChange, ChatId, MediaHandle, MessageId, Moderation, Rights, UserId};
use serde_json::{Value, json};

use crate::NETWORK;
use crate::admin_right::{AdminRight, CHANGE_INFO, DELETE, PIN, RESTRICT};
use crate::api::Problem;
use crate::connection::Connection;
use crate::convert::address::SIGNED;

impl Connection {
    /// What `user` may do in `chat`.
    ///
    /// A user id that is the chat's own, signed or not, is an anonymous admin: the platform lets nobody else
    /// speak as the group. It does not say which admin, so that they may do what every anonymous
    /// admin of the group may.
    pub(crate) async fn rights_of(&self, chat: &ChatId, user: &UserId) -> Result<Rights, AskError> {
        let speaker = user.as_str().split(SIGNED).next().unwrap_or_default();
        if chat.as_str() == speaker && chat.as_str().starts_with('-') {
            return self.rights_of_the_group(chat).await;
        }
        let Ok(user) = user.as_str().parse::<u64>() else { return Ok(Rights::default()) };
        match self.member(chat, user).await {
            Ok(member) => Ok(rights(&member)),
            Err(problem) if is_nobody(&problem) => Ok(Rights::default()),
            Err(problem) => Err(problem.into()),
        }
    }

    /// How `user` stands in `chat`; an anonymous admin as the least of them does.
    pub(crate) async fn standing_of(
        &self,
        chat: &ChatId,
        user: &UserId,
    ) -> Result<Standing, AskError> {
        let speaker = user.as_str().split(SIGNED).next().unwrap_or_default();
        if chat.as_str() == speaker && chat.as_str().starts_with('-') {
            let params = json!({ "chat_id": number(chat)? });
            let methods = &self.clients.methods;
            let admins = self.api.ask(methods, "getChatAdministrators", &params).await?;
            let admins = admins.as_array().map(Vec::as_slice).unwrap_or_default();
            let hidden = admins.iter().filter(|admin| flag(admin, "is_anonymous")).map(standing);
            let both = |one: Standing, other: Standing| Standing {
                ban: one.ban && other.ban,
                kick: one.kick && other.kick,
                mute: one.mute && other.mute,
                delete: one.delete && other.delete,
                rank: one.rank.min(other.rank),
            };
            return Ok(hidden.reduce(both).unwrap_or_default());
        }
        let Ok(user) = user.as_str().parse::<u64>() else { return Ok(Standing::default()) };
        match self.member(chat, user).await {
            Ok(member) => Ok(standing(&member)),
            Err(problem) if is_nobody(&problem) => Ok(Standing::default()),
            Err(problem) => Err(problem.into()),
        }
    }

    /// What each anonymous admin of `chat` may do; what they may not all do, none of them may.
    async fn rights_of_the_group(&self, chat: &ChatId) -> Result<Rights, AskError> {
        let params = json!({ "chat_id": number(chat)? });
        let admins = self.api.ask(&self.clients.methods, "getChatAdministrators", &params).await?;
        let admins = admins.as_array().map(Vec::as_slice).unwrap_or_default();
        let hidden = admins.iter().filter(|admin| flag(admin, "is_anonymous")).map(rights);
        let least = |all: Rights, one: Rights| Rights {
            change: all.change && one.change,
            moderate: all.moderate && one.moderate,
            ..all
        };
        // Nobody is anonymous any more: whoever said it was an admin.
        let admin = Rights { member: true, manage: true, ..Rights::default() };
        Ok(hidden.reduce(least).unwrap_or(admin))
    }

    /// The title of a group, or the name of the person in a private chat.
    pub(crate) async fn title_of(&self, chat: &ChatId) -> Result<Option<String>, AskError> {
        let params = json!({ "chat_id": number(chat)? });
        let chat = self.api.ask(&self.clients.methods, "getChat", &params).await?;
        let field = |name: &str| chat.get(name).and_then(Value::as_str).map(str::to_owned);
        Ok(field("title").or_else(|| field("first_name")))
    }

    /// Title, description and picture of a group.
    ///
    /// See <https://core.telegram.org/bots/api#chatfullinfo>.
    pub(crate) async fn looks_of(&self, chat: &ChatId) -> Result<Vec<ChatChange>, AskError> {
        let params = json!({ "chat_id": number(chat)? });
        let chat = self.api.ask(&self.clients.methods, "getChat", &params).await?;
        let text = |path: &str| {
            let text = chat.pointer(path).and_then(Value::as_str).filter(|text| !text.is_empty());
            text.map(str::to_owned)
        };
        let handle = |reference| MediaHandle { network: NETWORK.into(), reference };
        let name = text("/title").map(ChatChange::Name);
        let topic = text("/description").map(ChatChange::Topic);
        let picture = text("/photo/big_file_id").map(|id| ChatChange::Avatar(Some(handle(id))));
        Ok(name.into_iter().chain(topic).chain(picture).collect())
    }

    /// Succeeds when the bot is in `chat` and may do there what the bridge needs.
    pub(crate) async fn check_own_rights(&self, chat: &ChatId) -> Result<(), AskError> {
        let params = json!({ "chat_id": number(chat)? });
        let about = self.api.ask(&self.clients.methods, "getChat", &params).await?;
        if flag(&about, "is_direct_messages") {
            // Its topics are conversations of one person each with the channel.
            return Err(AskError::Refused(Refusal::NotAGroup));
        }
        let us = self.us().await?.id;
        let member = self.member(chat, us).await?;
        if !rights(&member).member {
            return Err(AskError::Refused(Refusal::NotInChat));
        }
        let missing: Vec<MissingRight> = [PIN, DELETE]
            .into_iter()
            .filter(|right| !may(&member, right.field))
            .map(|right| right.missing())
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(AskError::Refused(Refusal::MissingRights(missing)))
    }

    /// Who may speak in `chat`, as `setChatPermissions` takes it
    /// (<https://core.telegram.org/bots/api#getchat>).
    pub(crate) async fn permissions_of(&self, chat: &ChatId) -> Result<Option<String>, AskError> {
        let params = json!({ "chat_id": number(chat)? });
        let chat = self.api.ask(&self.clients.methods, "getChat", &params).await?;
        let permissions = chat.get("permissions").filter(|known| known.is_object());
        Ok(permissions.map(Value::to_string))
    }

    /// The rights that our bot lacks.
    pub(crate) async fn lacking(
        &self,
        chat: &ChatId,
        need: Need,
    ) -> Result<Vec<MissingRight>, AskError> {
        let us = self.us().await?.id;
        let member = self.member(chat, us).await?;
        let needed: &[AdminRight] = match need {
            Need::Pin => &[PIN],
            Need::SetAccess => &[RESTRICT],
            Need::SetChat => &[CHANGE_INFO],
            Need::Moderate => &[RESTRICT, DELETE],
        };
        let lacking = needed.iter().filter(|right| !may(&member, right.field));
        Ok(lacking.map(|right| right.missing()).collect())
    }

    /// Whether a message is gone. No method shows one; of one that is gone `deleteMessage` says so
    /// (<https://core.telegram.org/bots/api#deletemessage>).
    pub(crate) async fn is_gone(
        &self,
        chat: &ChatId,
        message: &MessageId,
    ) -> Result<bool, AskError> {
        let Ok(id) = message.as_str().parse::<i64>() else { return Ok(true) };
        let params = json!({ "chat_id": number(chat)?, "message_id": id });
        match self.api.ask(&self.clients.methods, "deleteMessage", &params).await {
            Ok(_) => Ok(false),
            Err(Problem::Refused { code: 400, text, .. })
                if text.contains("message to delete not found") =>
            {
                Ok(true)
            }
            Err(problem) => Err(problem.into()),
        }
    }

    async fn member(&self, chat: &ChatId, user: u64) -> Result<Value, Problem> {
        let chat: i64 = chat.as_str().parse().map_err(|_| not_a_chat())?;
        let params = json!({ "chat_id": chat, "user_id": user });
        self.api.ask(&self.clients.methods, "getChatMember", &params).await
    }
}

/// What a bot can do to nobody in `chat`: a basic group keeps no single member from speaking
/// (<https://core.telegram.org/bots/api#restrictchatmember>). Ids of supergroups begin with `-100`.
pub(crate) fn obstacle(chat: &ChatId, what: Moderation) -> Option<Refusal> {
    let is_basic = !chat.as_str().starts_with("-100");
    match what {
        Moderation::Mute { .. } | Moderation::Unmute if is_basic => Some(Refusal::AccessFixed),
        Moderation::Mute { .. }
        | Moderation::Unmute
        | Moderation::Ban { .. }
        | Moderation::Unban
        | Moderation::Kick => None,
    }
}

fn rights(member: &Value) -> Rights {
    let status = status(member);
    let manage = matches!(status, "creator" | "administrator");
    let restricted = status == "restricted" && flag(member, "is_member");
    Rights {
        member: manage || status == "member" || restricted,
        manage,
        change: may(member, CHANGE_INFO.field),
        moderate: may(member, DELETE.field),
    }
}

/// The owner stands above admins, and these above everybody else.
fn standing(member: &Value) -> Standing {
    let restrict = may(member, RESTRICT.field);
    let rank = match status(member) {
        "creator" => 2,
        "administrator" => 1,
        _ => 0,
    };
    let delete = may(member, DELETE.field);
    Standing { ban: restrict, kick: restrict, mute: restrict, delete, rank }
}

fn may(member: &Value, right: &str) -> bool {
    match status(member) {
        "creator" => true,
        "administrator" => flag(member, right),
        _ => false,
    }
}

fn status(member: &Value) -> &str {
    member.get("status").and_then(Value::as_str).unwrap_or_default()
}

fn flag(member: &Value, name: &str) -> bool {
    member.get(name).and_then(Value::as_bool).unwrap_or(false)
}

/// The platform's words for somebody who was never in the chat.
fn is_nobody(problem: &Problem) -> bool {
    match problem {
        Problem::Refused { code: 400, text, .. } => {
            let text = text.to_ascii_lowercase();
            ["user not found", "participant_id_invalid", "user_id_invalid", "member not found"]
                .iter()
                .any(|it| text.contains(it))
        }
        Problem::Refused { .. } | Problem::Outage(_) => false,
    }
}

fn number(chat: &ChatId) -> Result<i64, AskError> {
    chat.as_str().parse().map_err(|_| not_a_chat().into())
}

fn not_a_chat() -> Problem {
    Problem::Refused {
        code: 400,
        text: "this is not the id of a Telegram chat".into(),
        after: None,
    }
}
