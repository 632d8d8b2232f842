// SPDX-License-Identifier: AGPL-3.0-or-later
//! The ledger of consent as JSON lines.
//!
//! Rule: a line names nobody: whoever asks is told their own hash by nobody, and whoever holds the
//! store can compute it from an account.

use bridge_model::Timestamp;
use bridge_policy::calendar::{DAY_MS, Date};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use crate::store::consent::LedgerLine;

/// One JSON object in a line for each statement: `who` (HMAC-SHA256 under the store's secret, 16
/// bytes in hex), `network`, `portal` (null for everywhere), `choice`, `text` (the version of the
/// text that was shown), `given` and `withdrawn` in UTC.
pub fn as_lines(lines: &[LedgerLine]) -> String {
    let mut lines: Vec<&LedgerLine> = lines.iter().collect();
    lines.sort_by_key(|line| (line.statement.given, line.who));
    lines.into_iter().map(|line| format!("{}\n", as_json(line))).collect()
}

fn as_json(line: &LedgerLine) -> Value {
    let LedgerLine { who, statement } = line;
    json!({
        "who": HEXLOWER.encode(who),
        "network": statement.network.as_str(),
        "portal": statement.portal.map(|portal| portal.0),
        "choice": statement.choice.name(),
        "text": statement.text,
        "given": moment(statement.given),
        "withdrawn": statement.withdrawn.map(moment),
    })
}

/// A moment as RFC 3339 writes it, in UTC.
pub fn moment(at: Timestamp) -> String {
    let seconds = at.0.rem_euclid(DAY_MS) / 1000;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{}T{hours:02}:{minutes:02}:{:02}Z", Date::of(at), seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portal::PortalId;
    use crate::store::statements::{Choice, Statement};

    #[test]
    fn a_statement_is_one_line_of_json() {
        let line = |given: i64, withdrawn: Option<i64>| LedgerLine {
            who: [0xab; 16],
            statement: Statement {
                network: "telegram".into(),
                portal: withdrawn.map(|_| PortalId(3)),
                choice: Choice::OptIn,
                text: "en/0badcafe".into(),
                given: Timestamp(given),
                withdrawn: withdrawn.map(Timestamp),
            },
        };
        let day = 1_700_000_000_000;
        let written = as_lines(&[line(day + 1000, None), line(day, Some(day + 61_000))]);
        let who = "ab".repeat(16);
        let expected = format!(
            "{{\"choice\":\"opt-in\",\"given\":\"2023-11-14T22:13:20Z\",\"network\":\"telegram\",\
             \"portal\":3,\"text\":\"en/0badcafe\",\"who\":\"{who}\",\
             \"withdrawn\":\"2023-11-14T22:14:21Z\"}}\n\
             {{\"choice\":\"opt-in\",\"given\":\"2023-11-14T22:13:21Z\",\"network\":\"telegram\",\
             \"portal\":null,\"text\":\"en/0badcafe\",\"who\":\"{who}\",\"withdrawn\":null}}\n"
        );
        assert_eq!(written, expected);
    }
}
