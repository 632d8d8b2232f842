// SPDX-License-Identifier: AGPL-3.0-or-later
//! Questions on a terminal or a pipe.
//!
//! Rule: a secret is never written back: not by the terminal while it is typed, not in a sentence about
//! it.

use std::io::{BufRead, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

/// One question.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    /// What is asked.
    pub(super) text: &'a str,
    /// What an empty line stands for; `None` where something has to be typed.
    pub(super) default: Option<&'a str>,
    /// The option that answers it beforehand.
    pub(super) option: &'static str,
    /// What is typed is a secret.
    pub(super) secret: bool,
}

/// Why an answer is not taken.
pub(super) enum Objection<T> {
    /// It cannot be right.
    Wrong(String),
    /// It may be right, and was not found so: who types it again insists.
    Doubtful(String, T),
}

/// Where questions are answered.
pub(super) struct Dialog<'a> {
    input: &'a mut dyn BufRead,
    output: &'a mut dyn Write,
    /// Nobody is there to answer.
    pub(super) silent: bool,
    /// Doubtful answers are taken.
    pub(super) insists: bool,
    /// The input is a terminal, which shows what is typed.
    terminal: bool,
}

impl<'a> Dialog<'a> {
    pub(super) fn new(
        input: &'a mut dyn BufRead,
        output: &'a mut dyn Write,
        terminal: bool,
    ) -> Self {
        Self { input, output, silent: false, insists: false, terminal }
    }

    /// Says something.
    ///
    /// # Errors
    /// When nobody can read it.
    pub(super) fn say(&mut self, text: impl std::fmt::Display) -> anyhow::Result<()> {
        writeln!(self.output, "{text}").context("the terminal is gone")
    }

    /// Asks until an answer is taken. What an option has `given` is the first answer.
    ///
    /// # Errors
    /// When the input has ended, or nobody is there to give another answer.
    pub(super) async fn ask<T>(
        &mut self,
        question: Question<'_>,
        given: Option<&str>,
        check: impl AsyncFn(&str) -> Result<T, Objection<T>>,
    ) -> anyhow::Result<T> {
        let mut next = given.map(str::to_owned);
        let mut before: Option<String> = None;
        loop {
            let answer = match next.take() {
                Some(answer) => answer,
                None => self.answer(question)?,
            };
            let insists = self.insists || before.as_deref() == Some(&answer);
            let objection = match check(&answer).await {
                Ok(value) => return Ok(value),
                Err(Objection::Doubtful(why, value)) if insists => {
                    self.say(format_args!("  {why}\n  Taken all the same."))?;
                    return Ok(value);
                }
                Err(Objection::Doubtful(why, _)) if self.silent => {
                    bail!("{}: {why} (--unchecked takes it all the same)", question.option)
                }
                Err(Objection::Doubtful(why, _)) => {
                    format!("{why}\n  Type it again to take it all the same, or something else.")
                }
                Err(Objection::Wrong(why)) => why,
            };
            if self.silent {
                bail!("{}: {objection}", question.option);
            }
            self.say(format_args!("  {objection}"))?;
            before = Some(answer);
        }
    }

    fn answer(&mut self, question: Question<'_>) -> anyhow::Result<String> {
        if self.silent {
            let missing = || format!("{} is needed: {}", question.option, question.text);
            return question.default.map(str::to_owned).with_context(missing);
        }
        match question.default {
            Some("") | None => write!(self.output, "{}: ", question.text)?,
            Some(default) => write!(self.output, "{} [{default}]: ", question.text)?,
        }
        self.output.flush()?;
        let quiet = (question.secret && self.terminal).then(Quiet::begin);
        let mut line = String::new();
        let read = self.input.read_line(&mut line).context("the answer cannot be read")?;
        if quiet.is_some() || !self.terminal {
            drop(quiet);
            writeln!(self.output)?;
        }
        if read == 0 {
            bail!(
                "the input ended at the question {:?}; nothing more was written, and `freeside init` \
                 can be typed again",
                question.text
            );
        }
        let answer = line.trim();
        Ok(if answer.is_empty() { question.default.unwrap_or_default() } else { answer }.to_owned())
    }
}

/// While it lives the terminal does not show what is typed, if it can do that.
struct Quiet;

impl Quiet {
    fn begin() -> Self {
        set_echo("-echo");
        Self
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        set_echo("echo");
    }
}

fn set_echo(mode: &str) {
    let mut stty = Command::new("stty");
    stty.arg(mode).stdin(Stdio::inherit()).stdout(Stdio::null()).stderr(Stdio::null());
    // Where there is no stty, what is typed is seen; that is said at the question.
    drop(stty.status());
}
