// SPDX-License-Identifier: AGPL-3.0-or-later
//! Where a community uses something proprietary all the same: a bug, on record.
//!
//! Rule: an exception has a day on which it is looked at again; without one there is none.

use serde::{Deserialize, Serialize};

use crate::calendar::{Date, Week};

/// One exception.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// Its number in the portal, from 1.
    pub number: u32,
    /// The service.
    pub service: String,
    /// Why it is used.
    pub reason: String,
    /// What free software could take its place.
    pub candidate: String,
    /// The role of whoever sees to it; no name of a person.
    pub owner: String,
    /// When it is looked at again.
    pub review: Date,
    /// Where it is discussed.
    pub tracker: Option<String>,
    /// Since when it is on record.
    pub opened: Date,
    /// Since when it is no more.
    pub closed: Option<Date>,
}

impl Exception {
    /// Whether it should have been looked at before `today`.
    pub fn is_overdue(&self, today: Date) -> bool {
        self.closed.is_none() && self.review < today
    }

    /// It is on record, or was closed in that week or later.
    pub fn covers(&self, week: Week) -> bool {
        self.closed.is_none_or(|day| Week::of(day.begins()) >= week)
    }

    /// Its words name a service that is called by one of these names, in letters of any size.
    pub fn is_about(&self, names: &[&str]) -> bool {
        let said = words(&self.service);
        let named = |name: &&str| {
            let name = words(name);
            !name.is_empty() && said.windows(name.len()).any(|some| some == name)
        };
        names.iter().any(named)
    }

    /// Whole days for which it has been on record.
    pub fn age(&self, today: Date) -> u32 {
        let until = self.closed.unwrap_or(today);
        let days = (until.begins().0 - self.opened.begins().0) / crate::calendar::DAY_MS;
        u32::try_from(days.max(0)).unwrap_or(u32::MAX)
    }
}

/// A name in small letters, word by word: `google-forms` is `Google Forms`.
fn words(name: &str) -> Vec<String> {
    let parts = name.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
    parts.map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_is_overdue_after_its_day_until_it_is_closed() {
        let date = |text: &str| Date::parse(text).unwrap();
        let mut exception = Exception {
            number: 1,
            service: "Zoom".into(),
            reason: "dial-in".into(),
            candidate: "BigBlueButton".into(),
            owner: "chair".into(),
            review: date("2026-12-01"),
            tracker: None,
            opened: date("2026-11-01"),
            closed: None,
        };
        assert!(!exception.is_overdue(date("2026-12-01")));
        assert!(exception.is_overdue(date("2026-12-02")));
        assert_eq!(exception.age(date("2026-12-02")), 31);
        exception.closed = Some(date("2026-12-02"));
        assert!(!exception.is_overdue(date("2027-01-01")));
        assert_eq!(exception.age(date("2027-01-01")), 31);
    }

    #[test]
    fn an_exception_is_about_the_service_that_its_words_name() {
        let about = |service: &str, names: &[&str]| {
            let date = Date { year: 2026, month: 12, day: 1 };
            Exception {
                number: 1,
                service: service.into(),
                reason: String::new(),
                candidate: String::new(),
                owner: String::new(),
                review: date,
                tracker: None,
                opened: date,
                closed: None,
            }
            .is_about(names)
        };
        assert!(about("zoom", &["zoom", "Zoom"]));
        assert!(about("Google Forms (registrations)", &["google-forms", "Google Forms"]));
        assert!(about("Google Meet, Zoom", &["zoom", "Zoom"]));
        assert!(about("forms.example.org", &["forms.example.org"]));
        for (service, names) in [
            ("Google Forms", ["google-meet", "Google Meet"]),
            ("Microsoft Forms", ["google-forms", "Google Forms"]),
            ("Zoomus", ["zoom", "Zoom"]),
            ("", ["x", "X"]),
            ("Zoom", ["", "–"]),
        ] {
            assert!(!about(service, &names), "{service} {names:?}");
        }
    }
}
