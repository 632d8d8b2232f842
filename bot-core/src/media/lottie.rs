// SPDX-License-Identifier: AGPL-3.0-or-later
//! Draws moving stickers (Lottie, <https://lottie.github.io/lottie-spec/>) as moving pictures that
//! browsers show.
//!
//! Rule: what strangers drew is drawn within bounds: of the file unpacked, of the picture, of the
//! number of pictures; `check` bounds what is in it.

mod check;

use std::io::Read;

use rasterlottie::{Animation, GifRenderConfig, PreparedAnimation, RenderConfig, Renderer, Rgba8};

/// Longest side of the drawn picture, in pixels; as large as clients show stickers.
const SIDE: u32 = 256;
/// Most pictures in a second.
const MOST_FPS: f32 = 25.0;
/// Longest animation, in seconds; Telegram allows 3, Discord 5.
const LONGEST: f32 = 6.0;
/// Largest file, unpacked; Telegram allows 64 KiB packed, Discord 512 KiB.
const LARGEST: u64 = 4 * 1024 * 1024;

/// A sticker cannot be drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the sticker cannot be drawn: {0}")]
pub struct NotDrawn(String);

impl NotDrawn {
    fn because(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// The sticker, JSON or gzipped JSON, as a moving PNG.
///
/// # Errors
/// [`NotDrawn`].
pub fn to_apng(sticker: &[u8]) -> Result<Vec<u8>, NotDrawn> {
    let film = Film::read(sticker)?;
    let mut out = Vec::new();
    let first = film.frame(0)?;
    let mut encoder = png::Encoder::new(&mut out, first.width, first.height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    if film.count > 1 {
        encoder.set_animated(film.count, 0).map_err(NotDrawn::because)?;
        encoder.set_frame_delay(100, film.hundredths()).map_err(NotDrawn::because)?;
    }
    let mut writer = encoder.write_header().map_err(NotDrawn::because)?;
    writer.write_image_data(&first.pixels).map_err(NotDrawn::because)?;
    for number in 1..film.count {
        writer.write_image_data(&film.frame(number)?.pixels).map_err(NotDrawn::because)?;
    }
    writer.finish().map_err(NotDrawn::because)?;
    Ok(out)
}

/// The sticker, JSON or gzipped JSON, as a GIF.
///
/// # Errors
/// [`NotDrawn`].
pub fn to_gif(sticker: &[u8]) -> Result<Vec<u8>, NotDrawn> {
    let film = Film::read(sticker)?;
    let config = GifRenderConfig::new(film.config, MOST_FPS, LONGEST, 10);
    film.prepared.render_gif(config).map_err(NotDrawn::because)
}

/// A sticker made ready, and which of its pictures are drawn.
struct Film {
    prepared: PreparedAnimation,
    config: RenderConfig,
    /// The number of the first picture in the sticker's own counting.
    first: f32,
    /// How far in that counting the next picture is.
    stride: f32,
    fps: f32,
    count: u32,
}

impl Film {
    fn read(sticker: &[u8]) -> Result<Self, NotDrawn> {
        let sticker = unpacked(sticker)?;
        check::check(&sticker)?;
        let animation = Animation::from_json_str(&sticker).map_err(NotDrawn::because)?;
        let rate = animation.frame_rate;
        let length = animation.out_point - animation.in_point;
        let side = animation.width.max(animation.height);
        if !(rate.is_finite() && rate > 0.0 && length.is_finite() && length > 0.0)
            || side == 0
            || side > 4096
        {
            return Err(NotDrawn("its size or speed makes no sense".into()));
        }
        let prepared = Renderer::default().prepare(&animation).map_err(NotDrawn::because)?;
        let fps = rate.min(MOST_FPS);
        let count = ((length / rate).min(LONGEST) * fps).floor().max(1.0);
        Ok(Self {
            prepared,
            config: RenderConfig::new(Rgba8::new(0, 0, 0, 0), as_float(SIDE) / as_float(side)),
            first: animation.in_point,
            stride: rate / fps,
            fps,
            // At most LONGEST times MOST_FPS.
            count: format!("{count:.0}").parse().unwrap_or(1),
        })
    }

    fn frame(&self, number: u32) -> Result<rasterlottie::RasterFrame, NotDrawn> {
        let at = self.first + self.stride * as_float(number);
        self.prepared.render_frame(at, self.config).map_err(NotDrawn::because)
    }

    /// Pictures in a hundred seconds: what `100 / x` seconds between two pictures means.
    fn hundredths(&self) -> u16 {
        format!("{:.0}", self.fps * 100.0).parse().unwrap_or(2500)
    }
}

/// All numbers here are small enough.
fn as_float(number: u32) -> f32 {
    f32::from(u16::try_from(number).unwrap_or(u16::MAX))
}

fn unpacked(sticker: &[u8]) -> Result<String, NotDrawn> {
    let mut text = String::new();
    let packed = sticker.starts_with(&[0x1f, 0x8b]);
    let source: Box<dyn Read + '_> = match packed {
        true => Box::new(flate2::read::GzDecoder::new(sticker)),
        false => Box::new(sticker),
    };
    let length = source.take(LARGEST + 1).read_to_string(&mut text).map_err(NotDrawn::because)?;
    if u64::try_from(length).unwrap_or(u64::MAX) > LARGEST {
        return Err(NotDrawn("it is too large".into()));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use image::AnimationDecoder;

    use super::*;

    /// A red square of 50 pixels on a canvas of 100 that moves to the right for a second.
    fn moving_square() -> String {
        let at = r#"{"a":1,"k":[{"t":0,"s":[25,50]},{"t":30,"s":[75,50]}]}"#;
        let still = |value: &str| format!(r#"{{"a":0,"k":{value}}}"#);
        format!(
            r#"{{"v":"5.7.6","fr":30,"ip":0,"op":30,"w":100,"h":100,"layers":[{{"ty":4,"ip":0,
            "op":30,"st":0,"ks":{{"o":{},"r":{},"p":{at},"a":{},"s":{}}},"shapes":[{{"ty":"gr",
            "it":[{{"ty":"rc","p":{},"s":{},"r":{}}},{{"ty":"fl","c":{},"o":{}}},
            {{"ty":"tr","p":{},"a":{},"s":{},"r":{},"o":{}}}]}}]}}]}}"#,
            still("100"),
            still("0"),
            still("[0,0]"),
            still("[100,100]"),
            still("[0,0]"),
            still("[50,50]"),
            still("0"),
            still("[1,0,0,1]"),
            still("100"),
            still("[0,0]"),
            still("[0,0]"),
            still("[100,100]"),
            still("0"),
            still("100"),
        )
    }

    fn packed(text: &str) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(text.as_bytes()).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn a_packed_sticker_becomes_a_moving_png_of_the_same_length() {
        let png = to_apng(&packed(&moving_square())).unwrap();
        let decoder = image::codecs::png::PngDecoder::new(Cursor::new(&png)).unwrap();
        let frames = decoder.apng().unwrap().into_frames().collect_frames().unwrap();
        assert_eq!(frames.len(), 25);
        let (first, last) = (frames.first().unwrap().buffer(), frames.last().unwrap().buffer());
        assert_eq!(first.dimensions(), (256, 256));
        let red = image::Rgba([255, 0, 0, 255]);
        assert_eq!((first.get_pixel(20, 128), last.get_pixel(20, 128).0[3]), (&red, 0));
        assert_eq!((last.get_pixel(236, 128), first.get_pixel(236, 128).0[3]), (&red, 0));
        let (numerator, denominator) = frames[0].delay().numer_denom_ms();
        assert_eq!(numerator / denominator, 40);
    }

    #[test]
    fn an_unpacked_sticker_becomes_a_moving_gif() {
        let gif = to_gif(moving_square().as_bytes()).unwrap();
        let decoder = image::codecs::gif::GifDecoder::new(Cursor::new(&gif)).unwrap();
        assert!(decoder.into_frames().collect_frames().unwrap().len() > 10);
    }

    #[test]
    fn what_is_no_sticker_is_refused_without_harm() {
        let mut endless = moving_square();
        endless = endless.replace(r#""fr":30"#, r#""fr":0"#);
        let bomb = packed(&" ".repeat(5 * 1024 * 1024));
        for sticker in [b"".as_slice(), b"{}", b"\x1f\x8b\x08", endless.as_bytes(), &bomb] {
            assert!(to_apng(sticker).is_err() && to_gif(sticker).is_err());
        }
    }
}
