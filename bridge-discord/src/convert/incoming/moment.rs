// SPDX-License-Identifier: AGPL-3.0-or-later
//! Moments as Discord writes them.
//!
//! Rule: what is no moment is `None`; nothing is guessed.

use bridge_model::Timestamp;

/// Reads `2026-11-21T21:36:11.123000+00:00`, also with `Z` or without a fraction.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    let (date, rest) = text.split_once('T')?;
    let mut date = date.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (clock, offset) = zone(rest)?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let mut clock = clock.split(':').map(|part| part.parse::<i64>().ok());
    let (hour, minute) = (clock.next()??, clock.next()??);
    let second = clock.next().unwrap_or(Some(0))?;
    let milli: String = fraction.chars().chain("000".chars()).take(3).collect();
    let plausible = (1970..10_000).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second);
    if !plausible {
        return None;
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    Some(Timestamp(seconds * 1000 + milli.parse::<i64>().ok()?))
}

/// The time of day, and the offset from UTC in seconds.
fn zone(text: &str) -> Option<(&str, i64)> {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let Some((at, sign)) = text.char_indices().find(|(_, c)| matches!(c, '+' | '-')) else {
        return Some((text, 0));
    };
    let (clock, offset) = text.split_at_checked(at)?;
    let offset = offset.get(1..)?.replace(':', "");
    let (hours, minutes) = offset.split_at_checked(2)?;
    let minutes = if minutes.is_empty() { "0" } else { minutes };
    let seconds = hours.parse::<i64>().ok()? * 3600 + minutes.parse::<i64>().ok()? * 60;
    Some((clock, if sign == '-' { -seconds } else { seconds }))
}

/// Days from 1970-01-01; years begin in March inside the sum.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year / 400;
    let of_era = year - era * 400;
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::{Timestamp, read};

    #[test]
    fn moments_are_read_in_all_their_forms() {
        let at = Some(Timestamp(1_795_298_171_123));
        for text in [
            "2026-11-21T21:56:11.123000+00:00",
            "2026-11-21T21:56:11.123Z",
            "2026-11-21T23:26:11.123+01:30",
            "2026-11-21T20:56:11.123-0100",
        ] {
            assert_eq!(read(text), at, "{text}");
        }
        assert_eq!(read("2000-02-29T00:00:00Z"), Some(Timestamp(951_782_400_000)));
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in ["", "T", "2026-13-01T00:00:00Z", "x-1-1T1:1:1Z", "2026-01-01", "é-é-éTé:é+é"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
