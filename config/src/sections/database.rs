// SPDX-License-Identifier: AGPL-3.0-or-later
//! Where the database of the store is, when that is PostgreSQL.
//!
//! Rule: an address with a password stands in a file of its own or in the environment, as all secrets
//! do; without one (a socket, a certificate) it may stand in the configuration.

use url::Url;

use crate::error::Wrong;
use crate::reader::{SecretSource, Section};
use crate::secret::Secret;
use crate::values::Engine;

const MAKE: &str = "Write postgres://user:password@host/database into a file of mode 600.";

/// The address, for an engine that needs one.
pub(super) fn database(section: &mut Section<'_, '_>, engine: Engine) -> Option<Secret> {
    let open = section.optional("url", without_password);
    let secret = section.optional_secret(&SecretSource {
        key: "url_file",
        variable: "FREESIDE_STORE_URL",
        make: MAKE,
    })?;
    let wrong = |problem: &str, mend: &str| {
        section.wrong("url", Wrong::new(problem.to_owned(), mend));
        None
    };
    match (engine, open, secret) {
        (_, Some(_), Some(_)) => {
            wrong("the address of the database is given twice", "Use `url` or `url_file`.")
        }
        (Engine::Sled, Some(_), None) | (Engine::Sled, None, Some(_)) => wrong(
            "the address of a database is given, and the engine is sled",
            "Write engine = \"postgres\", or take the address away.",
        ),
        (Engine::Postgres, None, None) => wrong(
            "the address of the database is missing",
            "Set `url_file`, FREESIDE_STORE_URL, or `url` where the address holds no password.",
        ),
        (Engine::Sled, None, None) => None,
        (Engine::Postgres, Some(url), None) | (Engine::Postgres, None, Some(url)) => {
            if is_address(url.expose()) {
                return Some(url);
            }
            wrong("the address of the database is none", MAKE)
        }
    }
}

fn is_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "postgres" | "postgresql"))
}

fn without_password(text: &str) -> Result<Secret, Wrong> {
    let url = Url::parse(text).ok().filter(|_| is_address(text));
    let Some(url) = url else {
        let example = "Write it so: \"postgres:///freeside?host=/var/run/postgresql\".";
        return Err(Wrong::new("this is no address of a PostgreSQL database", example));
    };
    if url.password().is_some() || url.query_pairs().any(|(key, _)| key == "password") {
        let problem = "the address holds a password, and everybody who reads this file has it";
        return Err(Wrong::new(problem, "Put the address into a file and name it as `url_file`."));
    }
    Ok(Secret::new(text))
}
