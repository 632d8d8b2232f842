// SPDX-License-Identifier: AGPL-3.0-or-later
//! Questions over HTTP whose answer may be anything: of a server that is not what it should be.
//!
//! Rule: nothing goes around the proxy, nothing to another host, and no error shows an address, because
//! Telegram's addresses hold the token.

use std::time::Duration;

use anyhow::Context;
use bridge_policy::calendar::Date;
use reqwest::header::{CONTENT_TYPE, DATE, LOCATION, SERVER};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Proxy, RequestBuilder, Response, Url};
use serde_json::Value;

/// How long a server may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// Longer answers are none of an API.
const LONGEST: usize = 4 * 1024 * 1024;

/// What a server answers.
#[derive(Debug)]
pub(crate) enum Answer {
    /// JSON, with whatever status.
    Json(Reply),
    /// Something else, with this status.
    Page(u16),
    /// It is at another address.
    Moved(String),
    /// Nothing, and why.
    Silent(String),
}

/// An answer in JSON.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
    /// The server's clock, in seconds since 1970.
    pub(crate) date: Option<i64>,
    /// The header `Server`.
    pub(crate) server: Option<String>,
}

impl Reply {
    /// A text in it, by its path; empty where there is none.
    pub(crate) fn text(&self, path: &str) -> &str {
        self.body.pointer(path).and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether the server did what it was asked.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Asks servers through one proxy, or none.
#[derive(Clone)]
pub(crate) struct Asker(Client);

impl Asker {
    /// Through the proxy of the configuration and no other.
    ///
    /// # Errors
    /// When the proxy's address cannot be used.
    pub(crate) fn new(proxy: Option<&Url>) -> anyhow::Result<Self> {
        let client = Client::builder()
            .redirect(Policy::none())
            .referer(false)
            .no_proxy()
            .timeout(PATIENCE)
            .user_agent(concat!(
                "DiscordBot (https://gitlab.wikimedia.org/repos/freeside/freeside, ",
                env!("CARGO_PKG_VERSION"),
                ")"
            ));
        let client = match proxy {
            Some(proxy) => client.proxy(Proxy::all(proxy.as_str())?),
            None => client,
        };
        Ok(Self(client.build().context("the HTTP client cannot be built")?))
    }

    /// Asks for what is at an address.
    pub(crate) async fn get(&self, url: &str) -> Answer {
        self.send(self.0.get(url)).await
    }

    /// The same, showing who asks: the header `Authorization`.
    pub(crate) async fn get_as(&self, url: &str, authorization: &str) -> Answer {
        self.send(self.0.get(url).header("authorization", authorization)).await
    }

    /// Sends JSON, perhaps showing who asks.
    pub(crate) async fn post(
        &self,
        url: &str,
        authorization: Option<&str>,
        body: &Value,
    ) -> Answer {
        let request = self.0.request(Method::POST, url).json(body);
        self.send(match authorization {
            Some(shown) => request.header("authorization", shown),
            None => request,
        })
        .await
    }

    async fn send(&self, request: RequestBuilder) -> Answer {
        match request.send().await {
            Ok(response) => read(response).await,
            Err(error) => Answer::Silent(why(error)),
        }
    }
}

async fn read(mut response: Response) -> Answer {
    let status = response.status();
    let header = |name| {
        let value = response.headers().get(name).and_then(|value| value.to_str().ok());
        value.map(str::to_owned)
    };
    if status.is_redirection() {
        return Answer::Moved(header(LOCATION).unwrap_or_default());
    }
    let (date, server) = (header(DATE).as_deref().and_then(seconds), header(SERVER));
    let is_page = header(CONTENT_TYPE).is_some_and(|kind| kind.starts_with("text/html"));
    let mut text = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => text.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) => return Answer::Silent(why(error)),
        }
        if text.len() > LONGEST {
            return Answer::Page(status.as_u16());
        }
    }
    match serde_json::from_slice(&text) {
        Ok(body) if !is_page => Answer::Json(Reply { status: status.as_u16(), body, date, server }),
        Ok(_) | Err(_) => Answer::Page(status.as_u16()),
    }
}

/// The innermost reason, which names no address.
fn why(error: reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer within {} seconds", PATIENCE.as_secs());
    }
    let error = error.without_url();
    let inner = std::iter::successors(std::error::Error::source(&error), |error| error.source());
    inner.last().map_or_else(|| error.to_string(), ToString::to_string)
}

/// Reads the time of a header such as `Mon, 30 Nov 2026 18:44:22 GMT` (RFC 9110, 5.6.7), in seconds
/// since 1970.
fn seconds(date: &str) -> Option<i64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = date.split_once(", ")?.1.split(' ');
    let day: u8 = words.next()?.parse().ok()?;
    let name = words.next()?;
    let month = MONTHS.iter().position(|month| *month == name)?;
    let year: i32 = words.next()?.parse().ok()?;
    let mut clock = words.next()?.split(':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let date = Date { year, month: u8::try_from(month + 1).ok()?, day };
    Some(date.begins().0 / 1000 + hour * 3600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_header_is_read() {
        assert_eq!(seconds("Thu, 01 Jan 1970 00:00:10 GMT"), Some(10));
        assert_eq!(seconds("Mon, 30 Nov 2026 18:44:22 GMT"), Some(1_796_064_262));
        for odd in ["", "yesterday", "Mon, 30 Foo 2026 18:44:22 GMT", "Mon, 30 Nov 2026 18:44"] {
            assert_eq!(seconds(odd), None, "{odd}");
        }
    }
}
