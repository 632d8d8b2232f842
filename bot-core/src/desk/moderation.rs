// SPDX-License-Identifier: AGPL-3.0-or-later
//! `ban`, `unban`, `kick`, `mute`, `unmute`, `purge` and `report`: moderation by reply, from the side on
//! which the moderator lives.
//!
//! Rule: rights are asked of the platforms. Nobody acts on their equals, nor from another side on
//! somebody who looks after a chat. A message is named by answering it, in its menu, or by its address.

use std::sync::Arc;

use bridge_model::{
    Content, Deed, Event, MessageId, Moderation, Person, Place, RichText, Timestamp,
};

use super::call::Call;
use super::commands::Command;
use super::outcome::{DeskError, Outcome};
use super::phrases::Phrases;
use crate::homeserver::Rooms;
use crate::i18n::{Arg, Key};
use crate::lane::{CORE, Replica, Work, core_place};
use crate::network::{AskError, MATRIX, Need, Standing};
use crate::portal::Portal;
use crate::relay::{Networks, moderation};
use crate::store::blocks::Restriction;
use crate::store::{Change, Store, keys, subject};
use crate::wording::{Lines, label};

/// Messages that `purge` takes away at most, and a ban that takes away all.
const MOST: usize = 100;
/// A mute without a time.
const DEFAULT_MUTE: &str = "1d";

/// Moderation by command.
pub(super) struct Moderators {
    pub(super) networks: Networks,
    pub(super) matrix: Arc<dyn Rooms>,
    pub(super) store: Arc<Store>,
}

/// Whom a command is about, and the words behind that.
struct Target<'a> {
    portal: &'a Portal,
    replica: Replica,
    person: Person,
    name: String,
    words: Vec<&'a str>,
}

/// The name of a deed in the history.
pub(super) fn deed_key(what: Moderation) -> Key {
    match what {
        Moderation::Ban { .. } => Key::DeedBanned,
        Moderation::Unban => Key::DeedUnbanned,
        Moderation::Kick => Key::DeedKicked,
        Moderation::Mute { .. } => Key::DeedMuted,
        Moderation::Unmute => Key::DeedUnmuted,
    }
}

/// What somebody wants, with the reason, and how long a mute is to last.
struct Wanted {
    what: Moderation,
    reason: Option<String>,
    time: Option<String>,
}

/// Reads what follows `ban`, `mute` and so on; `None` for a time that is none.
fn wanted(command: Command, words: &[&str], now: Timestamp) -> Option<Wanted> {
    let first = words.first().copied().unwrap_or_default().to_ascii_lowercase();
    let rest = words.get(1..).unwrap_or_default();
    let (what, said, time) = match command.name() {
        "ban" if first == "purge" => (Moderation::Ban { purge: true }, rest, None),
        "ban" => (Moderation::Ban { purge: false }, words, None),
        "unban" => (Moderation::Unban, words, None),
        "kick" => (Moderation::Kick, words, None),
        "mute" => {
            let begins = first.starts_with(|letter: char| letter.is_ascii_digit());
            let (time, said) =
                if begins { (first, rest) } else { (DEFAULT_MUTE.to_owned(), words) };
            let until = Timestamp(now.0.saturating_add(length(&time)?));
            (Moderation::Mute { until: Some(until) }, said, Some(time))
        }
        _ => (Moderation::Unmute, words, None),
    };
    let reason = Some(said.join(" ")).filter(|reason| !reason.is_empty());
    Some(Wanted { what, reason, time })
}

/// A time such as `30m`, `2h`, `1d` or `1w`, in milliseconds: a minute at least, a year at most.
fn length(typed: &str) -> Option<i64> {
    let (number, unit) = typed.split_at_checked(typed.len().checked_sub(1)?)?;
    let unit = match unit {
        "m" => 60,
        "h" => 3600,
        "d" => 24 * 3600,
        "w" => 7 * 24 * 3600,
        _ => return None,
    };
    let seconds = number.parse::<i64>().ok()?.checked_mul(unit)?;
    (60..=366 * 24 * 3600).contains(&seconds).then(|| seconds.saturating_mul(1000))
}

impl Moderators {
    /// `ban`, `unban`, `kick`, `mute` or `unmute`.
    pub(super) async fn moderate(
        &self,
        call: &Call<'_>,
        command: Command,
        words: &[&str],
    ) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let target = match self.target(call, command, words).await? {
            Ok(target) => target,
            Err(answer) => return Ok(answer),
        };
        let Some(Wanted { what, reason, time }) = wanted(command, &target.words, phrases.now)
        else {
            let usage = Arg::text(call.typed("mute 1d"));
            return Ok(phrases.answer(Key::ModerationMuteUsage, &[usage]));
        };
        if let Some(refused) = self.refused(call, &target, Some(what)).await? {
            return Ok(refused);
        }
        let Target { portal, person, name, .. } = &target;
        let deed = Deed {
            by: Some(call.command.by.clone()),
            whom: person.clone(),
            name: name.clone(),
            what,
            reason,
        };
        let known = self.store.block(portal.id, keys::person(person)).await?;
        let is_new = Restriction::after(known.as_ref(), &deed, phrases.now).is_some();
        let purge = what == Moderation::Ban { purge: true };
        if !is_new && !purge {
            return Ok(phrases.answer(Key::ModerationNothing, &[Arg::text(name)]));
        }
        let mut outcome = Outcome::default();
        let mut said = done(phrases, what, (name, time.as_deref()));
        if purge {
            let gone = self.deletions(call, &target, MOST).await?;
            said = said.join_line(purged(phrases, gone.0));
            outcome.then.extend(gone.1);
        }
        if let Some(told) = call.told(&portal.room, said.clone()) {
            outcome.then.push(told);
        }
        outcome.answer = self.sides(call, &target, said, what);
        let content = Content::Moderated(Box::new(deed));
        let (place, message) = (call.place.clone(), call.message.clone());
        let event = Event { place, message, late: false, content };
        outcome.changes.push(Change::Moderated(Box::new(event)));
        Ok(outcome)
    }

    /// `purge 20`: takes away the last messages of the author of a message, on all sides.
    pub(super) async fn purge(
        &self,
        call: &Call<'_>,
        words: &[&str],
    ) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let target = match self.target(call, Command::Purge, words).await? {
            Ok(target) => target,
            Err(answer) => return Ok(answer),
        };
        let most = match target.words.first() {
            Some(typed) => typed.parse().ok().filter(|most| (1..=MOST).contains(most)),
            None => Some(MOST),
        };
        let Some(most) = most else {
            let args = [Arg::text(call.typed("purge 20")), Arg::number(100)];
            return Ok(phrases.answer(Key::ModerationPurgeUsage, &args));
        };
        if let Some(refused) = self.refused(call, &target, None).await? {
            return Ok(refused);
        }
        let (count, then) = self.deletions(call, &target, most).await?;
        let said = purged(phrases, count);
        let mut outcome = Outcome { then, ..Outcome::say(said.clone()) };
        outcome.then.extend(call.told(&target.portal.room, said));
        Ok(outcome)
    }

    /// `report` about a message: the admins of the room are told, once for each message.
    pub(super) async fn report(&self, call: &Call<'_>) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let target = match self.target(call, Command::Report, &[]).await? {
            Ok(target) => target,
            Err(answer) => return Ok(answer),
        };
        let Target { portal, replica, name, .. } = &target;
        let room = &portal.room;
        let origin = keys::message(&replica.origin, &replica.message);
        let key = format!("reported/{}", subject::hex(&origin));
        let (told, id) = (core_place(room), MessageId::from(key.as_str()));
        if self.store.find_replica(&told, &id).await?.is_some() {
            return Ok(phrases.answer(Key::ModerationReportedBefore, &[]));
        }
        let here = replica.parts_at(room).into_iter().next();
        let (network, chat, message) = match here {
            Some(part) => (&room.network, &room.chat, part.id),
            None => (&replica.origin.network, &replica.origin.chat, replica.message.clone()),
        };
        let link = self.networks.get(network).and_then(|it| it.link_to(chat, &message));
        let by = &call.command.by.name;
        let args = [
            Arg::text(by),
            Arg::text(label(&call.place.network)),
            Arg::text(name),
            Arg::url(link.unwrap_or_default()),
        ];
        let text = phrases.say(Key::ModerationReport, &args);
        let told = Work::say(room, Some(&key), phrases.message(text));
        let then = vec![(room.clone(), told)];
        Ok(Outcome { then, ..phrases.answer(Key::ModerationReported, &[]) })
    }

    /// What our bot may do in a chat is different: who has to know is told, once.
    pub(super) async fn rights_changed(
        &self,
        phrases: Phrases<'_>,
        (chat, portal): (&Place, Option<&Portal>),
    ) -> Result<Outcome, DeskError> {
        let network = self.networks.get(&chat.network);
        let (Some(portal), Some(network)) = (portal, network) else {
            return Ok(Outcome::default());
        };
        let missing = match network.missing_rights(&chat.chat, Need::Moderate).await {
            Ok(missing) => missing,
            // Whoever is not in the chat is told of that.
            Err(AskError::Refused(_)) => return Ok(Outcome::default()),
            Err(error) => return Err(error.into()),
        };
        let known = self.store.lacking(chat).await?;
        if missing == known {
            return Ok(Outcome::default());
        }
        let news = missing.iter().any(|right| !known.contains(right));
        let text = moderation::lacks(phrases.wording, chat, &missing);
        let then = news.then(|| phrases.message_in(&portal.room, text));
        let changes = vec![Change::Lacks(chat.clone(), missing)];
        Ok(Outcome { changes, ..Outcome::then(then.into_iter().collect()) })
    }

    /// Whom the command is about; the answer where that is nobody.
    async fn target<'a>(
        &self,
        call: &'a Call<'_>,
        command: Command,
        words: &[&'a str],
    ) -> Result<Result<Target<'a>, Outcome>, DeskError> {
        let phrases = call.phrases;
        let Some(portal) = call.portal else { return Ok(Err(call.not_linked())) };
        let (named, words) = match words.first().and_then(|word| self.address(portal, word)) {
            Some(named) => (Some(named), words.get(1..).unwrap_or_default()),
            None => {
                let to = call.command.reply_to.clone();
                (to.map(|message| (call.place.clone(), message)), words)
            }
        };
        let Some((place, message)) = named else {
            let typed = Arg::text(call.typed(command.name()));
            return Ok(Err(phrases.answer(Key::ModerationUsage, &[typed])));
        };
        let found = self.store.find_replica(&place, &message).await?;
        let Some(replica) = found.filter(|found| found.origin.network.as_str() != CORE) else {
            return Ok(Err(phrases.answer(Key::ModerationUnknown, &[])));
        };
        let (network, user) = (replica.origin.network.clone(), replica.author.clone());
        let person = Person { network, user };
        if person.user.as_str() == self.matrix.bot() {
            return Ok(Err(phrases.answer(Key::ModerationUnknown, &[])));
        }
        let people = self.store.people(portal.id).await?;
        let known = people.into_iter().find(|one| one.person == person);
        let name = known.map_or_else(|| label(&person.network), |one| one.name);
        Ok(Ok(Target { portal, replica, person, name, words: words.to_vec() }))
    }

    /// The message behind an address, where it is one of the portal.
    fn address(&self, portal: &Portal, word: &str) -> Option<(Place, MessageId)> {
        self.networks.all().find_map(|network| {
            let (chat, message) = network.read_link(word)?;
            let place = Place { network: network.id().clone(), chat };
            portal.places().any(|known| *known == place).then_some((place, message))
        })
    }

    /// The answer to somebody who may not do that; without a deed, delete.
    async fn refused(
        &self,
        call: &Call<'_>,
        target: &Target<'_>,
        what: Option<Moderation>,
    ) -> Result<Option<Outcome>, DeskError> {
        let phrases = call.phrases;
        let by = self.standing(call.place, &call.command.by.user).await?;
        let may = match what {
            Some(what) => by.may(what),
            None => by.delete,
        };
        if !may {
            return Ok(Some(phrases.answer(Key::ModerationNotAllowed, &[])));
        }
        if what.is_some_and(|what| !what.is_against()) {
            return Ok(None);
        }
        let own = target.person == call.person();
        if (own && what.is_some()) || (!own && self.is_equal(call, target, by).await?) {
            return Ok(Some(phrases.answer(Key::ModerationEqual, &[Arg::text(&target.name)])));
        }
        Ok(None)
    }

    /// Whether the target stands as high as the caller where the caller is, or looks after a chat where
    /// they live.
    async fn is_equal(
        &self,
        call: &Call<'_>,
        target: &Target<'_>,
        by: Standing,
    ) -> Result<bool, DeskError> {
        let Target { portal, person, .. } = target;
        if person.network == call.place.network {
            return Ok(self.standing(call.place, &person.user).await?.rank >= by.rank);
        }
        if call.is_on_matrix()
            && let Some(ghost) = self.store.ghost(person).await?
        {
            let mxid = format!("@{}:{}", ghost.localpart, call.phrases.server());
            if self.standing(call.place, &mxid.as_str().into()).await?.rank >= by.rank {
                return Ok(true);
            }
        }
        for place in portal.active().iter().filter(|place| place.network == person.network) {
            if self.standing(place, &person.user).await?.is_moderator() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn standing(
        &self,
        place: &Place,
        user: &bridge_model::UserId,
    ) -> Result<Standing, DeskError> {
        let Some(network) = self.networks.get(&place.network) else {
            return Ok(Standing::default());
        };
        match network.standing(&place.chat, user).await {
            Ok(standing) => Ok(standing),
            Err(AskError::Refused(_)) => Ok(Standing::default()),
            Err(error) => Err(error.into()),
        }
    }

    /// How many messages go, and the entries that take them away.
    async fn deletions(
        &self,
        call: &Call<'_>,
        target: &Target<'_>,
        most: usize,
    ) -> Result<(usize, Vec<(Place, Work)>), DeskError> {
        let Target { portal, person, .. } = target;
        let said = self.store.said_by(portal.id, person, most).await?;
        let mut places = portal.active();
        if !places.contains(call.place) {
            // The room of a topic.
            places.push(call.place.clone());
        }
        let count = said.len();
        let gone = said.into_iter().map(|(place, message)| {
            let content = Content::Deleted { by: None };
            Event { place, message, late: false, content }
        });
        let gone: Vec<Event> = gone.collect();
        let all = places.into_iter().flat_map(|place| {
            let take = move |event: &Event| (place.clone(), Work::by_bot(event.clone()));
            gone.iter().map(take).collect::<Vec<_>>()
        });
        Ok((count, all.collect()))
    }

    /// What was done, what that means on each side, and how it is taken back.
    fn sides(
        &self,
        call: &Call<'_>,
        target: &Target<'_>,
        mut text: RichText,
        what: Moderation,
    ) -> RichText {
        let (phrases, person) = (call.phrases, &target.person);
        for place in target.portal.active() {
            let acts = place.network == person.network || place.network.as_str() == MATRIX;
            let key = if acts { Key::ModerationSideActs } else { Key::ModerationSideHolds };
            if acts || matches!(what, Moderation::Ban { .. } | Moderation::Mute { .. }) {
                text = text.join_line(phrases.say(key, &[Arg::text(label(&place.network))]));
            }
        }
        let undo = match what {
            Moderation::Ban { .. } => "unban",
            Moderation::Mute { .. } => "unmute",
            Moderation::Unban | Moderation::Kick | Moderation::Unmute => return text,
        };
        text.join_line(phrases.say(Key::ModerationUndo, &[Arg::text(call.typed(undo))]))
    }
}

/// What happened to somebody, in one sentence.
fn done(phrases: Phrases<'_>, what: Moderation, (name, time): (&str, Option<&str>)) -> RichText {
    let mut args = vec![Arg::text(name)];
    let key = match (what, time) {
        (Moderation::Ban { .. }, _) => Key::ModerationBanned,
        (Moderation::Unban, _) => Key::ModerationUnbanned,
        (Moderation::Kick, _) => Key::ModerationKicked,
        (Moderation::Mute { .. }, time) => {
            args.push(Arg::text(time.unwrap_or(DEFAULT_MUTE)));
            Key::ModerationMuted
        }
        (Moderation::Unmute, _) => Key::ModerationUnmuted,
    };
    phrases.say(key, &args)
}

fn purged(phrases: Phrases<'_>, count: usize) -> RichText {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    phrases.say(Key::ModerationPurged, &[Arg::number(count)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_with_a_unit_within_bounds() {
        assert_eq!(length("1m"), Some(60_000));
        assert_eq!(length("2h"), Some(7_200_000));
        assert_eq!(length("1w"), Some(604_800_000));
        for odd in ["", "m", "1", "0m", "-1d", "99w", "1y", "1é", "9999999999999999d"] {
            assert_eq!(length(odd), None, "{odd}");
        }
    }

    #[test]
    fn what_follows_the_command_is_read() {
        let read = |command, words: &[&str]| {
            let Wanted { what, reason, time } = wanted(command, words, Timestamp(0))?;
            Some((what, reason.unwrap_or_default(), time.unwrap_or_default()))
        };
        let said = |text: &str| text.to_owned();
        let purge = Moderation::Ban { purge: true };
        assert_eq!(read(Command::Ban, &["Purge", "spam"]), Some((purge, said("spam"), said(""))));
        let day = Moderation::Mute { until: Some(Timestamp(24 * 3_600_000)) };
        assert_eq!(
            read(Command::Mute, &["too", "loud"]),
            Some((day, said("too loud"), said("1d")))
        );
        let hour = Moderation::Mute { until: Some(Timestamp(3_600_000)) };
        assert_eq!(read(Command::Mute, &["1h"]), Some((hour, said(""), said("1h"))));
        assert_eq!(read(Command::Mute, &["5x"]), None);
    }
}
