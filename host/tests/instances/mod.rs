//! The life cycle of instances, and its metrics.

mod life;
mod metrics;
mod room;

use std::thread;
use std::time::{Duration, Instant};

use spikard_wasm_testing::Server;

/// Returns a value of `/metrics` by its name and labels as exported.
#[track_caller]
fn figure(server: &Server, name: &str) -> f64 {
    let response = server.client().get("/metrics");
    assert_eq!(response.status, 200);
    figure_in(&response.text(), name)
}

/// Returns a value from the text of `/metrics`; 0 if it is missing.
fn figure_in(text: &str, name: &str) -> f64 {
    let mut lines = text.lines().filter_map(|line| {
        line.split_once(' ')?
            .1
            .parse()
            .ok()
            .map(|value| (line, value))
    });
    lines
        .find(|(line, _)| {
            line.rsplit_once(' ')
                .is_some_and(|(found, _)| found == name)
        })
        .map_or(0.0, |(_, value)| value)
}

/// Waits until a metric has a value.
#[track_caller]
fn wait_for_figure(server: &Server, name: &str, wanted: f64) {
    let start = Instant::now();
    loop {
        let found = figure(server, name);
        if (found - wanted).abs() < f64::EPSILON {
            return;
        }
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "`{name}` stays {found}, not {wanted}"
        );
        thread::sleep(Duration::from_millis(20));
    }
}

const IDLE: &str = r#"spikard_wasm_instances{state="idle"}"#;
const LEASED: &str = r#"spikard_wasm_instances{state="leased"}"#;
const PREPARED: &str = r#"spikard_wasm_instances{state="prepared"}"#;
const CREATED: &str = "spikard_wasm_instances_created_total";
const MEMORY: &str = "spikard_wasm_instance_memory_bytes";

fn recycled(server: &Server, reason: &str) -> f64 {
    let name = format!("spikard_wasm_instances_recycled_total{{reason=\"{reason}\"}}");
    figure(server, &name)
}

fn refused(server: &Server, reason: &str) -> f64 {
    let name = format!("spikard_wasm_refusals_total{{reason=\"{reason}\"}}");
    figure(server, &name)
}
