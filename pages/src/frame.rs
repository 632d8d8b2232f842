// SPDX-License-Identifier: AGPL-3.0-or-later
//! What stands around every page: language, direction, the way to the other languages.
//!
//! Rule: a template has a field `frame`, extends `layout.html` and fills its blocks `title` and `main`.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use bot_core::i18n::{self, Arg, Key};
use bot_core::wording::Wording;

use crate::markup::Markup;
use crate::{Site, language, style};

/// What a request says about the language.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    chosen: Option<String>,
    accepted: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        let chosen = query.split('&').find_map(|pair| pair.strip_prefix("lang="));
        let accepted = parts.headers.get(header::ACCEPT_LANGUAGE);
        Ok(Self {
            chosen: chosen.map(str::to_owned),
            accepted: accepted.and_then(|it| Some(it.to_str().ok()?.to_owned())),
        })
    }
}

/// A link to the same page in another language.
pub struct LanguageLink {
    /// Its code.
    pub code: &'static str,
    /// What it calls itself.
    pub name: &'static str,
    /// `rtl` or `ltr`.
    pub direction: &'static str,
    /// It is the language of this page.
    pub is_this: bool,
}

/// What stands around a page.
pub struct Frame {
    wording: Wording,
    /// `rtl` or `ltr`.
    pub direction: &'static str,
    /// All languages.
    pub languages: Vec<LanguageLink>,
    /// The path of the style sheet.
    pub style: String,
    /// The path of the page that says how the bridge is.
    pub status: String,
    /// Where the source is.
    pub source: String,
    /// What links to other pages end with, so that they are in the language that was chosen: `?lang=de`.
    pub query: String,
}

impl Frame {
    pub(crate) fn new(site: &Site, asked: &Asked, own: Option<&str>) -> Self {
        let parts = site.parts();
        let said = (asked.chosen.as_deref(), asked.accepted.as_deref());
        let chosen = language::choose(&parts.wording, said, own);
        let languages = language::all().map(|(code, name)| LanguageLink {
            code,
            name,
            direction: direction(code),
            is_this: code == chosen,
        });
        let query = match said.0.filter(|said| said.eq_ignore_ascii_case(&chosen)) {
            Some(_) => format!("?lang={chosen}"),
            None => String::new(),
        };
        Self {
            direction: direction(&chosen),
            languages: languages.collect(),
            style: site.path(&style::path()),
            status: format!("{}{query}", site.path("/status")),
            source: parts.source_url.clone(),
            query,
            wording: parts.wording.speaking(&chosen),
        }
    }

    /// All sentences in the language of the page.
    pub fn wording(&self) -> &Wording {
        &self.wording
    }

    /// The language of the page, by our code, which is a tag of BCP 47, too.
    pub fn language(&self) -> &str {
        self.wording.language()
    }

    /// What the bot is called.
    pub fn bot(&self) -> &str {
        self.wording.bot()
    }

    /// A sentence without values.
    pub fn say(&self, key: Key) -> String {
        self.wording.plain(key, &[])
    }

    /// A sentence with its values, without formatting.
    pub fn say_of(&self, key: Key, args: &[Arg]) -> String {
        self.wording.plain(key, args)
    }

    /// A sentence with its formatting.
    pub fn rich(&self, key: Key, args: &[Arg]) -> Markup {
        Markup::of(&self.wording.say(key, args))
    }
}

fn direction(language: &str) -> &'static str {
    if i18n::is_right_to_left(language) { "rtl" } else { "ltr" }
}
