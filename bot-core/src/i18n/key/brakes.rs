// SPDX-License-Identifier: AGPL-3.0-or-later
//! The sentences about messages that stay on their own side.
//!
//! Rule: [`super::list`] puts all sentences together.

macro_rules! with_brakes {
    ($($listed:tt)*) => {
        with_media! {
            $($listed)*
            SettingBrakes = "setting-brakes",
            BrakedFlood = "braked-flood",
            BrakedRepeated = "braked-repeated",
            BrakedNewcomer = "braked-newcomer",
            BrakedRaid = "braked-raid",
            BrakedFirst = "braked-first",
            SettingFirstMessages = "setting-first-messages",
        }
    };
}
