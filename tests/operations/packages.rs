// SPDX-License-Identifier: AGPL-3.0-or-later
//! The parts of the packages, as far as they can be checked without building them.
//!
//! Rule: what a tool is needed for is checked where the tool is, and said where it is not.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;
use toml::Table;

use crate::tree::{path, read};

const UNIT: &str = "packaging/systemd/freeside.service";

/// What a tool says, with whether it was content; `None`, said on standard error, without the tool.
#[expect(clippy::print_stderr, reason = "says what was not checked")]
fn asked(tool: &str, arguments: &[&str]) -> Option<(bool, String)> {
    match Command::new(tool).current_dir(path("")).args(arguments).output() {
        Ok(output) => {
            let said = [output.stdout, output.stderr].concat();
            Some((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
        }
        Err(_) => {
            eprintln!("NOT CHECKED: {tool} is not installed");
            None
        }
    }
}

fn content(tool: &str, arguments: &[&str]) {
    if let Some((done, said)) = asked(tool, arguments) {
        assert!(done, "{tool} {arguments:?}: {said}");
    }
}

/// The values of a key of a unit.
fn values<'a>(unit: &'a str, key: &str) -> Vec<&'a str> {
    let lines = unit.lines().filter_map(|line| line.split_once('='));
    lines.filter(|(name, _)| *name == key).map(|(_, value)| value).collect()
}

#[test]
fn the_unit_is_locked_in_and_notifies() {
    let unit = read(UNIT);
    for (key, value) in [
        ("Type", "notify"),
        ("UMask", "0077"),
        ("User", "freeside"),
        ("StateDirectory", "freeside"),
        ("ProtectSystem", "strict"),
        ("NoNewPrivileges", "yes"),
        ("CapabilityBoundingSet", ""),
        ("LimitCORE", "0"),
        ("WatchdogSec", "120"),
    ] {
        assert_eq!(values(&unit, key), [value], "{key}");
    }
    // The program tells systemd through a socket, and looks up names through another one.
    assert!(values(&unit, "RestrictAddressFamilies")[0].contains("AF_UNIX"));
    // Ending takes 30 s at most, and as long again for threads that hang.
    let stop: u64 = values(&unit, "TimeoutStopSec")[0].parse().unwrap();
    assert!(stop > 60);
}

#[test]
fn every_line_that_locks_the_unit_in_is_explained() {
    let (unit, guide) = (read(UNIT), read("docs/OPERATING.md"));
    let section = guide.split("## A unit for systemd").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let lock = unit.split("UMask=").nth(1).unwrap().split("[Install]").next().unwrap();
    let keys = lock.lines().filter_map(|line| line.split_once('=')).map(|(key, _)| key);
    let missing: BTreeSet<&str> = keys.filter(|key| !section.contains(key)).collect();
    assert!(missing.is_empty(), "docs/OPERATING.md does not explain {missing:?}");
}

#[test]
fn systemd_reads_the_unit() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("freeside.service");
    // The program lies elsewhere here.
    let unit = read(UNIT).replace("/usr/bin/freeside", env!("CARGO_BIN_EXE_freeside"));
    std::fs::write(&copy, unit).unwrap();
    let copy = copy.to_str().unwrap();
    if let Some((_, said)) = asked("systemd-analyze", &["verify", copy]) {
        let about = said.lines().filter(|line| line.contains("freeside.service"));
        assert_eq!(about.collect::<Vec<_>>(), Vec::<&str>::new());
    }
    let arguments = ["security", "--offline=true", "--threshold=20", "--no-pager", UNIT];
    if let Some((done, said)) = asked("systemd-analyze", &arguments) {
        assert!(done, "{}", said.lines().last().unwrap_or_default());
    }
}

#[test]
fn the_scripts_can_be_read() {
    for script in ["scripts/release", ".ci/run"] {
        content("bash", &["-n", script]);
    }
    for script in ["postinst", "prerm", "postrm"] {
        let script = format!("packaging/debian/{script}");
        content("sh", &["-n", &script]);
        assert!(read(&script).contains("set -e"), "{script}");
    }
    use std::os::unix::fs::PermissionsExt;
    for script in ["scripts/release", "scripts/sbom", "packaging/debian/postinst"] {
        let mode = std::fs::metadata(path(script)).unwrap().permissions().mode();
        assert_eq!(mode & 0o111, 0o111, "{script} cannot be run");
    }
}

#[test]
fn the_debian_package_names_files_that_exist() {
    let manifest: Table = toml::from_str(&read("Cargo.toml")).unwrap();
    let deb = manifest["package"]["metadata"]["deb"].as_table().unwrap();
    let release = read("scripts/release");
    let assets = deb["assets"].as_array().unwrap();
    assert!(assets.len() > 5);
    for asset in assets {
        let from = asset[0].as_str().unwrap();
        // What is built, and what `scripts/release` makes.
        let made = from.strip_prefix("dist/freeside.").is_some_and(|ending| {
            ending == "1" && release.contains("dist/freeside.1")
                || release.contains(&format!(" {ending}"))
        });
        let is_there = match from.split_once('*') {
            Some((folder, _)) => path(folder).is_dir(),
            None => path(from).is_file(),
        };
        assert!(made || is_there || from == "target/release/freeside", "{from}");
    }
    let scripts = deb["maintainer-scripts"].as_str().unwrap();
    assert!(path(scripts).join("postinst").is_file());
    assert!(path(deb["license-file"][0].as_str().unwrap()).is_file());
    // The unit starts what the package installs, and its user is made by the package.
    assert!(values(&read(UNIT), "ExecStart")[0].starts_with("/usr/bin/freeside "));
    assert!(read("packaging/systemd/freeside.sysusers").contains("\nu freeside "));
}

#[test]
fn the_container_is_built_from_what_is_there_and_is_not_root() {
    let file = read("packaging/container/Containerfile");
    let lines: Vec<&str> = file.lines().map(str::trim).collect();
    let toolchain: Table = toml::from_str(&read("rust-toolchain.toml")).unwrap();
    let channel = toolchain["toolchain"]["channel"].as_str().unwrap();
    assert!(lines.contains(&format!("ARG RUST={channel}").as_str()), "another Rust than {channel}");
    let stages = lines.iter().filter(|line| line.starts_with("FROM ")).count();
    assert_eq!(stages, 2);
    let last = file.rsplit("\nFROM ").next().unwrap();
    assert!(last.starts_with("gcr.io/distroless/") && last.contains("USER 65532:65532"), "{last}");
    assert!(!last.contains("RUN "), "there is no shell");
    // Nothing is left out of the context that is built in.
    let ignored = read("packaging/container/Containerfile.dockerignore");
    let ignored: Vec<&str> = ignored.lines().filter(|line| !line.starts_with('#')).collect();
    for needed in ["Cargo.toml", "Cargo.lock", "build.rs", "src", "i18n", "config", "bot-core"] {
        assert!(path(needed).exists() && !ignored.contains(&needed), "{needed}");
    }
}

const YAML: &str = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))";

/// A YAML file as a value, where Python can read one.
fn yaml(file: &str) -> Option<Value> {
    let (done, said) = asked("python3", &["-c", YAML, file])?;
    if !done && said.contains("No module named 'yaml'") {
        return None;
    }
    assert!(done, "{file}: {said}");
    Some(serde_json::from_str(&said).unwrap())
}

#[test]
fn compose_names_paths_and_parts_that_exist() {
    let file = "packaging/container/compose.yaml";
    let Some(compose) = yaml(file) else { return };
    let services = compose["services"].as_object().unwrap();
    let bridge = &services["freeside"];
    let build = &bridge["build"];
    let context = path("packaging/container").join(build["context"].as_str().unwrap());
    assert!(context.join("Cargo.toml").is_file());
    assert!(context.join(build["dockerfile"].as_str().unwrap()).is_file());
    for needed in bridge["depends_on"].as_array().unwrap() {
        assert!(services.contains_key(needed.as_str().unwrap()), "{needed}");
    }
    assert_eq!(bridge["read_only"], true);
    // The lines for a database can be put in as they are.
    let text = read(file);
    let whole: String = text
        .lines()
        .skip_while(|line| line.starts_with('#') || line.is_empty())
        .map(|line| {
            let bare = line.trim_start();
            let indent = line.strip_suffix(bare).unwrap_or_default();
            let is_code =
                bare.strip_prefix("# ").filter(|it| it.contains(':') || it.starts_with('-'));
            let is_code = is_code.or_else(|| bare.strip_prefix("#   "));
            format!("{indent}{}\n", is_code.unwrap_or(bare))
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("compose.yaml");
    std::fs::write(&copy, whole).unwrap();
    let whole = yaml(copy.to_str().unwrap()).unwrap();
    assert!(whole["services"]["postgres"]["image"].is_string(), "{whole}");
    assert!(whole["secrets"]["postgres"]["file"].is_string());
}

#[test]
fn prometheus_is_told_where_the_bridge_listens() {
    let Some(config) = yaml("packaging/monitoring/prometheus.yml") else { return };
    let job = &config["scrape_configs"][0];
    assert_eq!(job["job_name"], "freeside");
    let target = job["static_configs"][0]["targets"][0].as_str().unwrap();
    assert!(read("config/freeside.example.toml").contains(&format!("#listen = \"{target}\"")));
    let rules = config["rule_files"][0].as_str().unwrap();
    assert!(path("packaging/monitoring").join(rules).is_file());
}

#[test]
fn the_bill_of_materials_is_what_is_locked() {
    let mut sbom = Command::new(path("scripts/sbom"));
    sbom.env("CARGO_NET_OFFLINE", "true").env("SOURCE_DATE_EPOCH", "1700000000");
    let Ok(output) = sbom.output() else { return };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(sbom.output().unwrap().stdout, output.stdout, "it differs each time");
    let bill: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&bill["bomFormat"], &bill["specVersion"]), (&"CycloneDX".into(), &"1.5".into()));
    assert_eq!(bill["metadata"]["timestamp"], "2023-11-14T22:13:20Z");
    let lock: Table = toml::from_str(&read("Cargo.lock")).unwrap();
    let locked: BTreeSet<String> = lock["package"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| format!("{} {}", it["name"].as_str().unwrap(), it["version"].as_str().unwrap()))
        .collect();
    let components = bill["components"].as_array().unwrap();
    let text = |it: &Value, key: &str| it[key].as_str().unwrap().to_owned();
    let named: BTreeSet<String> = components
        .iter()
        .map(|it| format!("{} {}", text(it, "name"), text(it, "version")))
        .collect();
    assert!(named.is_subset(&locked));
    let has = |name: &str| components.iter().any(|it| it["name"] == name);
    assert!(has("sled") && has("ruma") && has("bot-core"));
    assert!(!has("sandbox") && !has("proptest"), "what only tests use is no part of it");
    let unlicensed = components.iter().filter(|it| !it["licenses"].is_array());
    assert_eq!(unlicensed.map(|it| text(it, "name")).collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn the_manual_page_and_the_completions_name_every_command() {
    let program = env!("CARGO_BIN_EXE_freeside");
    let (_, help) = asked(program, &["--help"]).unwrap();
    let listed = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let commands: Vec<&str> =
        listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(commands.len() > 8, "{help}");
    let (done, page) = asked(program, &["man"]).unwrap();
    assert!(done && page.starts_with(".ie") || page.contains(".TH"), "{page}");
    for command in commands.iter().filter(|command| **command != "help") {
        let name = format!("freeside {}", command.replace('-', "\\-"));
        assert!(page.contains(&name), "the manual page lacks {command}");
        for shell in ["bash", "zsh", "fish"] {
            let (done, script) = asked(program, &["completions", shell]).unwrap();
            assert!(done && script.contains(command), "{shell} does not complete {command}");
        }
    }
    let (_, script) = asked(program, &["completions", "bash"]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("freeside.bash");
    std::fs::write(&file, script).unwrap();
    content("bash", &["-n", file.to_str().unwrap()]);
    let manual = folder.path().join("freeside.1");
    std::fs::write(&manual, page).unwrap();
    if let Some((_, said)) = asked("man", &["--warnings", "-l", manual.to_str().unwrap()]) {
        assert!(said.contains("SYNOPSIS") || said.contains("man: "), "{said}");
        assert!(!said.contains("warning:"), "{said}");
    }
}
