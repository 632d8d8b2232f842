// SPDX-License-Identifier: AGPL-3.0-or-later
//! The platform's clock and its ids.
//!
//! Rule: ids are real snowflakes (milliseconds since 2015 shifted by 22) and grow
//! strictly over all kinds of things, as tests compare them across channels.

/// Milliseconds from the Unix epoch to the start of Discord's.
const DISCORD_EPOCH: u64 = 1_420_070_400_000;

/// Milliseconds since the Unix epoch.
#[expect(
    clippy::disallowed_methods,
    reason = "the stand-in plays a platform with a clock of its own"
)]
pub(crate) fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Gives out ids.
#[derive(Default)]
pub(crate) struct Ids(u64);

impl Ids {
    /// The next id: newer than every one before.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = (self.0 + 1).max(now().saturating_sub(DISCORD_EPOCH) << 22);
        self.0
    }
}

/// When `id` was made, in milliseconds since the Unix epoch.
pub(crate) fn made(id: u64) -> u64 {
    (id >> 22) + DISCORD_EPOCH
}

/// The platform's form of a time: `2026-11-21T21:36:11.123000+00:00`.
pub(crate) fn iso(at: u64) -> String {
    let (days, rest) = (at / 86_400_000, at % 86_400_000);
    let (year, month, day) = date(days);
    let (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60);
    let (second, milli) = (rest / 1000 % 60, rest % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}000+00:00")
}

/// The moment behind the form of RFC 3339 in UTC; `None` for anything else.
pub(crate) fn read(text: &str) -> Option<u64> {
    let text = text.strip_suffix('Z').or_else(|| text.strip_suffix("+00:00"))?;
    let (day, time) = text.split_once('T')?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let numbers = |text: &str, mark| {
        let all: Option<Vec<u64>> = text.split(mark).map(|part| part.parse().ok()).collect();
        all.filter(|all| all.len() == 3)
    };
    let (day, time) = (numbers(day, '-')?, numbers(time, ':')?);
    let ([year, month, day], [hour, minute, second]) =
        (<[u64; 3]>::try_from(day).ok()?, <[u64; 3]>::try_from(time).ok()?);
    let days = (0..=400_u64).map(|of| (year.saturating_sub(1970)) * 365 + year / 4 - 492 + of);
    let day = days.map(|it| it.saturating_sub(20)).find(|it| date(*it) == (year, month, day))?;
    let millis: u64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    Some(day * 86_400_000 + ((hour * 60 + minute) * 60 + second) * 1000 + millis)
}

/// The civil date of a day counted from 1970 (years begin in March inside the sum).
fn date(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march + 2) / 5 + 1;
    let month = if march < 10 { march + 3 } else { march - 9 };
    (year + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_the_form_of_the_platform() {
        assert_eq!(iso(951_782_400_000), "2000-02-29T00:00:00.000000+00:00");
        assert_eq!(iso(1_795_298_171_123), "2026-11-21T21:56:11.123000+00:00");
    }

    #[test]
    fn a_time_is_read_as_it_is_written() {
        for at in [951_782_400_000, 1_795_298_171_123, 1_800_000_000_000, 1_830_297_599_999] {
            assert_eq!(read(&iso(at)), Some(at));
        }
        assert_eq!(read("2027-01-15T08:00:00Z"), Some(1_800_000_000_000));
        assert_eq!(read("soon"), None);
    }

    #[test]
    fn ids_grow_and_carry_their_time() {
        let mut ids = Ids::default();
        let before = now();
        let first = ids.next();
        assert!(ids.next() > first);
        assert!(made(first).abs_diff(before) < 5000);
    }
}
