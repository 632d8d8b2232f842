// SPDX-License-Identifier: AGPL-3.0-or-later
//! The links of a text, and its words, as far as they are the author's own.
//!
//! Rule: what is quoted was said by somebody else, and code is about links and not for using them.

use bridge_model::{Block, Leaf, ListItem, RichText, Span};

use super::fold::is_wide;

/// What a link may tell of who clicked on it; it makes no other link of it.
const TRACKING: [&str; 7] = ["utm_", "fbclid", "gclid", "si=", "feature=", "igsh", "ref="];

/// Schemes of addresses that are no pages, and are free.
const FREE: [&str; 5] = ["irc", "ircs", "matrix", "mumble", "xmpp"];

/// Pages that only lead on to the address in their query: those of searches, mail filters, chats.
const LEADS_ON: [(&str, &str); 15] = [
    ("google.com", "/url"),
    ("meet.google.com", "/linkredirect"),
    ("l.facebook.com", "/l.php"),
    ("lm.facebook.com", "/l.php"),
    ("l.messenger.com", "/l.php"),
    ("l.instagram.com", "/"),
    ("l.threads.com", "/"),
    ("youtube.com", "/redirect"),
    ("linkedin.com", "/safety/go"),
    ("vk.com", "/away.php"),
    ("out.reddit.com", "/"),
    ("slack-redir.net", "/link"),
    ("safelinks.protection.outlook.com", "/"),
    ("statics.teams.cdn.office.net", "/evergreen-assets/safelinks"),
    ("link.zhihu.com", "/"),
];

/// What the address is called in their query.
const ADDRESS: [&str; 6] = ["url", "q", "u", "to", "dest", "target"];

/// What a text says, and where in it links stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// The links, each once.
    pub(super) links: Vec<Link>,
    /// The words, line by line; in the place of each link stands [`sign`] of its number.
    pub(super) text: String,
}

/// What stands in the place of the link with this number; nobody can type it by accident.
pub(super) fn sign(number: usize) -> Option<char> {
    u32::try_from(number).ok().and_then(|it| char::from_u32(0xf_0000 + it))
}

/// The number of the link that this stands for.
pub(super) fn number(sign: char) -> Option<usize> {
    let number = u32::from(sign).checked_sub(0xf_0000)?;
    usize::try_from(number).ok().filter(|it| *it < 0xfff0)
}

/// Reads a text. `is_named` says of a host that it is meant where nothing but its name stands.
pub(super) fn read(text: &RichText, is_named: &dyn Fn(&str) -> bool) -> Said {
    let mut said = Said::default();
    // A link whose words are formatted is several spans.
    let mut open: Option<String> = None;
    blocks(&text.0, &mut |span| {
        if open.is_some() && open != span.style.link {
            said.add(&open.take().unwrap_or_default());
        }
        match &span.leaf {
            Leaf::Text(words) if span.style.link.is_none() => said.write(words, is_named),
            Leaf::Text(words) => said.text.push_str(words),
            Leaf::Break => said.text.push('\n'),
            Leaf::Mention(_) | Leaf::Emoji { .. } | Leaf::Maths(_) | Leaf::Time { .. } => {
                said.text.push(' ');
            }
        }
        open.clone_from(&span.style.link);
    });
    said
}

impl Said {
    /// Words that may hold addresses.
    fn write(&mut self, words: &str, is_named: &dyn Fn(&str) -> bool) {
        let mut rest = words;
        for address in written(words, is_named) {
            let Some((before, behind)) = rest.split_once(address.as_written.as_str()) else {
                continue;
            };
            self.text.push_str(before);
            self.add(&address.url);
            rest = behind;
        }
        self.text.push_str(rest);
    }

    fn add(&mut self, url: &str) {
        let Some(link) = parse(url) else { return };
        let link = led_to(url, &link).unwrap_or(link);
        let known = self.links.iter().position(|one| one.canonical == link.canonical);
        let number = known.unwrap_or(self.links.len());
        if known.is_none() {
            self.links.push(link);
        }
        self.text.extend(sign(number));
        self.text.push(' ');
    }
}

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// `https`, or the scheme of an address that is no page.
    pub scheme: String,
    /// The host, in small letters.
    pub host: String,
    /// The path, in small letters, with its slash.
    pub path: String,
    /// What tells it from others: host, path and query without what only tracks.
    pub canonical: String,
}

/// First parts of a path that lead to pages about a service, not to what people do with it.
const ABOUT: [&str; 27] = [
    "about",
    "accessibility",
    "blog",
    "careers",
    "download",
    "downloads",
    "enterprise",
    "faq",
    "features",
    "help",
    "hc",
    "integrations",
    "jobs",
    "legal",
    "login",
    "newsroom",
    "policies",
    "press",
    "pricing",
    "privacy",
    "product",
    "security",
    "signin",
    "support",
    "terms",
    "terms-of-service",
    "tos",
];

/// The path leads to a page about a service. In front of it may stand a language (`en`, `pt-br`).
pub(super) fn is_about(path: &str) -> bool {
    let mut parts = path.trim_matches('/').split(['/', '?']);
    let first = parts.next().unwrap_or_default();
    let language = |part: &str| {
        part.split(['-', '_']).all(|it| it.len() == 2) && part.len() <= 5 && !part.is_empty()
    };
    let first = if language(first) { parts.next().unwrap_or_default() } else { first };
    ABOUT.contains(&first)
}

/// All links to pages, each once.
pub fn of(text: &RichText) -> Vec<Link> {
    let mut links = read(text, &|_| false).links;
    links.retain(|link| link.scheme == "https");
    links
}

/// The name of a host stands among the words.
pub(super) fn names_a_host(text: &RichText) -> bool {
    words(text)
        .split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-'))
        .any(|word| is_host(&trimmed(word).to_ascii_lowercase()))
}

/// The words, line by line.
pub fn words(text: &RichText) -> String {
    let mut words = String::new();
    blocks(&text.0, &mut |span| match &span.leaf {
        Leaf::Text(text) => words.push_str(text),
        Leaf::Break => words.push('\n'),
        Leaf::Mention(_) | Leaf::Emoji { .. } | Leaf::Maths(_) | Leaf::Time { .. } => {
            words.push(' ');
        }
    });
    words
}

fn blocks(blocks: &[Block], see: &mut impl FnMut(&Span)) {
    for block in blocks {
        match block {
            Block::Paragraph(spans) | Block::Heading { content: spans, .. } => line(spans, see),
            Block::List { items, .. } => {
                for ListItem(inside) in items {
                    self::blocks(inside, see);
                }
            }
            Block::Table { rows, .. } => rows.iter().flatten().for_each(|cell| line(cell, see)),
            Block::Details { summary, blocks: inside } => {
                line(summary, see);
                self::blocks(inside, see);
            }
            Block::Quote { .. } | Block::Code { .. } | Block::Rule => {}
        }
    }
}

fn line(spans: &[Span], see: &mut impl FnMut(&Span)) {
    spans.iter().filter(|span| !span.style.code).for_each(&mut *see);
    see(&Span::line_break());
}

/// Reads an address.
fn parse(url: &str) -> Option<Link> {
    let (scheme, rest) = url.split_once(':')?;
    let scheme = scheme.to_ascii_lowercase();
    if FREE.contains(&scheme.as_str()) {
        let (host, canonical) = (String::new(), url.to_owned());
        return Some(Link { scheme, host, path: String::new(), canonical });
    }
    let rest = rest.strip_prefix("//").filter(|_| matches!(scheme.as_str(), "http" | "https"))?;
    let (rest, part) = rest.split_once('#').unwrap_or((rest, ""));
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, rest) = rest.split_at(end);
    // Who puts a name before the host wants to be taken for another one.
    if host.contains('@') {
        return None;
    }
    let host = host.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    // Where a page has no other name, its part or its query is the name (groups of Signal, QQ).
    let named = matches!(path, "" | "/");
    let begins = path.is_empty() || path.ends_with('/');
    let part = if begins && !part.is_empty() { format!("#{part}") } else { String::new() };
    let asked = if named && !query.is_empty() { format!("?{query}") } else { String::new() };
    let path = format!("/{}{asked}{part}", path.trim_start_matches('/')).to_lowercase();
    let tells = |part: &&str| {
        !part.is_empty() && !TRACKING.iter().any(|tracks| part.to_lowercase().starts_with(tracks))
    };
    let query: Vec<&str> = query.split('&').filter(tells).collect();
    let known = host.strip_prefix("www.").unwrap_or(&host);
    // What stands in a path may differ by the size of its letters.
    let canonical = format!(
        "{known}{}{}{}{part}",
        rest.split('?').next().unwrap_or_default().trim_end_matches('/'),
        if query.is_empty() { "" } else { "?" },
        query.join("&")
    );
    let scheme = "https".to_owned();
    host.contains('.').then_some(Link { scheme, host, path, canonical })
}

/// Where a page leads that only leads on.
fn led_to(url: &str, link: &Link) -> Option<Link> {
    let host = link.host.strip_prefix("www.").unwrap_or(&link.host);
    let is_here = |name: &str| host == name || host.ends_with(&format!(".{name}"));
    let leads_on = LEADS_ON.iter().any(|(name, path)| is_here(name) && link.path.starts_with(path));
    let (_, query) = url.split_once('?').filter(|_| leads_on)?;
    let address = |part: &str| {
        let (name, value) = part.split_once('=')?;
        let value = unescaped(value);
        (ADDRESS.contains(&name) && value.starts_with("http")).then_some(value)
    };
    parse(&query.split(['&', '#']).find_map(address)?)
}

/// A value of a query, with its letters instead of their codes.
fn unescaped(value: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = value.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let code = behind.get(..2).filter(|_| *first == b'%');
        let code = code.and_then(|code| std::str::from_utf8(code).ok());
        let byte = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { behind.get(2..).unwrap_or_default() } else { behind };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// An address in a text without markup.
struct Written {
    as_written: String,
    url: String,
}

/// The addresses that are written in a text without markup.
fn written(text: &str, is_named: &dyn Fn(&str) -> bool) -> Vec<Written> {
    let mut found = Vec::new();
    let part = |c: char| {
        !c.is_whitespace()
            && !c.is_control()
            && !matches!(
                c,
                '<' | '>' | '"' | '`' | '«' | '»' | '“' | '”' | '„' | '，' | '。' | '、'
            )
            && !is_wide(c)
            && !matches!(c, '\u{ff00}'..='\u{ff65}' | '\u{2066}'..='\u{2069}')
    };
    let mut rest = text;
    while let Some(start) = rest.find(part) {
        let run = rest.get(start..).unwrap_or_default();
        let end = run.find(|c| !part(c)).unwrap_or(run.len());
        let (word, behind) = run.split_at(end);
        found.extend(address(word, is_named));
        rest = behind;
    }
    found
}

/// The address in a word: with a scheme, a host with a path, a host that is known by its name, or a
/// room of Matrix.
fn address(word: &str, is_named: &dyn Fn(&str) -> bool) -> Option<Written> {
    let lower = word.to_ascii_lowercase();
    let schemes = ["https://", "http://", "irc://", "ircs://", "matrix:", "mumble://", "xmpp:"];
    let begins = |at: usize| {
        let before = lower.get(..at).and_then(|before| before.chars().next_back());
        before.is_none_or(|before| !before.is_ascii_alphanumeric())
    };
    let web = |scheme: &&str| scheme.starts_with("http");
    let at = |scheme: &&str| lower.find(*scheme).filter(|at| web(scheme) || begins(*at));
    if let Some(at) = schemes.iter().filter_map(at).min() {
        let as_written = trimmed(word.get(at..)?).to_owned();
        return Some(Written { url: as_written.clone(), as_written });
    }
    let word = trimmed(word.trim_start_matches(|c: char| !c.is_ascii_alphanumeric() && c != '#'));
    if let Some((room, server)) = word.strip_prefix('#').and_then(|rest| rest.split_once(':')) {
        let is_room = !room.is_empty() && is_host(server.split(':').next().unwrap_or_default());
        let url = format!("matrix:r/{room}:{server}");
        return is_room.then(|| Written { url, as_written: word.to_owned() });
    }
    let word = word.trim_start_matches('#');
    let (host, path) = word.split_once('/').unwrap_or((word, ""));
    let written = || Written { url: format!("https://{word}"), as_written: word.to_owned() };
    let is_meant = !path.is_empty() || is_named(&host.to_ascii_lowercase());
    (is_host(host) && is_meant).then(written)
}

fn is_host(host: &str) -> bool {
    let ending = host.rsplit('.').next().unwrap_or_default();
    host.contains('.')
        && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
        && ending.len() >= 2
        && ending.chars().all(|c| c.is_ascii_alphabetic())
}

/// Without what ends a sentence, and without a bracket that was opened before.
fn trimmed(word: &str) -> &str {
    let mut word = word;
    loop {
        let last = word.chars().next_back();
        let cut = match last {
            Some('.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '…' | '|') => true,
            Some('،' | '؛' | '؟' | '।' | '’' | '·') => true,
            Some(')') => word.matches(')').count() > word.matches('(').count(),
            Some(']') => word.matches(']').count() > word.matches('[').count(),
            Some(_) | None => false,
        };
        let shorter = last.and_then(|last| word.strip_suffix(last)).filter(|_| cut);
        match shorter {
            Some(shorter) => word = shorter,
            None => return word,
        }
    }
}
