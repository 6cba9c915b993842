//! The `ProfileResult` format of the Spikard harness, one file per target.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Value, json};

use crate::defs::{LoadKind, Target};
use crate::load::{Histogram, new_histogram};
use crate::run::{Folder, Row, Status};

/// Returns one file for each target with closed loads, the only kind that the Spikard harness has.
pub(super) fn files(folder: &Folder) -> Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    for (target, version) in folder.plan.targets.iter().zip(&folder.plan.versions) {
        let rows: Vec<&Row> = folder
            .rows
            .iter()
            .filter(|row| row.target == target.name && !row.control && row.kind == LoadKind::Closed)
            .collect();
        if !rows.is_empty() {
            let text = serde_json::to_vec_pretty(&result(folder, target, version, &rows))?;
            files.push((format!("profile-{}.json", target.name), text));
        }
    }
    Ok(files)
}

fn result(folder: &Folder, target: &Target, version: &str, rows: &[&Row]) -> Value {
    let print = &folder.plan.fingerprint;
    let mut suites: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    let mut categories: BTreeMap<&str, Vec<(f64, f64)>> = BTreeMap::new();
    let (mut total, mut right, mut seconds) = (0_u64, 0_u64, 0.0);
    let load = folder
        .plan
        .loads
        .iter()
        .find(|load| load.kind == LoadKind::Closed);
    let load_name = load.map(|load| load.name.as_str()).unwrap_or_default();
    for workload in &folder.plan.workloads {
        let own: Vec<&Row> = rows
            .iter()
            .copied()
            .filter(|row| row.workload == workload.name && row.load == load_name)
            .collect();
        if own.is_empty() {
            continue;
        }
        let sums = Sums::of(&own);
        total += sums.requests + sums.failed;
        right += sums.requests;
        seconds += sums.seconds;
        categories
            .entry(&workload.category)
            .or_default()
            .push((sums.rate(), sums.latencies.mean() / 1e6));
        let (method, path) = workload.endpoint();
        suites.entry(&workload.suite).or_default().push(json!({
            "name": workload.name,
            "description": workload.description,
            "category": workload.category,
            "payload_size_bytes": payload(workload),
            "endpoint": { "method": method, "path": path },
            "results": sums.results(),
        }));
    }
    let mean = |values: &mut dyn Iterator<Item = f64>| {
        let values: Vec<f64> = values.collect();
        values.iter().sum::<f64>() / values.len().max(1) as f64
    };
    let workloads: usize = suites.values().map(Vec::len).sum();
    let breakdown: Vec<Value> = categories
        .iter()
        .map(|(category, found)| {
            json!({
                "category": category,
                "workload_count": found.len(),
                "avg_requests_per_sec": mean(&mut found.iter().map(|(rate, _)| *rate)),
                "avg_latency_ms": mean(&mut found.iter().map(|(_, latency)| *latency)),
            })
        })
        .collect();
    let suite = |(name, workloads): (&str, Vec<Value>)| json!({ "name": name, "description": format!("The suite {name}"), "workloads": workloads });
    json!({
        "metadata": {
            "timestamp": timestamp(print.time),
            "git_commit": print.commit,
            "git_branch": print.branch,
            "git_dirty": print.dirty,
            "host": {
                "os": print.os, "arch": print.arch, "cpu_model": print.cpu, "cpu_cores": print.cores,
                "cpu_threads": print.threads, "memory_gb": print.memory_gb,
                // The host name is private and of no use to a reader.
                "hostname": "unknown",
            },
        },
        "framework": {
            "name": target.name, "version": version, "language": target.language, "runtime": target.runtime,
            "app_dir": target.run.folder, "variant": target.kind.name(),
        },
        "configuration": {
            "duration_secs": load.map_or(0.0, |load| load.seconds),
            "concurrency": load.map_or(0, |load| load.connections),
            "warmup_secs": load.map_or(0.0, |load| load.warmup),
            "load_tool": "spikard-bench",
        },
        "suites": suites.into_iter().map(suite).collect::<Vec<_>>(),
        "summary": {
            "total_workloads": workloads,
            "total_requests": total,
            "overall_success_rate": right as f64 / total.max(1) as f64,
            "avg_requests_per_sec": mean(&mut categories.values().flatten().map(|(rate, _)| *rate)),
            "total_duration_secs": seconds,
            "category_breakdown": breakdown,
        },
    })
}

/// Totals of a workload over all rounds.
struct Sums {
    requests: u64,
    failed: u64,
    bytes: u64,
    seconds: f64,
    latencies: Histogram,
    cpu: Vec<f64>,
    memory: Vec<f64>,
}

impl Sums {
    fn of(rows: &[&Row]) -> Self {
        let mut sums = Self {
            requests: 0,
            failed: 0,
            bytes: 0,
            seconds: 0.0,
            latencies: new_histogram(),
            cpu: Vec::new(),
            memory: Vec::new(),
        };
        for row in rows {
            let m = &row.measured;
            sums.requests += m.requests;
            sums.failed += m.errors + m.wrong;
            sums.bytes += m.bytes;
            sums.seconds += m.seconds;
            if row.status != Status::Void {
                let _ = sums.latencies.add(row.histogram());
            }
            sums.cpu.extend(row.series.iter().map(|sample| sample.cpu));
            sums.memory
                .extend(row.series.iter().map(|sample| sample.rss as f64 / 1e6));
        }
        sums
    }

    fn rate(&self) -> f64 {
        self.requests as f64 / self.seconds.max(1e-9)
    }

    fn results(&self) -> Value {
        let ms = |share: f64| self.latencies.value_at_quantile(share) as f64 / 1e6;
        let total = self.requests + self.failed;
        let spread = |values: &[f64]| {
            let mut sorted = values.to_vec();
            sorted.sort_by(f64::total_cmp);
            let at = |share: f64| {
                sorted
                    .get(((sorted.len().max(1) - 1) as f64 * share) as usize)
                    .copied()
                    .unwrap_or(0.0)
            };
            (
                sorted.iter().sum::<f64>() / sorted.len().max(1) as f64,
                at(1.0),
                at(0.95),
            )
        };
        let (cpu, memory) = (spread(&self.cpu), spread(&self.memory));
        json!({
            "throughput": {
                "requests_per_sec": self.rate(),
                "bytes_per_sec": self.bytes as f64 / self.seconds.max(1e-9),
                "total_requests": total,
                "successful_requests": self.requests,
                "failed_requests": self.failed,
                "success_rate": self.requests as f64 / total.max(1) as f64,
            },
            "latency": {
                "mean_ms": self.latencies.mean() / 1e6, "median_ms": ms(0.5), "p90_ms": ms(0.9), "p95_ms": ms(0.95),
                "p99_ms": ms(0.99), "p999_ms": ms(0.999), "min_ms": self.latencies.min() as f64 / 1e6,
                "max_ms": self.latencies.max() as f64 / 1e6, "stddev_ms": self.latencies.stdev() / 1e6,
            },
            "resources": {
                "cpu": { "avg_percent": cpu.0, "peak_percent": cpu.1, "p95_percent": cpu.2 },
                "memory": { "avg_mb": memory.0, "peak_mb": memory.1, "p95_mb": memory.2 },
            },
        })
    }
}

/// Returns the length of one request body in bytes.
fn payload(workload: &crate::defs::Workload) -> usize {
    let shot = crate::shot::Shot::new(workload, "localhost", &mut fastrand::Rng::with_seed(1));
    shot.map_or(0, |shot| shot.body.len())
}

/// Formats a Unix time in seconds as RFC 3339 in UTC.
pub(super) fn timestamp(seconds: u64) -> String {
    let (days, rest) = ((seconds / 86_400) as i64, seconds % 86_400);
    // Howard Hinnant's algorithm: years begin in March.
    let z = days + 719_468;
    let (era, day_of_era) = (z / 146_097, z % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn timestamps() {
        assert_eq!(super::timestamp(0), "1970-01-01T00:00:00Z");
        assert_eq!(super::timestamp(951_825_600), "2000-02-29T12:00:00Z");
        assert_eq!(super::timestamp(1_795_300_000), "2026-11-21T22:26:40Z");
    }
}
