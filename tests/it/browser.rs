// SPDX-License-Identifier: AGPL-3.0-or-later
//! The pages of the running bridge in a real Chromium: with the keyboard only, with the rules of axe-core,
//! narrow and wide, from right to left, light and dark (`tests/browser/look.js`).
//!
//! Rule: where Node, playwright-core or Chromium is missing the test says so and passes; `.ci/run` installs
//! them, and fails when they do not run.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use sandbox::town::{Side, Town};
use serde_json::{Value, json};

use crate::dashboard::{done_by_alice, link_for};
use crate::{crosses, pages, town};

/// Where a Chromium may be, without FREESIDE_CHROMIUM.
const PLACES: [&str; 4] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/usr/bin/google-chrome-stable",
];

/// What is needed to look at pages.
struct Browser {
    chromium: PathBuf,
    modules: PathBuf,
    screenshots: PathBuf,
}

impl Browser {
    /// `None` where something is missing, which is said.
    fn installed() -> Option<Self> {
        let target = Path::new(env!("CARGO_BIN_EXE_freeside")).ancestors().nth(2)?;
        let named = std::env::var_os("FREESIDE_CHROMIUM").map(PathBuf::from);
        let chromium = named.into_iter().chain(PLACES.map(PathBuf::from)).find(|it| it.is_file());
        let modules = target.join("browser/node_modules");
        let node = Command::new("node").arg("--version").stdout(Stdio::null()).status();
        let whole = node.is_ok() && modules.join("playwright-core").is_dir();
        let Some(chromium) = chromium.filter(|_| whole) else {
            let what = "NOT RUN: the tests with a browser, which is not installed here; .ci/run \
                        installs it (apt-get install chromium, npm ci of tests/browser)\n";
            drop(std::io::stderr().write_all(what.as_bytes()));
            return None;
        };
        Some(Self { chromium, modules, screenshots: target.join("screenshots") })
    }

    /// Looks at pages of the running bridge; what is wrong with them.
    fn look(&self, town: &Town, pages: &[Value]) -> anyhow::Result<String> {
        let asked = json!({
            "base": town.bridge.pages_url(),
            "chromium": self.chromium,
            "screenshots": self.screenshots,
            "pages": pages,
        });
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/look.js");
        let mut look = Command::new("node")
            .arg(script)
            .env("NODE_PATH", &self.modules)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut input = look.stdin.take().context("no input")?;
        input.write_all(asked.to_string().as_bytes())?;
        drop(input);
        let output = look.wait_with_output()?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(
            output.status.success() == said.is_empty(),
            "the look ended with {}",
            output.status
        );
        Ok(said)
    }
}

/// One page to look at.
fn page(name: &str, path: &str, language: &str) -> Value {
    let direction = if ["ar", "fa"].contains(&language) { "rtl" } else { "ltr" };
    let status = if name.starts_with("nothing") { 404 } else { 200 };
    json!({
        "name": format!("{name}-{language}"),
        "path": format!("{path}?lang={language}"),
        "language": language,
        "direction": direction,
        "status": status,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_can_be_read_and_used_by_everybody() -> anyhow::Result<()> {
    let Some(browser) = Browser::installed() else { return Ok(()) };
    let town = town("12", "").await?;
    let address = pages::page(&town).await?;
    town.group.rename("Wikimedia Botanik \u{2014} Wolfeschlegelsteinhausenbergerdorff")?;
    town.alice.rename(&town.room, "ويكيميديا Botanik").await?;
    crosses(&town, Side::Telegram, "hello").await?;
    let path = address.strip_prefix(&town.bridge.pages_url()).context("another base")?;
    let mut wanted = Vec::new();
    for language in ["en", "de", "ar"] {
        wanted.push(page("community", path, language));
    }
    for language in ["en", "fa"] {
        wanted.push(page("status", "/status", language));
    }
    wanted.push(page("nothing", "/c/nothing", "en"));
    let said = tokio::task::block_in_place(|| browser.look(&town, &wanted))?;
    ensure!(said.is_empty(), "{said}");
    for name in ["community-ar-narrow-dark", "status-en-wide-light", "nothing-en-narrow-light"] {
        let screenshot = browser.screenshots.join(format!("{name}.png"));
        ensure!(std::fs::metadata(&screenshot)?.len() > 1000, "{screenshot:?} is empty");
    }
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_can_be_read_and_used_by_everybody() -> anyhow::Result<()> {
    let Some(browser) = Browser::installed() else { return Ok(()) };
    let town = town("12", "").await?;
    town.group.rename("Wikimedia Botanik \u{2014} Wolfeschlegelsteinhausenbergerdorff")?;
    town.alice.rename(&town.room, "ويكيميديا Botanik").await?;
    for side in Side::ALL {
        crosses(&town, side, &format!("hello from {side:?}")).await?;
    }
    let (cookie, answer) = done_by_alice(&town).await?;
    let link = link_for(&town.alice).await?;
    let door = link.strip_prefix(&town.bridge.pages_url()).context("another base")?;
    let mut wanted = Vec::new();
    for language in ["en", "ar", "de"] {
        wanted.push(page("door", door, language));
        let inside = [
            ("list", "/admin"),
            ("portal", "/admin/portal/1"),
            ("lanes", "/admin/lanes"),
            ("answer", &answer),
        ];
        for (name, path) in inside {
            let mut page = page(name, path, language);
            let cookies = json!([{ "name": "freeside", "value": cookie }]);
            page.as_object_mut().context("no page")?.insert("cookies".into(), cookies);
            wanted.push(page);
        }
    }
    let said = tokio::task::block_in_place(|| browser.look(&town, &wanted))?;
    ensure!(said.is_empty(), "{said}");
    town.assert_clean()
}
