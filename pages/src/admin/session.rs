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

fn name(site: &Site) -> &'static str {
    if is_encrypted(site) { "__Host-freeside" } else { "freeside" }
}

fn is_encrypted(site: &Site) -> bool {
    site.parts().public_url.scheme() == "https"
}

/// The field `Set-Cookie` that begins a session, or ends it without a secret.
pub(super) fn cookie(site: &Site, secret: Option<&str>) -> Option<HeaderValue> {
    let (value, life) = (secret.unwrap_or_default(), if secret.is_some() { LIFE } else { 0 });
    let secure = if is_encrypted(site) { "; Secure" } else { "" };
    let name = name(site);
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={life}{secure}");
    HeaderValue::from_str(&text).ok()
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
    let wanted = name(site);
    let fields = headers.get_all(header::COOKIE).iter().filter_map(|field| field.to_str().ok());
    let mut pairs = fields.flat_map(|field| field.split(';'));
    let found = pairs.find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == wanted).then_some(value)
    })?;
    (found.len() <= LONGEST).then(|| found.to_owned())
}
