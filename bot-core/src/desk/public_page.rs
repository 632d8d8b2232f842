// SPDX-License-Identifier: AGPL-3.0-or-later
//! What public pages say of a community and of the bridge, as values.
//!
//! Rule: nothing of a member is in them, and a group at risk is in none of them. What a page says is
//! what the notices in the chats say, from the same settings.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bridge_config::{Catalogue, NamePolicy};
use bridge_model::{NetworkId, Place, Timestamp};
use bridge_policy::stage::Stage;

use super::disclosure_text::relays;
use super::info::About;
use super::phrases::Phrases;
use crate::i18n::Key;
use crate::page_links::PageLinks;
use crate::portal::{ConsentMode, EndState, Portal, PortalId, Silence};
use crate::relay::Networks;
use crate::relay::identities::stricter;
use crate::store::gaps::{TOLD_FOR_MS, ToldGap};
use crate::store::{Store, StoreError};

/// How long the homeserver may take to say what a room is called.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long that is told again, in milliseconds.
const KEPT_MS: i64 = 5 * 60 * 1000;

/// A community, as its page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommunityPage {
    /// The language of its chats, where it is not the bot's.
    pub language: Option<String>,
    /// What the room, or else one of the chats, is called.
    pub name: Option<String>,
    /// How far it has come.
    pub stage: Stage,
    /// What is shared now.
    pub state: CommunityState,
    /// The room first.
    pub chats: Vec<PageChat>,
    /// Whose words may leave their chat.
    pub consent: ConsentMode,
    /// How much of a name is shown elsewhere.
    pub names: NamePolicy,
    /// What keeps all words of somebody in their chat, or lets them leave it: how it is typed in each
    /// network.
    pub choice: Vec<PageCommand>,
    /// How the privacy text is asked for in each network.
    pub privacy: Vec<PageCommand>,
    /// How the way to Matrix is asked for in each other network.
    pub way: Vec<PageCommand>,
    /// Servers that give accounts; the host and the languages that it speaks.
    pub servers: Vec<PageServer>,
    /// Opens the room in a browser.
    pub web: String,
    /// Opens the room in any client.
    pub link: String,
    /// Who runs the bridge, and how to reach them.
    pub runs: (String, String),
}

/// What is shared between the chats of a community.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommunityState {
    /// Nothing; it may be connected.
    Waiting,
    /// Nothing yet.
    Announced,
    /// Everything.
    Shared,
    /// Everything; the room is the main place.
    MatrixFirst,
    /// What is said in the room; elsewhere only admins write.
    ReadOnly,
    /// Nothing any more: the connection has ended.
    Ended,
    /// Nothing with the room at present.
    Paused,
    /// Nothing: no chat but the room is left.
    Unconnected,
}

/// One chat of a community.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageChat {
    /// Its network.
    pub network: NetworkId,
    /// What it is called.
    pub name: Option<String>,
    /// How it is connected.
    pub state: ChatConnection,
    /// Says which part of its network is proprietary, with the label of the network.
    pub software: Key,
}

/// How a chat is connected to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChatConnection {
    /// It is.
    Connected,
    /// Not yet.
    NotYet,
    /// Not now, or not any more.
    Not,
}

/// How a command is typed in a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageCommand {
    /// The network.
    pub network: NetworkId,
    /// The command with what stands before it.
    pub command: String,
}

/// A server that gives accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageServer {
    /// Its address.
    pub url: String,
    /// Its name.
    pub host: String,
    /// The languages that it speaks, by our codes.
    pub languages: Vec<String>,
}

/// The bridge, as its page shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BridgeState {
    /// Portals by stage; all stages, in their order.
    pub stages: Vec<(Stage, u64)>,
    /// Communities with a page: what they are called, and its path.
    pub pages: Vec<(Option<String>, String)>,
    /// What was missed lately, newest first.
    pub gaps: Vec<ToldGap>,
}

/// Makes them.
pub(super) struct PublicPages {
    pub(super) networks: Networks,
    pub(super) store: Arc<Store>,
    pub(super) links: Option<PageLinks>,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) names: NamePolicy,
    pub(super) about: About,
    pub(super) rooms: Mutex<BTreeMap<PortalId, (Timestamp, Option<String>)>>,
}

/// What pages say at one moment.
pub struct PublicView<'a> {
    pages: &'a PublicPages,
    phrases: Phrases<'a>,
}

impl<'a> PublicView<'a> {
    pub(super) fn new(pages: &'a PublicPages, phrases: Phrases<'a>) -> Self {
        Self { pages, phrases }
    }

    /// The community whose page has that address; `None` where there is none.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn community(&self, slug: &str) -> Result<Option<CommunityPage>, StoreError> {
        self.pages.community(self.phrases, slug).await
    }

    /// How the bridge is, with the gaps of the last 30 days.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn bridge(&self) -> Result<BridgeState, StoreError> {
        let since = Timestamp(self.phrases.now.0.saturating_sub(TOLD_FOR_MS));
        self.pages.bridge(since).await
    }
}

impl PublicPages {
    /// The community whose page has that address.
    async fn community(
        &self,
        phrases: Phrases<'_>,
        slug: &str,
    ) -> Result<Option<CommunityPage>, StoreError> {
        let Some(links) = &self.links else { return Ok(None) };
        let mut portals = self.store.portals().await?.into_iter();
        let found = portals.find(|portal| portal.has_page() && links.slug(portal.id) == slug);
        match found {
            Some(portal) => Ok(Some(self.page(phrases, &portal).await?)),
            None => Ok(None),
        }
    }

    async fn page(
        &self,
        phrases: Phrases<'_>,
        portal: &Portal,
    ) -> Result<CommunityPage, StoreError> {
        let state = state_of(portal);
        let chats = self.chats(phrases, portal, state).await?;
        let typed = |places: Vec<&Place>, command: &str| {
            let mut all: Vec<PageCommand> = Vec::new();
            for place in places {
                if !all.iter().any(|known| known.network == place.network) {
                    let command = phrases.typed_on(&place.network, command);
                    all.push(PageCommand { network: place.network.clone(), command });
                }
            }
            all
        };
        let active = portal.ends.iter().filter(|end| end.state == EndState::Active);
        let remote: Vec<&Place> = active.map(|end| &end.place).collect();
        let everywhere: Vec<&Place> = std::iter::once(&portal.room).chain(remote.clone()).collect();
        let choice = match portal.settings.consent {
            ConsentMode::Notice => "optout",
            ConsentMode::OptIn => "optin",
        };
        Ok(CommunityPage {
            language: portal.settings.language.clone(),
            name: chats.iter().find_map(|chat| chat.name.clone()),
            stage: portal.stage,
            state,
            chats,
            consent: portal.settings.consent,
            names: stricter(self.names, portal.settings.names),
            choice: typed(everywhere.clone(), choice),
            privacy: typed(everywhere, "privacy"),
            way: typed(remote, "matrix"),
            servers: self.servers(),
            web: phrases.web_link(&portal.room.chat),
            link: phrases.join_link(&portal.room.chat),
            runs: self.about.who_runs(),
        })
    }

    async fn chats(
        &self,
        phrases: Phrases<'_>,
        portal: &Portal,
        state: CommunityState,
    ) -> Result<Vec<PageChat>, StoreError> {
        let places: Vec<Place> = portal.places().cloned().collect();
        let mut names = self.store.names_of_chats(places).await?.into_iter();
        let known = names.next().flatten();
        let room = PageChat {
            network: portal.room.network.clone(),
            name: match known {
                Some(name) => Some(name),
                None => self.room_name(phrases.now, portal).await,
            },
            state: connection(state, EndState::Active),
            software: Key::PageSoftwareMatrix,
        };
        let ends = portal.ends.iter().zip(names).map(|(end, known)| PageChat {
            network: end.place.network.clone(),
            name: known.or_else(|| end.title.clone()),
            state: connection(state, end.state),
            software: Key::Software.on(&end.place.network),
        });
        Ok(std::iter::once(room).chain(ends).collect())
    }

    /// What the homeserver says that the room is called.
    async fn room_name(&self, now: Timestamp, portal: &Portal) -> Option<String> {
        let kept = || self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = |at: Timestamp| (0..KEPT_MS).contains(&now.0.saturating_sub(at.0));
        if let Some((at, name)) = kept().get(&portal.id)
            && fresh(*at)
        {
            return name.clone();
        }
        let network = self.networks.get(&portal.room.network)?;
        let asked = tokio::time::timeout(PATIENCE, network.title(&portal.room.chat)).await;
        let name = asked.ok().and_then(|asked| asked.ok().flatten());
        kept().insert(portal.id, (now, name.clone()));
        name
    }

    fn servers(&self) -> Vec<PageServer> {
        let matrix = self.catalogue.alternatives.iter().find(|one| one.id == "matrix");
        let servers = matrix.into_iter().flat_map(|matrix| &matrix.accounts);
        let server = |one: &bridge_config::catalogue::Instance| {
            let host = one.url.host_str()?.to_owned();
            Some(PageServer { url: one.url.to_string(), host, languages: one.languages.clone() })
        };
        servers.filter_map(server).collect()
    }

    /// How the bridge is. `since` is the day from which on gaps are told.
    async fn bridge(&self, since: Timestamp) -> Result<BridgeState, StoreError> {
        let mut portals = self.store.portals().await?;
        portals.retain(Portal::is_listed);
        let listed: Vec<PortalId> = portals.iter().map(|portal| portal.id).collect();
        let at = |stage| portals.iter().filter(|portal| portal.stage == stage).count();
        let count = |stage| u64::try_from(at(stage)).unwrap_or(u64::MAX);
        let mut pages = Vec::new();
        for portal in portals.iter().filter(|portal| portal.has_page()) {
            let Some(links) = &self.links else { break };
            let places = portal.places().cloned().collect();
            let known = self.store.names_of_chats(places).await?.into_iter().flatten().next();
            let titled = portal.ends.iter().find_map(|end| end.title.clone());
            pages.push((known.or(titled), links.path(portal.id)));
        }
        let mut gaps = self.store.told_gaps(since, listed).await?;
        gaps.sort_by_key(|gap| std::cmp::Reverse(gap.until));
        Ok(BridgeState {
            stages: Stage::ALL.map(|stage| (stage, count(stage))).into(),
            pages,
            gaps,
        })
    }
}

fn state_of(portal: &Portal) -> CommunityState {
    let is_left = portal.ends.iter().any(|end| end.state == EndState::Active);
    if portal.stage != Stage::Sunset && !is_left {
        return CommunityState::Unconnected;
    }
    match portal.stage {
        Stage::Sunset => CommunityState::Ended,
        Stage::Inventory => CommunityState::Waiting,
        Stage::Announced => CommunityState::Announced,
        Stage::Bridged | Stage::MatrixFirst | Stage::ReadOnly if is_paused(portal) => {
            CommunityState::Paused
        }
        Stage::Bridged => CommunityState::Shared,
        Stage::MatrixFirst => CommunityState::MatrixFirst,
        Stage::ReadOnly => CommunityState::ReadOnly,
    }
}

fn is_paused(portal: &Portal) -> bool {
    let silent = match portal.silence {
        Some(Silence::Removed | Silence::Encrypted | Silence::Public) => true,
        None => false,
    };
    silent || (relays(portal.stage) && !portal.relaying)
}

fn connection(state: CommunityState, end: EndState) -> ChatConnection {
    match (end, state) {
        (EndState::Severed, _) => ChatConnection::Not,
        (EndState::Active, CommunityState::Waiting | CommunityState::Announced) => {
            ChatConnection::NotYet
        }
        (
            EndState::Active,
            CommunityState::Shared | CommunityState::MatrixFirst | CommunityState::ReadOnly,
        ) => ChatConnection::Connected,
        (
            EndState::Active,
            CommunityState::Ended | CommunityState::Paused | CommunityState::Unconnected,
        ) => ChatConnection::Not,
    }
}
