// SPDX-License-Identifier: AGPL-3.0-or-later
//! Alert rules, dashboard and runbook belong together, and name metrics that exist.

use std::collections::BTreeSet;
use std::process::Command;

use freeside::monitoring::list::{self, MetricKind};
use serde_json::Value;

use crate::tree::{path, read};

const RULES: &str = "packaging/monitoring/freeside.rules.yml";
const DASHBOARD: &str = "packaging/monitoring/freeside.dashboard.json";
const RUNBOOK: &str = "docs/RUNBOOK.md";

/// Everything in a text that looks like a metric of ours.
fn named(text: &str) -> BTreeSet<String> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split(|c: char| !is_word(c));
    let ours = |word: &&str| word.starts_with("freeside_") || word.starts_with("process_");
    words.filter(ours).map(str::to_owned).collect()
}

/// The family behind the name of a sample.
fn family(sample: &str) -> Option<&'static str> {
    let found = list::ALL.iter().find(|family| {
        let rest = sample.strip_prefix(family.name);
        let part = rest.is_some_and(|rest| ["_bucket", "_sum", "_count"].contains(&rest));
        rest == Some("") || (part && family.kind == MetricKind::Histogram)
    });
    found.map(|family| family.name)
}

fn unknown(file: &str, text: &str) -> Vec<String> {
    let names = named(text).into_iter().filter(|name| family(name).is_none());
    names.map(|name| format!("{file}: there is no metric {name}")).collect()
}

/// The alerts with the place in the runbook that each names.
fn alerts(rules: &str) -> Vec<(String, Option<String>)> {
    let parts = rules.split("- alert:").skip(1);
    parts
        .map(|part| {
            let name = part.lines().next().unwrap_or_default().trim().to_owned();
            let runbook = part.lines().find_map(|line| line.trim().strip_prefix("runbook: "));
            (name, runbook.map(str::to_owned))
        })
        .collect()
}

/// The sections of the runbook with their texts.
fn sections(runbook: &str) -> Vec<(&str, &str)> {
    let parts = runbook.split("\n## ").skip(1);
    parts.filter_map(|part| part.split_once('\n')).collect()
}

fn unlike(rules: &str, runbook: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let (alerts, sections) = (alerts(rules), sections(runbook));
    for (alert, place) in &alerts {
        let wanted = format!("{RUNBOOK}#{}", alert.to_lowercase());
        if place.as_ref() != Some(&wanted) {
            complaints.push(format!("{alert} does not name {wanted}"));
        }
        if !sections.iter().any(|(title, _)| title == alert) {
            complaints.push(format!("{RUNBOOK} has no section {alert}"));
        }
    }
    for (title, text) in sections {
        if !alerts.iter().any(|(alert, _)| alert == title) {
            complaints.push(format!("{RUNBOOK}: there is no alert {title}"));
        }
        for part in ["**Means**", "**Look**", "**Mend**"] {
            if !text.contains(part) {
                complaints.push(format!("{RUNBOOK}: {title} has no {part}"));
            }
        }
    }
    complaints
}

#[test]
fn every_alert_has_its_section_and_every_section_its_alert() {
    let rules = read(RULES);
    assert!(alerts(&rules).len() > 10);
    assert_eq!(unlike(&rules, &read(RUNBOOK)), Vec::<String>::new());
}

#[test]
fn an_alert_without_a_section_is_refused() {
    let rules = "- alert: Lonely\n  runbook: docs/RUNBOOK.md#other\n";
    let runbook = "# Runbook\n\n## Other\n\n**Means**: x\n**Look**: y\n";
    let complaints = [
        "Lonely does not name docs/RUNBOOK.md#lonely",
        "docs/RUNBOOK.md has no section Lonely",
        "docs/RUNBOOK.md: there is no alert Other",
        "docs/RUNBOOK.md: Other has no **Mend**",
    ];
    assert_eq!(unlike(rules, runbook), complaints);
}

#[test]
fn every_metric_that_is_named_exists_and_every_one_is_used() {
    let texts = [RULES, DASHBOARD, RUNBOOK, "docs/OPERATING.md"].map(|file| (file, read(file)));
    let wrong: Vec<String> = texts.iter().flat_map(|(file, text)| unknown(file, text)).collect();
    assert_eq!(wrong, Vec::<String>::new());
    let seen: BTreeSet<&str> = texts
        .iter()
        .filter(|(file, _)| *file != "docs/OPERATING.md")
        .flat_map(|(_, text)| named(text))
        .filter_map(|name| family(&name))
        .collect();
    let unused = list::ALL.iter().map(|family| family.name).filter(|name| !seen.contains(name));
    assert_eq!(unused.collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn a_metric_that_does_not_exist_is_refused() {
    let text = "rate(freeside_deliveries_total[5m]) + freeside_ghosts_bucket + process_threads";
    let wrong =
        ["x: there is no metric freeside_ghosts_bucket", "x: there is no metric process_threads"];
    assert_eq!(unknown("x", text), wrong);
}

/// The queries of a dashboard.
fn queries(dashboard: &Value) -> Vec<&str> {
    let panels = dashboard.get("panels").and_then(Value::as_array).into_iter().flatten();
    let targets = panels.filter_map(|panel| panel.get("targets")?.as_array()).flatten();
    targets.filter_map(|target| target.get("expr")?.as_str()).collect()
}

#[test]
fn the_dashboard_can_be_imported() {
    let dashboard: Value = serde_json::from_str(&read(DASHBOARD)).unwrap();
    assert!(queries(&dashboard).len() > 20);
    for query in queries(&dashboard) {
        assert!(query.contains("$instance"), "{query}");
        assert_eq!(query.matches('(').count(), query.matches(')').count(), "{query}");
    }
    let panels = dashboard["panels"].as_array().unwrap();
    let mut ids: Vec<i64> = panels.iter().map(|panel| panel["id"].as_i64().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), panels.len(), "panels share an id");
    let titled = panels.iter().all(|panel| panel["title"].is_string());
    assert!(titled && dashboard["uid"] == "freeside" && dashboard["schemaVersion"].is_i64());
}

#[test]
#[expect(clippy::print_stderr, reason = "says what was not checked")]
fn prometheus_reads_the_rules_and_the_queries() {
    // Panels as rules: promtool reads each query as Prometheus would.
    let dashboard: Value = serde_json::from_str(&read(DASHBOARD)).unwrap();
    let rules: Vec<Value> = queries(&dashboard)
        .iter()
        .enumerate()
        .map(|(number, query)| {
            let query = query.replace("$instance", ".*").replace("$__rate_interval", "2m");
            serde_json::json!({ "record": format!("panel:{number}"), "expr": query })
        })
        .collect();
    let panels = serde_json::json!({ "groups": [{ "name": "panels", "rules": rules }] });
    let folder = tempfile::tempdir().unwrap();
    let panels_path = folder.path().join("panels.yml");
    std::fs::write(&panels_path, panels.to_string()).unwrap();
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "rules"]).arg(path(RULES)).arg(&panels_path);
    match promtool.output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout);
            let wrong = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{said}{wrong}");
        }
        Err(_) => eprintln!("NOT CHECKED: promtool is not installed (package prometheus)"),
    }
}
