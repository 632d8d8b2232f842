// SPDX-License-Identifier: AGPL-3.0-or-later
//! A bare client for the HTTP API and the gateway.
//!
//! Rule: it adds nothing: what a test sends is what goes out.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::header::HeaderMap;
use reqwest::multipart;
use sandbox::discord::{Discord, intents};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// How long a test waits for one thing.
pub const DEADLINE: Duration = Duration::from_secs(20);
/// What a bridge asks for.
pub const USUAL: u64 = intents::GUILDS
    | intents::GUILD_WEBHOOKS
    | intents::GUILD_MESSAGES
    | intents::GUILD_MESSAGE_REACTIONS
    | intents::MESSAGE_CONTENT;

/// The bot's side of the HTTP API.
pub struct Rest {
    client: reqwest::Client,
    base: String,
    pub token: String,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Reply {
    /// The platform's error code.
    pub fn code(&self) -> u64 {
        self.body["code"].as_u64().unwrap_or(u64::MAX)
    }

    /// The body of a success.
    pub fn ok(self) -> Value {
        assert!(self.status < 300, "{self:?}");
        self.body
    }

    pub fn id(&self) -> u64 {
        id(&self.body["id"])
    }
}

/// An id in JSON.
pub fn id(value: &Value) -> u64 {
    value.as_str().unwrap_or_else(|| panic!("no id: {value}")).parse().unwrap()
}

impl Rest {
    pub fn new(dc: &Discord) -> Self {
        let client = reqwest::Client::builder().user_agent("DiscordBot (test, 1)").build().unwrap();
        Self { client, base: format!("{}/api/v10", dc.api_url()), token: dc.bot_token() }
    }

    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.base);
        let request = self.client.request(method.parse().unwrap(), url);
        request.header("authorization", format!("Bot {}", self.token))
    }

    pub async fn finish(request: reqwest::RequestBuilder) -> Reply {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Reply { status, headers, body }
    }

    pub async fn get(&self, path: &str) -> Reply {
        Self::finish(self.request("GET", path)).await
    }

    pub async fn put(&self, path: &str) -> Reply {
        Self::finish(self.request("PUT", path)).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        Self::finish(self.request("DELETE", path)).await
    }

    pub async fn send(&self, method: &str, path: &str, body: Value) -> Reply {
        Self::finish(self.request(method, path).json(&body)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send("POST", path, body).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send("PATCH", path, body).await
    }

    /// Multipart with one file as `files[0]`.
    pub async fn upload(
        &self,
        method: &str,
        path: &str,
        body: Value,
        file: (&str, Vec<u8>),
    ) -> Reply {
        let part = multipart::Part::bytes(file.1).file_name(file.0.to_owned());
        let part = part.mime_str("image/png").unwrap();
        let form =
            multipart::Form::new().text("payload_json", body.to_string()).part("files[0]", part);
        Self::finish(self.request(method, path).multipart(form)).await
    }

    /// Makes a webhook and gives its path.
    pub async fn webhook(&self, channel: u64) -> String {
        let made =
            self.post(&format!("/channels/{channel}/webhooks"), json!({"name": "Bridge"})).await;
        let made = made.ok();
        format!("/webhooks/{}/{}", made["id"].as_str().unwrap(), made["token"].as_str().unwrap())
    }
}

/// One connection to the gateway.
pub struct Gateway {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub hello: Value,
}

impl Gateway {
    /// Connects and hears `HELLO`.
    pub async fn connect(url: &str) -> Self {
        let (socket, _) = connect_async(format!("{url}/?v=10&encoding=json")).await.unwrap();
        let mut gateway = Self { socket, hello: Value::Null };
        gateway.hello = gateway.next().await;
        assert_eq!(gateway.hello["op"], 10);
        gateway
    }

    /// Connects and identifies; gives `READY` too.
    pub async fn identified(dc: &Discord, intents: u64) -> (Self, Value) {
        let mut gateway = Self::connect(&dc.gateway_url()).await;
        gateway.identify(&dc.bot_token(), intents).await;
        let ready = gateway.expect("READY").await;
        (gateway, ready)
    }

    pub async fn say(&mut self, payload: Value) {
        self.socket.send(Message::text(payload.to_string())).await.unwrap();
    }

    pub async fn say_raw(&mut self, text: &str) {
        self.socket.send(Message::text(text.to_owned())).await.unwrap();
    }

    pub async fn identify(&mut self, token: &str, intents: u64) {
        let properties = json!({"os": "linux", "browser": "test", "device": "test"});
        let data = json!({"token": token, "intents": intents, "properties": properties});
        self.say(json!({"op": 2, "d": data})).await;
    }

    pub async fn resume(&mut self, token: &str, session: &Value, seq: u64) {
        let data = json!({"token": token, "session_id": session, "seq": seq});
        self.say(json!({"op": 6, "d": data})).await;
    }

    async fn read(&mut self) -> Option<Message> {
        let read = tokio::time::timeout(DEADLINE, self.socket.next()).await;
        read.expect("the gateway is silent")?.ok()
    }

    /// The next payload.
    pub async fn next(&mut self) -> Value {
        match self.read().await {
            Some(Message::Text(text)) => serde_json::from_str(&text).unwrap(),
            other => panic!("no payload: {other:?}"),
        }
    }

    /// The next dispatch of this name, whole; others are skipped.
    pub async fn frame(&mut self, name: &str) -> Value {
        loop {
            let payload = self.next().await;
            if payload["t"] == name {
                return payload;
            }
        }
    }

    /// The data of the next dispatch of this name.
    pub async fn expect(&mut self, name: &str) -> Value {
        self.frame(name).await["d"].clone()
    }

    /// The next payload with this opcode.
    pub async fn op(&mut self, op: u64) -> Value {
        loop {
            let payload = self.next().await;
            if payload["op"] == op {
                return payload;
            }
        }
    }

    /// The names of all dispatches up to the one with this name.
    pub async fn names_until(&mut self, name: &str) -> Vec<String> {
        let mut names = Vec::new();
        loop {
            let payload = self.next().await;
            names.push(payload["t"].as_str().unwrap_or("").to_owned());
            if payload["t"] == name {
                return names;
            }
        }
    }

    /// The code that the gateway closes with; `None` when it was cut.
    pub async fn closed(&mut self) -> Option<u16> {
        loop {
            match self.read().await {
                Some(Message::Close(frame)) => return frame.map(|frame| frame.code.into()),
                Some(_) => {}
                None => return None,
            }
        }
    }

    pub async fn close(mut self, code: u16) {
        let frame = tokio_tungstenite::tungstenite::protocol::CloseFrame {
            code: code.into(),
            reason: "".into(),
        };
        self.socket.close(Some(frame)).await.unwrap();
    }
}
