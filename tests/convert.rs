// SPDX-License-Identifier: AGPL-3.0-or-later
//! `freeside convert`: lines by hand through the binary, and 10,000 generated ones in each
//! direction through the same code.
//!
//! Rule: a bug report becomes a line in `convert/lines`: `NAME.FROM-TO.jsonl`, with what must
//! come out in `NAME.FROM-TO.out.jsonl`. An attack becomes a line of `convert/hostile.jsonl`.

#[cfg(test)]
#[path = "convert/bounds.rs"]
mod bounds;
#[cfg(test)]
#[path = "convert/corpus.rs"]
mod corpus;
#[cfg(test)]
#[path = "convert/generate.rs"]
mod generate;
#[cfg(test)]
#[path = "convert/golden.rs"]
mod golden;
#[cfg(test)]
#[path = "convert/hostile.rs"]
mod hostile;
#[cfg(test)]
#[path = "convert/laws.rs"]
mod laws;
#[cfg(test)]
#[path = "convert/round.rs"]
mod round;
