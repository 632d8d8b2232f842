// SPDX-License-Identifier: AGPL-3.0-or-later
//! Files on their way to a network: what it cannot show becomes something that it can, and what
//! may hide personal data is withheld.
//!
//! Rule: a file that is left out becomes a note.

use bridge_model::{Media, MediaKind, Message, Missing, Note};

use super::directory::Directory;
use crate::lane::CORE;
use crate::media::plan;
use crate::order::DeliverError;
use crate::store::StickerRecord;

/// Makes the files of a message ready for the destination.
///
/// # Errors
/// What the directory answers.
pub(super) async fn prepare_media(
    directory: &dyn Directory,
    message: &mut Message,
) -> Result<(), DeliverError> {
    let Some(able) = directory.capabilities().map(|able| able.media) else { return Ok(()) };
    let own = directory.route().from.network.as_str() == CORE;
    let stays = directory.settings().at_risk && !own;
    for mut media in std::mem::take(&mut message.media) {
        if stays {
            let Media { name, size, .. } = media;
            message.notes.push(Note::FileMissing { name, size, why: Missing::StaysHere });
            continue;
        }
        if media.kind == MediaKind::Sticker
            && able.stickers
            && let Some(known) = directory.sticker(&media).await?
        {
            // A sticker of the destination goes back as it is there.
            let StickerRecord { handle, sticker } = known;
            media.mime.clone_from(&sticker.mime);
            (media.handle, media.sticker) = (handle, Some(sticker));
            (media.size, media.thumbnail) = (None, None);
        }
        if plan::is_withheld(&media) {
            let Media { name, size, .. } = media;
            message.notes.push(Note::FileMissing { name, size, why: Missing::Unclean });
        } else {
            plan::plan(&mut media, &able);
            message.media.push(media);
        }
    }
    Ok(())
}
