// SPDX-License-Identifier: AGPL-3.0-or-later
//! The cookie of a session, and where a form comes from.
//!
//! Rule: the cookie goes to this host alone, over an encrypted connection where the pages have one, to no
//! script, and with no request that another site has caused.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use bot_core::dashboard::Visitor;

use super::{dashboard, logged_out};
use crate::frame::{Asked, Frame};
use crate::{Site, later};

/// Seconds that a browser keeps the cookie; the store ends the session then, too.
const LIFE: u32 = 8 * 3600;
/// Letters of a secret at most.
const LONGEST: usize = 128;

/// Browsers take a cookie with such a name from this host alone, and only over an encrypted connection.
fn name(encrypted: bool) -> &'static str {
    if encrypted { "__Host-freeside" } else { "freeside" }
}

fn is_encrypted(site: &Site) -> bool {
    site.parts().public_url.scheme() == "https"
}

/// The field `Set-Cookie` that begins a session, or ends it without a secret.
pub(super) fn cookie(site: &Site, secret: Option<&str>) -> Option<HeaderValue> {
    HeaderValue::from_str(&field(is_encrypted(site), secret)).ok()
}

fn field(encrypted: bool, secret: Option<&str>) -> String {
    let (value, life) = (secret.unwrap_or_default(), if secret.is_some() { LIFE } else { 0 });
    let (name, secure) = (name(encrypted), if encrypted { "; Secure" } else { "" });
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={life}{secure}")
}

/// Whether a form was sent by one of our own pages, as far as the browser says
/// (<https://www.w3.org/TR/fetch-metadata/>).
pub(super) fn is_from_here(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").and_then(|it| it.to_str().ok());
    site.is_none_or(|site| site == "same-origin")
}

/// Who is logged in, and what stands around their pages.
pub(super) async fn known(
    site: &Site,
    (asked, headers): (&Asked, &HeaderMap),
) -> Result<(Visitor, Frame), Response> {
    let Some(secret) = secret(site, headers) else { return Err(logged_out(site, asked)) };
    let board = dashboard(site);
    let visitor = board.visitor(&secret).await.map_err(|error| down(site, asked, &error))?;
    let Some(visitor) = visitor else { return Err(logged_out(site, asked)) };
    let own = board.language(&visitor).await.map_err(|error| down(site, asked, &error))?;
    Ok((visitor, site.frame(asked, own.as_deref())))
}

/// The store or the homeserver does not answer.
pub(super) fn down(site: &Site, asked: &Asked, error: &dyn std::fmt::Display) -> Response {
    tracing::warn!(%error, "a page of the dashboard cannot be made");
    later(site, asked)
}

fn secret(site: &Site, headers: &HeaderMap) -> Option<String> {
    secret_in(headers, name(is_encrypted(site)))
}

fn secret_in(headers: &HeaderMap, wanted: &str) -> Option<String> {
    let fields = headers.get_all(header::COOKIE).iter().filter_map(|field| field.to_str().ok());
    let mut pairs = fields.flat_map(|field| field.split(';'));
    let found = pairs.find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == wanted).then_some(value)
    })?;
    (found.len() <= LONGEST).then(|| found.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_of_a_session_is_of_this_host_and_of_no_script() {
        let https = field(true, Some("ab"));
        assert_eq!(
            https,
            "__Host-freeside=ab; Path=/; HttpOnly; SameSite=Strict; Max-Age=28800; Secure"
        );
        assert!(!field(false, Some("ab")).contains("Secure"));
        assert!(
            field(true, None).starts_with("__Host-freeside=;")
                && field(true, None).contains("Max-Age=0")
        );
    }

    #[test]
    fn only_a_cookie_of_that_name_counts() {
        let mut headers = HeaderMap::new();
        for (sent, found) in [
            ("a=1; __Host-freeside=ab", Some("ab")),
            ("freeside=ab", None),
            ("x__Host-freeside=ab", None),
            ("__Host-freeside", None),
            ("__Host-freeside=a;__Host-freeside=b", Some("a")),
        ] {
            headers.insert(header::COOKIE, HeaderValue::from_static(sent));
            assert_eq!(secret_in(&headers, name(true)).as_deref(), found, "{sent}");
        }
        let long = format!("__Host-freeside={}", "a".repeat(LONGEST + 1));
        headers.insert(header::COOKIE, HeaderValue::from_str(&long).unwrap());
        assert_eq!(secret_in(&headers, name(true)), None);
    }

    #[test]
    fn a_form_from_another_site_does_not_count() {
        let mut headers = HeaderMap::new();
        assert!(is_from_here(&headers));
        for (site, here) in
            [("same-origin", true), ("same-site", false), ("cross-site", false), ("none", false)]
        {
            headers.insert("sec-fetch-site", HeaderValue::from_static(site));
            assert_eq!(is_from_here(&headers), here, "{site}");
        }
    }
}
