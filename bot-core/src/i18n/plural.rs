// SPDX-License-Identifier: AGPL-3.0-or-later
//! Which form of a word goes with a number.
//!
//! Rule: forms stand in the order zero, one, two, few, many, other, only those that the
//! language has by CLDR; when fewer are given, the last one stands for the rest.

use icu_locale_core::Locale;
use icu_plurals::{PluralCategory, PluralRules};

const ORDER: [PluralCategory; 6] = [
    PluralCategory::Zero,
    PluralCategory::One,
    PluralCategory::Two,
    PluralCategory::Few,
    PluralCategory::Many,
    PluralCategory::Other,
];

/// The rules of one language. Only its name is kept: the rules are compiled in and found
/// anew each time, because `PluralRules` cannot be shared between threads.
pub(super) struct Plurals(Option<Locale>);

impl Plurals {
    /// The rules of `language`; a code that is no language has none, and takes the last form.
    pub(super) fn of(language: &str) -> Self {
        Self(Locale::try_from_str(language).ok())
    }

    /// The form for `number` among those that are given.
    pub(super) fn choose<'f, T>(&self, number: u64, forms: &'f [T]) -> Option<&'f T> {
        self.place(number).and_then(|place| forms.get(place)).or(forms.last())
    }

    fn place(&self, number: u64) -> Option<usize> {
        let rules = PluralRules::try_new_cardinal(self.0.as_ref()?.into()).ok()?;
        let wanted = rules.category_for(number);
        let has = |category: &PluralCategory| rules.categories().any(|own| own == *category);
        ORDER.into_iter().filter(has).position(|category| category == wanted)
    }
}
