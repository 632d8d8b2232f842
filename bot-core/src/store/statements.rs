// SPDX-License-Identifier: AGPL-3.0-or-later
//! The shapes of the ledger of consent, as they are stored.
//!
//! Rule: nothing in them leads to a person without the store's own secret: the key is a keyed hash,
//! and no value has a name or an id.

use bridge_model::{NetworkId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::portal::PortalId;

/// Statements that are kept of one account; the oldest that hold no more go first.
pub const MOST: usize = 64;

/// What the owner of one account has said about being relayed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statements {
    /// Oldest first.
    pub all: Vec<Statement>,
    /// How often everything else about the account was erased.
    #[serde(default)]
    pub erased: u32,
}

/// One thing that was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// The network of the account.
    pub network: NetworkId,
    /// Where it holds; `None` for everywhere.
    pub portal: Option<PortalId>,
    /// What.
    pub choice: Choice,
    /// The version of the text that was shown, see the desk; empty where none
    /// was.
    pub text: String,
    /// When it was said.
    pub given: Timestamp,
    /// Since when it holds no more.
    pub withdrawn: Option<Timestamp>,
}

/// What somebody chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Choice {
    /// Their words may leave their chat.
    OptIn,
    /// Their words stay in their chat.
    OptOut,
    /// A pseudonym stands for their name.
    Pseudonym,
}

impl Choice {
    /// As the ledger names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::OptIn => "opt-in",
            Self::OptOut => "opt-out",
            Self::Pseudonym => "pseudonym",
        }
    }

    fn is_about_relaying(self) -> bool {
        self != Self::Pseudonym
    }
}

impl Statements {
    /// Whether the words may leave a portal, where that was said: what was said there counts before
    /// what was said for everywhere.
    pub fn relaying(&self, portal: PortalId) -> Option<bool> {
        let about = |place: Option<PortalId>| {
            let mut holding = self.holding().filter(|it| it.choice.is_about_relaying());
            holding.find(|it| it.portal == place).map(|it| it.choice == Choice::OptIn)
        };
        about(Some(portal)).or_else(|| about(None))
    }

    /// A pseudonym stands for the name.
    pub fn pseudonym(&self) -> bool {
        self.holding().any(|it| it.choice == Choice::Pseudonym)
    }

    /// What holds now.
    pub fn holding(&self) -> impl Iterator<Item = &Statement> {
        self.all.iter().filter(|it| it.withdrawn.is_none())
    }

    /// Adds a statement and withdraws those in whose place it stands; `false` when it was said before
    /// and still holds.
    pub fn state(&mut self, new: Statement) -> bool {
        let same = |it: &Statement| it.portal == new.portal && it.choice == new.choice;
        let everywhere = new.portal.is_none();
        let replaced = |it: &Statement| {
            it.choice.is_about_relaying() == new.choice.is_about_relaying()
                && (everywhere || it.portal == new.portal)
        };
        if self.holding().filter(|it| replaced(it)).all(same) && self.holding().any(same) {
            return false;
        }
        let now = new.given;
        self.withdraw(now, replaced);
        self.all.push(new);
        if self.all.len() > MOST
            && let Some(oldest) = self.all.iter().position(|it| it.withdrawn.is_some())
        {
            self.all.remove(oldest);
        }
        true
    }

    /// Ends what holds of a kind; whether there was any.
    pub fn withdraw(&mut self, now: Timestamp, which: impl Fn(&Statement) -> bool) -> bool {
        let mut any = false;
        for one in self.all.iter_mut().filter(|it| it.withdrawn.is_none()) {
            if which(one) {
                one.withdrawn = Some(now);
                any = true;
            }
        }
        any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(portal: Option<u32>, choice: Choice, given: i64) -> Statement {
        let (portal, given) = (portal.map(PortalId), Timestamp(given));
        let (network, text) = (NetworkId::from("telegram"), String::new());
        Statement { network, portal, choice, text, given, withdrawn: None }
    }

    #[test]
    fn what_was_said_in_a_chat_counts_before_what_was_said_for_everywhere() {
        let mut all = Statements::default();
        let [here, there] = [PortalId(1), PortalId(2)];
        assert_eq!(all.relaying(here), None);
        assert!(all.state(said(None, Choice::OptOut, 1)));
        assert!(all.state(said(Some(1), Choice::OptIn, 2)));
        assert!(!all.state(said(Some(1), Choice::OptIn, 3)), "it holds already");
        assert_eq!((all.relaying(here), all.relaying(there)), (Some(true), Some(false)));
        // Everywhere means everywhere.
        assert!(all.state(said(None, Choice::OptOut, 4)));
        assert_eq!((all.relaying(here), all.relaying(there)), (Some(false), Some(false)));
        assert!(all.state(said(None, Choice::OptIn, 5)));
        assert_eq!(all.relaying(here), Some(true));
        assert_eq!(all.holding().count(), 1);
        let ends: Vec<_> = all.all.iter().map(|it| it.withdrawn.map(|it| it.0)).collect();
        assert_eq!(ends, [Some(4), Some(4), Some(5), None]);
    }

    #[test]
    fn a_pseudonym_and_taking_part_are_chosen_apart() {
        let mut all = Statements::default();
        all.state(said(None, Choice::Pseudonym, 1));
        all.state(said(None, Choice::OptOut, 2));
        assert!(all.pseudonym());
        assert!(all.withdraw(Timestamp(3), |it| it.choice == Choice::Pseudonym));
        assert!(!all.withdraw(Timestamp(4), |it| it.choice == Choice::Pseudonym));
        assert_eq!((all.pseudonym(), all.relaying(PortalId(1))), (false, Some(false)));
    }

    #[test]
    fn who_changes_their_mind_for_ever_fills_no_disk() {
        let mut all = Statements::default();
        for at in 0..1000 {
            let choice = if at % 2 == 0 { Choice::OptIn } else { Choice::OptOut };
            all.state(said(Some(1), choice, at));
        }
        assert_eq!(all.all.len(), MOST);
        assert_eq!(all.relaying(PortalId(1)), Some(false));
    }
}
