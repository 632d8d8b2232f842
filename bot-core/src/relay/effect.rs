// SPDX-License-Identifier: AGPL-3.0-or-later
//! Effects of a step that a network carries out.
//!
//! Rule: an effect of a step that is not the last one any more does nothing.

use bridge_model::Place;
use bridge_policy::stage::Effect;

use super::lookup::unread;
use crate::migration::Tag;
use crate::order::{Access, Action, DeliverError};
use crate::refusal::Refusal;
use crate::store::Store;

/// The action behind an effect, where it is one of its own; the others are done by the bot's words.
///
/// # Errors
/// [`DeliverError::Retry`] when the store cannot be asked, [`DeliverError::Refused`] when it is not
/// known how to undo it.
pub(super) async fn action(
    store: &Store,
    lane: &Place,
    tag: &Tag,
) -> Result<Option<Action>, DeliverError> {
    let migration = store.migration(tag.portal).await.map_err(unread)?;
    if migration.planned(tag).is_none() {
        return Ok(None);
    }
    let access = || {
        let known = migration.access_of(lane).map(str::to_owned);
        known.ok_or(DeliverError::Refused { reason: Refusal::AccessUnknown })
    };
    Ok(match tag.effect {
        Effect::CloseAccess => Some(Action::SetAccess { access: Access::BotOnly(access()?) }),
        Effect::RestoreAccess => Some(Action::SetAccess { access: Access::AsBefore(access()?) }),
        Effect::LeaveLegacy => Some(Action::Leave),
        Effect::PinText(_)
        | Effect::UnpinText
        | Effect::RelayOn
        | Effect::RelayOff
        | Effect::MatrixDecides
        | Effect::OwnerAsBefore
        | Effect::RecordAccess
        | Effect::WithdrawGhosts
        | Effect::Erase
        | Effect::NoticeInRoom(_) => None,
    })
}
