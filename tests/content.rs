// SPDX-License-Identifier: AGPL-3.0-or-later
//! Keeps the table in docs/CONTENT.md what the networks' capabilities say.
//!
//! Rule: every capability is a row; a new one does not compile before it has one.

#[cfg(test)]
#[path = "content/table.rs"]
mod table;

#[cfg(test)]
mod tests {
    use super::table::{Row, rows};

    const BEGIN: &str = "<!-- The table is checked by tests/content.rs. -->";
    const END: &str = "<!-- End of the table. -->";

    fn written() -> String {
        let matrix = rows(&bridge_matrix::convert::CAPABILITIES);
        let telegram = rows(&bridge_telegram::capabilities(false));
        let discord = rows(&bridge_discord::capabilities());
        let mut table =
            "| what | on Matrix | on Telegram | on Discord |\n|---|---|---|---|\n".to_owned();
        for ((Row { what, how: a }, Row { how: b, .. }), Row { how: c, .. }) in
            matrix.into_iter().zip(telegram).zip(discord)
        {
            table.push_str(&format!("| {what} | {a} | {b} | {c} |\n"));
        }
        table
    }

    fn between(page: &str) -> Option<&str> {
        let (_, rest) = page.split_once(BEGIN)?;
        Some(rest.split_once(END)?.0.trim())
    }

    #[test]
    fn the_page_says_what_the_capabilities_say() {
        let page = include_str!("../docs/CONTENT.md");
        let table = written();
        assert_eq!(between(page), Some(table.trim()), "put this into docs/CONTENT.md:\n{table}");
    }

    #[test]
    fn a_page_that_says_something_else_is_found_out() {
        let page = include_str!("../docs/CONTENT.md").replacen("| yes |", "| no |", 1);
        assert_ne!(between(&page), Some(written().trim()));
    }
}
