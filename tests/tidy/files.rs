// SPDX-License-Identifier: AGPL-3.0-or-later
//! How every source file looks, and what it may not hold.
//!
//! Rule: a test that has to pause is a row in [`PACED`] with its reason, or it waits for a
//! condition.

use crate::tokens::{attributes, calls, names, stream, test_bodies};
use crate::tree::{File, Tree};

const LONGEST: usize = 500;
const SPDX: &str = "// SPDX-License-Identifier: AGPL-3.0-or-later";
const VAGUE: [&str; 5] = ["utils", "helpers", "common", "misc", "manager"];

/// Files under `tests/` that may let time pass, each with the reason.
const PACED: [(&str, &str); 6] = [
    ("tests/sandbox/src/between.rs", "a delay that a test asked for"),
    ("tests/sandbox/src/discord/rest.rs", "a delay that a test asked for"),
    ("tests/sandbox/src/discord/gateway.rs", "the heartbeat's deadline"),
    ("tests/sandbox/src/telegram/server.rs", "a delay that a test asked for"),
    ("tests/sandbox/src/telegram/inbox.rs", "the end of a long poll; webhooks are tried again"),
    ("tests/sandbox/src/synapse/", "a process and its HTTP can only be asked again"),
];

fn misshapen(file: &File) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut lines = file.text.lines();
    if lines.next() != Some(SPDX) {
        complaints.push(format!("{}: the first line is not the SPDX line", file.path));
    }
    if !lines.next().is_some_and(|line| line.starts_with("//! ")) {
        complaints.push(format!("{}: the second line does not say what it is for", file.path));
    }
    let length = file.text.lines().count();
    if length > LONGEST {
        complaints.push(format!("{}: {length} lines, at most {LONGEST}", file.path));
    }
    complaints
}

fn unwanted(file: &File) -> Vec<String> {
    let path = &file.path;
    let tokens = stream(&file.text);
    let mut complaints = Vec::new();
    for attribute in attributes(tokens.clone()) {
        for line in calls(attribute, &["allow"]) {
            complaints.push(format!("{path}:{line}: allow; use expect with a reason"));
        }
    }
    let parts = path.split('/').map(|part| part.trim_end_matches(".rs"));
    for vague in parts.filter(|part| VAGUE.contains(part)) {
        complaints.push(format!("{path}: {vague} says nothing"));
    }
    let all = names(&file.text);
    for pair in all.windows(2) {
        let [keyword, name] = pair else { continue };
        if keyword.text() == "mod" && VAGUE.contains(&name.text().as_str()) {
            complaints.push(format!("{path}:{}: {} says nothing", name.line, name.text()));
        }
    }
    complaints
}

fn sleeps(file: &File) -> Vec<String> {
    let path = &file.path;
    let is_test =
        path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs");
    let tokens = stream(&file.text);
    let bodies = if is_test { vec![tokens] } else { test_bodies(tokens) };
    let lines = bodies.into_iter().flat_map(|it| calls(it, &["sleep", "sleep_until"]));
    lines.map(|line| format!("{path}:{line}: sleeps; wait for a condition")).collect()
}

fn is_paced(file: &File) -> bool {
    PACED.iter().any(|(home, _)| file.path.starts_with(home))
}

#[test]
fn every_file_has_its_head_and_a_size_to_read() {
    let found: Vec<String> = Tree::here().rust().flat_map(misshapen).collect();
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn a_file_without_a_head_or_too_long_is_refused() {
    let bare = File::new("a.rs", "fn f() {}\n");
    let expected = [
        "a.rs: the first line is not the SPDX line",
        "a.rs: the second line does not say what it is for",
    ];
    assert_eq!(misshapen(&bare), expected);
    let long = format!("{SPDX}\n//! Long.\n{}", "\n".repeat(499));
    assert_eq!(misshapen(&File::new("a.rs", &long)), ["a.rs: 501 lines, at most 500"]);
    let right = format!("{SPDX}\n//! Long.\n{}", "\n".repeat(498));
    assert_eq!(misshapen(&File::new("a.rs", &right)), Vec::<String>::new());
}

#[test]
fn nothing_is_allowed_and_names_say_something() {
    let found: Vec<String> = Tree::here().rust().flat_map(unwanted).collect();
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn an_allow_or_a_vague_name_is_refused() {
    let text = "#![allow(dead_code)]\n#[cfg_attr(test, allow(unused))]\nmod utils {}\n\
                #[expect(x, reason = \"allow(y)\")]\nfn allow(helpers: u8) {}";
    let expected = [
        "a/misc.rs:1: allow; use expect with a reason",
        "a/misc.rs:2: allow; use expect with a reason",
        "a/misc.rs: misc says nothing",
        "a/misc.rs:3: utils says nothing",
    ];
    assert_eq!(unwanted(&File::new("a/misc.rs", text)), expected);
    assert_eq!(unwanted(&File::new("common/mod.rs", "")), ["common/mod.rs: common says nothing"]);
}

#[test]
fn tests_do_not_sleep() {
    let tree = Tree::here();
    let found: Vec<String> = tree.rust().filter(|it| !is_paced(it)).flat_map(sleeps).collect();
    assert_eq!(found, Vec::<String>::new());
    for (home, reason) in PACED {
        let mut there = tree.rust().filter(|it| it.path.starts_with(home));
        assert!(there.any(|it| !sleeps(it).is_empty()), "{home} no longer sleeps: {reason}");
    }
}

#[test]
fn a_test_that_sleeps_is_refused() {
    let text = "use tokio::time::sleep;\nfn sleep(n: u8) {}\n\
                async fn f() {\n    sleep(x).await; std::thread::sleep(x)\n}";
    let line = "tests/it/a.rs:4: sleeps; wait for a condition";
    assert_eq!(sleeps(&File::new("tests/it/a.rs", text)), [line, line]);
    let inner = "fn a() { sleep(x) }\n#[cfg(test)]\nmod tests {\n    fn b() { sleep(x) }\n}";
    let expected = ["bot-core/src/a.rs:4: sleeps; wait for a condition"];
    assert_eq!(sleeps(&File::new("bot-core/src/a.rs", inner)), expected);
}
