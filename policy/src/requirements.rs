// SPDX-License-Identifier: AGPL-3.0-or-later
//! How the policy's requirements stand in a community, and why.
//!
//! Rule: a state follows from the table of rules alone, and those from what was linked and recorded
//! in the weeks of the report. What was not looked at is not measured.

use std::collections::BTreeMap;

use bridge_config::Catalogue;
use bridge_config::catalogue::{Class, Fact, Service};
use serde::Serialize;

use crate::calendar::{Date, Week};
use crate::exception::Exception;
use crate::figures::WeekFigures;
use crate::hosts::{HostKind, LinkedHost};
use crate::stage::Stage;

/// What stands before the id of a service that was the first place to watch something.
pub const FIRST: &str = "first/";

/// A requirement of the policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Requirement {
    /// Such as `REQ-FREEDOM`.
    pub id: &'static str,
    /// How it stands.
    pub state: Compliance,
    /// Why: every rule that leads there.
    pub rules: Vec<Ground>,
}

/// How a requirement stands; what comes later outweighs what comes before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compliance {
    /// It holds.
    Met,
    /// Nothing was looked at that would tell.
    NotMeasured,
    /// The community is on its way.
    UnderWay,
    /// It does not hold.
    NotMet,
}

/// A rule that led to a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ground {
    /// Which.
    pub rule: Because,
    /// The services that it is about.
    pub services: Vec<String>,
    /// How many they are, or how many hosts nobody names.
    pub count: u32,
}

/// Why a requirement stands as it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Because {
    /// Nothing speaks against it.
    NothingAgainstIt,
    /// Links are looked at only where messages cross, and none did.
    NothingSeen,
    /// Nothing crosses, so only people with an account on the other side take part.
    NothingShared,
    /// Matrix is a way, and not the main place.
    LegacyFirst,
    /// Proprietary services were linked without an exception on record.
    NoException,
    /// Proprietary services were linked, and an exception is on record.
    OnRecord,
    /// Exceptions should have been reviewed.
    ReviewOverdue,
    /// People were asked to watch something where there are digital restrictions, and no free place
    /// stood beside it.
    FirstToWatch,
    /// Services were linked of which nobody has shown what they are.
    NoEvidence,
    /// Hosts that nobody knows were linked, and wait for a decision.
    HostsWait,
    /// Services were linked that ask for an account or a phone number.
    AsksForId,
}

/// What was linked and recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// How far the community is.
    pub stage: Stage,
    /// Links were looked at in some week.
    pub looked: bool,
    /// Proprietary services that were linked, by name.
    pub linked: Vec<LinkedService>,
    /// The services of exceptions that should have been reviewed.
    pub overdue: Vec<String>,
    /// Hosts that wait for a decision.
    pub waiting: u32,
}

/// A proprietary service that was linked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkedService {
    /// Its id, or its host.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Links in the weeks that are over.
    pub links: u64,
    /// Links in the running week.
    pub running: u64,
    /// People take part by such a link: a chat, a call, a form.
    pub takes_part: bool,
    /// It has digital restrictions and was the first place to watch something.
    pub first_to_watch: bool,
    /// It asks for an account or a phone number.
    pub asks_for_id: bool,
    /// Somebody has shown evidence of what it is.
    pub proven: bool,
    /// In each of these weeks an exception was on record, or one is now.
    pub on_record: bool,
}

/// One rule: where it holds, the requirement is at best in this state.
struct Rule {
    requirement: &'static str,
    because: Because,
    state: Compliance,
    /// What it is about, where it holds.
    holds: fn(&Observed) -> Option<About>,
}

/// The services that a rule is about, or a number.
enum About {
    Nothing,
    Services(Vec<String>),
    Count(u32),
}

const FREEDOM: &str = "REQ-FREEDOM";
const DRM: &str = "REQ-DRM";
const BUG: &str = "REQ-BUG";
const DOUBT: &str = "REQ-DOUBT";
const NO_ID: &str = "NICE-NO-ID";

/// All requirements, in the order of the report.
const ALL: [&str; 5] = [FREEDOM, DRM, BUG, DOUBT, NO_ID];

/// Every rule. Where none of a requirement holds, it is met: nothing speaks against it.
const RULES: [Rule; 19] = {
    use Because::{
        AsksForId, FirstToWatch, HostsWait, LegacyFirst, NoEvidence, NoException, NothingSeen,
        NothingShared, OnRecord, ReviewOverdue,
    };
    use Compliance::{Met, NotMeasured, NotMet, UnderWay};
    const fn rule(
        requirement: &'static str,
        because: Because,
        state: Compliance,
        holds: fn(&Observed) -> Option<About>,
    ) -> Rule {
        Rule { requirement, because, state, holds }
    }
    [
        rule(FREEDOM, NothingShared, NotMet, nothing_shared),
        rule(FREEDOM, NothingSeen, NotMeasured, nothing_seen_yet),
        rule(FREEDOM, NoException, NotMet, |it| it.of(|one| one.takes_part && !one.on_record)),
        rule(FREEDOM, OnRecord, UnderWay, |it| it.of(|one| one.takes_part && one.on_record)),
        rule(FREEDOM, LegacyFirst, UnderWay, legacy_first),
        rule(DRM, NothingSeen, NotMeasured, nothing_seen),
        rule(DRM, FirstToWatch, NotMet, |it| it.of(|one| one.first_to_watch && !one.on_record)),
        rule(DRM, OnRecord, UnderWay, |it| it.of(|one| one.first_to_watch && one.on_record)),
        rule(BUG, NothingSeen, NotMeasured, nothing_seen),
        rule(BUG, NoException, NotMet, |it| it.of(|one| !one.on_record)),
        rule(BUG, ReviewOverdue, NotMet, |it| services(it.overdue.clone())),
        rule(BUG, OnRecord, Met, |it| it.of(|one| one.on_record)),
        rule(DOUBT, NothingSeen, NotMeasured, nothing_seen),
        rule(DOUBT, NoEvidence, NotMet, |it| it.of(|one| !one.proven && !one.on_record)),
        rule(DOUBT, HostsWait, UnderWay, hosts_wait),
        rule(NO_ID, NothingShared, NotMet, nothing_shared),
        rule(NO_ID, NothingSeen, NotMeasured, nothing_seen_yet),
        rule(NO_ID, AsksForId, NotMet, |it| it.of(|one| one.asks_for_id && !one.on_record)),
        rule(NO_ID, OnRecord, UnderWay, |it| it.of(|one| one.asks_for_id && one.on_record)),
    ]
};

fn nothing_shared(facts: &Observed) -> Option<About> {
    matches!(facts.stage, Stage::Inventory | Stage::Announced).then_some(About::Nothing)
}

fn nothing_seen(facts: &Observed) -> Option<About> {
    (!facts.looked).then_some(About::Nothing)
}

/// Where nothing is shared, that alone says it.
fn nothing_seen_yet(facts: &Observed) -> Option<About> {
    nothing_seen(facts).filter(|_| nothing_shared(facts).is_none())
}

fn legacy_first(facts: &Observed) -> Option<About> {
    (facts.stage == Stage::Bridged).then_some(About::Nothing)
}

fn hosts_wait(facts: &Observed) -> Option<About> {
    (facts.waiting > 0).then_some(About::Count(facts.waiting))
}

fn services(names: Vec<String>) -> Option<About> {
    (!names.is_empty()).then_some(About::Services(names))
}

impl Observed {
    /// The services for which something is so.
    fn of(&self, is_so: impl Fn(&LinkedService) -> bool) -> Option<About> {
        let found = self.linked.iter().filter(|one| is_so(one));
        services(found.map(|one| one.name.clone()).collect())
    }
}

/// How the requirements stand.
pub fn requirements(facts: &Observed) -> Vec<Requirement> {
    let one = |id: &&'static str| {
        let rules = RULES.iter().filter(|rule| rule.requirement == *id);
        let held = rules.filter_map(|rule| Some((rule, (rule.holds)(facts)?)));
        let mut state = Compliance::Met;
        let mut grounds = Vec::new();
        for (rule, about) in held {
            state = state.max(rule.state);
            grounds.push(Ground::new(rule.because, about));
        }
        if grounds.is_empty() {
            grounds.push(Ground::new(Because::NothingAgainstIt, About::Nothing));
        }
        Requirement { id, state, rules: grounds }
    };
    ALL.iter().map(one).collect()
}

impl Ground {
    fn new(rule: Because, about: About) -> Self {
        let (services, count) = match about {
            About::Nothing => (Vec::new(), 0),
            About::Count(count) => (Vec::new(), count),
            About::Services(names) => {
                let count = u32::try_from(names.len()).unwrap_or(u32::MAX);
                (names, count)
            }
        };
        Self { rule, services, count }
    }
}

/// What a report looks at.
#[derive(Clone, Copy, Debug)]
pub struct Looked<'a> {
    /// What is known of services.
    pub catalogue: &'a Catalogue,
    /// The weeks of the report, with the running one.
    pub weeks: &'a [WeekFigures],
    /// The hosts that no entry tells of.
    pub hosts: &'a [LinkedHost],
    /// What is on record.
    pub exceptions: &'a [Exception],
    /// How far the community is.
    pub stage: Stage,
    /// The day of the report.
    pub today: Date,
}

/// What was linked and recorded.
pub fn facts(look: &Looked<'_>) -> Observed {
    let mut linked: BTreeMap<String, LinkedService> = BTreeMap::new();
    let now = Week::of(look.today.begins());
    for week in look.weeks {
        for (id, links) in &week.links {
            let (id, first) = match id.strip_prefix(FIRST) {
                Some(id) => (id, true),
                None => (id.as_str(), false),
            };
            let service = look.catalogue.named(id);
            let one = linked.entry(id.to_owned()).or_insert_with(|| of_catalogue(id, service));
            one.count(look, week.week == now, (week.week, if first { 0 } else { *links }));
            one.first_to_watch |= first && service.is_some_and(has_restrictions);
        }
    }
    let first = look.weeks.first().map_or(now, |week| week.week);
    let decided = look.hosts.iter().filter(|host| host.kind() == Some(HostKind::Proprietary));
    for host in decided {
        for (week, links) in host.weeks.iter().filter(|(week, _)| *week >= first && *week <= now) {
            let one = linked.entry(host.host.clone()).or_insert_with(|| of_host(host));
            one.count(look, *week == now, (*week, *links));
        }
    }
    let overdue = look.exceptions.iter().filter(|one| one.is_overdue(look.today));
    let waiting = look.hosts.iter().filter(|host| host.waits()).count();
    Observed {
        stage: look.stage,
        looked: look.weeks.iter().any(WeekFigures::has_looked),
        linked: linked.into_values().collect(),
        overdue: overdue.map(|one| one.service.clone()).collect(),
        waiting: u32::try_from(waiting).unwrap_or(u32::MAX),
    }
}

impl LinkedService {
    fn count(&mut self, look: &Looked<'_>, running: bool, (week, links): (Week, u64)) {
        let sum = if running { &mut self.running } else { &mut self.links };
        *sum = sum.saturating_add(links);
        let names = [self.id.as_str(), self.name.as_str()];
        let covers = |one: &Exception| one.is_about(&names) && one.covers(week);
        self.on_record &= look.exceptions.iter().any(covers);
    }
}

fn of_catalogue(id: &str, service: Option<&Service>) -> LinkedService {
    let one = LinkedService { id: id.to_owned(), on_record: true, ..LinkedService::default() };
    let Some(service) = service else {
        return LinkedService { name: id.to_owned(), ..one };
    };
    let asks = |fact: &Option<Fact>| Service::needs(fact).is_some();
    LinkedService {
        name: service.name.clone(),
        takes_part: takes_part(service.class),
        asks_for_id: asks(&service.account) || asks(&service.phone),
        proven: service.is_proven(),
        ..one
    }
}

/// What people only look at is ignored by decision, so this is a service by which they take part.
fn of_host(host: &LinkedHost) -> LinkedService {
    LinkedService {
        id: host.host.clone(),
        name: host.name().to_owned(),
        takes_part: true,
        proven: true,
        on_record: true,
        ..LinkedService::default()
    }
}

/// People take part by links to such services; others are pages to look at.
fn takes_part(class: Class) -> bool {
    match class {
        Class::Chat
        | Class::Call
        | Class::Form
        | Class::Document
        | Class::Scheduling
        | Class::Design => true,
        Class::Video | Class::Microblog | Class::Code | Class::Map | Class::Link => false,
    }
}

fn has_restrictions(service: &Service) -> bool {
    service.drm.as_ref().is_some_and(|fact| fact.is != "no")
}

#[cfg(test)]
mod tests;
