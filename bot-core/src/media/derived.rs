// SPDX-License-Identifier: AGPL-3.0-or-later
//! Files that are made from other files: the handle says how and from which.
//!
//! Rule: such a handle can be opened at any time, also after a restart; nothing is kept.

use bridge_model::{MediaHandle, NetworkId};
use bytes::Bytes;
use futures_util::StreamExt;

use super::drawing::DrawSticker;
use super::lottie::{self, NotDrawn};
use crate::network::{AskError, MediaStream};

/// The network of such handles.
pub const DERIVED: &str = "derived";
/// Largest file that is held whole to make another from it, in bytes.
const LARGEST: usize = 1024 * 1024;

/// How a file is made from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipe {
    /// A Lottie sticker as a moving PNG.
    LottieToApng,
    /// A Lottie sticker as a GIF.
    LottieToGif,
}

impl Recipe {
    const ALL: [(Self, &'static str); 2] =
        [(Self::LottieToApng, "lottie-apng"), (Self::LottieToGif, "lottie-gif")];

    /// The media type of what comes out.
    pub fn mime(self) -> &'static str {
        match self {
            Self::LottieToApng => "image/png",
            Self::LottieToGif => "image/gif",
        }
    }

    /// Its name in handles and on the command line.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(recipe, _)| *recipe == self).map_or("", |(_, name)| name)
    }

    /// The handle of what this makes from `original`.
    pub fn of(self, original: &MediaHandle) -> MediaHandle {
        let MediaHandle { network, reference } = original;
        let reference = format!("{}/{network}/{reference}", self.name());
        MediaHandle { network: DERIVED.into(), reference }
    }

    /// The recipe of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(recipe, _)| *recipe)
    }

    /// Makes the file from a whole sticker, in this process; see [`DrawSticker`].
    ///
    /// # Errors
    /// [`NotDrawn`] when it cannot be made from that.
    pub fn draw(self, sticker: &[u8]) -> Result<Vec<u8>, NotDrawn> {
        match self {
            Self::LottieToApng => lottie::to_apng(sticker),
            Self::LottieToGif => lottie::to_gif(sticker),
        }
    }

    /// Makes the file.
    ///
    /// # Errors
    /// [`AskError::Refused`] when it cannot be made from that; [`AskError::Retry`] when the
    /// original breaks off.
    pub async fn make(
        self,
        original: MediaStream,
        drawer: &dyn DrawSticker,
    ) -> Result<MediaStream, AskError> {
        let made = drawer.draw(self, collect(original).await?).await?;
        let size = u64::try_from(made.len()).ok();
        let chunks = futures_util::stream::iter([Ok(Bytes::from(made))]);
        Ok(MediaStream { size, mime: Some(self.mime().into()), chunks: Box::pin(chunks) })
    }
}

/// The recipe and the original of a derived file; `None` for every other handle.
pub fn original(handle: &MediaHandle) -> Option<(Recipe, MediaHandle)> {
    if handle.network.as_str() != DERIVED {
        return None;
    }
    let mut parts = handle.reference.splitn(3, '/');
    let (name, network, reference) = (parts.next()?, parts.next()?, parts.next()?);
    let recipe = Recipe::named(name)?;
    let network = NetworkId::from(network);
    Some((recipe, MediaHandle { network, reference: reference.to_owned() }))
}

async fn collect(mut stream: MediaStream) -> Result<Vec<u8>, AskError> {
    let mut whole = Vec::new();
    while let Some(chunk) = stream.chunks.next().await {
        let chunk =
            chunk.map_err(|error| AskError::Retry { after: None, reason: error.to_string() })?;
        whole.extend_from_slice(&chunk);
        if whole.len() > LARGEST {
            return Err(AskError::Refused("too large to be turned into another format".into()));
        }
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_derived_handle_leads_back_to_its_original() {
        let file =
            MediaHandle { network: "discord".into(), reference: "https://x/a.json#1/2".into() };
        for (recipe, _) in Recipe::ALL {
            assert_eq!(original(&recipe.of(&file)), Some((recipe, file.clone())));
        }
        assert_eq!(original(&file), None);
    }
}
