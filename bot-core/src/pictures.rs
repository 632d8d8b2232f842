// SPDX-License-Identifier: AGPL-3.0-or-later
//! Public addresses of profile pictures, for platforms that fetch pictures by address.
//!
//! Rule: an address holds a keyed token, so that only addresses that the bridge has made itself are
//! answered.

use crate::pseudonym::Pseudonyms;

const PURPOSE: &str = "picture";

/// Makes the addresses of pictures.
#[derive(Clone)]
pub struct Pictures {
    base: String,
    pseudonyms: Pseudonyms,
}

impl Pictures {
    /// `base` is where the platforms reach the bridge.
    pub fn new(base: &str, pseudonyms: Pseudonyms) -> Self {
        Self { base: base.trim_end_matches('/').into(), pseudonyms }
    }

    /// The public address of an `mxc://` URI.
    pub fn address(&self, mxc: &str) -> Option<String> {
        let (server, media) = mxc.strip_prefix("mxc://")?.split_once('/')?;
        let token = self.token(mxc);
        Some(format!("{}/_freeside/picture/{token}/{server}/{media}", self.base))
    }

    /// The token in the address of an `mxc://` URI.
    pub fn token(&self, mxc: &str) -> String {
        self.pseudonyms.token(PURPOSE, mxc)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_signed_and_leads_to_one_picture() {
        let pictures = Pictures::new("https://bridge.example/", Pseudonyms::new(b"secret"));
        let address = pictures.address("mxc://example.org/abc").unwrap();
        assert!(address.starts_with("https://bridge.example/_freeside/picture/"), "{address}");
        assert!(address.ends_with("/example.org/abc"), "{address}");
        assert_ne!(Some(address), pictures.address("mxc://example.org/abd"));
        assert_eq!(pictures.address("https://example.org/a.png"), None);
    }
}
