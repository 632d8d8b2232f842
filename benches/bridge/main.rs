// SPDX-License-Identifier: AGPL-3.0-or-later
//! The whole bridge between stubs that answer after a set delay: how much it carries, and what a message
//! costs.
//!
//! ```text
//! cargo bench --profile release --bench bridge -- [--quick] [--case WORDS] [--json] [--settle SECONDS]
//!                                                  [--folder DIR] [--program FILE] [--profiler FILE]
//! ```
//!
//! Rule: counts (CPU time, calls, bytes, flushes) are to be trusted; wall times hang on what else the
//! machine does, and are to be compared within one run. `docs/PERFORMANCE.md` has the goals.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench says what it measured")]

mod cases;
mod gateway;
mod probe;
mod process;
mod side;
mod stubs;
mod wire;

use std::path::PathBuf;

use anyhow::{Context, bail};
use serde_json::Value;

use cases::{Case, Kind, Setting};
use process::Engine;
use side::Direction;

const KNOWN: &str = "--quick, --case, --json, --settle, --folder, --program, --profiler";

struct Arguments {
    setting: Setting,
    case: String,
    json: bool,
}

impl Arguments {
    fn read(words: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut words = words.filter(|word| word != "--bench");
        let setting = Setting {
            program: PathBuf::from(env!("CARGO_BIN_EXE_freeside")),
            folder: std::env::temp_dir(),
            quick: false,
            settle: 0,
            profiler: None,
        };
        let mut read = Self { setting, case: String::new(), json: false };
        while let Some(word) = words.next() {
            let mut value = || words.next().with_context(|| format!("{word} needs a value"));
            match word.as_str() {
                "--quick" => read.setting.quick = true,
                "--json" => read.json = true,
                "--case" => read.case = value()?,
                "--settle" => read.setting.settle = value()?.parse()?,
                "--folder" => read.setting.folder = value()?.into(),
                "--program" => read.setting.program = value()?.into(),
                "--profiler" => read.setting.profiler = Some(value()?),
                _ => bail!("{word} is not known; known are {KNOWN}"),
            }
        }
        Ok(read)
    }
}

fn cases(quick: bool) -> Vec<Case> {
    let sled = |direction, rooms, delay_ms, kind| Case {
        direction,
        rooms,
        delay_ms,
        engine: Engine::Sled,
        kind,
    };
    let (in_matrix, flow) = (Direction::TelegramToMatrix, Kind::Flow);
    let mut cases: Vec<Case> =
        Direction::ALL.into_iter().map(|direction| sled(direction, 1, 0, flow)).collect();
    cases.push(sled(in_matrix, 100, 50, flow));
    cases.push(sled(in_matrix, 1, 0, Kind::Newcomers(if quick { 200 } else { 1_000 })));
    cases.push(sled(in_matrix, 1, 0, Kind::Idle));
    if quick {
        return cases;
    }
    for direction in Direction::ALL {
        cases.push(sled(direction, 100, 0, flow));
        cases.push(sled(direction, 1, 50, flow));
        if direction != in_matrix {
            cases.push(sled(direction, 100, 50, flow));
        }
    }
    cases.push(sled(in_matrix, 1, 0, Kind::Backlog(9_000)));
    cases.push(sled(Direction::MatrixToTelegram, 1, 0, Kind::Backlog(9_000)));
    for direction in Direction::ALL {
        cases.push(Case { engine: Engine::Postgres, ..sled(direction, 1, 0, flow) });
        cases.push(Case { engine: Engine::Postgres, ..sled(direction, 100, 0, flow) });
    }
    cases
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let Arguments { setting, case, json } = Arguments::read(std::env::args().skip(1))?;
    let mut all = Vec::new();
    println!(
        "{:<46}{:>8}{:>8}{:>8}{:>8}{:>8}{:>7}{:>8}{:>8}{:>7}{:>6}{:>6}",
        "case",
        "msg/s",
        "CPU ms",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "calls",
        "bytes",
        "flushes",
        "waits",
        "MB",
        "peak"
    );
    for one in cases(setting.quick).iter().filter(|one| one.name().contains(&case)) {
        match cases::run(&setting, one).await {
            Ok(figures) => {
                println!("{}", row(&figures));
                all.push(figures);
            }
            Err(error) => eprintln!("{}: {error:#}", one.name()),
        }
    }
    if json {
        println!("{}", Value::Array(all));
    } else {
        for figures in all.iter().filter(|it| it.get("calls_by_kind").is_some()) {
            let text = |key: &str| figures.get(key).cloned().unwrap_or_default();
            eprintln!("{}: {}", text("case"), text("calls_by_kind"));
        }
    }
    Ok(())
}

fn row(figures: &Value) -> String {
    let number = |key: &str, digits: usize| match figures.get(key).and_then(Value::as_f64) {
        Some(value) => format!("{value:.digits$}"),
        None => "-".to_owned(),
    };
    format!(
        "{:<46}{:>8}{:>8}{:>8}{:>8}{:>8}{:>7}{:>8}{:>8}{:>7}{:>6}{:>6}",
        figures.get("case").and_then(Value::as_str).unwrap_or_default(),
        number("per_s", 0),
        number("cpu_ms", 3),
        number("p50_ms", 1),
        number("p95_ms", 1),
        number("p99_ms", 1),
        number("calls", 2),
        number("written", 0),
        number("flushes", 2),
        number("switches", 1),
        number("memory_mb", 0),
        number("peak_mb", 0),
    )
}
