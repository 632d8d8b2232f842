// SPDX-License-Identifier: AGPL-3.0-or-later
//! The transcript: what is new on each side, in three columns.
//!
//! Rule: only what the servers show is printed, each time it is new, changed or gone.

use sandbox::town::{Line, Side, Town};

use crate::out;

/// Narrower columns are hard to read; then one side stands below the other.
const NARROW: usize = 72;

/// Texts that are longer are not printed whole.
const LONG: usize = 600;

/// The printed transcript.
pub struct Screen {
    width: usize,
    // What each side showed last: id and text.
    shown: [Vec<(String, String)>; 3],
}

impl Screen {
    /// A transcript of so many characters in a line; nothing is printed yet.
    pub fn new(width: usize) -> Self {
        Self { width: width.clamp(30, 300), shown: [Vec::new(), Vec::new(), Vec::new()] }
    }

    /// Prints the names of the networks.
    ///
    /// # Errors
    /// When nobody reads it.
    pub fn head(&self) -> anyhow::Result<()> {
        if self.width < NARROW {
            return Ok(());
        }
        let names = ["Matrix (a real Synapse)", "Telegram (stand-in)", "Discord (stand-in)"];
        self.row(&names.map(|name| vec![name.to_owned()]))
    }

    /// Prints what happens next.
    ///
    /// # Errors
    /// When nobody reads it.
    pub fn step(&self, title: &str) -> anyhow::Result<()> {
        let rest = self.width.saturating_sub(measure(title) + 4);
        out(&format!("── {title} {}", "─".repeat(rest)))
    }

    /// Prints what is new, changed or gone on each side, and returns whether there was anything.
    ///
    /// # Errors
    /// When a server cannot be read or nobody reads what is printed.
    pub async fn news(&mut self, town: &Town) -> anyhow::Result<bool> {
        let mut news = [Vec::new(), Vec::new(), Vec::new()];
        for ((side, shown), news) in Side::ALL.into_iter().zip(&mut self.shown).zip(&mut news) {
            let lines = town.lines(side).await?;
            let now: Vec<_> = lines.iter().map(|line| (line.id.clone(), words(line))).collect();
            for (id, text) in &now {
                match shown.iter().find(|(old, _)| old == id) {
                    None => news.push(text.clone()),
                    Some((_, old)) if old != text => news.push(format!("~ {text}")),
                    Some(_) => {}
                }
            }
            let gone = shown.iter().filter(|(id, _)| !now.iter().any(|(new, _)| new == id));
            news.extend(gone.map(|(_, text)| format!("✗ gone: {text}")));
            *shown = now;
        }
        let any = news.iter().any(|news| !news.is_empty());
        if any {
            self.row(&news)?;
        }
        Ok(any)
    }

    fn row(&self, cells: &[Vec<String>; 3]) -> anyhow::Result<()> {
        if self.width < NARROW {
            for (side, cell) in Side::ALL.iter().zip(cells) {
                for text in cell {
                    let lines = wrap(text, self.width.saturating_sub(10));
                    for (number, line) in lines.iter().enumerate() {
                        let name = if number == 0 { format!("{side:?}") } else { String::new() };
                        out(&format!("{name:<8}  {line}"))?;
                    }
                }
            }
            return Ok(());
        }
        let width = (self.width - 6) / 3;
        let wrapped = cells
            .each_ref()
            .map(|cell| cell.iter().flat_map(|text| wrap(text, width)).collect::<Vec<_>>());
        let height = wrapped.iter().map(Vec::len).max().unwrap_or_default();
        for number in 0..height {
            let cell = |lines: &Vec<String>| {
                let line = lines.get(number).map_or("", String::as_str);
                format!("{line}{}", " ".repeat(width.saturating_sub(measure(line))))
            };
            out(wrapped.each_ref().map(cell).join(" │ ").trim_end())?;
        }
        Ok(())
    }
}

/// A line as a person reads it: name, thread, what it answers, files, text, reactions.
fn words(line: &Line) -> String {
    let who = if line.who.is_empty() { "[Freeside]" } else { &line.who };
    let mut words = format!("{who}: ");
    if let Some(root) = &line.thread {
        words.push_str(&format!("[thread: {}] ", start(root)));
    }
    if let Some(answers) = &line.answers {
        words.push_str(&format!("[↩ {}] ", start(answers)));
    }
    for thing in &line.things {
        words.push_str(&format!("{thing} "));
    }
    // What the bot answers is read to the end.
    match line.answers {
        Some(_) => words.push_str(&line.text),
        None => words.push_str(&shortened(&line.text)),
    }
    if line.edited {
        words.push_str(" (edited)");
    }
    if !line.reactions.is_empty() {
        words.push_str(&format!(" {{{}}}", line.reactions.join(" ")));
    }
    words
}

/// How a text begins. The line that stands for a reply on Discord begins with a link.
fn start(text: &str) -> String {
    let first = text.lines().next().unwrap_or_default();
    let linked = first.strip_prefix('[').and_then(|rest| rest.split_once("]("));
    let unlinked = linked.and_then(|(name, rest)| {
        let (_, rest) = rest.split_once(')')?;
        Some(format!("{name}{rest}"))
    });
    let first = unlinked.unwrap_or_else(|| first.to_owned());
    let start: String = first.chars().take(24).collect();
    if start.len() < first.len() { format!("{start}…") } else { start }
}

/// A long text by its first and its last line.
fn shortened(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    match lines.as_slice() {
        [first, .., last] if text.chars().count() > LONG => {
            format!("{first}\n[… {} more lines …]\n{last}", lines.len() - 2)
        }
        _ => text.to_owned(),
    }
}

/// Lines of at most `width` columns; words that are longer are cut.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && measure(&line) + 1 + measure(word) > width {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            for character in word.chars() {
                if measure(&line) + columns(character) > width {
                    lines.push(std::mem::take(&mut line));
                }
                line.push(character);
            }
        }
        lines.push(line);
    }
    lines
}

/// The columns that a text takes in a terminal.
fn measure(text: &str) -> usize {
    text.chars().map(columns).sum()
}

fn columns(character: char) -> usize {
    match u32::from(character) {
        0x300..=0x36f | 0x200b..=0x200f | 0x2060..=0x2069 | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff => 2,
        0xfe30..=0xfe6f | 0xff00..=0xff60 | 0x1f300..=0x1faff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}
