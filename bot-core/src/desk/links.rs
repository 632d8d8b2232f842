// SPDX-License-Identifier: AGPL-3.0-or-later
//! Links to proprietary services: counted, and a notice below those that people are asked to use.
//!
//! Rule: what is said is judged by `bridge_policy::notice` and its number by
//! `bridge_policy::budget`; here are the words.

use std::sync::Arc;

use bridge_config::Catalogue;
use bridge_config::catalogue::{Alternative, Class, Instance, Part, Service, Severity};
use bridge_model::{Person, RichText, Timestamp};
use bridge_policy::budget::Limits;
use bridge_policy::calendar::{DAY_MS, Date};
use bridge_policy::hosts::may_count;
use bridge_policy::notice::{DialIn, Remark, judge};
use bridge_policy::requirements::FIRST;
use bridge_policy::stage::Stage;

use super::disclosure_text::stage_text;
use super::outcome::Outcome;
use super::pair::Pair;
use super::phrases::{Phrases, Post};
use super::wiki;
use crate::i18n::{Arg, Key};
use crate::portal::{Portal, QuietHours};
use crate::store::Change;
use crate::store::notices::{self, Linked, Notice};
use crate::wording::{Lines, Wording};

/// Judges links, and reminds people of where they are awaited.
pub(super) struct Notices {
    /// What is known of services that people link to.
    pub(super) catalogue: Arc<Catalogue>,
    /// How many notices there may be.
    pub(super) limits: Limits,
}

impl Notices {
    /// What comes of a message with links.
    pub(super) fn links(&self, phrases: Phrases<'_>, portal: &Portal, post: Post<'_>) -> Outcome {
        let today = phrases.now.0.div_euclid(DAY_MS);
        let verdict = judge(&self.catalogue, &post.message.body, phrases.wording.language(), today);
        let mut used = verdict.used;
        used.extend(verdict.watched.iter().map(|service| format!("{FIRST}{service}")));
        let own = [phrases.server(), phrases.web_client()];
        let mut hosts = verdict.unknown;
        hosts.retain(|host| may_count(host, &own));
        let muted = |remark: &Remark| {
            portal.settings.muted.iter().any(|class| class == remark.class.name())
        };
        let remark = verdict.remark.filter(|remark| !muted(remark));
        let notice = remark.and_then(|remark| self.notice_about(phrases, (portal, post), remark));
        let notices: Vec<Notice> =
            notice.into_iter().chain(self.reminder(phrases, portal, post)).collect();
        let then = wiki::answers(phrases, portal, post);
        if used.is_empty() && hosts.is_empty() && notices.is_empty() {
            return Outcome::then(then);
        }
        let linked = Linked { portal: portal.id, used, hosts, notices };
        let changes = vec![Change::Linked(Box::new(linked))];
        Outcome { changes, ..Outcome::then(then) }
    }

    fn notice_about(
        &self,
        phrases: Phrases<'_>,
        (portal, post): (&Portal, Post<'_>),
        remark: Remark,
    ) -> Option<Notice> {
        let Post { event, message } = post;
        let service = self.catalogue.named(&remark.service)?;
        let today = phrases.now.0.div_euclid(DAY_MS);
        let text = notice_text(phrases.wording, &self.catalogue, (service, &remark), today)?;
        let person =
            Person { network: event.place.network.clone(), user: message.author.user.clone() };
        let then = phrases.below(portal, post, text);
        let quiet = match portal.settings.quiet {
            None => self.limits.quiet,
            Some(QuietHours::Never) => None,
            Some(QuietHours::Daily(hours)) => Some(hours),
        };
        let limits = Limits { quiet, ..self.limits };
        Some(Notice { person, subject: remark.subject, limits, then })
    }

    /// What is said once a day where people are still that are awaited on Matrix, and to each
    /// newcomer where nobody can write any more.
    fn reminder(&self, phrases: Phrases<'_>, portal: &Portal, post: Post<'_>) -> Option<Notice> {
        let Post { event, message } = post;
        let subject = notices::reminder(portal, event, phrases.now)?;
        let place = &event.place;
        // It is no notice about anybody, and answers at any hour.
        let limits = Limits { person: u32::MAX, quiet: None, ..self.limits };
        let (text, limits) = if portal.stage == Stage::ReadOnly {
            let pair = Pair::of(portal, place);
            (stage_text(phrases, pair, portal.stage), limits)
        } else {
            let room = Arg::url(phrases.join_link(&portal.room.chat));
            let how = Arg::text(phrases.typed_on(&place.network, "matrix"));
            let text = phrases.say(Key::OfficialRequests, &[room, how]);
            // Once a day is the budget.
            (text, Limits { room: u32::MAX, ..limits })
        };
        let person = Person { network: place.network.clone(), user: message.author.user.clone() };
        Some(Notice { person, subject, limits, then: vec![phrases.message_in(place, text)] })
    }
}

/// The words of a notice; `None` where there is nothing that anybody has shown. `today` in days
/// since 1970.
pub fn notice_text(
    wording: &Wording,
    catalogue: &Catalogue,
    (service, remark): (&Service, &Remark),
    today: i64,
) -> Option<RichText> {
    let name = Arg::text(&service.name);
    let key = match (service.severity, service.proprietary_parts().as_slice()) {
        (Severity::Information, _) if Service::needs(&service.phone).is_some() => {
            Key::NoticeInformation
        }
        (Severity::Information, _) => Key::NoticeInformationFree,
        (_, []) => return None,
        (_, [Part::Server]) => Key::NoticeServer,
        (_, parts) if parts.contains(&Part::Client) => Key::NoticeAll,
        (_, _) => Key::NoticeWeb,
    };
    let mut text = wording.say(key, &[name]);
    if service.severity != Severity::Information {
        if Service::needs(&service.phone).is_some() {
            text = text.join_line(wording.say(Key::NoticePhone, &[]));
        } else if Service::needs(&service.account).is_some() {
            text = text.join_line(wording.say(Key::NoticeAccount, &[]));
        }
    }
    match remark.class {
        Class::Call => text = text.join_line(dial_in(wording, remark.dial_in.as_ref())),
        Class::Form => text = text.join_line(wording.say(Key::NoticeNobodyMust, &[])),
        Class::Chat
        | Class::Document
        | Class::Video
        | Class::Microblog
        | Class::Scheduling
        | Class::Design
        | Class::Code
        | Class::Map
        | Class::Link => {}
    }
    let free: Vec<&Alternative> = remark
        .alternatives
        .iter()
        .filter_map(|id| catalogue.alternatives.iter().find(|one| one.id == *id))
        .collect();
    let link = |one: &Alternative| Arg::text(named(wording, one, today));
    let line = match free.as_slice() {
        [] => return Some(text),
        [one] => wording.say(Key::NoticeFreeOne, &[link(one)]),
        [one, two, ..] => wording.say(Key::NoticeFreeTwo, &[link(one), link(two)]),
    };
    Some(text.join_line(line))
}

/// An alternative with the page where one begins, and with how long ago anybody saw that it works
/// where that was not lately.
fn named(wording: &Wording, one: &Alternative, today: i64) -> String {
    let language = wording.language();
    let speaks = |it: &&Instance| it.languages.iter().any(|known| known == language);
    let instance = one.instances.iter().find(speaks).or(one.instances.first());
    let Some(url) = instance.map(|instance| instance.url.as_str()) else {
        return one.name.clone();
    };
    let (name, url) = (Arg::text(&one.name), Arg::text(url));
    let said = match one.checked_on {
        None => wording.say(Key::NoticeUnchecked, &[name, url]),
        Some(day) if day.is_long_ago(today) => {
            let seen = Timestamp(day.number() * DAY_MS);
            wording.say(Key::NoticeCheckedOn, &[name, url, Arg::day(Date::of(seen))])
        }
        Some(_) => wording.say(Key::NoticeChecked, &[name, url]),
    };
    said.plain()
}

fn dial_in(wording: &Wording, known: Option<&DialIn>) -> RichText {
    match known {
        None => wording.say(Key::NoticeAskPhone, &[]),
        Some(DialIn { number, pin: None }) => wording.say(Key::NoticeByPhone, &[Arg::text(number)]),
        Some(DialIn { number, pin: Some(pin) }) => {
            let args = [Arg::text(number), Arg::text(pin)];
            wording.say(Key::NoticeByPhoneCode, &args)
        }
    }
}
