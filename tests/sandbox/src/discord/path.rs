// SPDX-License-Identifier: AGPL-3.0-or-later
//! Paths and query strings.
//!
//! Rule: an undecodable escape stays as it is and then matches nothing.

/// Undoes percent-encoding.
pub(crate) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let digits = [ahead.next(), ahead.next()].map(|b| b.and_then(|b| (b as char).to_digit(16)));
        match (byte, digits) {
            (b'%', [Some(high), Some(low)]) => {
                bytes.push(u8::try_from(high * 16 + low).unwrap_or(byte));
                rest = ahead;
            }
            (byte, _) => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// The value of a key in a query string.
pub(crate) fn query(query: &str, key: &str) -> Option<String> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| *name == key).map(|(_, value)| decode(&value.replace('+', " ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone() {
        assert_eq!(decode("%F0%9F%91%8D"), "👍");
        assert_eq!(decode("name%3A12"), "name:12");
        assert_eq!(decode("50%"), "50%");
        assert_eq!(query("wait=true&thread_id=5", "thread_id").as_deref(), Some("5"));
    }
}
