// SPDX-License-Identifier: AGPL-3.0-or-later
//! The public page of a community.
//!
//! Rule: a page that is off, of a group at risk, or of nobody is the same answer.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use bot_core::desk::public_page::{
    ChatConnection, CommunityPage, CommunityState, PageChat, PageCommand, PageServer,
};
use bot_core::i18n::{Arg, Key};
use bot_core::media::qr;
use bot_core::portal::ConsentMode;
use bot_core::wording::label;
use bridge_config::NamePolicy;
use data_encoding::BASE64;

use crate::frame::{Asked, Frame};
use crate::markup::Markup;
use crate::{Site, answer, language, later, not_found};

/// Servers that are named at most.
const SERVERS: usize = 6;

#[derive(Template)]
#[template(path = "community.html")]
struct Community {
    frame: Frame,
    name: String,
    stage: String,
    lead: String,
    chats: Vec<Chat>,
    words: Vec<Markup>,
    keep: Option<Keep>,
    way: Option<Way>,
    who: Markup,
    privacy: Vec<Markup>,
}

struct Chat {
    network: String,
    name: Option<String>,
    state: String,
    software: Markup,
}

/// How words are kept in their chat.
struct Keep {
    one: Markup,
    all: String,
    typed: Vec<Markup>,
}

/// How to come over.
struct Way {
    servers: Vec<Server>,
    open: Markup,
    picture: Option<String>,
    link: String,
    typed: Vec<Markup>,
}

struct Server {
    url: String,
    host: String,
    languages: Vec<Language>,
}

struct Language {
    code: String,
    name: String,
}

pub(crate) async fn show(
    State(site): State<Arc<Site>>,
    asked: Asked,
    Path(slug): Path<String>,
) -> Response {
    match site.parts().core.public().community(&slug).await {
        Ok(Some(page)) => {
            let frame = site.frame(&asked, page.language.as_deref());
            answer::page(StatusCode::OK, &community(frame, &page))
        }
        Ok(None) => not_found(&site, &asked),
        Err(error) => {
            tracing::error!(%error, "a page cannot be made");
            later(&site, &asked)
        }
    }
}

fn community(frame: Frame, page: &CommunityPage) -> Community {
    let stage = Arg::text(frame.wording().stage(page.stage));
    let (operator, contact) = &page.runs;
    Community {
        name: page.name.clone().unwrap_or_else(|| frame.say(Key::PageUntitled)),
        stage: frame.say_of(Key::PageStage, &[stage]),
        lead: frame.say(lead(page.state)),
        chats: page.chats.iter().map(|it| chat(&frame, it)).collect(),
        words: words(&frame, page),
        keep: relays(page.state).then(|| keep(&frame, page)),
        way: Some(way(&frame, page)),
        who: frame.rich(Key::PrivacyWho, &[Arg::text(operator), Arg::text(contact)]),
        privacy: typed(&frame, &page.privacy),
        frame,
    }
}

/// Whether anything that is written crosses.
fn relays(state: CommunityState) -> bool {
    match state {
        CommunityState::Shared
        | CommunityState::MatrixFirst
        | CommunityState::ReadOnly
        | CommunityState::Paused => true,
        CommunityState::Waiting
        | CommunityState::Announced
        | CommunityState::Ended
        | CommunityState::Unconnected => false,
    }
}

fn lead(state: CommunityState) -> Key {
    match state {
        CommunityState::Waiting => Key::PageLeadWaiting,
        CommunityState::Announced => Key::PageLeadAnnounced,
        CommunityState::Shared => Key::PageLeadBridged,
        CommunityState::MatrixFirst => Key::PageLeadMatrixFirst,
        CommunityState::ReadOnly => Key::PageLeadReadOnly,
        CommunityState::Ended => Key::PageLeadSunset,
        CommunityState::Paused => Key::PageLeadPaused,
        CommunityState::Unconnected => Key::PageLeadUnconnected,
    }
}

fn chat(frame: &Frame, chat: &PageChat) -> Chat {
    let state = match chat.state {
        ChatConnection::Connected => Key::PageConnected,
        ChatConnection::NotYet => Key::PageNotYet,
        ChatConnection::Not => Key::PageNotConnected,
    };
    let network = label(&chat.network);
    Chat {
        software: frame.rich(chat.software, &[Arg::text(&network)]),
        name: chat.name.clone(),
        state: frame.say(state),
        network,
    }
}

/// What happens to what somebody writes.
fn words(frame: &Frame, page: &CommunityPage) -> Vec<Markup> {
    let say = |key| frame.rich(key, &[]);
    let shown = match page.names {
        NamePolicy::Full => Key::PageNamesFull,
        NamePolicy::FirstName => Key::PageNamesFirst,
        NamePolicy::Pseudonym => Key::PageNamesPseudonym,
    };
    let mut words = match page.state {
        CommunityState::Shared | CommunityState::MatrixFirst => {
            vec![say(Key::PageWordsShared), say(shown)]
        }
        CommunityState::ReadOnly => vec![say(Key::PageWordsReadOnly), say(shown)],
        CommunityState::Waiting | CommunityState::Announced => vec![say(Key::PageWordsNotShared)],
        CommunityState::Paused => vec![say(Key::PageWordsPaused)],
        CommunityState::Ended | CommunityState::Unconnected => {
            vec![say(Key::PageWordsNotShared), say(Key::PageWordsOver)]
        }
    };
    if relays(page.state) && page.consent == ConsentMode::OptIn {
        words.push(say(Key::PageOptIn));
    }
    words
}

fn keep(frame: &Frame, page: &CommunityPage) -> Keep {
    let all = match page.consent {
        ConsentMode::Notice => Key::PageKeepAll,
        ConsentMode::OptIn => Key::PageAgree,
    };
    Keep {
        one: frame.rich(Key::PageKeepOne, &[]),
        all: frame.say(all),
        typed: typed(frame, &page.choice),
    }
}

fn way(frame: &Frame, page: &CommunityPage) -> Way {
    let mut servers: Vec<&PageServer> = page.servers.iter().collect();
    let speaks = |server: &&PageServer| server.languages.iter().any(|it| it == frame.language());
    servers.sort_by_key(|server| !speaks(server));
    let picture = qr::draw(&page.link).ok();
    let open = [Arg::url(&page.web), Arg::url(&page.link)];
    Way {
        servers: servers.into_iter().take(SERVERS).map(server).collect(),
        open: frame.rich(Key::PageWayOpen, &open),
        picture: picture.map(|it| format!("data:image/png;base64,{}", BASE64.encode(&it))),
        link: page.link.clone(),
        typed: typed(frame, &page.way),
    }
}

fn server(server: &PageServer) -> Server {
    let named =
        |code: &String| Language { name: language::name(code).to_owned(), code: code.clone() };
    Server {
        url: server.url.clone(),
        host: server.host.clone(),
        languages: server.languages.iter().map(named).collect(),
    }
}

fn typed(frame: &Frame, commands: &[PageCommand]) -> Vec<Markup> {
    let one = |it: &PageCommand| {
        frame.rich(Key::PageTyped, &[Arg::text(label(&it.network)), Arg::text(&it.command)])
    };
    commands.iter().map(one).collect()
}
