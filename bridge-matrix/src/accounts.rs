// SPDX-License-Identifier: AGPL-3.0-or-later
//! Registration tokens, through Synapse's admin API.
//!
//! Rule: a token is made under a name that the caller chose, so that making it twice makes it once.
//! Source: <https://element-hq.github.io/synapse/latest/usage/administration/admin_api/registration_tokens.html>.

use async_trait::async_trait;
use bridge_model::Timestamp;
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use bot_core::Refusal;
use bot_core::homeserver::Accounts;
use bot_core::network::AskError;

const PATH: &str = "_synapse/admin/v1/registration_tokens";

/// A Synapse, seen by one of its admins.
pub struct SynapseAccounts {
    http: reqwest::Client,
    base: String,
    admin: String,
}

#[derive(Deserialize)]
struct Token {
    uses_allowed: Option<u64>,
    pending: u64,
    completed: u64,
    expiry_time: Option<i64>,
}

impl SynapseAccounts {
    /// `base` is the homeserver's address, `admin` the access token of one of its admins.
    pub fn new(http: reqwest::Client, base: &str, admin: &str) -> Self {
        Self { http, base: base.trim_end_matches('/').into(), admin: admin.into() }
    }

    async fn ask(
        &self,
        method: Method,
        step: &str,
        body: Option<Value>,
    ) -> Result<(StatusCode, Value), AskError> {
        let retry = |error: reqwest::Error| {
            let reason = error.without_url().to_string();
            AskError::Retry { after: None, reason }
        };
        let address = format!("{}/{PATH}/{step}", self.base);
        let request = self.http.request(method, address).bearer_auth(&self.admin);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let answer = request.send().await.map_err(retry)?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(retry)?;
        Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
    }
}

#[async_trait]
impl Accounts for SynapseAccounts {
    async fn allow(&self, token: &str, until: Timestamp) -> Result<bool, AskError> {
        let wanted = json!({"token": token, "uses_allowed": 1, "expiry_time": until.0});
        let (status, answer) = self.ask(Method::POST, "new", Some(wanted)).await?;
        if status.is_success() {
            return Ok(true);
        }
        let code = answer.get("errcode").and_then(Value::as_str).unwrap_or_default();
        if code != "M_INVALID_PARAM" {
            return Err(AskError::Refused(Refusal::platform(format!("{status} {code}"))));
        }
        // It is there already: does it still work?
        let (status, answer) = self.ask(Method::GET, token, None).await?;
        let known: Token = serde_json::from_value(answer)
            .map_err(|_| AskError::Refused(Refusal::platform(status.to_string())))?;
        let used = known.pending.saturating_add(known.completed);
        let left = known.uses_allowed.is_none_or(|allowed| used < allowed);
        Ok(left && known.expiry_time.is_none_or(|end| end >= until.0))
    }
}
