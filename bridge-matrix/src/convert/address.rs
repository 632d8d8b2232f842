// SPDX-License-Identifier: AGPL-3.0-or-later
//! Addresses of people and rooms (`https://matrix.to/#/…`, `matrix:…`), and which other
//! addresses may be links.
//!
//! Rule: read both forms tolerantly, write only `https://matrix.to`; see "matrix.to
//! navigation" and "Matrix URI scheme" in the appendices of the specification. ruma's own
//! readers refuse query keys that they do not know.

use ruma::{RoomAliasId, RoomId, UserId};

/// What an address leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A Matrix user id.
    Person(String),
    /// A room id or alias, with its sigil.
    Room(String),
}

/// Schemes that clients accept in `href` (specification, "m.room.message msgtypes"), and the
/// one of Matrix itself.
const SCHEMES: [&str; 6] = ["https", "http", "ftp", "mailto", "magnet", "matrix"];

/// Whether clients let people follow `url`.
pub fn may_be_link(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once(':') else { return false };
    !rest.is_empty() && SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known))
}

/// Schemes of addresses that tell a reader nothing: programs, the words of a page itself, and what
/// lies on one machine or server.
const SILENT: [&str; 8] =
    ["javascript", "vbscript", "data", "blob", "file", "about", "view-source", "mxc"];

/// Whether `url` tells a reader something, so that it is written out where clients do not follow it:
/// whom to call (`tel`), where an app leads (`tg`).
pub fn says_something(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once(':') else { return false };
    let mut letters = scheme.chars();
    let known = letters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    known && !rest.is_empty() && !SILENT.iter().any(|other| scheme.eq_ignore_ascii_case(other))
}

/// The person or room that `url` leads to; `None` for every other address, also for those
/// of single events.
pub fn target(url: &str) -> Option<Target> {
    let url = url.trim();
    for prefix in ["https://matrix.to/#/", "http://matrix.to/#/"] {
        if let Some(path) = strip_prefix_ignore_case(url, prefix) {
            return matrix_to(path);
        }
    }
    strip_prefix_ignore_case(url, "matrix:").and_then(matrix_uri)
}

/// The room id and event id that `url` leads to (`https://matrix.to/#/!room/$event`,
/// `matrix:roomid/room/e/event`); `None` for every other address, also where the room has only
/// an alias.
pub fn message(url: &str) -> Option<(String, String)> {
    let url = url.trim();
    let starts = ["https://matrix.to/#/", "http://matrix.to/#/"];
    let path = starts.iter().find_map(|start| strip_prefix_ignore_case(url, start));
    let (room, event) = match (path, strip_prefix_ignore_case(url, "matrix:roomid/")) {
        (Some(path), _) => {
            let (room, event) = path.split('?').next()?.split_once('/')?;
            (decode(room)?, decode(event)?)
        }
        (None, Some(path)) => {
            let (room, event) = path.split(['?', '#']).next()?.split_once('/')?;
            let event = event.strip_prefix("e/").or_else(|| event.strip_prefix("event/"))?;
            (format!("!{}", decode(room)?), format!("${}", decode(event)?))
        }
        (None, None) => return None,
    };
    let good = room.starts_with('!') && is_room(&room) && event.len() > 1 && event.starts_with('$');
    good.then_some((room, event))
}

/// The address of the web for a `matrix:` URI of a room, a person or an event, with the servers to join
/// by; `None` for every other address. Only Matrix clients know the scheme ("Matrix URI scheme").
pub fn on_the_web(url: &str) -> Option<String> {
    let rest = strip_prefix_ignore_case(url.trim(), "matrix:")?;
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut segments = path.split('/');
    let (kind, id) = (segments.next()?, segments.next()?);
    let leads = match target(&format!("matrix:{kind}/{id}"))? {
        Target::Person(id) | Target::Room(id) => bot_core::address::matrix_to(&id),
    };
    let event = match (segments.next(), segments.next(), segments.next()) {
        (None, _, _) => String::new(),
        (Some("e" | "event"), Some(event), None) if !event.is_empty() => format!("/${event}"),
        (Some(_), _, _) => return None,
    };
    let servers = query.split('&').filter(|it| it.starts_with("via=")).collect::<Vec<_>>();
    let servers =
        if servers.is_empty() { String::new() } else { format!("?{}", servers.join("&")) };
    Some(format!("{leads}{event}{servers}"))
}

/// Bytes of an id (specification, "Identifier grammar"). The library takes longer ones, whose address
/// would be too long to be read again.
const LONGEST_ID: usize = 255;

/// Whether `id` is a user id that an address can hold.
pub fn is_user(id: &str) -> bool {
    id.len() <= LONGEST_ID && <&UserId>::try_from(id).is_ok()
}

/// Whether `id` is a room id or alias that an address can hold.
pub fn is_room(id: &str) -> bool {
    let known = <&RoomId>::try_from(id).is_ok() || <&RoomAliasId>::try_from(id).is_ok();
    known && id.len() <= LONGEST_ID
}

fn matrix_to(path: &str) -> Option<Target> {
    let path = path.split('?').next()?;
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    let id = decode(segments.next()?)?;
    if segments.next().is_some() {
        return None;
    }
    checked(id)
}

fn matrix_uri(rest: &str) -> Option<Target> {
    let path = rest.split(['?', '#']).next()?;
    let mut segments = path.split('/');
    let sigil = match segments.next()? {
        "u" | "user" => '@',
        "r" | "room" => '#',
        "roomid" => '!',
        _ => return None,
    };
    let id = decode(segments.next()?)?;
    if segments.next().is_some() {
        return None;
    }
    checked(format!("{sigil}{id}"))
}

fn checked(id: String) -> Option<Target> {
    if is_user(&id) {
        Some(Target::Person(id))
    } else if is_room(&id) {
        Some(Target::Room(id))
    } else {
        None
    }
}

fn decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            out.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

fn strip_prefix_ignore_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    if head.eq_ignore_ascii_case(prefix) { text.get(prefix.len()..) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(id: &str) -> Option<Target> {
        Some(Target::Person(id.to_owned()))
    }

    fn room(id: &str) -> Option<Target> {
        Some(Target::Room(id.to_owned()))
    }

    #[test]
    fn people_and_rooms_are_found_in_both_forms() {
        assert_eq!(target("https://matrix.to/#/@ann:example.org"), person("@ann:example.org"));
        assert_eq!(target("http://matrix.to/#/%40ann%3Aexample.org"), person("@ann:example.org"));
        assert_eq!(target("matrix:u/ann:example.org?action=chat"), person("@ann:example.org"));
        assert_eq!(target("https://matrix.to/#/#wiki:example.org"), room("#wiki:example.org"));
        assert_eq!(
            target("https://matrix.to/#/!abc:example.org?via=example.org&odd=1"),
            room("!abc:example.org")
        );
        assert_eq!(target("matrix:r/wiki:example.org"), room("#wiki:example.org"));
        assert_eq!(target("matrix:roomid/abc:example.org"), room("!abc:example.org"));
    }

    #[test]
    fn an_id_that_is_too_long_is_none() {
        for sigil in ["@", "#", "!"] {
            let id = |letters: usize| format!("{sigil}{}:x.org", "\u{e9}".repeat(letters));
            let found = |id: &str| target(&format!("https://matrix.to/#/{id}")).is_some();
            assert!(found(&id(124)), "{sigil}: 255 bytes");
            assert!(!found(&id(125)), "{sigil}: 257 bytes");
        }
    }

    #[test]
    fn single_events_are_found_in_both_forms() {
        let expected = Some(("!abc:example.org".to_owned(), "$Ev-1_x".to_owned()));
        for url in [
            "https://matrix.to/#/!abc:example.org/$Ev-1_x?via=example.org",
            "https://matrix.to/#/%21abc%3Aexample.org/%24Ev-1_x",
            "matrix:roomid/abc:example.org/e/Ev-1_x?via=example.org",
        ] {
            assert_eq!(message(url), expected, "{url}");
        }
        for url in [
            "https://matrix.to/#/!abc:example.org",
            "https://matrix.to/#/#abc:example.org/$Ev-1_x",
            "https://matrix.to/#/!abc:example.org/$",
            "matrix:roomid/abc:example.org",
            "https://example.org/!abc:example.org/$Ev-1_x",
        ] {
            assert_eq!(message(url), None, "{url}");
        }
    }

    #[test]
    fn an_address_that_only_clients_know_has_one_on_the_web() {
        for (uri, web) in [
            ("matrix:r/tea:x.org", "https://matrix.to/#/#tea:x.org"),
            (
                "MATRIX:roomid/tea:x.org?via=x.org&via=y.org",
                "https://matrix.to/#/!tea:x.org?via=x.org&via=y.org",
            ),
            ("matrix:u/ann:x.org?action=chat", "https://matrix.to/#/@ann:x.org"),
            (
                "matrix:roomid/tea:x.org/e/Ev-1?via=x.org",
                "https://matrix.to/#/!tea:x.org/$Ev-1?via=x.org",
            ),
        ] {
            let found = on_the_web(uri).unwrap();
            assert_eq!(found, web);
            assert_eq!((target(&found), message(&found)), (target(uri), message(uri)), "{uri}");
        }
        for other in
            ["https://matrix.to/#/#tea:x.org", "matrix:x/a:b.org", "matrix:r/tea:x.org/q/z"]
        {
            assert_eq!(on_the_web(other), None, "{other}");
        }
    }

    #[test]
    fn other_addresses_lead_to_nobody() {
        for url in [
            "https://example.org/",
            "https://matrix.to/#/!abc:example.org/$event",
            "https://matrix.to/",
            "https://matrix.to/#/",
            "https://matrix.to/#/%4",
            "https://matrix.to/#/%ff",
            "https://matrix.to/#/@ann",
            "matrix:u/ann",
            "matrix:x/ann:example.org",
            "matrix:",
        ] {
            assert_eq!(target(url), None, "{url}");
        }
    }

    #[test]
    fn an_id_survives_its_address() {
        for id in ["@a/b=c+d:example.org", "@ann:example.org:8448", "#wìki/ä:example.org"] {
            let found = target(&bot_core::address::matrix_to(id));
            let kind = if id.starts_with('@') { person(id) } else { room(id) };
            assert_eq!(found, kind);
        }
    }

    #[test]
    fn only_harmless_schemes_may_be_links() {
        assert!(may_be_link("HTTPS://example.org"));
        assert!(may_be_link("mailto:ann@example.org"));
        assert!(!may_be_link("javascript:alert(1)"));
        assert!(!may_be_link("tg://resolve?domain=x"));
        for url in ["tg://resolve?domain=x", "tel:+1", "bitcoin:1x", "https://example.org"] {
            assert!(says_something(url), "{url}");
        }
        for url in
            ["JavaScript:alert(1)", "data:text/html,x", "file:///home/a", " x:y", "/a:b", "tel:"]
        {
            assert!(!says_something(url), "{url}");
        }
        assert!(!may_be_link("https:"));
        assert!(!may_be_link("example.org"));
    }
}
