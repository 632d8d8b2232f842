// SPDX-License-Identifier: AGPL-3.0-or-later
//! Reads one message: `$1`, `{{PLURAL:$1|one|other}}`, `{{GENDER:$1|he|she|they}}`,
//! `'''bold'''`, `<code>typed</code>`, `[$1 words of a link]`, line feeds.
//!
//! Rule: a message means what it says or is refused; what is not in the list above is text.
//! The syntax is that of <https://github.com/wikimedia/banana-i18n>, the part that is needed.

/// How deep markup may be nested.
const DEPTH: usize = 8;

/// A piece of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// Literal characters.
    Text(String),
    /// The end of a line.
    Break,
    /// The inserted value of this number, from 1.
    Arg(usize),
    /// Bold.
    Bold(Vec<Node>),
    /// To be typed as it is.
    Code(Vec<Node>),
    /// A link to the value of this number.
    Link(usize, Vec<Node>),
    /// Forms that depend on the value of a number.
    Plural {
        /// Which value.
        arg: usize,
        /// Forms for exactly one number.
        exact: Vec<(u64, Vec<Node>)>,
        /// Forms by category.
        forms: Vec<Vec<Node>>,
    },
}

/// What is wrong with a message.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum ParseError {
    #[error("`{0}` is missing")]
    Unclosed(&'static str),
    #[error("`{{{{{0}` is neither PLURAL nor GENDER with a value such as $1")]
    Unknown(String),
    #[error("{{{{{0}}}}} has no forms")]
    NoForms(&'static str),
    #[error("more than {DEPTH} levels of markup")]
    TooDeep,
}

/// What ends the stretch that is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Message,
    Bold,
    Code,
    Link,
    Form,
}

struct Parser<'m> {
    rest: &'m str,
    depth: usize,
}

/// Reads a whole message.
pub(super) fn parse(message: &str) -> Result<Vec<Node>, ParseError> {
    Parser { rest: message, depth: 0 }.until(End::Message)
}

impl<'m> Parser<'m> {
    fn until(&mut self, end: End) -> Result<Vec<Node>, ParseError> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(ParseError::TooDeep);
        }
        let mut nodes = Vec::new();
        while !self.at(end)? {
            match self.node()? {
                Some(more) => nodes.extend(more),
                None => self.literal(&mut nodes),
            }
        }
        self.depth -= 1;
        Ok(nodes)
    }

    /// Whether the stretch ends here; eats its mark, except for those of forms.
    fn at(&mut self, end: End) -> Result<bool, ParseError> {
        let mark = match end {
            End::Message => return Ok(self.rest.is_empty()),
            End::Form => {
                if self.rest.is_empty() {
                    return Err(ParseError::Unclosed("}}"));
                }
                return Ok(self.rest.starts_with('|') || self.rest.starts_with("}}"));
            }
            End::Bold => "'''",
            End::Code => "</code>",
            End::Link => "]",
        };
        if self.rest.is_empty() {
            return Err(ParseError::Unclosed(mark));
        }
        Ok(self.eat(mark))
    }

    /// What stands here, `None` for a literal character.
    fn node(&mut self) -> Result<Option<Vec<Node>>, ParseError> {
        if self.eat("\n") {
            return Ok(Some(vec![Node::Break]));
        }
        if self.eat("'''") {
            return Ok(Some(vec![Node::Bold(self.until(End::Bold)?)]));
        }
        if self.eat("<code>") {
            return Ok(Some(vec![Node::Code(self.until(End::Code)?)]));
        }
        if self.eat("{{") {
            return self.magic().map(Some);
        }
        if let Some((arg, rest)) = self.rest.strip_prefix('[').and_then(value)
            && let Some(rest) = rest.strip_prefix(' ')
        {
            self.rest = rest;
            return Ok(Some(vec![Node::Link(arg, self.until(End::Link)?)]));
        }
        if let Some((arg, rest)) = value(self.rest) {
            self.rest = rest;
            return Ok(Some(vec![Node::Arg(arg)]));
        }
        Ok(None)
    }

    fn magic(&mut self) -> Result<Vec<Node>, ParseError> {
        let start = self.rest;
        let unknown = || {
            let word = start.split(['|', '}', ' ']).next().unwrap_or(start);
            ParseError::Unknown(word.to_owned())
        };
        let plural = self.eat("PLURAL:");
        if !plural && !self.eat("GENDER:") {
            return Err(unknown());
        }
        // GENDER may stand without a value; it would not be used anyway.
        let arg = match value(self.rest) {
            Some((arg, rest)) => {
                self.rest = rest;
                arg
            }
            None if plural => return Err(unknown()),
            None => 0,
        };
        let mut exact = Vec::new();
        let mut forms = Vec::new();
        while self.eat("|") {
            let number = if plural { self.exact_number() } else { None };
            let form = self.until(End::Form)?;
            match number {
                Some(number) => exact.push((number, form)),
                None => forms.push(form),
            }
        }
        if !self.eat("}}") {
            return Err(ParseError::Unclosed("}}"));
        }
        if plural && forms.is_empty() && exact.is_empty() {
            return Err(ParseError::NoForms("PLURAL"));
        }
        if plural {
            return Ok(vec![Node::Plural { arg, exact, forms }]);
        }
        // Nobody's gender is known: the last form is the neutral one.
        forms.pop().ok_or(ParseError::NoForms("GENDER"))
    }

    /// Eats `12=` at the start of a form.
    fn exact_number(&mut self) -> Option<u64> {
        let (number, rest) = self.rest.split_once('=')?;
        let number = number.parse().ok()?;
        self.rest = rest;
        Some(number)
    }

    fn literal(&mut self, nodes: &mut Vec<Node>) {
        let mut letters = self.rest.chars();
        let Some(letter) = letters.next() else { return };
        self.rest = letters.as_str();
        match nodes.last_mut() {
            Some(Node::Text(text)) => text.push(letter),
            Some(
                Node::Break
                | Node::Arg(_)
                | Node::Bold(_)
                | Node::Code(_)
                | Node::Link(..)
                | Node::Plural { .. },
            )
            | None => nodes.push(Node::Text(letter.to_string())),
        }
    }

    fn eat(&mut self, mark: &str) -> bool {
        match self.rest.strip_prefix(mark) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}

/// `$12` at the start of the text, and what follows.
fn value(text: &str) -> Option<(usize, &str)> {
    let digits = text.strip_prefix('$')?;
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let (number, rest) = digits.split_at_checked(end)?;
    number.parse().ok().filter(|number| *number > 0).map(|number| (number, rest))
}

/// The numbers of all values that a message uses.
#[cfg(test)]
pub(super) fn values(nodes: &[Node], used: &mut std::collections::BTreeSet<usize>) {
    for node in nodes {
        match node {
            Node::Text(_) | Node::Break => {}
            Node::Arg(arg) => {
                used.insert(*arg);
            }
            Node::Bold(inner) | Node::Code(inner) => values(inner, used),
            Node::Link(arg, inner) => {
                used.insert(*arg);
                values(inner, used);
            }
            Node::Plural { arg, exact, forms } => {
                used.insert(*arg);
                exact.iter().for_each(|(_, form)| values(form, used));
                forms.iter().for_each(|form| values(form, used));
            }
        }
    }
}
