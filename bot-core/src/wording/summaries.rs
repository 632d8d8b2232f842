// SPDX-License-Identifier: AGPL-3.0-or-later
//! Says how things stand on other networks: votes and reactions.

use bridge_model::RichText;

use super::{Lines, Wording};
use crate::i18n::{Arg, Key};

impl Wording {
    /// How many voted for each answer. With `all` these are all votes, else those on other
    /// networks.
    pub fn votes(&self, answers: &[(&str, u64)], all: bool, closed: bool) -> RichText {
        let heading = if all { Key::Votes } else { Key::VotesElsewhere };
        let mut text = self.say(heading, &[]);
        for (answer, count) in answers {
            let line = [Arg::text(*answer), Arg::number(*count)];
            text = text.join_line(self.say(Key::VotesLine, &line));
        }
        if closed { text.join_line(self.say(Key::NotePollClosed, &[])) } else { text }
    }

    /// Reactions on other networks with their numbers.
    pub fn reactions(&self, counts: &[(String, u64)]) -> RichText {
        let faces: Vec<String> =
            counts.iter().map(|(face, count)| format!("{face} {count}")).collect();
        self.say(Key::ReactionsElsewhere, &[Arg::text(faces.join(", "))])
    }
}
