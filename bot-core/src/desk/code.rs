// SPDX-License-Identifier: AGPL-3.0-or-later
//! One-time codes.
//!
//! Rule: a code is shown once and stored as a hash; letters that look alike are not used.

use std::time::Duration;

use crate::clock::Dice;
use crate::store::{CodeHash, keys};

/// How long a code can be used.
pub const LIFE: Duration = Duration::from_secs(15 * 60);

const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// A fresh code: `ABCD-EFGH`, 40 bits.
pub fn fresh(dice: &dyn Dice) -> String {
    let mut bytes = [0; 8];
    dice.roll(&mut bytes);
    let mut code = String::new();
    for (at, byte) in bytes.iter().enumerate() {
        if at == 4 {
            code.push('-');
        }
        let letter = LETTERS.get(usize::from(byte % 32)).copied().unwrap_or(b'A');
        code.push(char::from(letter));
    }
    code
}

/// What is stored of a code; spaces, hyphens and case do not matter.
pub fn hash(code: &str) -> CodeHash {
    let bare: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    keys::hash(&["link code", &bare.to_ascii_uppercase()])
}

/// Whether somebody may have meant this as a code.
pub fn looks_like(text: &str) -> bool {
    let bare = text.chars().filter(char::is_ascii_alphanumeric).count();
    bare == 8 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemDice;

    #[test]
    fn a_code_is_recognised_however_it_is_typed() {
        let code = fresh(&SystemDice);
        assert!(looks_like(&code), "{code}");
        assert_eq!(hash(&code), hash(&code.to_lowercase().replace('-', "")));
        assert_ne!(hash(&code), hash(&fresh(&SystemDice)));
        assert!(!looks_like("telegram!"));
    }
}
