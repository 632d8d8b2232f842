// SPDX-License-Identifier: AGPL-3.0-or-later
//! Leaves as characters, for networks that cannot show them otherwise.

use super::walk::{Flat, flat_blocks};
use super::{Block, Leaf, Mention, RichText, Timestamp, walk};
use crate::{TextCapabilities, name};

impl Mention {
    /// What to show: `@name`, `@everyone`, `#name`.
    pub fn shown(&self) -> String {
        match self {
            Self::Person { name, .. } | Self::Role { name, .. } => format!("@{name}"),
            Self::Everyone => "@everyone".to_owned(),
            Self::Chat { name, .. } => format!("#{name}"),
        }
    }
}

impl Leaf {
    /// The leaf as characters; a break is a line feed.
    pub fn shown(&self) -> String {
        match self {
            Self::Text(text) | Self::Maths(text) => text.clone(),
            Self::Break => "\n".to_owned(),
            Self::Mention(mention) => mention.shown(),
            Self::Emoji { name, .. } if is_word(name) => format!(":{name}:"),
            Self::Emoji { name, .. } => name.clone(),
            Self::Time { at, style } => moment(*at, *style),
        }
    }
}

/// Whether the name of an emoji is a word. Telegram's own pictures are named by the plain emoji
/// that stands for them, which is shown without colons.
fn is_word(name: &str) -> bool {
    name.is_empty()
        || name.chars().any(|it| it.is_alphanumeric() && it < PICTURES)
            && !name.contains(['\u{20e3}', '\u{fe0f}'])
}

/// From here on letters are drawn in boxes and circles, as emoji.
const PICTURES: char = '\u{1f000}';

impl RichText {
    /// The characters alone: those of `restrict(PLAIN)`, lines end with `'\n'`.
    pub fn plain(&self) -> String {
        let plain = self.restrict(&TextCapabilities::PLAIN);
        walk::spans(&plain.0).into_iter().map(|span| span.leaf.shown()).collect()
    }
}

impl RichText {
    /// Whether a reader sees nothing: white space and characters that are not drawn, without a link.
    /// That is how people write a gap.
    pub fn is_blank(&self) -> bool {
        let other = flat_blocks(&self.0).into_iter().any(|flat| match flat {
            Flat::Block(Block::Code { text, .. }) => text.chars().any(name::is_visible),
            Flat::Block(Block::Rule) => true,
            Flat::Summary(_)
            | Flat::Block(
                Block::Paragraph(_)
                | Block::Heading { .. }
                | Block::Quote { .. }
                | Block::List { .. }
                | Block::Table { .. }
                | Block::Details { .. },
            ) => false,
        });
        !other
            && self.runs().all(|span| match &span.leaf {
                Leaf::Text(text) | Leaf::Maths(text) => {
                    span.style.link.is_none() && !text.chars().any(name::is_visible)
                }
                Leaf::Break => true,
                Leaf::Mention(_) | Leaf::Emoji { .. } | Leaf::Time { .. } => false,
            })
    }
}

/// A moment in UTC, as precise as Discord's style letter asks for.
fn moment(at: Timestamp, style: char) -> String {
    let seconds = at.0.div_euclid(1000);
    let (year, month, day) = date(seconds.div_euclid(86_400));
    let of_day = seconds.rem_euclid(86_400);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    match style {
        't' => format!("{hour:02}:{minute:02} UTC"),
        'T' => format!("{hour:02}:{minute:02}:{second:02} UTC"),
        'd' | 'D' => format!("{year:04}-{month:02}-{day:02} UTC"),
        _ => format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02} UTC"),
    }
}

/// The Gregorian date, `days` after 1970-01-01.
fn date(days: i64) -> (i64, i64, i64) {
    // Years start in March here, so that the leap day is the last of its year.
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + carry, month, day)
}
