// SPDX-License-Identifier: AGPL-3.0-or-later
//! The two kinds of Matrix address that the core itself reads or writes: `mxc://` URIs of uploaded
//! files and `https://matrix.to/` links.
//!
//! Rule: no SDK is needed to read them; everything else about addresses is the bridges' business.

/// Whether `uri` names a file of a media repository: `mxc://server/media`, where the media id holds
/// letters, digits, `-` and `_` only (Matrix specification, "Matrix Content (`mxc://`) URIs").
pub fn is_mxc(uri: &str) -> bool {
    let Some((server, media)) = uri.strip_prefix("mxc://").and_then(|rest| rest.split_once('/'))
    else {
        return false;
    };
    let is_id = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    is_server(server) && !media.is_empty() && media.bytes().all(is_id)
}

/// Whether `name` can be a server's name: a DNS name, an IPv4 address or an IPv6 address in
/// brackets, and perhaps a port.
fn is_server(name: &str) -> bool {
    let (host, port) = match name.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => {
            if host.parse::<std::net::Ipv6Addr>().is_err() {
                return false;
            }
            ("v6", rest)
        }
        None => name.find(':').map_or((name, ""), |at| name.split_at(at)),
    };
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    let is_port = port.strip_prefix(':').is_none_or(|port| port.parse::<u16>().is_ok());
    !host.is_empty()
        && host.bytes().all(is_host)
        && is_port
        && (port.is_empty() || port.starts_with(':'))
}

/// The `matrix.to` link to a person or room: `id` with its sigil, percent-encoded.
pub fn matrix_to(id: &str) -> String {
    let mut url = String::from("https://matrix.to/#/");
    for byte in id.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                url.push(char::from(byte));
            }
            b'@' | b':' | b'!' | b'#' | b'=' => url.push(char::from(byte)),
            other => {
                url.push('%');
                for nibble in [other >> 4, other & 15] {
                    let digit = char::from_digit(u32::from(nibble), 16).unwrap_or('0');
                    url.push(digit.to_ascii_uppercase());
                }
            }
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_uris_of_media_repositories_are_taken() {
        for good in
            ["mxc://a/b", "mxc://example.org:8448/A-z_9", "mxc://[::1]:1/x", "mxc://1.2.3.4/x"]
        {
            assert!(is_mxc(good), "{good}");
        }
        for bad in [
            "mxc://a",
            "mxc:///b",
            "mxc://a/",
            "mxc://a/b/c",
            "mxc://a/b?c",
            "https://a/b",
            "mxc://a b/c",
            "mxc://a:b/c",
            "mxc://[a]/b",
            "mxc://a:99999/b",
        ] {
            assert!(!is_mxc(bad), "{bad}");
        }
    }

    #[test]
    fn a_link_leads_to_a_person_or_a_room() {
        assert_eq!(matrix_to("@a/b:x.org"), "https://matrix.to/#/@a%2Fb:x.org");
        assert_eq!(matrix_to("!r:x.org"), "https://matrix.to/#/!r:x.org");
    }
}
