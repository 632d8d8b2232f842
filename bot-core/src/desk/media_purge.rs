// SPDX-License-Identifier: AGPL-3.0-or-later
//! `purge media`: the copies of all messages with files go from all sides, and public addresses of media
//! lead nowhere any more.
//!
//! Rule: it is asked for in the room, by an admin of it, and shown before it is done.

use std::sync::Arc;

use super::call::Call;
use super::outcome::{DeskError, Outcome};
use super::unconfirmed;
use crate::i18n::{Arg, Key};
use crate::media::cache::MediaCache;
use crate::migration::AuditAction;
use crate::relay::Networks;
use crate::store::{Change, Store};
use crate::wording::Lines;

/// `purge media`.
pub(super) struct MediaPurge {
    pub(super) networks: Networks,
    pub(super) store: Arc<Store>,
    /// What was served lately.
    pub(super) cache: Option<Arc<MediaCache>>,
}

impl MediaPurge {
    pub(super) async fn purge_media(&self, call: &Call<'_>) -> Result<Outcome, DeskError> {
        let Some(portal) = call.portal else { return Ok(call.not_linked()) };
        let phrases = call.phrases;
        if !portal.is_matrix(call.place) {
            let typed = phrases.typed_on(&portal.room.network, "purge media");
            return Ok(phrases.answer(Key::MediaPurgeInRoom, &[Arg::text(typed)]));
        }
        if !call.rights(&self.networks).await?.change {
            return Ok(call.may_not_change());
        }
        let carried = self.store.carried_media(portal).await?;
        let count = Arg::number(carried.messages);
        if !call.confirmed {
            let mut shown = phrases.say(Key::MediaPurgeAsk, &[count]);
            if carried.on_telegram > 0 {
                let old = [Arg::number(carried.on_telegram)];
                shown = shown.join_line(phrases.say(Key::MediaPurgeTelegram, &old));
            }
            return Ok(unconfirmed::ask(call, shown));
        }
        // The store makes the addresses void; without this the bytes would stay for an hour.
        if let Some(cache) = &self.cache {
            cache.forget(portal.id);
        }
        let changes = vec![
            Change::PurgeMedia(portal.room.clone()),
            call.noted(portal, AuditAction::MediaPurged(carried.messages)),
        ];
        let mut outcome = Outcome::change(phrases.say(Key::MediaPurged, &[count]), changes);
        for place in portal.active().iter().filter(|place| *place != call.place) {
            let told = call.shared.say(Key::MediaPurgedElsewhere, &[Arg::number(carried.messages)]);
            outcome.then.push(call.shared.message_in(place, told));
        }
        Ok(outcome)
    }
}
