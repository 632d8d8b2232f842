// SPDX-License-Identifier: AGPL-3.0-or-later
//! Tests with pictures that have something to hide.
//!
//! Rule: each picture is cleaned in chunks of every size, and is still the same picture.

use std::io::Cursor;

use image::{ImageFormat, RgbImage};
use proptest::prelude::*;

use super::*;

const SECRET: &[u8] = b"52.5200 N, 13.4050 E";

fn picture(format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let picture = RgbImage::from_fn(40, 30, |x, y| {
        image::Rgb([u8::try_from(x * 6).unwrap(), u8::try_from(y * 8).unwrap(), 7])
    });
    picture.write_to(&mut out, format).unwrap();
    out.into_inner()
}

fn clean(picture: &[u8], chunk: usize) -> Vec<u8> {
    let mut cleaner = Cleaner::new(Format::of(picture).unwrap());
    let mut out = Vec::new();
    for chunk in picture.chunks(chunk) {
        out.extend_from_slice(&cleaner.push(chunk));
    }
    out.extend_from_slice(&cleaner.finish());
    out
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

/// Cleaned, in chunks of several sizes: no secret, the same length, the same picture.
fn cleaned(dirty: &[u8]) -> Vec<u8> {
    assert!(holds(dirty, SECRET));
    let whole = clean(dirty, dirty.len());
    for chunk in [1, 2, 3, 7, 64, 1000] {
        assert_eq!(clean(dirty, chunk), whole, "in chunks of {chunk}");
    }
    assert!(!holds(&whole, SECRET), "the secret is still there");
    assert_eq!(whole.len(), dirty.len());
    let shown = |bytes: &[u8]| image::load_from_memory(bytes).unwrap().into_rgb8();
    assert_eq!(shown(&whole), shown(dirty), "another picture");
    whole
}

fn exif(big: bool, turned: u16) -> Vec<u8> {
    let short = |n: u16| if big { n.to_be_bytes() } else { n.to_le_bytes() };
    let long = |n: u32| if big { n.to_be_bytes() } else { n.to_le_bytes() };
    let mut out = if big { b"MM".to_vec() } else { b"II".to_vec() };
    out.extend(short(42));
    out.extend(long(8));
    out.extend(short(2));
    for (tag, value) in [(0x010f_u16, 9_u16), (0x0112, turned)] {
        out.extend(short(tag));
        out.extend(short(3));
        out.extend(long(1));
        out.extend(short(value));
        out.extend([0; 2]);
    }
    out.extend(long(0));
    out.extend_from_slice(SECRET);
    out
}

fn segment(kind: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
    [&[0xff, kind], length.as_slice(), content].concat()
}

/// Puts segments behind the start of a JPEG file.
fn jpeg_with(segments: &[Vec<u8>]) -> Vec<u8> {
    let picture = picture(ImageFormat::Jpeg);
    [&picture[..2], segments.concat().as_slice(), &picture[2..]].concat()
}

#[test]
fn a_jpeg_loses_exif_xmp_iptc_and_comments() {
    let xmp = [b"http://ns.adobe.com/xap/1.0/\0".as_slice(), SECRET].concat();
    let exif = [b"Exif\0\0".as_slice(), &exif(true, 1)].concat();
    for (kind, content) in [(0xe1, &exif), (0xe1, &xmp), (0xed, &xmp), (0xfe, &xmp), (0xe2, &xmp)] {
        cleaned(&jpeg_with(&[segment(kind, content)]));
    }
}

#[test]
fn a_jpeg_keeps_how_it_is_turned_and_its_colours() {
    for big in [true, false] {
        let exif = [b"Exif\0\0".as_slice(), &exif(big, 6)].concat();
        let colours = [b"ICC_PROFILE\0".as_slice(), b"colours"].concat();
        let clean = cleaned(&jpeg_with(&[segment(0xe1, &exif), segment(0xe2, &colours)]));
        let mut decoder = image::ImageReader::new(Cursor::new(&clean))
            .with_guessed_format()
            .unwrap()
            .into_decoder()
            .unwrap();
        let turned = image::ImageDecoder::orientation(&mut decoder).unwrap();
        assert_eq!(turned, image::metadata::Orientation::Rotate90);
        assert!(holds(&clean, &colours));
    }
}

#[test]
fn what_hangs_behind_the_end_of_a_picture_is_blanked() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        cleaned(&[picture(format), SECRET.to_vec()].concat());
    }
}

fn chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    let mut sum = crc32fast::Hasher::new();
    sum.update(kind);
    sum.update(content);
    [&length, kind.as_slice(), content, &sum.finalize().to_be_bytes()].concat()
}

#[test]
fn a_png_loses_texts_exif_and_time_with_right_checksums() {
    let picture = picture(ImageFormat::Png);
    for kind in [b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"] {
        let hidden = chunk(kind, SECRET);
        // Behind the head of 33 bytes.
        cleaned(&[&picture[..33], &hidden, &chunk(b"tIME", b""), &picture[33..]].concat());
    }
}

#[test]
fn a_webp_loses_exif_and_xmp_and_no_longer_announces_them() {
    let simple = picture(ImageFormat::WebP);
    let chunk = |kind: &[u8; 4], content: &[u8]| {
        let length = u32::try_from(content.len()).unwrap().to_le_bytes();
        let pad = vec![0; content.len() % 2];
        [kind.as_slice(), &length, content, &pad].concat()
    };
    let announced = chunk(b"VP8X", &[0b0000_1100, 0, 0, 0, 39, 0, 0, 29, 0, 0]);
    let odd = [SECRET, b"!"].concat();
    let body =
        [announced, simple[12..].to_vec(), chunk(b"EXIF", &exif(true, 1)), chunk(b"XMP ", &odd)]
            .concat();
    let length = u32::try_from(body.len() + 4).unwrap().to_le_bytes();
    let dirty = [b"RIFF".as_slice(), &length, b"WEBP", &body].concat();
    let clean = cleaned(&dirty);
    assert_eq!(clean[20], 0, "it still announces hidden data");
}

#[test]
fn a_png_loses_every_chunk_that_no_decoder_needs() {
    let picture = picture(ImageFormat::Png);
    let long = [SECRET, SECRET].concat();
    for (kind, content) in [
        (b"caBX", SECRET),
        (b"zXIf", SECRET),
        (b"prVt", SECRET),
        (b"sPLT", SECRET),
        // Longer than it can be.
        (b"gAMA", SECRET),
        (b"pHYs", long.as_slice()),
    ] {
        let hidden = chunk(kind, content);
        cleaned(&[&picture[..33], &hidden, &picture[33..]].concat());
    }
}

#[test]
fn a_webp_loses_every_chunk_that_no_decoder_needs() {
    let simple = picture(ImageFormat::WebP);
    for kind in [b"C2PA", b"META", b"abcd"] {
        let length = u32::try_from(SECRET.len()).unwrap().to_le_bytes();
        let body = [&simple[12..], kind.as_slice(), &length, SECRET].concat();
        let length = u32::try_from(body.len() + 4).unwrap().to_le_bytes();
        cleaned(&[b"RIFF".as_slice(), &length, b"WEBP", &body].concat());
    }
}

#[test]
fn a_jpeg_loses_every_segment_that_no_decoder_needs() {
    let jfxx = [b"JFXX\0".as_slice(), SECRET].concat();
    let small = [b"JFIF\0\x01\x02\0\0\x01\0\x01\x09\x09".as_slice(), SECRET].concat();
    let adobe = [b"Adobe\0\x64\0\0\0\0\x01".as_slice(), SECRET].concat();
    for (kind, content) in [(0xe0, &jfxx), (0xe0, &small), (0xee, &adobe), (0xf0, &jfxx)] {
        cleaned(&jpeg_with(&[segment(kind, content)]));
    }
}

#[test]
fn a_gif_loses_comments_xmp_and_what_is_behind_its_end() {
    let gif = picture(ImageFormat::Gif);
    let head = 13 + 3 * (2 << (gif[10] & 7)) * usize::from(gif[10] >> 7);
    let length = [u8::try_from(SECRET.len()).unwrap()];
    let rows = [length.as_slice(), SECRET, b"\0"].concat();
    for extension in [
        [b"!\xfe".as_slice(), &rows].concat(),
        [b"!\xff\x0bXMP DataXMP".as_slice(), &rows].concat(),
        [b"!\xff\x0bNETSCAPE2.0\x03\x01\0\0".as_slice(), &rows].concat(),
        [b"!\x01".as_slice(), &rows].concat(),
    ] {
        cleaned(&[&gif[..head], &extension, &gif[head..]].concat());
    }
    cleaned(&[gif.as_slice(), SECRET].concat());
}

#[test]
fn a_gif_keeps_how_often_it_is_repeated() {
    let gif = picture(ImageFormat::Gif);
    let head = 13 + 3 * (2 << (gif[10] & 7)) * usize::from(gif[10] >> 7);
    let repeats = b"!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0";
    let whole = [&gif[..head], repeats, &gif[head..]].concat();
    assert_eq!(clean(&whole, 3), whole);
}

#[test]
fn a_gif_passes_as_it_is() {
    let gif = picture(ImageFormat::Gif);
    assert_eq!(clean(&gif, 5), gif);
}

proptest! {
    #[test]
    fn whatever_comes_keeps_its_length_in_all_chunks(
        start in prop::sample::select(vec![
            b"\xff\xd8\xff".to_vec(), b"\x89PNG\r\n\x1a\n".to_vec(), b"RIFF\x40\0\0\0WEBP".to_vec(),
            b"GIF89a\x01\0\x01\0\0\0\0".to_vec(),
        ]),
        rest in prop::collection::vec(
            prop_oneof![Just(0xff_u8), Just(0), Just(0xda), Just(0xe1), Just(0xd9), any::<u8>()],
            0..300,
        ),
        size in 1_usize..40,
    ) {
        let bytes = [start, rest].concat();
        let whole = clean(&bytes, bytes.len());
        prop_assert_eq!(whole.len(), bytes.len());
        prop_assert_eq!(clean(&bytes, size), whole);
    }
}
