// SPDX-License-Identifier: AGPL-3.0-or-later
//! `audit`: what was done on the way of a community, by whom, and why.
//!
//! Rule: whoever did something is named as everybody knows them, never by an id.

use std::sync::Arc;

use bridge_model::RichText;
use bridge_policy::calendar::Date;
use bridge_policy::figures::SMALLEST_GROUP;
use bridge_policy::hosts::HostKind;
use bridge_policy::stage::Stage;

use super::call::Call;
use super::effect_lines;
use super::moderation;
use super::outcome::{DeskError, Outcome};
use super::phrases::Phrases;
use super::services;
use crate::i18n::{Arg, Key};
use crate::migration::{Audit, AuditAction, LaneDeed, Who};
use crate::relay::Networks;
use crate::store::Store;
use crate::wording::{Lines, label};

/// Lines of the history that are shown.
const LINES: usize = 20;

/// `audit`.
pub(super) struct History {
    pub(super) networks: Networks,
    pub(super) store: Arc<Store>,
}

impl History {
    /// `audit`: what was done, by whom, and why.
    pub(super) async fn audit(&self, call: &Call<'_>) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let Some(portal) = call.portal else { return Ok(call.not_linked()) };
        if !call.rights(&self.networks).await?.manage {
            return Ok(call.not_allowed());
        }
        let history = self.store.history(portal.id).await?;
        let mut text = phrases.say(Key::AuditIntro, &[]);
        let skipped = history.len().saturating_sub(LINES);
        for audit in history.iter().skip(skipped) {
            text = text.join_line(audit_line(phrases, audit));
        }
        Ok(Outcome::say(text))
    }
}

/// One line of the history.
fn audit_line(phrases: Phrases<'_>, audit: &Audit) -> RichText {
    let who = who(phrases, audit.who.as_ref());
    let what = deed_name(phrases, &audit.deed);
    let day = Date::of(audit.at);
    let mut line = phrases.say(Key::AuditLine, &[Arg::day(day), Arg::text(what), Arg::text(who)]);
    if let Some(address) = &audit.decision {
        let link = phrases.say(Key::AuditDecision, &[Arg::url(address)]);
        line = line.join_line(link);
    }
    if let Some(share) = audit.share {
        let line_of_share = match share.shown() {
            _ if share.all == 0 => phrases.say(Key::AuditShareNone, &[]),
            Some(percent) => {
                let args = [Arg::number(u64::from(percent)), Arg::number(u64::from(share.all))];
                phrases.say(Key::AuditShare, &args)
            }
            None => {
                let least = Arg::number(u64::from(SMALLEST_GROUP));
                phrases.say(Key::AuditShareFew, &[least])
            }
        };
        line = line.join_line(line_of_share);
    }
    line
}

/// A line of the history, without the decision that it rests on.
pub(super) fn line(phrases: Phrases<'_>, audit: &Audit) -> String {
    let bare = Audit { decision: None, ..audit.clone() };
    let line = audit_line(phrases, &bare).plain();
    line.trim_start_matches(['•', ' ']).to_owned()
}

/// Who did it, as everybody knows them.
fn who(phrases: Phrases<'_>, who: Option<&Who>) -> String {
    let Some(who) = who else { return phrases.plain(Key::AuditNobody, &[]) };
    let network = label(&who.network);
    let named = match &who.name {
        Some(name) => format!("{name} ({network})"),
        None => network,
    };
    if !who.on_page {
        return named;
    }
    phrases.plain(Key::AuditOnPage, &[Arg::text(named)])
}

fn lane_deed(deed: LaneDeed) -> Key {
    match deed {
        LaneDeed::Retried => Key::DeedLaneRetried,
        LaneDeed::LeftOut => Key::DeedLaneLeftOut,
        LaneDeed::Halted => Key::DeedLaneHalted,
        LaneDeed::Resumed => Key::DeedLaneResumed,
    }
}

fn deed_name(phrases: Phrases<'_>, deed: &AuditAction) -> String {
    let stage = |stage: &Stage| phrases.stage(*stage);
    let (key, args) = match deed {
        AuditAction::Linked => (Key::DeedLinked, Vec::new()),
        AuditAction::Stepped(from, to) => (Key::DeedStepped, vec![stage(from), stage(to)]),
        AuditAction::Scheduled(to, day) => (Key::DeedScheduled, vec![stage(to), Arg::day(*day)]),
        AuditAction::Held(to) => (Key::DeedHeld, vec![stage(to)]),
        AuditAction::GateClosed(to) => (Key::DeedGateClosed, vec![stage(to)]),
        AuditAction::Approved(to) => (Key::DeedApproved, vec![stage(to)]),
        AuditAction::Refused(effect, network) => {
            let what = Arg::text(effect_lines::name(phrases, *effect));
            (Key::DeedRefused, vec![Arg::text(label(network)), what])
        }
        AuditAction::AgreedToLink(network) => (Key::DeedAgreed, vec![Arg::text(label(network))]),
        AuditAction::Retried => (Key::DeedRetried, Vec::new()),
        AuditAction::Appointed(network) => (Key::DeedAppointed, vec![Arg::text(label(network))]),
        AuditAction::VoteOpened(number, question) => {
            (Key::DeedVoteOpened, vec![Arg::text(number.to_string()), Arg::text(question)])
        }
        AuditAction::VoteClosed(number, counts) => {
            let counts = counts.iter().map(|(answer, count)| format!("{answer} {count}"));
            let counts = counts.collect::<Vec<_>>().join(", ");
            (Key::DeedVoteClosed, vec![Arg::text(number.to_string()), Arg::text(counts)])
        }
        AuditAction::VoteCancelled(number) => {
            (Key::DeedVoteCancelled, vec![Arg::text(number.to_string())])
        }
        AuditAction::ExceptionAdded(number, service) => {
            (Key::DeedExceptionAdded, vec![Arg::text(number.to_string()), Arg::text(service)])
        }
        AuditAction::ExceptionEnded(number, service) => {
            (Key::DeedExceptionClosed, vec![Arg::text(number.to_string()), Arg::text(service)])
        }
        AuditAction::HostDecided(host, HostKind::Ignored, _) => {
            (Key::DeedHostIgnored, vec![Arg::text(host)])
        }
        AuditAction::HostDecided(host, kind, evidence) => {
            let evidence = Arg::text(evidence.as_deref().unwrap_or("–"));
            (Key::DeedHostDecided, vec![Arg::text(host), services::kind(phrases, *kind), evidence])
        }
        AuditAction::HostForgotten(host) => (Key::DeedHostForgotten, vec![Arg::text(host)]),
        AuditAction::Lane(deed, network) => (lane_deed(*deed), vec![Arg::text(label(network))]),
        AuditAction::Set(name, before, now) => {
            (Key::DeedSet, vec![Arg::text(name), Arg::text(before), Arg::text(now)])
        }
        AuditAction::Unlinked(network) => (Key::DeedUnlinked, vec![Arg::text(label(network))]),
        AuditAction::Moderated(what, whom) => {
            let network = label(&whom.network);
            let name = whom.name.as_ref().map(|name| format!("{name} ({network})"));
            (moderation::deed_key(*what), vec![Arg::text(name.unwrap_or(network))])
        }
        AuditAction::SelfTestBegun => (Key::DeedSelfTestBegun, Vec::new()),
        AuditAction::SelfTested(true) => (Key::DeedSelfTestPassed, Vec::new()),
        AuditAction::SelfTested(false) => (Key::DeedSelfTestFailed, Vec::new()),
        AuditAction::MediaPurged(messages) => (Key::DeedMediaPurged, vec![Arg::number(*messages)]),
        AuditAction::Erased(messages, people) => {
            (Key::DeedErased, vec![Arg::number(*messages), Arg::number(*people)])
        }
    };
    phrases.plain(key, &args)
}
