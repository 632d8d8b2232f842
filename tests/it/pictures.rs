// SPDX-License-Identifier: AGPL-3.0-or-later
//! Small pictures that differ in what they show.
//!
//! Rule: they have nothing in them that a bridge would take out.

/// One pixel of this shade, with chunks that say where and by whom it was taken.
pub fn picture_with(shade: u8, hidden: &[u8]) -> Vec<u8> {
    let mut png = picture(shade);
    // Behind the signature and the header, which has 25 bytes.
    let rest = png.split_off(8 + 25);
    for kind in [b"eXIf", b"tEXt", b"caBX", b"zzZz"] {
        chunk(&mut png, kind, hidden);
    }
    png.extend(rest);
    png.extend(hidden);
    png
}

/// `data` packed as a file by gzip (RFC 1952), in one stored block.
pub fn gzip(data: &[u8]) -> Vec<u8> {
    let size = u16::try_from(data.len()).unwrap_or_default();
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    packed.extend(size.to_le_bytes());
    packed.extend((!size).to_le_bytes());
    packed.extend(data);
    packed.extend(crc(data).to_le_bytes());
    packed.extend(u32::from(size).to_le_bytes());
    packed
}

/// One pixel of this shade.
pub fn picture(shade: u8) -> Vec<u8> {
    let raw = [0, shade, shade, shade, 255];
    // One stored block, as zlib (RFC 1950) packs it.
    let mut packed = vec![0x78, 0x01, 0x01, 5, 0, 0xfa, 0xff];
    packed.extend(raw);
    packed.extend(adler(&raw).to_be_bytes());
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut png, b"IHDR", &[0, 0, 0, 1, 0, 0, 0, 1, 8, 6, 0, 0, 0]);
    chunk(&mut png, b"IDAT", &packed);
    chunk(&mut png, b"IEND", &[]);
    png
}

fn chunk(png: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    png.extend(u32::try_from(data.len()).unwrap_or_default().to_be_bytes());
    let named = [kind.as_slice(), data].concat();
    png.extend(&named);
    png.extend(crc(&named).to_be_bytes());
}

fn adler(data: &[u8]) -> u32 {
    let (low, high) = data.iter().fold((1_u32, 0_u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    high << 16 | low
}

fn crc(data: &[u8]) -> u32 {
    let step = |value: u32| if value & 1 == 1 { value >> 1 ^ 0xedb8_8320 } else { value >> 1 };
    !data
        .iter()
        .fold(u32::MAX, |value, byte| (0..8).fold(value ^ u32::from(*byte), |it, _| step(it)))
}
