// SPDX-License-Identifier: AGPL-3.0-or-later
//! A bot that knows nothing but HTTP, and what else these tests share.

use sandbox::telegram::Telegram;
use serde_json::{Value, json};

/// A bot that knows nothing but HTTP.
#[derive(Clone)]
pub(crate) struct Bot {
    http: reqwest::Client,
    base: String,
}

pub(crate) async fn start() -> (Telegram, Bot) {
    let tg = Telegram::start().await.unwrap();
    let bot = Bot::new(&tg);
    (tg, bot)
}

impl Bot {
    pub(crate) fn new(tg: &Telegram) -> Self {
        let base = format!("{}/bot{}", tg.url(), tg.bot_token());
        Self { http: reqwest::Client::new(), base }
    }

    pub(crate) fn post(&self, method: &str) -> reqwest::RequestBuilder {
        self.http.post(format!("{}/{method}", self.base))
    }

    pub(crate) fn get(&self, method_and_query: &str) -> reqwest::RequestBuilder {
        self.http.get(format!("{}/{method_and_query}", self.base))
    }

    pub(crate) async fn raw(&self, method: &str, params: Value) -> Value {
        self.post(method).json(&params).send().await.unwrap().json().await.unwrap()
    }

    pub(crate) async fn ok(&self, method: &str, params: Value) -> Value {
        let answer = self.raw(method, params).await;
        assert_eq!(answer["ok"], true, "{answer}");
        answer["result"].clone()
    }

    pub(crate) async fn refused(&self, method: &str, params: Value) -> String {
        let answer = self.raw(method, params).await;
        assert_eq!(answer["ok"], false, "{answer}");
        answer["description"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn updates(&self, offset: i64) -> Vec<Value> {
        self.ok("getUpdates", json!({ "offset": offset })).await.as_array().unwrap().clone()
    }

    pub(crate) async fn form(&self, method: &str, form: reqwest::multipart::Form) -> Value {
        self.post(method).multipart(form).send().await.unwrap().json().await.unwrap()
    }
}

/// The head of a PNG of this size, which is all that the stand-in looks at.
pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.extend([8, 6, 0, 0, 0]);
    bytes
}

pub(crate) fn file(name: &str, bytes: Vec<u8>) -> reqwest::multipart::Part {
    reqwest::multipart::Part::bytes(bytes).file_name(name.to_owned())
}
