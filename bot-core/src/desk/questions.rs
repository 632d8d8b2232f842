// SPDX-License-Identifier: AGPL-3.0-or-later
//! The questions that `faq` answers, and what can be typed for each.
//!
//! Rule: a question stands here once; its number is its place.

use crate::i18n::Key;

/// What is answered.
#[derive(Clone, Copy)]
pub(super) enum Question {
    Rights,
    Who,
    Data,
    Bans,
    Stop,
    Cost,
    Matrix,
}

/// A question with what can be typed for it; the list shows the first word.
pub(super) struct Known {
    pub(super) question: Question,
    words: &'static [&'static str],
    /// The question, as people read it.
    pub(super) says: Key,
}

/// In the order of their numbers.
pub(super) const QUESTIONS: &[Known] = &[
    Known {
        question: Question::Rights,
        words: &["rights", "right", "permissions", "power"],
        says: Key::FaqRights,
    },
    Known {
        question: Question::Who,
        words: &["who", "sees", "names", "readers"],
        says: Key::FaqWho,
    },
    Known { question: Question::Data, words: &["data", "stored", "privacy"], says: Key::FaqData },
    Known {
        question: Question::Bans,
        words: &["bans", "ban", "mute", "moderation"],
        says: Key::FaqBans,
    },
    Known {
        question: Question::Stop,
        words: &["stop", "end", "unlink", "optout"],
        says: Key::FaqStop,
    },
    Known {
        question: Question::Cost,
        words: &["cost", "costs", "operator", "money"],
        says: Key::FaqCost,
    },
    Known {
        question: Question::Matrix,
        words: &["matrix", "move", "come", "over"],
        says: Key::FaqMatrix,
    },
];

impl Known {
    /// The question behind a word or a number.
    pub(super) fn read(typed: &str) -> Option<&'static Self> {
        let number = typed.trim_end_matches(['.', ')']).parse::<usize>().ok();
        let numbered = number.and_then(|number| QUESTIONS.get(number.checked_sub(1)?));
        let named = |it: &&Self| it.words.iter().any(|word| word.eq_ignore_ascii_case(typed));
        numbered.or_else(|| QUESTIONS.iter().find(named))
    }

    /// What is typed for it.
    pub(super) fn word(&self) -> &'static str {
        self.words.first().copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(typed: &str) -> Option<&'static str> {
        Known::read(typed).map(Known::word)
    }

    #[test]
    fn a_question_is_known_by_its_number_and_by_its_words() {
        assert_eq!(asked("1"), Some("rights"));
        assert_eq!(asked("7."), Some("matrix"));
        assert_eq!(asked("Stop"), Some("stop"));
        assert_eq!(asked("operator"), Some("cost"));
        for odd in ["0", "8", "-1", "", "all", "weather"] {
            assert_eq!(asked(odd), None, "{odd}");
        }
    }

    #[test]
    fn no_word_stands_for_two_questions() {
        let words: Vec<&str> = QUESTIONS.iter().flat_map(|known| known.words).copied().collect();
        let mut different = words.clone();
        different.sort_unstable();
        different.dedup();
        assert_eq!(different.len(), words.len());
    }
}
