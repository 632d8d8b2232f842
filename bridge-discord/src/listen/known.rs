// SPDX-License-Identifier: AGPL-3.0-or-later
//! Asks for what a message speaks of and does not say: names of a server, its members, webhooks.
//!
//! Rule: each thing is asked for once; what Discord refuses to say stays unknown, and the message
//! goes on without it.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Listener, Stopped, directory, threads};
use crate::convert::incoming::{self, Ours, WebhookFace};
use crate::rest::{Body, RestError};

/// So many people whom one message of the history mentions are asked for; the others have the name
/// that they have everywhere.
const MOST_ASKED: usize = 10;

impl Listener {
    /// Learns channels, roles, emoji and open threads of a server that was not described to this
    /// process: a session that was resumed does not begin with `GUILD_CREATE`.
    ///
    /// # Errors
    /// [`Stopped`].
    pub(super) async fn learn_server(&self, guild: &str) -> Result<(), Stopped> {
        if !self.shared.begin_server(guild) {
            return Ok(());
        }
        let Some(mut server) = self.ask(&format!("/guilds/{guild}")).await? else {
            return Ok(());
        };
        let channels = self.ask(&format!("/guilds/{guild}/channels")).await?;
        let open = self.ask(&format!("/guilds/{guild}/threads/active")).await?;
        let open = open.as_ref().map(|open| incoming::list(open, "threads").to_vec());
        if let Some(fields) = server.as_object_mut() {
            fields.insert("channels".to_owned(), channels.unwrap_or_default());
            fields.insert("threads".to_owned(), open.unwrap_or_default().into());
        }
        directory::learn(&self.shared, "GUILD_CREATE", &server);
        threads::learn(&self.shared, "GUILD_CREATE", &server);
        let name = incoming::text(&server, "name").unwrap_or_default();
        let pack = incoming::pack(guild, name, incoming::list(&server, "emojis"));
        self.shared.learn_pack(pack);
        Ok(())
    }

    /// The message with what its server knows about its author, about those whom it mentions, and
    /// about the author of the message that it answers.
    ///
    /// # Errors
    /// [`Stopped`].
    pub(super) async fn complete(&self, message: &Value, guild: &str) -> Result<Value, Stopped> {
        let mut message = message.clone();
        if let Some(fields) = message.as_object_mut() {
            fields.entry("guild_id").or_insert_with(|| guild.into());
        }
        self.shared.learn_member(guild, &message);
        self.add_member(&mut message, guild, true).await?;
        let mentioned = message.get_mut("mentions").and_then(Value::as_array_mut);
        for user in mentioned.into_iter().flatten().take(MOST_ASKED) {
            self.add_mentioned(user, guild).await?;
        }
        if let Some(answered) = message.get_mut("referenced_message") {
            if let Some(fields) = answered.as_object_mut() {
                fields.entry("guild_id").or_insert_with(|| guild.into());
            }
            self.add_member(answered, guild, false).await?;
        }
        Ok(message)
    }

    async fn add_member(
        &self,
        message: &mut Value,
        guild: &str,
        asks: bool,
    ) -> Result<(), Stopped> {
        let is_member = incoming::id(message, "webhook_id").is_none();
        let user = message.get("author").and_then(|author| incoming::id(author, "id"));
        let Some(user) = user.filter(|_| is_member).map(str::to_owned) else { return Ok(()) };
        let Some(fields) = message.as_object_mut() else { return Ok(()) };
        if fields.get("member").is_some_and(Value::is_object) {
            return Ok(());
        }
        let known = match self.shared.member(guild, &user) {
            None if asks => Some(self.ask_member(guild, &user).await?),
            known => known,
        };
        if let Some(member) = known {
            fields.insert("member".to_owned(), member);
        }
        Ok(())
    }

    /// What the gateway says of a user that is mentioned, and the history does not.
    async fn add_mentioned(&self, user: &mut Value, guild: &str) -> Result<(), Stopped> {
        let Some(id) = incoming::id(user, "id").map(str::to_owned) else { return Ok(()) };
        let Some(fields) = user.as_object_mut() else { return Ok(()) };
        if !fields.get("member").is_some_and(Value::is_object) {
            let member = match self.shared.member(guild, &id) {
                Some(member) => member,
                None => self.ask_member(guild, &id).await?,
            };
            fields.insert("member".to_owned(), member);
        }
        Ok(())
    }

    async fn ask_member(&self, guild: &str, user: &str) -> Result<Value, Stopped> {
        let asked = self.ask(&format!("/guilds/{guild}/members/{user}")).await?;
        // Whoever has left has no name there.
        let member = asked.unwrap_or_else(|| json!({}));
        self.shared.keep_member(guild, user, &member);
        Ok(member)
    }

    /// Learns what the webhook of a message looks like while no message says otherwise.
    ///
    /// # Errors
    /// [`Stopped`].
    pub(super) async fn learn_webhook(&self, message: &Value, ours: &Ours) -> Result<(), Stopped> {
        let ids = incoming::id(message, "webhook_id").zip(incoming::id(message, "channel_id"));
        let Some((webhook, channel)) = ids else { return Ok(()) };
        if ours.webhook_faces.contains_key(webhook) || ours.is_proxy(message) {
            return Ok(());
        }
        let channel = self.shared.threads.parent(channel).unwrap_or_else(|| channel.to_owned());
        let all = self.ask(&format!("/channels/{channel}/webhooks")).await?.unwrap_or_default();
        for one in all.as_array().map(Vec::as_slice).unwrap_or_default() {
            if let Some((id, face)) = incoming::id(one, "id").zip(WebhookFace::read(one)) {
                self.shared.keep_webhook_face(id, face);
            }
        }
        // Without the right to see it, the first name counts.
        let author = message.get("author").unwrap_or(&Value::Null);
        let name = incoming::text(author, "username").unwrap_or("webhook").to_owned();
        let avatar = incoming::text(author, "avatar").map(str::to_owned);
        self.shared.keep_webhook_face(webhook, WebhookFace { name, avatar });
        Ok(())
    }

    /// Asks until it is answered; `None` when Discord does not say it to us.
    pub(super) async fn ask(&self, path: &str) -> Result<Option<Value>, Stopped> {
        let mut pause = self.pauses();
        loop {
            match self.shared.rest.ask::<Value>(Method::GET, path, Body::Empty).await {
                Ok(answer) => return Ok(Some(answer)),
                Err(RestError::Refusal(answer)) if answer.is_no() => return Ok(None),
                Err(error) => self.wait_out(&error, &mut pause).await?,
            }
        }
    }
}
