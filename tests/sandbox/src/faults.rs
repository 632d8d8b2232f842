// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a stand-in is told to get wrong.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// One thing that goes wrong.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Answer this instead of doing the work.
    Answer {
        /// HTTP status.
        status: u16,
        /// JSON body.
        body: serde_json::Value,
        /// Further headers.
        headers: Vec<(String, String)>,
    },
    /// Wait before doing the work.
    Delay(Duration),
    /// Do the work, then lose the response on the way.
    LoseResponse,
    /// The connection breaks before the work, in the middle of an answer.
    Break,
}

struct Rule {
    route: String,
    left: usize,
    fault: Fault,
}

/// The faults that are still to come, first rule first.
#[derive(Default)]
pub struct Faults(Mutex<VecDeque<Rule>>);

impl Faults {
    /// The next `times` requests whose `METHOD /path` contains `route` meet `fault`.
    pub fn next(&self, route: impl Into<String>, times: usize, fault: Fault) {
        let rule = Rule { route: route.into(), left: times, fault };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(rule);
    }

    /// All is well again.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// What this request meets, counted as met.
    pub fn take(&self, method_and_path: &str) -> Option<Fault> {
        let mut rules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = rules.iter().position(|rule| method_and_path.contains(&rule.route))?;
        let rule = rules.get_mut(at)?;
        rule.left = rule.left.saturating_sub(1);
        let fault = rule.fault.clone();
        if rule.left == 0 {
            rules.remove(at);
        }
        Some(fault)
    }
}

/// A response that breaks off before its end: the client cannot know what happened.
pub fn lost() -> Response {
    let broken = futures_util::stream::iter([
        Ok(Bytes::from_static(b"{")),
        Err(std::io::Error::other("lost on the way")),
    ]);
    let headers = [("content-type", "application/json"), ("content-length", "1000")];
    (StatusCode::OK, headers, Body::from_stream(broken)).into_response()
}
