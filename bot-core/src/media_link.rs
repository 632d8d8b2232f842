// SPDX-License-Identifier: AGPL-3.0-or-later
//! Public addresses of media: profile pictures for platforms that fetch them by address, and files that
//! a platform does not take.
//!
//! Rule: what an address stands for is encrypted and authenticated with a key of the bridge, so that it
//! names nobody and nobody else can make one. Each one ends (`docs/adr/0022`).

use bridge_model::{Media, MediaHandle, MessageId, Person, Place, Timestamp};
use chacha20poly1305::aead::AeadInPlace;
use chacha20poly1305::{KeyInit, Tag, XChaCha20Poly1305, XNonce};
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use crate::portal::{Portal, PortalId};
use crate::pseudonym::Pseudonyms;

/// The first byte of a token.
const VERSION: u8 = 1;
/// Bytes of a nonce.
const NONCE: usize = 24;
/// Bytes of the proof that nothing was changed.
const PROOF: usize = 16;
/// Characters of a token at most; what would be longer has no address.
const MOST: usize = 1000;
/// Bytes of a file's name in a token.
const NAME: usize = 80;

/// Makes and reads addresses. Clones have the same key.
#[derive(Clone)]
pub struct MediaLinks {
    base: String,
    /// Encrypts.
    key: [u8; 32],
    /// Makes nonces: the same content has the same address, so that platforms fetch it once.
    nonces: Pseudonyms,
    terms: Terms,
}

/// What the operator says about addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How long an address leads somewhere at least, in milliseconds; at most twice as long.
    pub lifetime: i64,
    /// Files larger than that have no address, in bytes.
    pub max_size: u64,
    /// Profile pictures have addresses.
    pub pictures: bool,
}

/// What an address leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaLink {
    /// The portal in which it was shown.
    pub portal: PortalId,
    /// See [`Portal::media_epoch`].
    pub epoch: u32,
    /// Until when.
    pub expires: Timestamp,
    /// Where the bytes are.
    pub handle: MediaHandle,
    /// The file's name.
    pub name: Option<String>,
    /// Of whom or of what.
    pub of: LinkedTo,
}

/// Whose media it is; it is served only as long as they are shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkedTo {
    /// Somebody's profile picture.
    Person(Person),
    /// A file of a message, at its origin.
    Message(Place, MessageId),
}

/// An address leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoLink {
    /// The bridge has not made it.
    Unknown,
    /// It is over, of this portal.
    Expired(PortalId),
}

impl MediaLinks {
    /// `base` is where platforms and people reach the listener.
    pub fn new(base: &str, pseudonyms: &Pseudonyms, terms: Terms) -> Self {
        let nonces = Pseudonyms::new(&pseudonyms.key("media nonce"));
        let key = pseudonyms.key("media link");
        Self { base: base.trim_end_matches('/').into(), key, nonces, terms }
    }

    /// For what is shown in the chats of a portal, from `now` on.
    pub fn of_portal(&self, portal: &Portal, now: Timestamp) -> PortalLinks {
        let lifetime = self.terms.lifetime.max(1);
        // The same for a whole lifetime, and good for one at least.
        let begun = now.0.div_euclid(lifetime).saturating_mul(lifetime);
        let expires = Timestamp(begun.saturating_add(lifetime.saturating_mul(2)));
        PortalLinks { links: self.clone(), portal: portal.id, epoch: portal.media_epoch, expires }
    }

    /// The address of a link; `None` where it would be too long.
    pub fn address(&self, link: &MediaLink) -> Option<String> {
        let mut body = postcard::to_stdvec(link).ok()?;
        let whole = self.nonces.key(&BASE64URL_NOPAD.encode(&body));
        let nonce: [u8; NONCE] = *whole.first_chunk()?;
        let cipher = XChaCha20Poly1305::new(&self.key.into());
        let about = [VERSION];
        let proof =
            cipher.encrypt_in_place_detached(&XNonce::from(nonce), &about, &mut body).ok()?;
        let token = [&about[..], &nonce, &body, &proof].concat();
        let token = BASE64URL_NOPAD.encode(&token);
        (token.len() <= MOST).then(|| format!("{}/m/{token}", self.base))
    }

    /// What a token stands for. The proof is compared in constant time.
    ///
    /// # Errors
    /// [`NoLink`].
    pub fn read(&self, token: &str, now: Timestamp) -> Result<MediaLink, NoLink> {
        let link = self.opened(token).ok_or(NoLink::Unknown)?;
        match now < link.expires {
            true => Ok(link),
            false => Err(NoLink::Expired(link.portal)),
        }
    }

    fn opened(&self, token: &str) -> Option<MediaLink> {
        let whole = BASE64URL_NOPAD.decode(token.get(..MOST.min(token.len()))?.as_bytes()).ok()?;
        let (about, rest) = whole.split_first_chunk::<1>().filter(|(it, _)| **it == [VERSION])?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE>()?;
        let (body, proof) = rest.split_last_chunk::<PROOF>()?;
        let (nonce, proof) = (XNonce::from(*nonce), Tag::from(*proof));
        let mut body = body.to_vec();
        let cipher = XChaCha20Poly1305::new(&self.key.into());
        cipher.decrypt_in_place_detached(&nonce, about, &mut body, &proof).ok()?;
        postcard::from_bytes(&body).ok()
    }

    /// Files larger than that are not served, in bytes.
    pub fn max_size(&self) -> u64 {
        self.terms.max_size
    }
}

/// Makes the addresses of what is shown in the chats of one portal now.
#[derive(Clone)]
pub struct PortalLinks {
    links: MediaLinks,
    portal: PortalId,
    epoch: u32,
    expires: Timestamp,
}

impl PortalLinks {
    /// The address of somebody's profile picture.
    pub fn picture(&self, person: &Person, handle: &MediaHandle) -> Option<String> {
        let shown = self.links.terms.pictures && !handle.is_none();
        shown.then(|| self.link(handle, None, LinkedTo::Person(person.clone())))?
    }

    /// The address of a file of a message, at its origin, and until when it leads there. One that is
    /// known to be too large has none.
    pub fn file(
        &self,
        (place, message): (&Place, &MessageId),
        media: &Media,
    ) -> Option<(String, Timestamp)> {
        let fits = media.size.is_none_or(|size| size <= self.links.terms.max_size);
        if !fits || media.handle.is_none() {
            return None;
        }
        let of = LinkedTo::Message(place.clone(), message.clone());
        let name = media.name.as_deref().map(shortened);
        self.link(&media.handle, name, of).map(|address| (address, self.expires))
    }

    fn link(&self, handle: &MediaHandle, name: Option<String>, of: LinkedTo) -> Option<String> {
        let Self { links, portal, epoch, expires } = self;
        let handle = handle.clone();
        let (portal, epoch, expires) = (*portal, *epoch, *expires);
        links.address(&MediaLink { portal, epoch, expires, handle, name, of })
    }
}

/// Makes the addresses of the files of one message.
#[derive(Clone)]
pub struct FileLinks {
    links: PortalLinks,
    place: Place,
    message: MessageId,
}

impl FileLinks {
    /// For a message that was said first at `place`.
    pub fn new(links: PortalLinks, place: Place, message: MessageId) -> Self {
        Self { links, place, message }
    }

    /// See [`PortalLinks::file`].
    pub fn address(&self, media: &Media) -> Option<(String, Timestamp)> {
        self.links.file((&self.place, &self.message), media)
    }
}

/// A name without its middle, so that its ending stays.
fn shortened(name: &str) -> String {
    if name.len() <= NAME {
        return name.to_owned();
    }
    let ending = name.rsplit_once('.').map(|(_, ending)| ending).filter(|it| it.len() <= 10);
    let room = NAME.saturating_sub(ending.map_or(0, |ending| ending.len() + 1));
    let mut short: String = name.chars().take(room).collect();
    while short.len() > room {
        short.pop();
    }
    ending.into_iter().for_each(|ending| {
        short.push('.');
        short.push_str(ending);
    });
    short
}

#[cfg(test)]
mod tests {
    use bridge_model::MediaKind;
    use bridge_policy::stage::Stage;

    use super::*;
    use crate::portal::Settings;

    const DAY: i64 = 24 * 60 * 60 * 1000;
    const NOW: Timestamp = Timestamp(1_700_000_000_000);

    fn links(secret: &[u8]) -> MediaLinks {
        let terms = Terms { lifetime: 7 * DAY, max_size: 1000, pictures: true };
        MediaLinks::new("https://bridge.example/", &Pseudonyms::new(secret), terms)
    }

    fn portal() -> Portal {
        Portal {
            id: PortalId(3),
            room: Place::new("matrix", "!room:example.org"),
            ends: Vec::new(),
            settings: Settings::default(),
            stage: Stage::Bridged,
            relaying: true,
            silence: None,
            media_epoch: 5,
        }
    }

    fn ana() -> Person {
        Person::new("matrix", "@ana:example.org")
    }

    fn picture() -> MediaHandle {
        MediaHandle { network: "matrix".into(), reference: "mxc://example.org/abc".into() }
    }

    fn address(secret: &[u8], now: Timestamp) -> String {
        links(secret).of_portal(&portal(), now).picture(&ana(), &picture()).unwrap()
    }

    fn token(address: &str) -> &str {
        address.strip_prefix("https://bridge.example/m/").unwrap()
    }

    #[test]
    fn an_address_leads_to_what_it_was_made_for() {
        let read = links(b"one").read(token(&address(b"one", NOW)), NOW).unwrap();
        assert_eq!((read.portal, read.epoch), (PortalId(3), 5));
        assert_eq!((read.handle, read.of), (picture(), LinkedTo::Person(ana())));
    }

    #[test]
    fn p1_an_address_names_neither_person_nor_server_nor_media() {
        let address = address(b"one", NOW);
        let bytes = BASE64URL_NOPAD.decode(token(&address).as_bytes()).unwrap();
        for name in ["ana", "example.org", "abc", "mxc"] {
            assert!(!address.trim_start_matches("https://bridge.example").contains(name));
            assert!(!bytes.windows(name.len()).any(|it| it == name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn a_picture_has_one_address_for_a_lifetime_and_it_is_good_for_one_more() {
        let first = address(b"one", Timestamp(7 * DAY * 2800));
        assert_eq!(first, address(b"one", Timestamp(7 * DAY * 2801 - 1)));
        assert_ne!(first, address(b"one", Timestamp(7 * DAY * 2801)));
        let read = |at| links(b"one").read(token(&first), Timestamp(at));
        assert!(read(7 * DAY * 2802 - 1).is_ok());
        assert_eq!(read(7 * DAY * 2802), Err(NoLink::Expired(PortalId(3))));
    }

    #[test]
    fn no_byte_of_an_address_can_be_changed_or_left_out() {
        let address = address(b"one", NOW);
        let bytes = BASE64URL_NOPAD.decode(token(&address).as_bytes()).unwrap();
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 1;
            for forged in [&other[..], &bytes[..at]] {
                let forged = BASE64URL_NOPAD.encode(forged);
                assert_eq!(links(b"one").read(&forged, NOW), Err(NoLink::Unknown), "{at}");
            }
        }
        for forged in ["", "a", "ä", "../..", &"A".repeat(1_000_000)] {
            assert_eq!(links(b"one").read(forged, NOW), Err(NoLink::Unknown));
        }
        assert_eq!(links(b"two").read(token(&address), NOW), Err(NoLink::Unknown));
    }

    #[test]
    fn a_file_has_an_address_if_it_can_be_served_as_it_is() {
        let of_portal = links(b"one").of_portal(&portal(), NOW);
        let (place, message) = (portal().room, MessageId::from("$1"));
        let file = |size, handle: MediaHandle| {
            let media = Media { size, ..Media::new(handle, MediaKind::File) };
            of_portal.file((&place, &message), &media)
        };
        assert!(file(Some(1000), picture()).is_some());
        assert!(file(None, picture()).is_some());
        assert!(file(Some(1001), picture()).is_none());
        assert!(file(Some(10), MediaHandle::none(&"matrix".into())).is_none());
        let long = MediaHandle { reference: "x".repeat(2000), ..picture() };
        assert!(file(Some(10), long).is_none());
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        assert_eq!(shortened("a.pdf"), "a.pdf");
        let short = shortened(&format!("{}.pdf", "ä".repeat(100)));
        assert!(short.len() <= NAME && short.ends_with("ä.pdf"), "{short}");
        assert_eq!(shortened(&"x".repeat(200)).len(), NAME);
    }

    #[test]
    fn where_pictures_are_not_shown_they_have_no_address() {
        let mut links = links(b"one");
        links.terms.pictures = false;
        assert_eq!(links.of_portal(&portal(), NOW).picture(&ana(), &picture()), None);
    }
}
