// SPDX-License-Identifier: AGPL-3.0-or-later
//! `freeside convert`: JSON lines of one network in, JSON lines of another out.
//!
//! Rule: it runs the converters and the relay's own preparation and nothing else; what the bridge
//! would ask its store or a platform stands in the line.

mod directory;
mod line;
mod read;
mod write;

use std::io::{BufRead, Write};

use serde_json::{Value, json};

use bot_core::relay::prepare::prepare;
use bridge_model::Message;
use futures_util::FutureExt;

use directory::LineDirectory;
use line::Line;
pub use line::Side;
use write::Ready;

use crate::lines::{Tally, each};

/// Converts each line of `input`; a bad one becomes an `error` and the rest goes on.
///
/// # Errors
/// When `input` cannot be read or `output` cannot be written.
pub fn convert(
    (from, to): (Side, Side),
    input: impl BufRead,
    output: impl Write,
) -> std::io::Result<Tally> {
    each(input, output, |raw, number| one((from, to), raw, number))
}

/// The answer to one line, and whether it could be converted.
fn one((from, to): (Side, Side), raw: &[u8], number: u64) -> (bool, Value) {
    let line = match Line::read(raw) {
        Ok(line) => line,
        Err(bad) => {
            let error = format!("line {number}: {}", bad.reason);
            return (false, json!({ "id": bad.id, "error": error }));
        }
    };
    let id = line.id.clone();
    let prepared = read::message(from, &line)
        .and_then(|message| message.map(|it| prepared(it, (from, to), &line)).transpose());
    match prepared {
        Ok(prepared) => {
            let written: Vec<Value> =
                write::text_files(prepared.as_ref()).into_iter().map(Value::from).collect();
            let (field, said) = write::said(to, prepared);
            let mut answer = json!({ "id": id, field: said });
            if let (false, Some(fields)) = (written.is_empty(), answer.as_object_mut()) {
                fields.insert("text_files".into(), written.into());
            }
            (true, answer)
        }
        Err(reason) => {
            let error = format!("line {number}: {reason}");
            (false, json!({ "id": id, "error": error }))
        }
    }
}

/// The message as the relay would hand it to the destination. The directory of a line answers at
/// once, so that nothing is ever waited for.
fn prepared(message: Message, sides: (Side, Side), line: &Line) -> Result<Ready, String> {
    let directory = LineDirectory::new(line, sides);
    let answered = message.reply_to.as_ref();
    let link = answered.and_then(|reply| directory.link_of(&reply.message));
    let send_as = directory.send_as(&message.author);
    let prepared = prepare(&directory, write::words().wording(), message).now_or_never();
    let prepared = prepared.ok_or("the directory of a line has to be waited for")?;
    let prepared = prepared.map_err(|error| error.to_string())?;
    Ok(Ready { prepared, send_as, link })
}
