// SPDX-License-Identifier: AGPL-3.0-or-later
//! An address as a picture that a phone can read.
//!
//! Rule: the handle is the address, so that the picture can be made at any time.

use bridge_model::{Media, MediaHandle, MediaKind};
use bytes::Bytes;
use qrcode::{Color, QrCode};

use crate::network::{AskError, MediaStream};
use crate::refusal::Refusal;

/// The network of such handles.
const QR: &str = "qr";
/// Pixels of one module.
const SCALE: usize = 8;
/// Modules of white around the code ("quiet zone", ISO/IEC 18004).
const BORDER: usize = 4;

/// The picture of an address.
pub fn of(address: &str) -> Media {
    let handle = MediaHandle { network: QR.into(), reference: address.to_owned() };
    Media {
        mime: Some("image/png".to_owned()),
        name: Some("matrix.png".to_owned()),
        alt: Some(address.to_owned()),
        ..Media::new(handle, MediaKind::Image)
    }
}

/// Opens the picture; `None` for every other handle.
///
/// # Errors
/// [`AskError::Refused`] when the address is too long for one.
pub fn open(handle: &MediaHandle) -> Option<Result<MediaStream, AskError>> {
    (handle.network.as_str() == QR).then(|| {
        let drawn =
            draw(&handle.reference).map_err(|reason| AskError::Refused(Refusal::File(reason)))?;
        let size = u64::try_from(drawn.len()).ok();
        let chunks = futures_util::stream::iter([Ok(Bytes::from(drawn))]);
        Ok(MediaStream { size, mime: Some("image/png".into()), chunks: Box::pin(chunks) })
    })
}

/// The bytes of the picture, as PNG.
///
/// # Errors
/// When the address is too long for one.
pub fn draw(address: &str) -> Result<Vec<u8>, String> {
    let code = QrCode::new(address).map_err(|error| error.to_string())?;
    let width = code.width();
    let side = (width + 2 * BORDER) * SCALE;
    let dark = |x: usize, y: usize| {
        let inside = |at: usize| (at / SCALE).checked_sub(BORDER).filter(|at| *at < width);
        matches!((inside(x), inside(y)), (Some(x), Some(y)) if code[(x, y)] == Color::Dark)
    };
    let mut pixels = Vec::with_capacity(side * side);
    for y in 0..side {
        pixels.extend((0..side).map(|x| if dark(x, y) { 0_u8 } else { 255 }));
    }
    let mut drawn = Vec::new();
    let side = u32::try_from(side).map_err(|error| error.to_string())?;
    let mut encoder = png::Encoder::new(&mut drawn, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().map_err(|error| error.to_string())?;
    writer.write_image_data(&pixels).map_err(|error| error.to_string())?;
    writer.finish().map_err(|error| error.to_string())?;
    Ok(drawn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_is_read_back() {
        let address =
            "https://matrix.to/#/!VDSMbWMIVDSMbWMIVDSMbWMIVDSMbWMIVDSMbWMIxyz?via=example.org";
        let drawn = draw(address).unwrap();
        let picture = image::load_from_memory(&drawn).unwrap().to_luma8();
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let mut read = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
            picture.get_pixel(u32::try_from(x).unwrap(), u32::try_from(y).unwrap()).0[0]
        });
        let grids = read.detect_grids();
        assert_eq!(grids[0].decode().unwrap().1, address);
    }

    #[test]
    fn only_its_own_handles_are_opened() {
        assert!(open(&of("https://example.org").handle).is_some_and(|it| it.is_ok()));
        assert!(open(&of(&"x".repeat(5000)).handle).is_some_and(|it| it.is_err()));
        let other = MediaHandle { network: "discord".into(), reference: "x".into() };
        assert!(open(&other).is_none());
    }
}
