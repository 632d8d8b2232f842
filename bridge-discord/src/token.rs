// SPDX-License-Identifier: AGPL-3.0-or-later
//! Tokens: of the bot, of webhooks, of interactions.
//!
//! Rule: a token is written into requests and nowhere else; `Debug` hides it.

use std::fmt;

/// A token.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Token(String);

impl Token {
    /// The token itself, for a request.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for Token {
    fn from(token: T) -> Self {
        Self(token.into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::Token;

    #[test]
    fn a_token_is_not_shown() {
        assert_eq!(format!("{:?}", Token::from("secret")), "Token(..)");
    }
}
