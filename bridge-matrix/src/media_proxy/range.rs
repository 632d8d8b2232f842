// SPDX-License-Identifier: AGPL-3.0-or-later
//! Which part of a file is asked for (RFC 9110, section 14).
//!
//! Rule: one range is served; whoever asks for several, or in a way that is not understood, gets the
//! whole file, as the specification allows.

/// What of a file is served; positions in bytes, the last one included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    All,
    Part {
        first: u64,
        last: u64,
    },
    /// There is no such part.
    Nothing,
}

/// Reads the header `Range` of a request for a file of `size` bytes.
pub(super) fn read(header: Option<&str>, size: u64) -> Wanted {
    let Some(asked) = header.and_then(|it| it.trim().strip_prefix("bytes=")) else {
        return Wanted::All;
    };
    let Some((first, last)) = asked.split_once('-') else { return Wanted::All };
    let (first, last) = (first.trim(), last.trim());
    let number = |digits: &str| {
        let only = !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit());
        // A number that is too large lies behind every end.
        only.then(|| digits.parse().unwrap_or(u64::MAX))
    };
    let end = size.checked_sub(1);
    match (number(first), number(last), end) {
        (Some(first), Some(last), _) if last < first => Wanted::All,
        (Some(first), last, Some(end)) if last.is_some() || asked.trim_end().ends_with('-') => {
            match first <= end {
                true => Wanted::Part { first, last: last.unwrap_or(end).min(end) },
                false => Wanted::Nothing,
            }
        }
        (None, Some(0), _) if first.is_empty() => Wanted::Nothing,
        (None, Some(last), Some(end)) if first.is_empty() => {
            Wanted::Part { first: size.saturating_sub(last), last: end }
        }
        (Some(_), Some(_), None) => Wanted::Nothing,
        (Some(_) | None, Some(_) | None, _) => Wanted::All,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_as_the_specification_says() {
        let part = |first, last| Wanted::Part { first, last };
        for (header, wanted) in [
            ("bytes=0-0", part(0, 0)),
            ("bytes=0-499", part(0, 99)),
            ("bytes=10-", part(10, 99)),
            ("bytes= 10 - 20 ", part(10, 20)),
            ("bytes=-10", part(90, 99)),
            ("bytes=-1000", part(0, 99)),
            ("bytes=99-99999999999999999999999", part(99, 99)),
            ("bytes=100-", Wanted::Nothing),
            ("bytes=99999999999999999999999-", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=20-10", Wanted::All),
            ("bytes=0-1,5-6", Wanted::All),
            ("bytes=a-b", Wanted::All),
            ("bytes=-", Wanted::All),
            ("bytes=5", Wanted::All),
            ("bytes=+1-2", Wanted::All),
            ("pages=1-2", Wanted::All),
        ] {
            assert_eq!(read(Some(header), 100), wanted, "{header}");
        }
        assert_eq!(read(None, 100), Wanted::All);
        assert_eq!(read(Some("bytes=0-0"), 0), Wanted::Nothing);
    }
}
