// SPDX-License-Identifier: AGPL-3.0-or-later
//! Metrics as text, in the exposition format 0.0.4 of Prometheus
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).
//!
//! Rule: one family after the other, each once, with its help and its kind before its samples.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::list::{MetricFamily, MetricKind};

/// The media type of the page.
pub(super) const MIME: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Counts durations by size.
pub(super) struct Histogram {
    /// Upper bounds in seconds, inclusive, growing; each with what is no longer than it, and longer
    /// than the one before.
    buckets: Vec<(f64, AtomicU64)>,
    longer: AtomicU64,
    micros: AtomicU64,
}

impl Histogram {
    /// Empty, with these upper bounds in seconds.
    pub(super) fn new(bounds: &[f64]) -> Self {
        let buckets = bounds.iter().map(|bound| (*bound, AtomicU64::new(0))).collect();
        Self { buckets, longer: AtomicU64::new(0), micros: AtomicU64::new(0) }
    }

    /// Counts a duration.
    pub(super) fn note(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        let fits = self.buckets.iter().find(|(bound, _)| seconds <= *bound);
        fits.map_or(&self.longer, |(_, count)| count).fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }
}

/// The page, as far as it is written.
#[derive(Default)]
pub(super) struct MetricsPage(String);

impl MetricsPage {
    /// The whole text.
    pub(super) fn finish(self) -> String {
        self.0
    }

    /// Writes a family of one number without labels.
    pub(super) fn number(&mut self, family: &MetricFamily, value: f64) {
        self.numbers(family, [(&[] as &[&str], value)]);
    }

    /// Writes a family: for each sample the values of the labels, and the number.
    pub(super) fn numbers<L: AsRef<[S]>, S: AsRef<str>>(
        &mut self,
        family: &MetricFamily,
        samples: impl IntoIterator<Item = (L, f64)>,
    ) {
        self.head(family);
        for (values, value) in samples {
            let labels = labels(family, values.as_ref());
            self.line(family.name, &braced(&labels), value);
        }
    }

    /// Writes a family of histograms.
    pub(super) fn histograms<'a, L: AsRef<[S]>, S: AsRef<str>>(
        &mut self,
        family: &MetricFamily,
        samples: impl IntoIterator<Item = (L, &'a Histogram)>,
    ) {
        self.head(family);
        for (values, histogram) in samples {
            let labels = labels(family, values.as_ref());
            let bucket = format!("{}_bucket", family.name);
            let upto = |bound: &str| {
                let bound = format!("le=\"{bound}\"");
                braced(&[labels.as_slice(), &[bound]].concat())
            };
            let mut count = 0_u64;
            for (bound, here) in &histogram.buckets {
                count = count.saturating_add(here.load(Ordering::Relaxed));
                self.line(&bucket, &upto(&bound.to_string()), whole(count));
            }
            count = count.saturating_add(histogram.longer.load(Ordering::Relaxed));
            self.line(&bucket, &upto("+Inf"), whole(count));
            let sum = Duration::from_micros(histogram.micros.load(Ordering::Relaxed));
            self.line(&format!("{}_sum", family.name), &braced(&labels), sum.as_secs_f64());
            self.line(&format!("{}_count", family.name), &braced(&labels), whole(count));
        }
    }

    fn head(&mut self, family: &MetricFamily) {
        let kind = match family.kind {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Histogram => "histogram",
        };
        let help = family.help.replace('\\', "\\\\").replace('\n', "\\n");
        let name = family.name;
        self.0.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }

    fn line(&mut self, name: &str, labels: &str, value: f64) {
        self.0.push_str(&format!("{name}{labels} {value}\n"));
    }
}

/// A count as the format's only type of number.
#[expect(clippy::cast_precision_loss, reason = "nobody counts to 2^53")]
pub(super) fn whole(count: u64) -> f64 {
    count as f64
}

fn labels<S: AsRef<str>>(family: &MetricFamily, values: &[S]) -> Vec<String> {
    let escaped =
        |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let pairs = family.labels.iter().zip(values);
    pairs.map(|(name, value)| format!("{name}=\"{}\"", escaped(value.as_ref()))).collect()
}

fn braced(labels: &[String]) -> String {
    if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) }
}

#[cfg(test)]
mod tests {
    use super::super::list;
    use super::*;

    #[test]
    fn a_page_reads_as_the_format_says() {
        let mut page = MetricsPage::default();
        page.numbers(&list::BUILD, [(["1\"0\\", "a\nb"], 1.0)]);
        page.number(&list::GHOSTS, 12.0);
        let times = Histogram::new(&[0.1, 2.5]);
        for ms in [50, 100, 101, 2500, 9000] {
            times.note(Duration::from_millis(ms));
        }
        page.histograms(&list::DELIVERY_TIME, [(["matrix"], &times)]);
        let expected = "# HELP freeside_build_info Always 1; the labels say which version runs.
# TYPE freeside_build_info gauge
freeside_build_info{version=\"1\\\"0\\\\\",commit=\"a\\nb\"} 1
# HELP freeside_ghosts Matrix accounts that were made for people of other networks.
# TYPE freeside_ghosts gauge
freeside_ghosts 12
# HELP freeside_delivery_seconds From the moment when an entry was stored to its delivery.
# TYPE freeside_delivery_seconds histogram
freeside_delivery_seconds_bucket{network=\"matrix\",le=\"0.1\"} 2
freeside_delivery_seconds_bucket{network=\"matrix\",le=\"2.5\"} 4
freeside_delivery_seconds_bucket{network=\"matrix\",le=\"+Inf\"} 5
freeside_delivery_seconds_sum{network=\"matrix\"} 11.751
freeside_delivery_seconds_count{network=\"matrix\"} 5
";
        assert_eq!(page.finish(), expected);
    }

    #[test]
    fn names_are_those_that_prometheus_asks_for() {
        let mut names: Vec<&str> = list::ALL.iter().map(|family| family.name).collect();
        for family in list::ALL {
            let word = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            assert!(word(family.name) && family.labels.iter().all(|it| word(it)), "{family:?}");
            let total = family.name.ends_with("_total");
            assert_eq!(total, family.kind == MetricKind::Counter, "{}", family.name);
            assert!(family.help.ends_with('.'), "{}", family.name);
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), list::ALL.len());
    }
}
