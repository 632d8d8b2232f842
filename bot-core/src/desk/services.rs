// SPDX-License-Identifier: AGPL-3.0-or-later
//! `services`: hosts that people link to and that no entry of the catalogue tells of, until the
//! admins of the room have said what they are.
//!
//! Rule: nobody reads of a host in public before an admin has named it there. In the room stand only
//! numbers; which hosts wait is read in a chat with the bot alone, by an admin of the room.

use std::sync::Arc;

use bridge_config::Catalogue;
use bridge_model::RichText;
use bridge_policy::calendar::Date;
use bridge_policy::hosts::{HostDecision, HostKind, KEPT, LinkedHost, may_count};

use super::call::Call;
use super::outcome::{DeskError, Outcome};
use super::phrases::Phrases;
use super::power::RoomPower;
use super::typed::Typed;
use crate::i18n::{Arg, Key};
use crate::migration::MigrationChange;
use crate::portal::Portal;
use crate::store::Store;
use crate::wording::Lines;

/// Hosts that one answer shows at most.
const SHOWN: usize = 20;

/// What can follow a host.
const VERBS: &[&str] = &["free", "proprietary", "ignore", "forget"];

/// `services`.
pub(super) struct Services {
    pub(super) store: Arc<Store>,
    pub(super) power: RoomPower,
    /// What is known of services that people link to.
    pub(super) catalogue: Arc<Catalogue>,
}

impl Services {
    /// `services`, and `services HOST free|proprietary|ignore|forget`.
    pub(super) async fn services(&self, call: &Call<'_>) -> Result<Outcome, DeskError> {
        let typed = Typed::read(&call.command.text, &["evidence", "name"]);
        let Some(portal) = call.portal else {
            return if call.command.private {
                self.waiting_everywhere(call).await
            } else {
                Ok(call.not_linked())
            };
        };
        if !self.power.is_admin(call, portal).await? {
            return Ok(call.not_allowed());
        }
        let hosts = self.store.hosts(portal.id).await?;
        let words: Vec<&str> = typed.words.iter().map(String::as_str).collect();
        match words.as_slice() {
            [] => Ok(overview(call, &hosts)),
            [host, verb] => self.decide(call, (portal, &hosts), (host, verb), &typed),
            [_, _, more, ..] => Ok(call.unknown_word(more, "services", &[])),
            [_] => Ok(call.phrases.answer(Key::ServicesDecide, &[Arg::text(form(call))])),
        }
    }

    fn decide(
        &self,
        call: &Call<'_>,
        (portal, hosts): (&Portal, &[LinkedHost]),
        (host, verb): (&str, &str),
        typed: &Typed,
    ) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let Some(host) = read_host(host) else {
            return Ok(phrases.answer(Key::ServicesNoHost, &[Arg::text(host)]));
        };
        let verb = verb.to_lowercase();
        if verb == "forget" {
            return Ok(forget(call, portal, hosts, &host));
        }
        let Some((_, kind)) = HostKind::ALL.into_iter().find(|(word, _)| *word == verb) else {
            return Ok(call.unknown_word(&verb, &format!("services {host}"), VERBS));
        };
        if self.catalogue.knows_host(&host) {
            return Ok(phrases.answer(Key::ServicesKnown, &[Arg::text(&host)]));
        }
        let given = |option: &str| typed.option(option).map(str::trim).filter(|it| !it.is_empty());
        let evidence = given("evidence").map(str::to_owned);
        let address = evidence.as_deref().is_some_and(|it| it.starts_with("https://"));
        if !address && (kind != HostKind::Ignored || evidence.is_some()) {
            let args = [Arg::text(form(call))];
            return Ok(phrases.answer(Key::ServicesEvidence, &args));
        }
        let undo = format!("services {host} forget");
        let typed_undo = Arg::text(call.typed(&undo));
        let answer = if kind == HostKind::Ignored {
            phrases.say(Key::ServicesIgnored, &[Arg::text(&host), typed_undo])
        } else {
            let evidence = Arg::text(evidence.clone().unwrap_or_default());
            let args = [Arg::text(&host), self::kind(phrases, kind), evidence, typed_undo];
            phrases.say(Key::ServicesDecided, &args)
        };
        let (name, on) = (given("name").map(str::to_owned), Date::of(phrases.now));
        let decision = Some(HostDecision { kind, evidence, name, on });
        let button = phrases.button(Key::ButtonUndo, undo);
        Ok(changed(call, portal, (host, decision), answer).with([button]))
    }

    /// The hosts that wait in all rooms of which the caller is an admin.
    async fn waiting_everywhere(&self, call: &Call<'_>) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let mut text = RichText::default();
        for portal in self.store.portals().await?.into_iter().filter(Portal::is_listed) {
            let hosts = self.store.hosts(portal.id).await?;
            if hosts.iter().any(LinkedHost::waits) && self.power.is_admin(call, &portal).await? {
                text = text.join_line(waiting(call, &portal, &hosts));
            }
        }
        if text.is_empty() {
            return Ok(phrases.answer(Key::ServicesNoneHere, &[]));
        }
        let how = phrases.say(Key::ServicesDecide, &[Arg::text(form(call))]);
        Ok(Outcome::say(text.join_line(how)))
    }
}

/// What a host is, as an argument of a sentence.
pub(super) fn kind(phrases: Phrases<'_>, kind: HostKind) -> Arg {
    Arg::text(kind_name(phrases, kind))
}

/// What a host is.
pub(super) fn kind_name(phrases: Phrases<'_>, kind: HostKind) -> String {
    let key = match kind {
        HostKind::Free => Key::HostFree,
        HostKind::Proprietary => Key::HostProprietary,
        HostKind::Ignored => Key::HostIgnored,
    };
    phrases.plain(key, &[])
}

fn form(call: &Call<'_>) -> String {
    call.typed("services example.org free|proprietary|ignore --evidence https://… --name …")
}

/// How many hosts wait, and what was decided: only that may be read by everybody.
fn overview(call: &Call<'_>, hosts: &[LinkedHost]) -> Outcome {
    let phrases = call.phrases;
    let waiting: Vec<&LinkedHost> = hosts.iter().filter(|host| host.waits()).collect();
    let links = waiting.iter().fold(0_u64, |sum, host| sum.saturating_add(host.links()));
    let args = [count(waiting.len()), Arg::number(links), Arg::number(KEPT.unsigned_abs().into())];
    let mut text = phrases.say(Key::ServicesWaiting, &args);
    if !waiting.is_empty() {
        let see = [Arg::text(call.typed("services"))];
        text = text.join_line(phrases.say(Key::ServicesSee, &see));
    }
    let decided = hosts.iter().filter_map(|host| Some((host, host.decision.as_ref()?)));
    for (host, decision) in decided.take(SHOWN) {
        let args = [Arg::text(host.name()), Arg::text(&host.host), kind(phrases, decision.kind)];
        text = text.join_line(phrases.say(Key::ServicesLineDecided, &args));
    }
    let how = phrases.say(Key::ServicesDecide, &[Arg::text(form(call))]);
    Outcome::say(text.join_line(how))
}

/// The hosts that wait in a community, for one of its admins alone.
fn waiting(call: &Call<'_>, portal: &Portal, hosts: &[LinkedHost]) -> RichText {
    let phrases = call.phrases;
    let room = Arg::url(phrases.join_link(&portal.room.chat));
    let number = Arg::text(portal.id.0.to_string());
    let weeks = Arg::number(KEPT.unsigned_abs().into());
    let mut text = phrases.say(Key::ServicesHead, &[number, room, weeks]);
    let waiting: Vec<&LinkedHost> = hosts.iter().filter(|host| host.waits()).collect();
    for host in waiting.iter().take(SHOWN) {
        let args = [Arg::text(&host.host), Arg::number(host.links())];
        text = text.join_line(phrases.say(Key::ServicesLine, &args));
    }
    let more = waiting.len().saturating_sub(SHOWN);
    if more > 0 {
        text = text.join_line(phrases.say(Key::ServicesMore, &[count(more)]));
    }
    text
}

fn forget(call: &Call<'_>, portal: &Portal, hosts: &[LinkedHost], host: &str) -> Outcome {
    let phrases = call.phrases;
    let decided = hosts.iter().any(|one| one.host == host && one.decision.is_some());
    if !decided {
        return phrases.answer(Key::ServicesNoDecision, &[Arg::text(host)]);
    }
    let answer = phrases.say(Key::ServicesForgotten, &[Arg::text(host)]);
    changed(call, portal, (host.to_owned(), None), answer)
}

fn changed(
    call: &Call<'_>,
    portal: &Portal,
    (host, decision): (String, Option<HostDecision>),
    answer: RichText,
) -> Outcome {
    let (room, who) = (portal.room.clone(), Some(call.who()));
    Outcome::moves(answer, [MigrationChange::DecideHost(room, host, decision, who)])
}

/// A host as it was typed: alone, or in an address.
fn read_host(typed: &str) -> Option<String> {
    let typed = typed.to_lowercase();
    let bare = typed.split_once("://").map_or(typed.as_str(), |(_, rest)| rest);
    let host = bare.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host);
    may_count(host, &[]).then(|| host.to_owned())
}

fn count(number: usize) -> Arg {
    Arg::number(u64::try_from(number).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_read_alone_or_from_an_address() {
        for typed in ["Forms.Example.org", "https://www.forms.example.org/f/1?x#y"] {
            assert_eq!(read_host(typed).as_deref(), Some("forms.example.org"), "{typed}");
        }
        for typed in ["proprietary", "192.0.2.1", "https://", "a b"] {
            assert_eq!(read_host(typed), None, "{typed}");
        }
    }
}
