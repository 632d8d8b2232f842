// SPDX-License-Identifier: AGPL-3.0-or-later
//! Words by which people announce that something is shown at a place.
//!
//! Rule: only what speaks of showing something live; "I saw this video" is no announcement.

/// Beginnings of words, and words that stand together, in small letters.
const LIVE: [&str; 77] = [
    // English
    "livestream",
    "live stream",
    "live-stream",
    "live on ",
    "live at ",
    "live now",
    "go live",
    "going live",
    "goes live",
    "is live",
    "broadcast",
    "premiere",
    "tune in",
    "watch party",
    "watch it here",
    "watch us",
    "watch the session",
    "watch the talk",
    "webcast",
    "streamed",
    "streaming on",
    "streaming at",
    "stream is",
    "stream will",
    // German
    "live auf",
    "live ab",
    "live um",
    "live bei",
    "live übertragen",
    "übertragung",
    "übertragen",
    "gestreamt",
    "live dabei",
    "zuschauen könnt",
    // French
    "en direct",
    "diffusion",
    "diffusé",
    "retransmi",
    // Spanish
    "en vivo",
    "en directo",
    "transmisión",
    "transmitir",
    "retransmisi",
    // Italian
    "in diretta",
    "diretta ",
    "trasmess",
    "trasmissione",
    // Portuguese
    "ao vivo",
    "transmissão",
    "transmitid",
    // Russian
    "трансляц",
    "прямом эфире",
    "прямой эфир",
    "стрим",
    "транслир",
    // Arabic
    "بث مباشر",
    "البث المباشر",
    "بثا مباشرا",
    "بثًا مباشرًا",
    "مباشرة على",
    // Persian
    "پخش زنده",
    "پخش مستقیم",
    "زنده پخش",
    // Hindi
    "लाइव",
    "सीधा प्रसारण",
    "प्रसारित",
    // Indonesian
    "siaran langsung",
    "tayang langsung",
    "disiarkan",
    "live di ",
    "live streaming",
    // Chinese, Japanese
    "直播",
    "在线观看",
    "线上观看",
    "生放送",
    "配信",
    "转播",
];

/// Somebody announces that something is shown.
pub(super) fn announces(text: &str) -> bool {
    let text = text.to_lowercase();
    LIVE.iter().any(|word| {
        text.match_indices(word).any(|(at, _)| {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            // Scripts without spaces between words have no beginnings of words.
            let wide = word.chars().next().is_some_and(|c| c >= '\u{2e80}');
            wide || before.is_none_or(|before| !before.is_alphanumeric())
        })
    })
}
