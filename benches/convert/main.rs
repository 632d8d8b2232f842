// SPDX-License-Identifier: AGPL-3.0-or-later
//! What one message costs in each converter: `cargo bench --bench convert`.
//!
//! Rule: with 1, 10 and 60 KB of the same text a converter handles at least one million characters
//! a second, and with `costliest` at least 200,000. `costliest` is what the search of
//! `fuzz/fuzz_targets/costliest.rs` found for that converter, 10,000 characters long.

mod tasks;

use bridge_model::RichText;
use divan::counter::CharsCount;
use divan::{Bencher, black_box};
use serde_json::Value;

use tasks::{Source, task};

const SAMPLES: [&str; 7] = ["short", "typical", "hostile", "1 KB", "10 KB", "60 KB", "costliest"];
const TEXTS: [&str; 6] = ["short", "typical", "hostile", "1 KB", "10 KB", "60 KB"];
const PARAGRAPH: &str =
    "Some words, **bold ones**, *others*, `code` and [a link](https://x.example).\n\n";
const COSTLIEST: &str = include_str!("costliest.json");

fn main() {
    assert!(
        tasks::NAMES.iter().all(|name| !costliest(name).is_empty()),
        "costliest.json lacks one"
    );
    divan::main();
}

/// The sample as Markdown of Discord.
fn words(sample: &str) -> String {
    let filled = |bytes: usize| PARAGRAPH.repeat(bytes / PARAGRAPH.len() + 1);
    match sample {
        "short" => "hello".to_owned(),
        "typical" => PARAGRAPH.repeat(3),
        "hostile" => "**_`|| > [<@1> ~~ \\* ]( ```".repeat(40),
        "1 KB" => filled(1_000),
        "10 KB" => filled(10_000),
        _ => filled(60_000),
    }
}

fn text(sample: &str) -> RichText {
    Source::Markdown(&words(sample)).text()
}

/// What the search found for this converter.
fn costliest(converter: &str) -> String {
    let found: Value = serde_json::from_str(COSTLIEST).unwrap_or_default();
    let pointer = |name: &str| format!("/{converter}/{name}");
    let part = |name: &str| {
        let text = found.pointer(&pointer(name)).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    tasks::pattern(&part("before"), &part("unit"), &part("after"))
}

fn measure(bencher: Bencher<'_, '_>, converter: &str, sample: &str) {
    let html;
    let markdown;
    let source = if sample == "costliest" {
        html = costliest(converter);
        Source::Html(&html)
    } else {
        markdown = words(sample);
        Source::Markdown(&markdown)
    };
    let run = task(converter, source);
    bencher.counter(CharsCount::of_str(source.words())).bench_local(run);
}

#[divan::bench(args = SAMPLES)]
fn telegram_in(bencher: Bencher<'_, '_>, sample: &str) {
    measure(bencher, "telegram_in", sample);
}

#[divan::bench(args = SAMPLES)]
fn telegram_out(bencher: Bencher<'_, '_>, sample: &str) {
    measure(bencher, "telegram_out", sample);
}

#[divan::bench(args = SAMPLES)]
fn discord_in(bencher: Bencher<'_, '_>, sample: &str) {
    measure(bencher, "discord_in", sample);
}

#[divan::bench(args = SAMPLES)]
fn discord_out(bencher: Bencher<'_, '_>, sample: &str) {
    measure(bencher, "discord_out", sample);
}

#[divan::bench(args = SAMPLES)]
fn matrix_in(bencher: Bencher<'_, '_>, sample: &str) {
    measure(bencher, "matrix_in", sample);
}

#[divan::bench(args = SAMPLES)]
fn matrix_out(bencher: Bencher<'_, '_>, sample: &str) {
    measure(bencher, "matrix_out", sample);
}

#[divan::bench(args = TEXTS)]
fn normalise(bencher: Bencher<'_, '_>, sample: &str) {
    let text = text(sample);
    bencher.with_inputs(|| text.clone()).bench_values(RichText::normalise);
}

#[divan::bench(args = TEXTS)]
fn restrict(bencher: Bencher<'_, '_>, sample: &str) {
    let (text, able) = (text(sample), bridge_telegram::capabilities(false).text);
    bencher.bench(|| black_box(&text).restrict(&able));
}

#[divan::bench(args = TEXTS)]
fn split(bencher: Bencher<'_, '_>, sample: &str) {
    let text = text(sample);
    bencher.bench(|| black_box(&text).split(2000, &|piece| piece.plain().chars().count()));
}
