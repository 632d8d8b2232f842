// SPDX-License-Identifier: AGPL-3.0-or-later
//! The links of a text, and its words, as far as they are the author's own.
//!
//! Rule: what is quoted was said by somebody else, and code is about links and not for using them.

use bridge_model::{Block, Leaf, ListItem, RichText, Span};

/// What a link may tell of who clicked on it; it makes no other link of it.
const TRACKING: [&str; 7] = ["utm_", "fbclid", "gclid", "si=", "feature=", "igsh", "ref="];

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The host, in small letters.
    pub host: String,
    /// The path, in small letters, with its slash.
    pub path: String,
    /// What tells it from others: host, path and query without what only tracks.
    pub canonical: String,
}

/// All links, each once.
pub fn of(text: &RichText) -> Vec<Link> {
    let mut links = Vec::new();
    blocks(&text.0, &mut |span| {
        if let Some(url) = &span.style.link {
            add(&mut links, url);
        } else if let Leaf::Text(words) = &span.leaf {
            written(words).iter().for_each(|url| add(&mut links, url));
        }
    });
    links
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

fn add(links: &mut Vec<Link>, url: &str) {
    if let Some(link) = read(url)
        && !links.iter().any(|known| known.canonical == link.canonical)
    {
        links.push(link);
    }
}

/// Reads an address of the web.
fn read(url: &str) -> Option<Link> {
    let (scheme, rest) = url.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
        return None;
    }
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
    let part = if named && !part.is_empty() { format!("#{part}") } else { String::new() };
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
    host.contains('.').then_some(Link { host, path, canonical })
}

/// The addresses that are written in a text without markup, with their scheme.
fn written(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let part = |c: char| {
        !c.is_whitespace()
            && !c.is_control()
            && !matches!(c, '<' | '>' | '"' | '`' | '«' | '»' | '“' | '”' | '„' | '，' | '。')
            && !is_wide(c)
    };
    let mut rest = text;
    while let Some(start) = rest.find(part) {
        let run = rest.get(start..).unwrap_or_default();
        let end = run.find(|c| !part(c)).unwrap_or(run.len());
        let (word, behind) = run.split_at(end);
        found.extend(address(word));
        rest = behind;
    }
    found
}

/// Writing that has no spaces between words, and its punctuation.
fn is_wide(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}')
}

/// The address in a word: with a scheme, or a host with a path.
fn address(word: &str) -> Option<String> {
    let lower = word.to_ascii_lowercase();
    let schemes = ["https://", "http://"];
    let at = schemes.iter().filter_map(|scheme| lower.find(scheme)).min();
    if let Some(at) = at {
        return Some(trimmed(word.get(at..)?).to_owned());
    }
    let word = trimmed(word.trim_start_matches(|c: char| !c.is_ascii_alphanumeric()));
    let (host, path) = word.split_once('/')?;
    let is_host = host.contains('.')
        && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
        && host
            .rsplit('.')
            .next()
            .is_some_and(|end| end.len() >= 2 && end.chars().all(|c| c.is_ascii_alphabetic()));
    (is_host && !path.is_empty()).then(|| format!("https://{word}"))
}

/// Without what ends a sentence, and without a bracket that was opened before.
fn trimmed(word: &str) -> &str {
    let mut word = word;
    loop {
        let last = word.chars().next_back();
        let cut = match last {
            Some('.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '…') => true,
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
