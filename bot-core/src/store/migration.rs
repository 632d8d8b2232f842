// SPDX-License-Identifier: AGPL-3.0-or-later
//! The way of each community: steps, their effects one after the other, the days that were set,
//! and the history.
//!
//! Rule: a step and the first of its effects are one transaction, and so are the outcome of an
//! effect and the beginning of the next one.

use bridge_model::Place;
use bridge_policy::calendar::Date;
use bridge_policy::exception::Exception;
use bridge_policy::hosts::HostDecision;
use bridge_policy::schedule::Schedule;
use bridge_policy::stage::{Direction, Effect, Stage, Where};

use super::tables::{AUDITS, MIGRATIONS};
use super::timers::NewTimer;
use super::txn::Txn;
use super::{Store, StoreError, erase, hosts, joint, portals, queue, standing, timers};
use crate::lane::{Work, core_place};
use crate::migration::{
    Audit, AuditAction, Deadline, Migration, MigrationChange, News, Planned, Progress, Step, Tag,
    Task, Who,
};
use crate::portal::{EndState, Owner, Portal, PortalId};
use crate::refusal::Refusal;

impl Store {
    /// How far a portal's community has come.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn migration(&self, portal: PortalId) -> Result<Migration, StoreError> {
        self.read(move |tx| of(tx, portal)).await
    }

    /// What happened to a portal, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn history(&self, portal: PortalId) -> Result<Vec<Audit>, StoreError> {
        self.read(move |tx| history(tx, portal)).await
    }
}

/// How far a portal's community has come.
///
/// # Errors
/// [`StoreError`].
pub fn of(tx: &Txn<'_>, portal: PortalId) -> Result<Migration, StoreError> {
    Ok(tx.get(&MIGRATIONS, &portal)?.unwrap_or_default())
}

/// Stores how far a community has come.
///
/// # Errors
/// [`StoreError`].
pub fn save(tx: &mut Txn<'_>, portal: PortalId, migration: &Migration) -> Result<(), StoreError> {
    tx.put(&MIGRATIONS, &portal, migration)
}

/// What happened to a portal, oldest first.
///
/// # Errors
/// [`StoreError`].
pub fn history(tx: &Txn<'_>, portal: PortalId) -> Result<Vec<Audit>, StoreError> {
    tx.all(&AUDITS, &portal)
}

/// Writes down what happened.
///
/// # Errors
/// [`StoreError`].
pub fn note(tx: &mut Txn<'_>, portal: PortalId, audit: &Audit) -> Result<(), StoreError> {
    let number = tx.meta().next_entry;
    tx.meta_mut().next_entry = number.saturating_add(1);
    tx.put(&AUDITS, &(portal, number), audit)
}

/// The chats were joined, in that stage.
///
/// # Errors
/// [`StoreError`].
pub fn begin(tx: &mut Txn<'_>, portal: &Portal) -> Result<(), StoreError> {
    let mut migration = of(tx, portal.id)?;
    if migration.since.0 == 0 {
        migration.since = tx.now;
        if portal.stage != Stage::Inventory {
            migration.notice_since = Some(tx.now);
        }
        save(tx, portal.id, &migration)?;
    }
    let audit = plain(tx, None, AuditAction::Linked);
    note(tx, portal.id, &audit)
}

fn plain(tx: &Txn<'_>, who: Option<Who>, deed: AuditAction) -> Audit {
    Audit { at: tx.now, who, deed, decision: None, share: None }
}

/// Carries out what a command asked for.
///
/// # Errors
/// [`StoreError::Conflict`] when it no longer fits.
pub fn apply(tx: &mut Txn<'_>, what: MigrationChange) -> Result<(), StoreError> {
    match what {
        MigrationChange::Step(step) => take(tx, step),
        MigrationChange::Schedule(room, schedule, who) => {
            let portal = portal(tx, &room)?;
            set_day(tx, &portal, schedule, who)
        }
        MigrationChange::Hold(room, who) => hold(tx, &room, who),
        MigrationChange::Approve(room, voter, who) => approve(tx, &room, voter, who),
        MigrationChange::Retry(room, who) => retry(tx, &room, who),
        MigrationChange::OpenVote(room, vote, poll, who) => {
            joint::open(tx, &room, (vote, *poll), who)
        }
        MigrationChange::CloseVote(room, number, counts, who) => {
            joint::close(tx, &room, (number, counts), who)
        }
        MigrationChange::Except(room, exception, who) => except(tx, &room, *exception, who),
        MigrationChange::EndException(room, number, day, who) => {
            end_exception(tx, &room, (number, day), who)
        }
        MigrationChange::DecideHost(room, host, decision, who) => {
            decide_host(tx, &room, (host, decision), who)
        }
        MigrationChange::Note(place, audit) => {
            let portal = portal(tx, &place)?;
            note(tx, portal.id, &audit)?;
            Ok(())
        }
        MigrationChange::Notice(room, notice) => {
            let portal = portal(tx, &room)?;
            standing::stands(tx, portal.id, notice)
        }
        MigrationChange::Relaying(room, on) => {
            let mut portal = portal(tx, &room)?;
            portal.relaying = on;
            portals::save(tx, &portal)?;
            Ok(())
        }
        MigrationChange::Access(place, access) => {
            let portal = portal(tx, &place)?;
            let mut migration = of(tx, portal.id)?;
            // What was written down first stays: a later look may see our own doing.
            if migration.access_of(&place).is_none() {
                migration.access.push((place, access));
                save(tx, portal.id, &migration)?;
            }
            Ok(())
        }
        MigrationChange::Effected(tag, outcome) => effected(tx, tag, outcome),
        MigrationChange::Erase(room, tag) => {
            let portal = portal(tx, &room)?;
            let (messages, people) = erase::portal(tx, &portal)?;
            forget_names(tx, portal.id)?;
            let audit = plain(tx, None, AuditAction::Erased(messages, people));
            note(tx, portal.id, &audit)?;
            effected(tx, tag, Ok(()))?;
            tell(tx, &portal, News::Erased { messages, people })
        }
    }
}

fn except(
    tx: &mut Txn<'_>,
    room: &Place,
    exception: Exception,
    who: Option<Who>,
) -> Result<(), StoreError> {
    let portal = portal(tx, room)?;
    let mut migration = of(tx, portal.id)?;
    if migration.exceptions.iter().any(|known| known.number == exception.number) {
        return Err(StoreError::Conflict("there is an exception of that number"));
    }
    let deed = AuditAction::ExceptionAdded(exception.number, exception.service.clone());
    migration.exceptions.push(exception);
    save(tx, portal.id, &migration)?;
    let audit = plain(tx, who, deed);
    note(tx, portal.id, &audit)?;
    Ok(())
}

fn end_exception(
    tx: &mut Txn<'_>,
    room: &Place,
    (number, day): (u32, Date),
    who: Option<Who>,
) -> Result<(), StoreError> {
    let portal = portal(tx, room)?;
    let mut migration = of(tx, portal.id)?;
    let mut open = migration.exceptions.iter_mut();
    let found = open.find(|known| known.number == number && known.closed.is_none());
    let Some(exception) = found else { return Ok(()) };
    exception.closed = Some(day);
    let deed = AuditAction::ExceptionEnded(number, exception.service.clone());
    save(tx, portal.id, &migration)?;
    let audit = plain(tx, who, deed);
    note(tx, portal.id, &audit)?;
    Ok(())
}

fn decide_host(
    tx: &mut Txn<'_>,
    room: &Place,
    (host, decision): (String, Option<HostDecision>),
    who: Option<Who>,
) -> Result<(), StoreError> {
    let portal = portal(tx, room)?;
    let deed = match &decision {
        Some(it) => AuditAction::HostDecided(host.clone(), it.kind, it.evidence.clone()),
        None => AuditAction::HostForgotten(host.clone()),
    };
    if hosts::decide(tx, portal.id, &host, decision)? {
        let audit = plain(tx, who, deed);
        note(tx, portal.id, &audit)?;
    }
    Ok(())
}

fn portal(tx: &Txn<'_>, place: &Place) -> Result<Portal, StoreError> {
    portals::of(tx, place)?.ok_or(StoreError::Conflict("the chat is not linked"))
}

fn take(tx: &mut Txn<'_>, step: Step) -> Result<(), StoreError> {
    let mut portal = portal(tx, &step.room)?;
    if portal.stage != step.from {
        return Err(StoreError::Conflict("the stage has changed meanwhile"));
    }
    let Ok((to, effects)) = step.from.step(step.direction) else {
        return Err(StoreError::Conflict("there is no such stage"));
    };
    let mut migration = of(tx, portal.id)?;
    // What is taken back is no decision for going forward.
    let goes_on = step.direction == Direction::Next;
    migration.decision = step.decision.clone().filter(|_| goes_on);
    migration.steps = migration.steps.saturating_add(1);
    migration.since = tx.now;
    migration.schedule = None;
    migration.approvals.clear();
    if effects.contains(&Effect::MatrixDecides) {
        migration.owner_before = Some(portal.settings.metadata);
    }
    if effects.contains(&Effect::RecordAccess) {
        migration.access.clear();
    }
    migration.effects = plan(&portal, &effects);
    stop_timers(tx, portal.id)?;
    portal.stage = to;
    portals::save(tx, &portal)?;
    save(tx, portal.id, &migration)?;
    let audit = Audit {
        at: tx.now,
        who: step.who,
        deed: AuditAction::Stepped(step.from, to),
        decision: step.decision,
        share: step.share,
    };
    note(tx, portal.id, &audit)?;
    go_on(tx, &portal)
}

/// The effects of a step, each in its places.
pub fn plan(portal: &Portal, effects: &[Effect]) -> Vec<Planned> {
    let planned = |effect, place: &Place| Planned {
        effect,
        place: place.clone(),
        progress: Progress::Waiting,
    };
    let ends = || portal.ends.iter().filter(|end| end.state == EndState::Active);
    let mut all = Vec::new();
    for effect in effects {
        match effect.place() {
            Where::Portal => all.push(planned(*effect, &portal.room)),
            Where::EachLegacyChat => all.extend(ends().map(|end| planned(*effect, &end.place))),
        }
    }
    all
}

/// Begins the next kind of effect, once the one before is done everywhere or was refused.
fn go_on(tx: &mut Txn<'_>, portal: &Portal) -> Result<(), StoreError> {
    let mut migration = of(tx, portal.id)?;
    if migration.effects.iter().any(|planned| planned.progress == Progress::UnderWay) {
        return Ok(());
    }
    let waits = |planned: &&Planned| planned.progress == Progress::Waiting;
    let Some(next) = migration.effects.iter().find(waits).map(|planned| planned.effect) else {
        return Ok(());
    };
    for (index, planned) in migration.effects.iter_mut().enumerate() {
        if planned.effect == next && planned.progress == Progress::Waiting {
            planned.progress = Progress::UnderWay;
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            let tag = Tag { portal: portal.id, step: migration.steps, index, effect: next };
            let work = Work::Task(Task::Effect(tag));
            let lane = core_place(&portal.room);
            queue::append(tx, &lane, work)?;
        }
    }
    save(tx, portal.id, &migration)
}

/// Marks an effect, and begins what comes after it.
///
/// # Errors
/// [`StoreError`].
pub fn effected(
    tx: &mut Txn<'_>,
    tag: Tag,
    outcome: Result<(), Refusal>,
) -> Result<(), StoreError> {
    let mut migration = of(tx, tag.portal)?;
    let Some(planned) = migration.planned(&tag).cloned() else { return Ok(()) };
    if planned.progress != Progress::UnderWay {
        return Ok(());
    }
    let refused = outcome.is_err();
    let index = usize::try_from(tag.index).unwrap_or(usize::MAX);
    if let Some(planned) = migration.effects.get_mut(index) {
        planned.progress = match outcome {
            Ok(()) => Progress::Done,
            Err(reason) => Progress::Refused(reason),
        };
    }
    match tag.effect {
        Effect::PinText(_) if !refused => {
            migration.notice_since.get_or_insert(tx.now);
        }
        Effect::UnpinText => migration.notice_since = None,
        Effect::PinText(_)
        | Effect::RelayOn
        | Effect::RelayOff
        | Effect::MatrixDecides
        | Effect::OwnerAsBefore
        | Effect::RecordAccess
        | Effect::CloseAccess
        | Effect::RestoreAccess
        | Effect::WithdrawGhosts
        | Effect::Erase
        | Effect::NoticeInRoom(_)
        | Effect::LeaveLegacy => {}
    }
    save(tx, tag.portal, &migration)?;
    if refused {
        let audit = plain(tx, None, AuditAction::Refused(tag.effect, planned.place.network));
        note(tx, tag.portal, &audit)?;
    }
    let Some(portal) = portals::numbered(tx, tag.portal)? else { return Ok(()) };
    go_on(tx, &portal)?;
    if refused {
        tell(tx, &portal, News::Refused(tag))?;
    }
    Ok(())
}

/// The people in the room hear what came of a step.
fn tell(tx: &mut Txn<'_>, portal: &Portal, news: News) -> Result<(), StoreError> {
    let work = Work::Task(Task::Tell(news));
    queue::append(tx, &core_place(&portal.room), work)
}

/// The name of the text that a step pins. A chat that is connected anew is in another portal.
pub fn text_name(portal: PortalId, step: u32) -> String {
    format!("stage/{}/{step}", portal.0)
}

/// Its name in stores of older versions.
pub fn old_text_name(step: u32) -> String {
    format!("stage/{step}")
}

fn retry(tx: &mut Txn<'_>, room: &Place, who: Option<Who>) -> Result<(), StoreError> {
    let portal = portal(tx, room)?;
    let mut migration = of(tx, portal.id)?;
    let mut any = false;
    for planned in &mut migration.effects {
        if matches!(planned.progress, Progress::Refused(_)) {
            planned.progress = Progress::Waiting;
            any = true;
        }
    }
    if !any {
        return Ok(());
    }
    save(tx, portal.id, &migration)?;
    let audit = plain(tx, who, AuditAction::Retried);
    note(tx, portal.id, &audit)?;
    go_on(tx, &portal)
}

fn approve(
    tx: &mut Txn<'_>,
    room: &Place,
    voter: [u8; 16],
    who: Option<Who>,
) -> Result<(), StoreError> {
    let portal = portal(tx, room)?;
    let mut migration = of(tx, portal.id)?;
    let Some(next) = portal.stage.next() else { return Ok(()) };
    if migration.approvals.contains(&voter) {
        return Ok(());
    }
    migration.approvals.push(voter);
    save(tx, portal.id, &migration)?;
    let audit = plain(tx, who, AuditAction::Approved(next));
    note(tx, portal.id, &audit)?;
    Ok(())
}

fn set_day(
    tx: &mut Txn<'_>,
    portal: &Portal,
    schedule: Schedule,
    who: Option<Who>,
) -> Result<(), StoreError> {
    if portal.stage.next() != Some(schedule.to) {
        return Err(StoreError::Conflict("the stage has changed meanwhile"));
    }
    stop_timers(tx, portal.id)?;
    for (days, at) in schedule.due(tx.now) {
        let due = Deadline::Step { portal: portal.id, set_at: schedule.set_at, days };
        let lane = core_place(&portal.room);
        let work = Work::Task(Task::Due(due));
        timers::set(tx, NewTimer { name: timer_name(portal.id, days), at, lane, work })?;
    }
    let mut migration = of(tx, portal.id)?;
    let audit = Audit {
        decision: Some(schedule.decision.clone()),
        ..plain(tx, who, AuditAction::Scheduled(schedule.to, schedule.day))
    };
    if schedule.to == Stage::Sunset {
        migration.approvals.clear();
    }
    migration.schedule = Some(schedule);
    save(tx, portal.id, &migration)?;
    note(tx, portal.id, &audit)?;
    Ok(())
}

fn hold(tx: &mut Txn<'_>, room: &Place, who: Option<Who>) -> Result<(), StoreError> {
    let portal = portal(tx, room)?;
    let mut migration = of(tx, portal.id)?;
    let Some(schedule) = migration.schedule.take() else { return Ok(()) };
    stop_timers(tx, portal.id)?;
    if schedule.to == Stage::Sunset {
        // Whoever agreed to the end agreed to that day.
        migration.approvals.clear();
    }
    save(tx, portal.id, &migration)?;
    let audit = plain(tx, who, AuditAction::Held(schedule.to));
    note(tx, portal.id, &audit)
}

fn timer_name(portal: PortalId, days: u32) -> String {
    format!("step/{}/{days}", portal.0)
}

fn stop_timers(tx: &mut Txn<'_>, portal: PortalId) -> Result<(), StoreError> {
    for days in bridge_policy::schedule::TOLD_BEFORE.into_iter().chain([0]) {
        timers::stop(tx, &timer_name(portal, days))?;
    }
    Ok(())
}

/// The history stays; the names in it go.
fn forget_names(tx: &mut Txn<'_>, portal: PortalId) -> Result<(), StoreError> {
    for (row, mut audit) in tx.scan(&AUDITS, &portal, usize::MAX)? {
        audit.forget_names();
        tx.replace(&AUDITS, row, &audit)?;
    }
    let mut migration = of(tx, portal)?;
    migration.approvals.clear();
    migration.notices.clear();
    save(tx, portal, &migration)
}

/// A portal is no more: its way and its history go with it.
///
/// # Errors
/// [`StoreError`].
pub fn forget(tx: &mut Txn<'_>, portal: PortalId) -> Result<(), StoreError> {
    stop_timers(tx, portal)?;
    tx.delete(&MIGRATIONS, &portal);
    tx.clear(&AUDITS, &portal).map(drop)
}

/// Who decides again what the chats look like.
///
/// # Errors
/// [`StoreError`].
pub fn owner_before(tx: &Txn<'_>, portal: PortalId) -> Result<Owner, StoreError> {
    Ok(of(tx, portal)?.owner_before.unwrap_or(Owner::Nobody))
}
