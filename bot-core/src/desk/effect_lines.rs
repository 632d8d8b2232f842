// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the effects of a step are called, and what became of them, in sentences.
//!
//! Rule: plan, status and history call an effect by the same name.

use bridge_model::RichText;
use bridge_policy::stage::Effect;

use super::call::Call;
use super::phrases::Phrases;
use crate::i18n::{Arg, Key};
use crate::migration::{Migration, Planned, Progress};
use crate::wording::label;

/// What an effect does, in a few words.
pub(super) fn name(phrases: Phrases<'_>, effect: Effect) -> String {
    let key = match effect {
        Effect::PinText(_) | Effect::NoticeInRoom(_) => Key::EffectPinText,
        Effect::UnpinText => Key::EffectUnpinText,
        Effect::RelayOn => Key::EffectRelayOn,
        Effect::RelayOff => Key::EffectRelayOff,
        Effect::MatrixDecides => Key::EffectMatrixDecides,
        Effect::OwnerAsBefore => Key::EffectOwnerAsBefore,
        Effect::RecordAccess => Key::EffectRecordAccess,
        Effect::CloseAccess => Key::EffectCloseAccess,
        Effect::RestoreAccess => Key::EffectRestoreAccess,
        Effect::WithdrawGhosts => Key::EffectWithdrawGhosts,
        Effect::Erase => Key::EffectErase,
        Effect::LeaveLegacy => Key::EffectLeaveLegacy,
    };
    phrases.plain(key, &[])
}

/// What of the last step is not done, and why.
pub(super) fn unfinished(call: &Call<'_>, migration: &Migration) -> Vec<RichText> {
    let retry = call.typed("stage retry");
    migration.unfinished().map(|planned| line(call.phrases, planned, &retry)).collect()
}

/// What became of an effect that is not done; `retry` is how it is tried again.
pub(super) fn line(phrases: Phrases<'_>, planned: &Planned, retry: &str) -> RichText {
    let what = Arg::text(name(phrases, planned.effect));
    let place = Arg::text(label(&planned.place.network));
    match &planned.progress {
        Progress::Refused(reason) => {
            let reason = phrases.reason(&planned.place.network, reason);
            let args = [place, what, reason, Arg::text(retry)];
            phrases.say(Key::EffectRefused, &args)
        }
        Progress::Waiting | Progress::UnderWay | Progress::Done => {
            phrases.say(Key::EffectUnderWay, &[place, what])
        }
    }
}
