// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a file is, for whoever fetches it.
//!
//! Rule: the bytes decide, and only pictures, films and sounds are shown; everything else is saved.

use bridge_model::MediaHandle;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// Media types that browsers show, by how such files begin: an offset and the bytes there.
const SHOWN: [(usize, &[u8], &str); 12] = [
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBPVP8", "image/webp"),
    (4, b"ftypiso", "video/mp4"),
    (4, b"ftypmp4", "video/mp4"),
    (4, b"ftypM4A", "audio/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"OggS", "audio/ogg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"ID3", "audio/mpeg"),
];

/// The media type of a file that is shown; `None` for one that is saved.
pub(super) fn mime(start: &[u8]) -> Option<&'static str> {
    let is = |at: usize, bytes: &[u8]| start.get(at..).is_some_and(|rest| rest.starts_with(bytes));
    SHOWN.iter().find(|(at, bytes, _)| is(*at, bytes)).map(|(_, _, mime)| *mime)
}

/// `Content-Disposition` (RFC 6266), with the name as RFC 8187 writes it.
pub(super) fn disposition(mime: Option<&str>, name: Option<&str>) -> String {
    let sort = if mime.is_some() { "inline" } else { "attachment" };
    let name = name.map(str::trim).filter(|name| !name.is_empty());
    let mut out = format!("{sort}; filename*=UTF-8''");
    for byte in name.unwrap_or("file").bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => {
                out.push(char::from(byte));
            }
            // No path, on any system.
            b'/' | b'\\' | b':' | 0..=31 | 127 => out.push('_'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// `ETag` (RFC 9110): what an address of a network leads to never changes.
pub(super) fn tag(handle: &MediaHandle) -> String {
    let digest = Sha256::new().chain_update(handle.network.as_str()).chain_update([0]);
    let digest = digest.chain_update(&handle.reference).finalize();
    format!("\"{}\"", HEXLOWER.encode(digest.first_chunk::<12>().map_or(&[], |it| it)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_could_run_is_saved() {
        for page in ["<html>", "<svg xmlns='x'>", "%PDF-1.7", "<?xml", "", "RIFF", "GIF"] {
            assert_eq!(mime(page.as_bytes()), None, "{page}");
        }
        assert_eq!(mime(b"\x89PNG\r\n\x1a\n...."), Some("image/png"));
        assert_eq!(mime(b"RIFF\0\0\0\0WEBPVP8 "), Some("image/webp"));
        assert_eq!(mime(b"\0\0\0\x18ftypmp42"), Some("video/mp4"));
    }

    #[test]
    fn a_name_is_data() {
        let cases = [
            (Some("a b.pdf"), "attachment; filename*=UTF-8''a%20b.pdf"),
            (
                Some("../../\"x\r\nSet-Cookie: y"),
                "attachment; filename*=UTF-8''.._.._%22x__Set-Cookie_%20y",
            ),
            (Some("Ünï"), "attachment; filename*=UTF-8''%C3%9Cn%C3%AF"),
            (None, "attachment; filename*=UTF-8''file"),
            (Some("  "), "attachment; filename*=UTF-8''file"),
        ];
        for (name, wanted) in cases {
            assert_eq!(disposition(None, name), wanted);
        }
        assert_eq!(disposition(Some("image/png"), Some("a.png")), "inline; filename*=UTF-8''a.png");
    }
}
