// SPDX-License-Identifier: AGPL-3.0-or-later
//! Addresses of public pages about communities.
//!
//! Rule: an address holds a keyed hash of the portal's number, so that nobody finds pages by counting.

use crate::portal::PortalId;
use crate::pseudonym::Pseudonyms;

/// Makes and knows addresses of pages. Clones have the same key.
#[derive(Clone)]
pub struct PageLinks {
    base: String,
    keyed: Pseudonyms,
}

impl PageLinks {
    /// `base` is where browsers find the pages.
    pub fn new(base: &str, pseudonyms: &Pseudonyms) -> Self {
        let keyed = Pseudonyms::new(&pseudonyms.key("public page"));
        Self { base: base.trim_end_matches('/').to_owned(), keyed }
    }

    /// What stands for a portal in the address of its page: 20 characters.
    pub fn slug(&self, portal: PortalId) -> String {
        self.keyed.token("page", &portal.0.to_string())
    }

    /// The path of the page, below the base.
    pub fn path(&self, portal: PortalId) -> String {
        format!("/c/{}", self.slug(portal))
    }

    /// The whole address.
    pub fn address(&self, portal: PortalId) -> String {
        format!("{}{}", self.base, self.path(portal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_stable_keyed_and_holds_no_number() {
        let one = PageLinks::new("https://a.example/", &Pseudonyms::new(b"one"));
        let other = PageLinks::new("https://a.example", &Pseudonyms::new(b"two"));
        let address = one.address(PortalId(1));
        assert_eq!(address, one.address(PortalId(1)));
        assert!(address.starts_with("https://a.example/c/"), "{address}");
        assert_eq!(one.slug(PortalId(1)).len(), 20);
        assert_ne!(one.slug(PortalId(1)), one.slug(PortalId(2)));
        assert_ne!(one.slug(PortalId(1)), other.slug(PortalId(1)));
    }
}
