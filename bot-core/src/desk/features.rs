// SPDX-License-Identifier: AGPL-3.0-or-later
//! Gives each feature of the desk what it needs.
//!
//! Rule: who needs something new gets it here; no feature holds all of this.

use std::sync::{Arc, Mutex};

use bridge_config::{Catalogue, NamePolicy};
use bridge_policy::budget::Limits;
use bridge_policy::gate::Thresholds;
use bridge_policy::stage::Stage;

use super::accounts::Registration;
use super::allow::{Admission, Allowed};
use super::appearance::Appearance;
use super::appoint::Appointing;
use super::board::Board;
use super::bridge_info::BridgeInfo;
use super::budget::CommandBudget;
use super::claim::Claims;
use super::consent::Consents;
use super::dashboard::Dashboard;
use super::disclosure::Disclosure;
use super::due::Deadlines;
use super::effects::Effects;
use super::exception::Exceptions;
use super::faq::Faq;
use super::gates::Gates;
use super::history::History;
use super::info::{About, Info};
use super::lanes::LaneCommands;
use super::link::Linking;
use super::links::Notices;
use super::media_purge::MediaPurge;
use super::membership::Membership;
use super::moderation::Moderators;
use super::moves::Moves;
use super::own_data::OwnDataCommands;
use super::people::People;
use super::plan::Plans;
use super::policy::PolicyLists;
use super::power::RoomPower;
use super::public_page::PublicPages;
use super::remove::Deletion;
use super::report::Reports;
use super::self_test::SelfTests;
use super::services::Services;
use super::settings::SettingCommands;
use super::stage::Stages;
use super::topics::TopicRooms;
use super::visitors::Visitors;
use super::vote::Votes;
use super::way::Way;
use crate::budgets::Budgets;
use crate::clock::{Clock, Dice};
use crate::homeserver::{Accounts, Rooms};
use crate::media::cache::MediaCache;
use crate::page_links::PageLinks;
use crate::portal::Settings;
use crate::pseudonym::Pseudonyms;
use crate::relay::Networks;
use crate::store::Store;
use crate::wording::Wording;

/// What the desk needs.
pub struct DeskParts {
    /// Who is reachable.
    pub networks: Networks,
    /// The Matrix side, for rooms.
    pub matrix: Arc<dyn Rooms>,
    /// What is known.
    pub store: Arc<Store>,
    /// What the bot says.
    pub wording: Arc<Wording>,
    /// Names of remote places in state events.
    pub pseudonyms: Pseudonyms,
    /// How much of a name others see.
    pub names: NamePolicy,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Codes.
    pub dice: Arc<dyn Dice>,
    /// What it says about itself.
    pub about: About,
    /// Who may have the bot in rooms and connect them.
    pub allowed: Allowed,
    /// How many commands a person has.
    pub budgets: Arc<Budgets>,
    /// How a new link behaves.
    pub defaults: Settings,
    /// Where a new link begins.
    pub first: Stage,
    /// What the stages ask for.
    pub thresholds: Thresholds,
    /// What is known of services that people link to.
    pub catalogue: Arc<Catalogue>,
    /// How many notices there may be.
    pub limits: Limits,
    /// Who gives accounts to those who move, where that is set up.
    pub accounts: Option<Arc<dyn Accounts>>,
    /// Files that were served lately, where there are public addresses.
    pub media_cache: Option<Arc<MediaCache>>,
}

/// All features of the desk, each with what it needs.
pub(super) struct Features {
    pub(super) appointing: Appointing,
    pub(super) board: Board,
    pub(super) budget: CommandBudget,
    pub(super) claims: Claims,
    pub(super) consent: Consents,
    pub(super) dashboard: Dashboard,
    pub(super) deadlines: Deadlines,
    pub(super) deletion: Deletion,
    pub(super) effects: Effects,
    pub(super) exceptions: Exceptions,
    pub(super) faq: Faq,
    pub(super) history: History,
    pub(super) info: Info,
    pub(super) lanes: LaneCommands,
    pub(super) linking: Linking,
    pub(super) media_purge: MediaPurge,
    pub(super) membership: Membership,
    pub(super) moderators: Moderators,
    pub(super) moves: Moves,
    pub(super) notices: Notices,
    pub(super) own_data: OwnDataCommands,
    pub(super) pages: PublicPages,
    pub(super) policies: PolicyLists,
    pub(super) reports: Reports,
    pub(super) self_tests: SelfTests,
    pub(super) services: Services,
    pub(super) settings: SettingCommands,
    pub(super) store: Arc<Store>,
    pub(super) stages: Stages,
    pub(super) topics: TopicRooms,
    pub(super) votes: Votes,
    pub(super) way: Way,
}

/// What several features share.
struct Shared {
    admission: Admission,
    appearance: Appearance,
    bridge_info: BridgeInfo,
    disclosure: Disclosure,
    gates: Gates,
    moves: Moves,
    people: People,
    power: RoomPower,
    topics: TopicRooms,
    votes: Votes,
    appointing: Appointing,
}

impl Shared {
    fn of(parts: &DeskParts) -> Self {
        let DeskParts { networks, matrix, store, pseudonyms, thresholds, .. } = parts;
        let networks = || networks.clone();
        let (matrix, store) = (|| Arc::clone(matrix), || Arc::clone(store));
        let pseudonyms = || pseudonyms.clone();
        let disclosure =
            Disclosure { networks: networks(), store: store(), pseudonyms: pseudonyms() };
        let people = People { networks: networks(), store: store() };
        let operators = match parts.about.operators.as_slice() {
            [] => parts.about.server.clone(),
            operators => operators.join(", "),
        };
        Self {
            admission: Admission {
                networks: networks(),
                matrix: matrix(),
                store: store(),
                allowed: parts.allowed.clone(),
                operators,
            },
            appearance: Appearance { networks: networks() },
            bridge_info: BridgeInfo { matrix: matrix(), pseudonyms: pseudonyms() },
            gates: Gates {
                matrix: matrix(),
                store: store(),
                disclosure: disclosure.clone(),
                thresholds: *thresholds,
            },
            topics: TopicRooms { matrix: matrix(), store: store(), pseudonyms: pseudonyms() },
            votes: Votes { networks: networks(), store: store() },
            appointing: Appointing {
                networks: networks(),
                matrix: matrix(),
                store: store(),
                people: people.clone(),
            },
            disclosure,
            moves: Moves {
                matrix: matrix(),
                store: store(),
                people: people.clone(),
                dice: Arc::clone(&parts.dice),
            },
            people,
            power: RoomPower { matrix: matrix(), store: store() },
        }
    }
}

impl Features {
    pub(super) fn of(parts: DeskParts) -> Self {
        let shared = Shared::of(&parts);
        let networks = || parts.networks.clone();
        let store = || Arc::clone(&parts.store);
        let catalogue = || Arc::clone(&parts.catalogue);
        let lanes = lanes(&parts);
        Self {
            board: board(&parts, (&shared, &lanes)),
            linking: linking(&parts, &shared),
            stages: stages(&parts, &shared),
            way: way(&parts, &shared),
            deadlines: Deadlines {
                store: store(),
                gates: shared.gates.clone(),
                votes: shared.votes.clone(),
                admission: shared.admission.clone(),
            },
            effects: effects(&parts, &shared),
            membership: membership(&parts, &shared),
            moderators: moderators(&parts),
            media_purge: media_purge(&parts),
            budget: CommandBudget { budgets: Arc::clone(&parts.budgets) },
            moves: shared.moves.clone(),
            claims: Claims {
                moves: shared.moves,
                matrix: Arc::clone(&parts.matrix),
                store: store(),
                people: shared.people,
                appointing: shared.appointing.clone(),
            },
            own_data: own_data(&parts),
            consent: consent(&parts),
            dashboard: dashboard(&parts),
            lanes,
            appointing: shared.appointing,
            topics: shared.topics.clone(),
            settings: SettingCommands {
                networks: networks(),
                store: store(),
                appearance: shared.appearance,
                topics: shared.topics,
                matrix: Arc::clone(&parts.matrix),
            },
            votes: shared.votes,
            store: store(),
            exceptions: Exceptions { networks: networks(), store: store() },
            history: History { networks: networks(), store: store() },
            deletion: Deletion { networks: networks(), store: store() },
            notices: Notices { catalogue: catalogue(), limits: parts.limits },
            self_tests: self_tests(&parts, shared.power.clone()),
            policies: policies(&parts, shared.power.clone()),
            services: Services { store: store(), power: shared.power, catalogue: catalogue() },
            reports: reports(&parts, &shared.gates),
            info: info(&parts),
            faq: faq(&parts),
            pages: pages(&parts),
        }
    }
}

fn membership(parts: &DeskParts, shared: &Shared) -> Membership {
    Membership {
        matrix: Arc::clone(&parts.matrix),
        admission: shared.admission.clone(),
        bridge_info: shared.bridge_info.clone(),
        store: Arc::clone(&parts.store),
        disclosure: shared.disclosure.clone(),
    }
}

fn self_tests(parts: &DeskParts, power: RoomPower) -> SelfTests {
    SelfTests { store: Arc::clone(&parts.store), power, days: parts.thresholds.self_test_days }
}

fn policies(parts: &DeskParts, power: RoomPower) -> PolicyLists {
    PolicyLists { matrix: Arc::clone(&parts.matrix), store: Arc::clone(&parts.store), power }
}

fn media_purge(parts: &DeskParts) -> MediaPurge {
    MediaPurge {
        networks: parts.networks.clone(),
        store: Arc::clone(&parts.store),
        cache: parts.media_cache.clone(),
    }
}

fn effects(parts: &DeskParts, shared: &Shared) -> Effects {
    Effects {
        networks: parts.networks.clone(),
        store: Arc::clone(&parts.store),
        appearance: shared.appearance.clone(),
        disclosure: shared.disclosure.clone(),
    }
}

fn moderators(parts: &DeskParts) -> Moderators {
    Moderators {
        networks: parts.networks.clone(),
        matrix: Arc::clone(&parts.matrix),
        store: Arc::clone(&parts.store),
    }
}

fn linking(parts: &DeskParts, shared: &Shared) -> Linking {
    Linking {
        networks: parts.networks.clone(),
        matrix: Arc::clone(&parts.matrix),
        store: Arc::clone(&parts.store),
        dice: Arc::clone(&parts.dice),
        defaults: parts.defaults.clone(),
        first: parts.first,
        admission: shared.admission.clone(),
        appearance: shared.appearance.clone(),
        bridge_info: shared.bridge_info.clone(),
        disclosure: shared.disclosure.clone(),
    }
}

fn stages(parts: &DeskParts, shared: &Shared) -> Stages {
    let plans = Plans { networks: parts.networks.clone(), gates: shared.gates.clone() };
    Stages {
        networks: parts.networks.clone(),
        store: Arc::clone(&parts.store),
        gates: shared.gates.clone(),
        plans,
        power: shared.power.clone(),
    }
}

fn way(parts: &DeskParts, shared: &Shared) -> Way {
    let pseudonyms = parts.pseudonyms.clone();
    Way {
        networks: parts.networks.clone(),
        matrix: Arc::clone(&parts.matrix),
        store: Arc::clone(&parts.store),
        pseudonyms: pseudonyms.clone(),
        dice: Arc::clone(&parts.dice),
        catalogue: Arc::clone(&parts.catalogue),
        registration: Registration { accounts: parts.accounts.clone(), pseudonyms },
        people: shared.people.clone(),
    }
}

fn visitors(parts: &DeskParts) -> Visitors {
    Visitors {
        matrix: Arc::clone(&parts.matrix),
        store: Arc::clone(&parts.store),
        operators: parts.about.operators.clone(),
    }
}

fn reports(parts: &DeskParts, gates: &Gates) -> Reports {
    let (store, catalogue) = (Arc::clone(&parts.store), Arc::clone(&parts.catalogue));
    Reports { store, gates: gates.clone(), catalogue }
}

fn board(parts: &DeskParts, (shared, lanes): (&Shared, &LaneCommands)) -> Board {
    Board {
        visitors: visitors(parts),
        store: Arc::clone(&parts.store),
        reports: reports(parts, &shared.gates),
        lanes: lanes.clone(),
        limits: parts.limits,
    }
}

fn lanes(parts: &DeskParts) -> LaneCommands {
    let (store, visitors) = (Arc::clone(&parts.store), visitors(parts));
    LaneCommands { store, visitors, troubles: Arc::default() }
}

fn dashboard(parts: &DeskParts) -> Dashboard {
    let (dice, pages) = (Arc::clone(&parts.dice), parts.about.pages.clone());
    Dashboard { visitors: visitors(parts), dice, pages }
}

fn consent(parts: &DeskParts) -> Consents {
    Consents {
        store: Arc::clone(&parts.store),
        pseudonyms: parts.pseudonyms.clone(),
        names: parts.names,
        limits: parts.limits,
    }
}

fn own_data(parts: &DeskParts) -> OwnDataCommands {
    OwnDataCommands {
        networks: parts.networks.clone(),
        matrix: Arc::clone(&parts.matrix),
        store: Arc::clone(&parts.store),
    }
}

fn faq(parts: &DeskParts) -> Faq {
    Faq {
        networks: parts.networks.clone(),
        matrix: Arc::clone(&parts.matrix),
        about: parts.about.clone(),
        names: parts.names,
    }
}

fn info(parts: &DeskParts) -> Info {
    Info {
        networks: parts.networks.clone(),
        store: Arc::clone(&parts.store),
        about: parts.about.clone(),
        defaults: parts.defaults.clone(),
    }
}

fn pages(parts: &DeskParts) -> PublicPages {
    let base = Some(&parts.about.pages).filter(|base| !base.is_empty());
    PublicPages {
        networks: parts.networks.clone(),
        store: Arc::clone(&parts.store),
        links: base.map(|base| PageLinks::new(base, &parts.pseudonyms)),
        catalogue: Arc::clone(&parts.catalogue),
        names: parts.names,
        about: parts.about.clone(),
        rooms: Mutex::default(),
    }
}
