// SPDX-License-Identifier: AGPL-3.0-or-later
//! Links to proprietary services: counted, and a notice below those that people are asked to use.
//!
//! Rule: what is said is judged by `bridge_policy::notice` and its number by
//! `bridge_policy::budget`; here are the words.

use bridge_config::catalogue::{Alternative, Class, Part, Service, Severity};
use bridge_model::{Event, Message, Person, Place, RichText};
use bridge_policy::budget::Limits;
use bridge_policy::calendar::DAY_MS;
use bridge_policy::notice::{DialIn, Remark, judge};
use bridge_policy::stage::Stage;

use super::{Desk, DeskError, Outcome};
use crate::i18n::{Arg, Key};
use crate::lane::{Answer, Original, Work};
use crate::portal::Portal;
use crate::store::Change;
use crate::store::notices::{self, Linked, Notice};
use crate::wording::Lines;

/// What stands before the id of a service that was the first place to watch something.
pub(super) const FIRST: &str = "first/";

impl Desk {
    /// What comes of a message with links.
    pub(super) async fn links(
        &self,
        event: &Event,
        message: &Message,
    ) -> Result<Outcome, DeskError> {
        let Some(portal) = self.store.portal_of(&event.place).await? else {
            return Ok(Outcome::default());
        };
        let today = self.clock.now().0.div_euclid(DAY_MS);
        let verdict = judge(&self.catalogue, &message.body, self.wording.language(), today);
        let mut used = verdict.used;
        let video = verdict.remark.as_ref().filter(|remark| remark.class == Class::Video);
        used.extend(video.map(|remark| format!("{FIRST}{}", remark.service)));
        let muted = |remark: &Remark| {
            portal.settings.muted.iter().any(|class| class == remark.class.name())
        };
        let remark = verdict.remark.filter(|remark| !muted(remark));
        let notice = remark.and_then(|remark| self.notice_about(&portal, event, message, remark));
        let notices: Vec<Notice> =
            notice.into_iter().chain(self.reminder(&portal, event, message)).collect();
        let then = self.wiki_answers(&portal, event, message);
        if used.is_empty() && notices.is_empty() {
            return Ok(Outcome { then, ..Outcome::default() });
        }
        let linked = Linked { portal: portal.id, used, notices };
        let changes = vec![Change::Linked(Box::new(linked))];
        Ok(Outcome { changes, then, ..Outcome::default() })
    }

    /// What is said once a day where people are still that are awaited on Matrix.
    fn reminder(&self, portal: &Portal, event: &Event, message: &Message) -> Option<Notice> {
        let subject = notices::reminder(portal, event, self.clock.now())?;
        let place = &event.place;
        let text = if portal.stage == Stage::ReadOnly {
            self.stage_text(&portal.room, place, portal.stage)
        } else {
            let room = Arg::url(self.join_link(&portal.room.chat));
            let how = Arg::text(self.typed_on(&place.network, "matrix"));
            self.wording.say(Key::OfficialRequests, &[room, how])
        };
        let person = Person { network: place.network.clone(), user: message.author.user.clone() };
        // Once a day is the budget; it is no notice about anybody.
        let limits = Limits { room: u32::MAX, person: u32::MAX, quiet: None };
        Some(Notice { person, subject, limits, then: vec![self.words(place, None, text)] })
    }

    fn notice_about(
        &self,
        portal: &Portal,
        event: &Event,
        message: &Message,
        remark: Remark,
    ) -> Option<Notice> {
        let service = self.catalogue.named(&remark.service)?;
        let text = self.notice_text(service, &remark)?;
        let person =
            Person { network: event.place.network.clone(), user: message.author.user.clone() };
        let then = self.below_everywhere(portal, event, message, text);
        Some(Notice { person, subject: remark.subject, limits: self.limits, then })
    }

    /// Says something below a message, in every chat of the portal.
    pub(super) fn below_everywhere(
        &self,
        portal: &Portal,
        event: &Event,
        message: &Message,
        text: RichText,
    ) -> Vec<(Place, Work)> {
        let said = self.wording.message(text, self.clock.now());
        let of = Original {
            place: event.place.clone(),
            message: event.message.clone(),
            threaded: message.thread.is_some(),
        };
        let answer = Answer { of: Some(of), ..Answer::default() };
        let say = |place| {
            let work = Work::answer(&place, answer.clone(), said.clone());
            (place, work)
        };
        let mut places = portal.active();
        if !places.contains(&event.place) {
            // The room of a topic.
            places.push(event.place.clone());
        }
        places.into_iter().map(say).collect()
    }

    /// The words of a notice; `None` where there is nothing that anybody has shown.
    pub fn notice_text(&self, service: &Service, remark: &Remark) -> Option<RichText> {
        let name = Arg::text(&service.name);
        let key = match (service.severity, service.proprietary_parts().as_slice()) {
            (Severity::Information, _) => Key::NoticeInformation,
            (_, []) => return None,
            (_, [Part::Server]) => Key::NoticeServer,
            (_, parts) if parts.contains(&Part::Client) => Key::NoticeAll,
            (_, _) => Key::NoticeWeb,
        };
        let mut text = self.wording.say(key, &[name]);
        if service.severity != Severity::Information {
            if Service::needs(&service.phone).is_some() {
                text = text.join_line(self.wording.say(Key::NoticePhone, &[]));
            } else if Service::needs(&service.account).is_some() {
                text = text.join_line(self.wording.say(Key::NoticeAccount, &[]));
            }
        }
        match remark.class {
            Class::Call => text = text.join_line(self.dial_in(remark.dial_in.as_ref())),
            Class::Form => text = text.join_line(self.wording.say(Key::NoticeNobodyMust, &[])),
            Class::Chat
            | Class::Document
            | Class::Video
            | Class::Microblog
            | Class::Scheduling
            | Class::Design
            | Class::Code => {}
        }
        let free: Vec<&Alternative> = remark
            .alternatives
            .iter()
            .filter_map(|id| self.catalogue.alternatives.iter().find(|one| one.id == *id))
            .collect();
        let link = |one: &Alternative| {
            let at = one.instances.first().map(|instance| instance.url.as_str());
            Arg::text(at.map_or_else(|| one.name.clone(), |url| format!("{} ({url})", one.name)))
        };
        let line = match free.as_slice() {
            [] => return Some(text),
            [one] => self.wording.say(Key::NoticeFreeOne, &[link(one)]),
            [one, two, ..] => self.wording.say(Key::NoticeFreeTwo, &[link(one), link(two)]),
        };
        Some(text.join_line(line))
    }

    fn dial_in(&self, known: Option<&DialIn>) -> RichText {
        match known {
            None => self.wording.say(Key::NoticeAskPhone, &[]),
            Some(DialIn { number, pin: None }) => {
                self.wording.say(Key::NoticeByPhone, &[Arg::text(number)])
            }
            Some(DialIn { number, pin: Some(pin) }) => {
                let args = [Arg::text(number), Arg::text(pin)];
                self.wording.say(Key::NoticeByPhoneCode, &args)
            }
        }
    }
}
