// SPDX-License-Identifier: AGPL-3.0-or-later
//! The names of all sentences.
//!
//! Rule: this list, `i18n/en.json` and `i18n/qqq.json` name the same sentences, and each is
//! said somewhere; tests keep it so.

use bridge_model::NetworkId;

macro_rules! keys {
    ($($variant:ident = $name:literal,)*) => {
        /// The name of a sentence; `i18n/qqq.json` documents each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Key {
            $(
                #[doc = concat!("`", $name, "`")]
                $variant,
            )*
        }

        impl Key {
            /// Every sentence.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name in the language files.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

#[macro_use]
mod report;
#[macro_use]
mod faq;
#[macro_use]
mod moderation;
#[macro_use]
mod brakes;
#[macro_use]
mod consent;
#[macro_use]
mod removal;
#[macro_use]
mod self_test;
#[macro_use]
mod media;
#[macro_use]
mod dashboard;
#[macro_use]
mod policy;
#[macro_use]
mod pages;
mod list;

pub use list::Key;

impl Key {
    /// The version of this sentence for one network (`link-code` on Telegram is
    /// `link-code-telegram`), or the sentence itself where there is none.
    pub fn on(self, network: &NetworkId) -> Self {
        let of_network = |key: &Self| {
            let rest = key.name().strip_prefix(self.name()).and_then(|rest| rest.strip_prefix('-'));
            rest == Some(network.as_str())
        };
        Self::ALL.iter().copied().find(of_network).unwrap_or(self)
    }
}
