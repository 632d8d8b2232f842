// SPDX-License-Identifier: AGPL-3.0-or-later
//! `freeside privacy audit`: looks for ids, names, words and tokens where they do not belong.
//!
//! Rule: it reads bytes and trusts no format; it shows what was found by kind and line, never itself.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use bridge_config::Config;

/// Bytes that are looked through at once.
const CHUNK: usize = 1 << 20;
/// What is shorter is found by chance in encrypted bytes.
const SHORTEST: usize = 5;

/// Where something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Where {
    /// The folder of the store: nothing may be read there.
    Store,
    /// A log: neither.
    Log,
    /// What was sent: names, words and Matrix ids belong there, other ids and tokens do not.
    Events,
}

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// The id of a person or chat.
    Id,
    /// A name or user name.
    Name,
    /// Words that somebody said.
    Text,
    /// A token, key or secret.
    Token,
}

impl What {
    const ALL: [(&'static str, Self); 4] =
        [("id", Self::Id), ("name", Self::Name), ("text", Self::Text), ("token", Self::Token)];

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, what)| *what == self).map_or("thing", |(name, _)| name)
    }

    fn is_misplaced(self, place: Where) -> bool {
        match place {
            Where::Store | Where::Log => true,
            Where::Events => matches!(self, Self::Id | Self::Token),
        }
    }
}

/// One thing to look for, in the forms in which programs write it.
#[derive(Debug)]
struct Needle {
    what: What,
    /// How the answer calls it.
    called: String,
    forms: Vec<Vec<u8>>,
}

impl Needle {
    fn new(what: What, called: String, value: &str) -> Self {
        let mut forms = vec![value.as_bytes().to_vec()];
        forms.push(value.encode_utf16().flat_map(u16::to_le_bytes).collect());
        if !value.is_ascii() {
            // As JSON may write it.
            let unit = |unit: u16| match u8::try_from(unit) {
                Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
                _ => format!("\\u{unit:04x}"),
            };
            forms.push(value.encode_utf16().map(unit).collect::<String>().into_bytes());
        }
        if let (What::Id, Ok(number)) = (what, value.parse::<i64>())
            && number.unsigned_abs() > 1 << 32
        {
            forms.push(number.to_be_bytes().to_vec());
            forms.push(number.to_le_bytes().to_vec());
            let zigzag = number.wrapping_shl(1) ^ (number >> 63);
            forms.push(varint(u64::from_ne_bytes(number.to_ne_bytes())));
            forms.push(varint(u64::from_ne_bytes(zigzag.to_ne_bytes())));
        }
        forms.sort();
        forms.dedup();
        Self { what, called, forms }
    }
}

/// As postcard and protobuf write numbers.
fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or_default();
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// Forms of ids and tokens that are known without a list.
#[derive(Debug)]
struct Shapes {
    /// The servers' own names behind Matrix ids.
    server: String,
    /// Matrix ids that are the bridge's own begin so.
    own: Vec<String>,
}

impl Shapes {
    /// Counts by kind what has the shape of an id or token.
    fn count(&self, bytes: &[u8], place: Where, found: &mut BTreeMap<String, u64>) {
        let mut digits = 0_usize;
        for (at, byte) in bytes.iter().chain(b" ").enumerate() {
            if byte.is_ascii_digit() {
                digits += 1;
                continue;
            }
            let start = at - digits;
            let before = bytes.get(..start).unwrap_or_default();
            let group = digits == 13 && before.ends_with(b"-");
            let hundred = bytes.get(start..).is_some_and(|rest| rest.starts_with(b"100"));
            if (17..=19).contains(&digits) && !before.ends_with(b".") {
                *found.entry("number like an id of Discord".into()).or_default() += 1;
            } else if group && hundred {
                *found.entry("number like an id of a group on Telegram".into()).or_default() += 1;
            }
            if *byte == b':' && (8..=10).contains(&digits) && is_token(bytes.get(at + 1..)) {
                *found.entry("word like a token of a Telegram bot".into()).or_default() += 1;
            }
            if place != Where::Events && *byte == b':' && self.is_person(bytes, at) {
                *found.entry(format!("Matrix id on {}", self.server)).or_default() += 1;
            }
            digits = 0;
        }
    }

    /// Whether the colon at `at` stands in the Matrix id of somebody who is not the bridge's own.
    fn is_person(&self, bytes: &[u8], at: usize) -> bool {
        let server = self.server.as_bytes();
        let after = bytes.get(at + 1..).unwrap_or_default();
        let goes_on = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-' || *byte == b'.';
        if !after.starts_with(server) || after.get(server.len()).is_some_and(goes_on) {
            return false;
        }
        let before = bytes.get(..at).unwrap_or_default();
        let in_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"._=-/+".contains(byte);
        let name: Vec<u8> = before.iter().rev().take_while(|byte| in_name(byte)).copied().collect();
        let name: String = name.iter().rev().map(|byte| char::from(*byte)).collect();
        let sigil = before.len().checked_sub(name.len() + 1).and_then(|at| before.get(at));
        sigil == Some(&b'@')
            && !name.is_empty()
            && !self.own.iter().any(|own| name.starts_with(own.as_str()))
    }
}

fn is_token(after: Option<&[u8]>) -> bool {
    let in_token = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_' || **byte == b'-';
    after.is_some_and(|after| after.iter().take_while(in_token).count() == 35)
}

/// All that is looked for.
#[derive(Debug)]
struct Search {
    needles: Vec<Needle>,
    shapes: Shapes,
    /// By the first two bytes of a form: which needle, and which of its forms.
    begins: BTreeMap<[u8; 2], Vec<(usize, usize)>>,
    longest: usize,
}

impl Search {
    fn new(needles: Vec<Needle>, shapes: Shapes) -> Self {
        let mut begins: BTreeMap<[u8; 2], Vec<(usize, usize)>> = BTreeMap::new();
        let mut longest = 64;
        for (number, needle) in needles.iter().enumerate() {
            for (form, bytes) in needle.forms.iter().enumerate() {
                longest = longest.max(bytes.len());
                if let Some(first) = bytes.first_chunk() {
                    begins.entry(*first).or_default().push((number, form));
                }
            }
        }
        Self { needles, shapes, begins, longest }
    }

    /// What stands in a stretch of bytes and does not belong in a file of this kind, with its number.
    fn look(&self, bytes: &[u8], place: Where, found: &mut BTreeMap<String, u64>) {
        for (at, two) in bytes.windows(2).enumerate() {
            let Some(candidates) = two.first_chunk().and_then(|two| self.begins.get(two)) else {
                continue;
            };
            let rest = bytes.get(at..).unwrap_or_default();
            for (needle, form) in candidates {
                let Some(needle) = self.needles.get(*needle) else { continue };
                let Some(form) = needle.forms.get(*form) else { continue };
                if needle.what.is_misplaced(place) && rest.starts_with(form) {
                    *found.entry(needle.called.clone()).or_default() += 1;
                }
            }
        }
    }

    /// The same for a whole file, which may be larger than the memory. What lies across the border of
    /// two stretches is found in the second one, which begins with the end of the first.
    fn file(&self, path: &Path, place: Where) -> anyhow::Result<(u64, BTreeMap<String, u64>)> {
        let shown = || format!("{} cannot be read", path.display());
        let mut file = std::fs::File::open(path).with_context(shown)?;
        let mut found = BTreeMap::new();
        let (mut held, mut length) = (Vec::new(), 0);
        loop {
            let kept = held.len();
            let mut stretch = Read::by_ref(&mut file).take(CHUNK as u64);
            let read = stretch.read_to_end(&mut held).with_context(shown)?;
            length += u64::try_from(read).unwrap_or_default();
            let mut here = BTreeMap::new();
            self.look(&held, place, &mut here);
            self.shapes.count(&held, place, &mut here);
            if kept > 0 {
                let mut before = BTreeMap::new();
                let old = held.get(..kept).unwrap_or_default();
                self.look(old, place, &mut before);
                self.shapes.count(old, place, &mut before);
                for (what, times) in before {
                    here.entry(what).and_modify(|now: &mut u64| *now = now.saturating_sub(times));
                }
            }
            for (what, times) in here.into_iter().filter(|(_, times)| *times > 0) {
                *found.entry(what).or_default() += times;
            }
            if read == 0 {
                break;
            }
            held.drain(..held.len().saturating_sub(self.longest));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        self.look(name.as_bytes(), place, &mut found);
        Ok((length, found))
    }
}

/// What `freeside privacy audit` looks through.
#[derive(Debug, Default)]
pub struct Files<'a> {
    /// Things to look for, a line each: `id 5000000001`, `name Ann`, `text ...`, `token ...`.
    pub known: Option<&'a Path>,
    /// Logs.
    pub logs: &'a [PathBuf],
    /// What was sent, such as events in JSON.
    pub events: &'a [PathBuf],
}

/// Looks through the store and these files.
///
/// # Errors
/// When something was found, or a file cannot be read.
pub fn audit(config: &Path, files: &Files<'_>) -> anyhow::Result<()> {
    let config = crate::load(config)?;
    let (findings, lines) = report(&config, files)?;
    let mut out = std::io::stdout().lock();
    for line in lines {
        writeln!(out, "{line}")?;
    }
    ensure!(findings == 0, "{findings} kinds of things stand where they do not belong");
    writeln!(out, "nothing was found")?;
    Ok(())
}

fn report(config: &Config, files: &Files<'_>) -> anyhow::Result<(usize, Vec<String>)> {
    let mut lines = Vec::new();
    let mut needles = secrets(config)?;
    if let Some(path) = files.known {
        let (known, short) = known(path)?;
        needles.extend(known);
        lines.extend(short);
    }
    let own = [&config.appservice.ghost_prefix, &config.appservice.sender_localpart];
    let shapes = Shapes {
        server: config.homeserver.server_name.clone(),
        own: own.into_iter().cloned().collect(),
    };
    let search = Search::new(needles, shapes);
    let stored = below(&config.store.path)?.into_iter().map(|path| (path, Where::Store));
    let logs = files.logs.iter().map(|path| (path.clone(), Where::Log));
    let events = files.events.iter().map(|path| (path.clone(), Where::Events));
    let (mut number, mut bytes, mut findings) = (0, 0, 0);
    for (path, place) in stored.chain(logs).chain(events) {
        let (length, found) = match search.file(&path, place) {
            // The bridge runs and has taken it away meanwhile.
            Err(_) if !path.exists() => continue,
            done => done?,
        };
        number += 1;
        bytes += length;
        for (what, times) in found {
            findings += 1;
            lines.push(format!("{}: {what}, {times} times", path.display()));
        }
    }
    lines.push(format!(
        "looked for {} things in {number} files with {bytes} bytes",
        search.needles.len()
    ));
    Ok((findings, lines))
}

/// The secrets of the configuration, which stand in no file but their own.
fn secrets(config: &Config) -> anyhow::Result<Vec<Needle>> {
    let appservice = &config.appservice;
    let mut all = vec![
        ("appservice.as_token", appservice.as_token.expose().to_owned()),
        ("appservice.hs_token", appservice.hs_token.expose().to_owned()),
        ("privacy.pseudonym_secret", config.privacy.pseudonym_secret.expose().to_owned()),
    ];
    let more = [
        ("appservice.encryption_secret", appservice.encryption.as_ref()),
        ("moving.admin_token", config.moving.admin_token.as_ref()),
        ("telegram.token", config.telegram.as_ref().map(|telegram| &telegram.token)),
        ("discord.token", config.discord.as_ref().map(|discord| &discord.token)),
    ];
    let more =
        more.into_iter().filter_map(|(name, secret)| Some((name, secret?.expose().to_owned())));
    all.extend(more);
    let mut needles: Vec<_> = all
        .iter()
        .map(|(name, value)| Needle::new(What::Token, format!("secret {name}"), value))
        .collect();
    if config.store.key_file.exists() {
        let key = crate::keys::read(&config.store.key_file)?;
        let mut needle = Needle::new(What::Token, "key of the store".into(), &key.to_text());
        needle.forms.push(key.expose().to_vec());
        needles.push(needle);
    }
    Ok(needles)
}

/// What a file names, and the lines that are too short.
fn known(path: &Path) -> anyhow::Result<(Vec<Needle>, Vec<String>)> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("{shown} cannot be read"))?;
    let (mut needles, mut short) = (Vec::new(), Vec::new());
    for (number, line) in text.lines().enumerate().map(|(at, line)| (at + 1, line.trim())) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (kind, value) = line.split_once(' ').unwrap_or((line, ""));
        let Some((_, what)) = What::ALL.iter().find(|(name, _)| *name == kind) else {
            let kinds = What::ALL.map(|(name, _)| name).join(", ");
            bail!(
                "{shown}, line {number}: each line is one of {kinds}, a space, and the thing itself"
            );
        };
        if value.trim().len() < SHORTEST {
            short.push(format!(
                "{shown}, line {number}: not looked for, shorter than {SHORTEST} bytes is found by chance"
            ));
            continue;
        }
        let called = format!("the {} of line {number} of {shown}", what.name());
        needles.push(Needle::new(*what, called, value.trim()));
    }
    Ok((needles, short))
}

/// All files below a folder.
fn below(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let shown = || format!("the store in {} cannot be read", folder.display());
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).with_context(shown)? {
            let entry = entry.with_context(shown)?;
            let into = if entry.file_type().with_context(shown)?.is_dir() {
                &mut folders
            } else {
                &mut files
            };
            into.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(needles: Vec<Needle>) -> Search {
        let own = vec!["fs_".into(), "freeside".into()];
        Search::new(needles, Shapes { server: "example.org".into(), own })
    }

    fn found(search: &Search, bytes: &[u8], place: Where) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        std::fs::write(&path, bytes).unwrap();
        search.file(&path, place).unwrap().1.into_keys().collect()
    }

    fn one(what: What, value: &str) -> Search {
        search(vec![Needle::new(what, "it".into(), value)])
    }

    #[test]
    fn a_thing_is_found_in_every_form_in_which_programs_write_it() {
        let id = one(What::Id, "5000000001");
        let number = 5_000_000_001_i64;
        for bytes in [
            b"x5000000001x".to_vec(),
            number.to_be_bytes().to_vec(),
            number.to_le_bytes().to_vec(),
            postcard_of(number),
        ] {
            assert_eq!(found(&id, &bytes, Where::Store), ["it"], "{bytes:?}");
        }
        let name = one(What::Name, "Zoë Anne");
        for bytes in ["Zoë Anne".as_bytes(), b"Zo\\u00eb Anne"] {
            assert_eq!(found(&name, bytes, Where::Log), ["it"]);
        }
        let wide: Vec<u8> = "Zoë Anne".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(found(&name, &wide, Where::Store), ["it"]);
        assert!(found(&name, b"Zoe Anne", Where::Store).is_empty());
    }

    /// As a signed number with a varying length.
    fn postcard_of(number: i64) -> Vec<u8> {
        varint(u64::try_from(number << 1).unwrap())
    }

    #[test]
    fn a_thing_across_the_border_of_two_stretches_is_found_once() {
        let text = one(What::Text, "the meeting is at five");
        for shift in 0..22 {
            let mut bytes = vec![b'.'; CHUNK - shift];
            bytes.extend(b"the meeting is at five");
            bytes.extend(vec![b'.'; CHUNK]);
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("db");
            std::fs::write(&path, &bytes).unwrap();
            let (length, found) = text.file(&path, Where::Store).unwrap();
            assert_eq!(length, u64::try_from(bytes.len()).unwrap());
            assert_eq!(found, BTreeMap::from([("it".to_owned(), 1)]), "{shift}");
        }
    }

    #[test]
    fn names_and_words_belong_into_what_is_sent_and_ids_and_tokens_do_not() {
        let places = |what, value: &str| {
            [Where::Store, Where::Log, Where::Events]
                .map(|place| found(&one(what, value), value.as_bytes(), place).len())
        };
        assert_eq!(places(What::Name, "Tanja"), [1, 1, 0]);
        assert_eq!(places(What::Text, "hello, all"), [1, 1, 0]);
        assert_eq!(places(What::Id, "50000"), [1, 1, 1]);
        assert_eq!(places(What::Token, "secret"), [1, 1, 1]);
    }

    #[test]
    fn what_has_the_shape_of_an_id_or_token_is_found_without_a_list() {
        let none = search(Vec::new());
        let shapes = |bytes: &[u8]| found(&none, bytes, Where::Store);
        assert_eq!(shapes(b"in 1576743252541833218."), ["number like an id of Discord"]);
        assert_eq!(shapes(b"{-1001500000003}"), ["number like an id of a group on Telegram"]);
        assert_eq!(shapes(b"by @ann.b:example.org,"), ["Matrix id on example.org"]);
        let token = format!("/bot123456789:{}/", "a-B_c".repeat(7));
        assert_eq!(shapes(token.as_bytes()), ["word like a token of a Telegram bot"]);
        let called = b"@ann.b:example.org, 1576743252541833218";
        assert_eq!(found(&none, called, Where::Events), ["number like an id of Discord"]);
        for clean in [
            "by @fs_abcdefgh:example.org and @freeside:example.org",
            "ann:example.org",
            "@ann:example.organ",
            "0.1576743252541833218",
            "-1001500",
        ] {
            assert!(shapes(clean.as_bytes()).is_empty(), "{clean}");
        }
    }

    #[test]
    fn a_line_that_is_none_of_the_kinds_is_named_and_one_that_is_too_short_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("known");
        std::fs::write(&path, "# people\n\nname Tanja\nname Ann\nid 5000000001\n").unwrap();
        let (needles, short) = known(&path).unwrap();
        assert_eq!(needles.len(), 2);
        assert!(short[0].contains("line 4: not looked for"), "{short:?}");
        std::fs::write(&path, "phone 123456\n").unwrap();
        let error = known(&path).unwrap_err().to_string();
        assert!(error.contains("line 1: each line is one of id, name, text, token"), "{error}");
    }
}
