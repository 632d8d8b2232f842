// SPDX-License-Identifier: AGPL-3.0-or-later
//! Addresses that stand below words on Telegram, as a `text_link`.
//!
//! Rule: what is not certain to be taken is refused here, because the platform refuses the whole
//! message for one address (`entity URL '...' is invalid`). The conditions are those of
//! `check_link_impl` and `parse_url` in TDLib: <https://github.com/tdlib/td/blob/master/tdutils/td/utils/HttpUrl.cpp>.

use url::{Host, Url};

/// Longest address, in bytes. Servers and browsers take no longer ones for certain.
const LONGEST: usize = 2048;

/// Whether `url` leads into the web and the platform takes it, as [`Url`] writes it.
pub(super) fn is_accepted(url: &str) -> bool {
    let Some(url) = Url::parse(url).ok().filter(|url| url.as_str().len() <= LONGEST) else {
        return false;
    };
    match url.scheme() {
        "http" | "https" => has_web_host(&url),
        // The platform takes `tg` and `ton`, too: they start bots and payments, so whoever touches one
        // has to see it. It makes links of them by itself.
        _ => false,
    }
}

fn has_web_host(url: &Url) -> bool {
    let named = |host: &str| host.contains('.') && host != "." && is_part(host, false);
    let host = match url.host() {
        Some(Host::Ipv6(_) | Host::Ipv4(_)) => true,
        Some(Host::Domain(host)) => named(host),
        None => false,
    };
    let user = is_part(url.username(), true) && is_part(url.password().unwrap_or_default(), true);
    host && user && url.port() != Some(0)
}

/// Whether a host, or a user with password, has only characters that the platform allows there.
fn is_part(part: &str, colon: bool) -> bool {
    let mut bytes = part.bytes();
    while let Some(byte) = bytes.next() {
        let allowed = match byte {
            b'%' => {
                let mut hex = || bytes.next().is_some_and(|it| it.is_ascii_hexdigit());
                hex() && hex()
            }
            b':' => colon,
            128.. => true,
            _ => byte.is_ascii_alphanumeric() || b".-_!$,~*'();&+=".contains(&byte),
        };
        if !allowed {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod acceptance_tests {
    use super::*;

    #[test]
    fn hosts_without_a_dot_and_odd_hosts_are_refused() {
        for url in [
            "http://localhost:3000/x",
            "http://wiki/x",
            "https://{server}.example.org/a",
            "http://example.org:0/",
            "https://a`b.example.org/",
            "mailto:a@example.org",
            "tel:+123",
            "ftp://example.org/",
            "tg://resolve?domain=x&start=y",
            "TON://transfer/x",
            "tg://user:name@resolve?domain=x",
            "//example.org",
            "example.org",
        ] {
            assert!(!is_accepted(url), "{url}");
        }
        assert!(!is_accepted(&format!("https://example.org/{}", "a".repeat(LONGEST))));
    }

    #[test]
    fn web_addresses_with_a_dot_or_a_number_are_accepted() {
        for url in [
            "http://[::1]:8080/",
            "https://10.0.0.1/x",
            "https://my_host.example.org/",
            "https://пример.испытание/",
            "https://user:pass%20word@example.org:8443/a?b#c",
            "HTTPS://EXAMPLE.ORG",
        ] {
            assert!(is_accepted(url), "{url}");
        }
    }
}
