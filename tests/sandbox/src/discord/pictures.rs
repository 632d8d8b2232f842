// SPDX-License-Identifier: AGPL-3.0-or-later
//! What Discord shows of the address of a profile picture that came with a webhook's message: its servers
//! fetch it, and clients see their copy.
//!
//! Rule: what is no picture is not shown; the author then has the picture of the webhook.

use anyhow::{Context, ensure};
use bytes::Bytes;

use super::{Discord, Seen};

/// The largest picture that is fetched.
const LARGEST: usize = 8 * 1024 * 1024;
/// How the kinds of pictures begin that are shown.
const KINDS: [(&str, &[u8]); 4] = [
    ("image/png", b"\x89PNG\r\n\x1a\n"),
    ("image/jpeg", b"\xff\xd8\xff"),
    ("image/gif", b"GIF8"),
    ("image/webp", b"RIFF"),
];

impl Discord {
    /// Fetches the picture of a message's author as Discord's servers do.
    ///
    /// # Errors
    /// When there is none, or what is at its address is no picture.
    pub async fn fetch_avatar(&self, seen: &Seen) -> anyhow::Result<Bytes> {
        let address = seen.avatar_url.as_deref().context("the author has no picture")?;
        let client = reqwest::Client::builder()
            .user_agent("Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)")
            .redirect(reqwest::redirect::Policy::limited(3))
            .build()?;
        let answer = client.get(address).send().await?;
        ensure!(answer.status().as_u16() == 200, "{address}: {}", answer.status());
        let said = answer.headers().get("content-type").context("no Content-Type")?;
        let said = said.to_str()?.split(';').next().unwrap_or_default().trim().to_owned();
        let bytes = answer.bytes().await?;
        ensure!(bytes.len() <= LARGEST, "{} bytes are too many", bytes.len());
        let is = |kind: &(&str, &[u8])| kind.0 == said && bytes.starts_with(kind.1);
        ensure!(KINDS.iter().any(is), "{address}: {said} is no picture");
        Ok(bytes)
    }
}
