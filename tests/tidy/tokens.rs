// SPDX-License-Identifier: AGPL-3.0-or-later
//! Rust source as tokens: names and paths, also inside macros, never in comments or strings.
//!
//! Rule: no types are known here; a path is what is written.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// A path as it is written, `use` trees taken apart: `use a::{b, c::d}` is `a::b` and `a::c::d`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// Its segments.
    pub segments: Vec<String>,
    /// The line on which it begins, from 1.
    pub line: usize,
}

impl Name {
    /// As in source.
    pub fn text(&self) -> String {
        self.segments.join("::")
    }
}

/// The tokens of a source file.
pub fn stream(text: &str) -> TokenStream {
    text.parse().unwrap()
}

/// Every path and every single name.
pub fn names(text: &str) -> Vec<Name> {
    let mut found = Vec::new();
    gather(stream(text), &[], &mut found);
    found
}

/// As [`names`], without what stands under `#[cfg(test)]`.
pub fn names_of_production(text: &str) -> Vec<Name> {
    let mut found = Vec::new();
    gather(production(text), &[], &mut found);
    found
}

/// The tokens of a file that are built outside of tests.
pub fn production(text: &str) -> TokenStream {
    without_tests(stream(text))
}

fn without_tests(stream: TokenStream) -> TokenStream {
    let mut kept = Vec::new();
    let mut is_test = false;
    for token in stream {
        let ends = match &token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
                is_test |= group.stream().to_string() == "cfg (test)";
                false
            }
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            TokenTree::Punct(punct) => punct.as_char() == ';',
            TokenTree::Ident(_) | TokenTree::Literal(_) => false,
        };
        if !is_test {
            kept.push(token);
        }
        is_test &= !ends;
    }
    kept.into_iter().collect()
}

fn gather(stream: TokenStream, prefix: &[String], found: &mut Vec<Name>) {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token {
            TokenTree::Group(group) => gather(group.stream(), &[], found),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            TokenTree::Ident(first) => {
                let mut segments = prefix.to_vec();
                segments.push(first.to_string());
                let line = first.span().start().line;
                let mut whole = true;
                while is_separator(&tokens, at) {
                    match tokens.get(at + 2) {
                        Some(TokenTree::Ident(next)) => segments.push(next.to_string()),
                        Some(TokenTree::Punct(star)) if star.as_char() == '*' => {
                            segments.push("*".into());
                        }
                        Some(TokenTree::Group(tree)) if tree.delimiter() == Delimiter::Brace => {
                            gather(tree.stream(), &segments, found);
                            whole = false;
                        }
                        _ => {
                            at += 2;
                            break;
                        }
                    }
                    at += 3;
                }
                if whole {
                    found.push(Name { segments, line });
                }
            }
        }
    }
}

fn is_separator(tokens: &[TokenTree], at: usize) -> bool {
    let colon = |at: usize| match tokens.get(at) {
        Some(TokenTree::Punct(punct)) if punct.as_char() == ':' => Some(punct.spacing()),
        _ => None,
    };
    colon(at) == Some(Spacing::Joint) && colon(at + 1).is_some()
}

/// The lines on which `word(` stands: calls, and attributes such as `allow(`; not definitions.
pub fn calls(stream: TokenStream, word: &[&str]) -> Vec<usize> {
    let mut lines = Vec::new();
    let mut before: Option<String> = None;
    let mut candidate: Option<usize> = None;
    for token in stream {
        let text = match &token {
            TokenTree::Group(group) => {
                if let (Delimiter::Parenthesis, Some(line)) = (group.delimiter(), candidate) {
                    lines.push(line);
                }
                lines.extend(calls(group.stream(), word));
                String::new()
            }
            TokenTree::Ident(ident) => ident.to_string(),
            TokenTree::Punct(_) | TokenTree::Literal(_) => String::new(),
        };
        let is_defined = before.as_deref() == Some("fn");
        candidate =
            (word.contains(&text.as_str()) && !is_defined).then(|| token.span().start().line);
        before = Some(text);
    }
    lines
}

/// The contents of every attribute.
pub fn attributes(stream: TokenStream) -> Vec<TokenStream> {
    let mut found = Vec::new();
    let mut is_open = false;
    for token in stream {
        match token {
            TokenTree::Group(group) => {
                if is_open && group.delimiter() == Delimiter::Bracket {
                    found.push(group.stream());
                } else {
                    found.extend(attributes(group.stream()));
                }
                is_open = false;
            }
            TokenTree::Punct(punct) => {
                is_open = punct.as_char() == '#' || (is_open && punct.as_char() == '!');
            }
            TokenTree::Ident(_) | TokenTree::Literal(_) => is_open = false,
        }
    }
    found
}

/// The bodies of modules and items under `#[cfg(test)]`.
pub fn test_bodies(stream: TokenStream) -> Vec<TokenStream> {
    let mut found = Vec::new();
    let mut is_test = false;
    for token in stream {
        match token {
            TokenTree::Group(group) => match group.delimiter() {
                Delimiter::Bracket => is_test |= group.stream().to_string() == "cfg (test)",
                Delimiter::Brace if is_test => {
                    found.push(group.stream());
                    is_test = false;
                }
                Delimiter::Brace => found.extend(test_bodies(group.stream())),
                Delimiter::Parenthesis | Delimiter::None => {}
            },
            TokenTree::Punct(punct) if punct.as_char() == ';' => is_test = false,
            TokenTree::Punct(_) | TokenTree::Ident(_) | TokenTree::Literal(_) => {}
        }
    }
    found
}

#[test]
fn use_trees_are_taken_apart() {
    let found = names("use std::{fs, time::{self, Instant}};\nfn f() { m!(a::b::<c::d>()); }");
    let texts: Vec<String> = found.iter().map(Name::text).collect();
    let all = "use std::fs std::time::self std::time::Instant fn f m a::b c::d";
    assert_eq!(texts, all.split(' ').collect::<Vec<_>>());
    assert_eq!(found.last().unwrap().line, 2);
}

#[test]
fn comments_and_strings_hold_no_names() {
    let found = names("/// tokio::spawn\nconst A: &str = \"tokio::spawn\"; // tokio::spawn");
    assert!(!found.iter().any(|name| name.text().contains("tokio")), "{found:?}");
}

#[test]
fn only_test_modules_are_test_bodies() {
    let text = "fn a() { sleep() }\n#[cfg(test)]\nmod tests { fn b() { wait() } }\nfn c() {}";
    let bodies: Vec<String> = test_bodies(stream(text)).iter().map(ToString::to_string).collect();
    assert_eq!(bodies, ["fn b () { wait () }"]);
}
