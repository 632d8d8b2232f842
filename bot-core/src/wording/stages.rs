// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the stages of a community are called.
//!
//! Rule: the English word, which stands in the documentation, is beside every other name.

use bridge_policy::stage::Stage;

use super::Wording;
use crate::i18n::{Arg, Key};

impl Wording {
    /// The name of a stage: `announced`, `angekündigt (announced)`.
    pub fn stage(&self, stage: Stage) -> String {
        let key = match stage {
            Stage::Inventory => Key::StageNameInventory,
            Stage::Announced => Key::StageNameAnnounced,
            Stage::Bridged => Key::StageNameBridged,
            Stage::MatrixFirst => Key::StageNameMatrixFirst,
            Stage::ReadOnly => Key::StageNameReadOnly,
            Stage::Sunset => Key::StageNameSunset,
        };
        let name = self.plain(key, &[]);
        if name == stage.name() {
            return name;
        }
        self.plain(Key::StageNamed, &[Arg::text(name), Arg::text(stage.name())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::{I18n, languages};

    #[test]
    fn a_stage_has_a_name_in_every_language_with_the_english_word() {
        let all = I18n::embedded();
        for language in languages() {
            let wording = Wording::new(all.clone(), language, "Freeside");
            for stage in Stage::ALL {
                let name = wording.stage(stage).replace(['\u{2068}', '\u{2069}'], "");
                assert!(name.contains(stage.name()), "{language}: {name}");
                assert_eq!(name == stage.name(), language == "en", "{language}: {name}");
            }
        }
        let german = Wording::new(all, "de", "Freeside");
        let name = german.stage(Stage::Announced).replace(['\u{2068}', '\u{2069}'], "");
        assert_eq!(name, "angekündigt (announced)");
    }
}
