//! The figures that the harness measures for servers with known behavior.

use crate::common::{Bench, has_cpu, line};
use serde_json::Value;

fn percentile(line: &Value, percentile: f64) -> f64 {
    let all = line["percentiles"].as_array().unwrap();
    let found = all
        .iter()
        .find(|pair| pair[0].as_f64() == Some(percentile))
        .unwrap();
    found[1].as_f64().unwrap()
}

#[test]
fn an_open_load_shows_a_stall_in_p99_and_the_service_time_in_cpu() {
    let bench = Bench::new(&[
        ("calm", "--service-us 500"),
        ("stalling", "--service-us 500 --stall-ms 100"),
    ]);
    let summary = bench.measure_in_quiet(
        "--loads open,closed --rounds 1 --seconds 2 --no-control",
        has_cpu,
    );
    let (calm, stalling) = (
        line(&summary, "open", "calm"),
        line(&summary, "open", "stalling"),
    );
    // The server stalls for a tenth of the time: one request in a hundred waits for most of a
    // stall.
    assert!(percentile(stalling, 99.0) > 60.0, "{stalling}");
    assert!(percentile(stalling, 100.0) > 90.0, "{stalling}");
    // Without stalls, replies come at once, unless other processes use the cores.
    match calm["generator_bound"].as_u64() {
        Some(0) => assert!(percentile(calm, 99.0) < 40.0, "{calm}"),
        _ => println!(
            "the load was late; skipping the check of the calm server: {}",
            calm["why"]
        ),
    }
    for (target, load) in [(calm, "open"), (line(&summary, "closed", "calm"), "closed")] {
        let cpu = target["figures"]["cpu_us"].as_f64().unwrap();
        assert!((495.0..1200.0).contains(&cpu), "{load}: {cpu} us");
    }
    let throughput = line(&summary, "closed", "calm")["figures"]["throughput"].as_f64();
    assert!(
        throughput.is_none_or(|rate| rate < 2010.0),
        "{throughput:?}"
    );
}

#[test]
fn a_difference_of_a_fifth_is_detected_and_an_identical_server_is_not_different() {
    let bench = Bench::new(&[
        ("base", "--service-us 5000"),
        ("same", "--service-us 5000"),
        ("slower", "--service-us 5000 --slowdown 1.2"),
    ]);
    // A machine that cannot resolve a tenth cannot reliably show a fifth.
    let resolves = |summary: &Value| {
        let same = &line(summary, "open", "same")["ratios"]["cpu_us"];
        has_cpu(summary) && same["resolution"].as_f64().is_some_and(|it| it < 0.1)
    };
    let summary = bench.measure_in_quiet(
        "--targets base,same,slower --loads open --rate 80 --rounds 6 --seconds 0.8",
        resolves,
    );
    let estimate = |target: &str| line(&summary, "open", target)["ratios"]["cpu_us"].clone();
    let slower = estimate("slower");
    let ratio = slower["ratio"].as_f64().unwrap();
    assert!((1.1..1.3).contains(&ratio), "{slower}");
    assert_eq!(slower["verdict"], "different", "{slower}");
    assert_eq!(
        estimate("same")["verdict"],
        "undetectable",
        "{}",
        estimate("same")
    );
}

#[test]
fn one_error_or_wrong_reply_voids_the_row_and_the_run_continues() {
    let bench = Bench::new(&[
        ("good", ""),
        ("failing", "--error-every 100"),
        ("lying", "--wrong-every 97"),
        ("dying", "--die-at 20"),
        ("silent", "--never-ready no-licence-was-found"),
    ]);
    bench.target(
        "silent",
        "--never-ready no-licence-was-found",
        "ready = { seconds = 0.5 }",
    );
    let summary = bench
        .measure("--targets good,failing,lying,dying,silent --loads open --rounds 3 --no-control");
    let void = |target: &str| line(&summary, "open", target).clone();
    assert_eq!(line(&summary, "open", "good")["rounds"], 3);
    for (target, words) in [
        ("failing", "got status 500 instead of 200"),
        ("lying", "Goodbye"),
        ("dying", "exiting at request 20"),
        ("silent", "no-licence-was-found"),
    ] {
        let line = void(target);
        assert_eq!(line["void"], 3, "{line}");
        assert_eq!(line["rounds"], 0, "{line}");
        assert!(line["figures"].as_object().unwrap().is_empty(), "{line}");
        assert!(line["why"].to_string().contains(words), "{line}");
    }
    assert!(
        void("silent")["why"].to_string().contains("was skipped"),
        "{}",
        void("silent")
    );
}

#[test]
fn a_server_that_stops_answering_voids_the_row() {
    let bench = Bench::new(&[("good", ""), ("hanging", "--hang-at 12")]);
    let summary = bench.measure("--targets good,hanging --loads closed --rounds 1 --no-control");
    let hanging = line(&summary, "closed", "hanging");
    assert_eq!(hanging["void"], 1, "{hanging}");
    assert!(
        hanging["why"].to_string().contains("no reply within"),
        "{hanging}"
    );
    assert_eq!(line(&summary, "closed", "good")["void"], 0);
}

#[test]
fn a_ramp_ends_at_the_knee_and_a_spike_has_its_parts() {
    let bench = Bench::new(&[("good", "--service-us 2000")]);
    bench.write(
        "loads/ramp.toml",
        "name = \"ramp\"\ndescription = \"\"\nkind = \"ramp\"\nrate = 100.0\nseconds = 0.5\nwarmup = 0.2\nconnections = 64\n\
         knee = { factor = 3.0, steps = 6, p99_ms = 60.0, share = 0.9 }\n",
    );
    bench.write(
        "loads/spike.toml",
        "name = \"spike\"\ndescription = \"\"\nkind = \"spike\"\nrate = 50.0\npeak = 200.0\nseconds = 0.5\nwarmup = 0.2\nconnections = 64\n",
    );
    bench.write(
        "loads/cold.toml",
        "name = \"cold\"\ndescription = \"\"\nkind = \"cold\"\nstarts = 3\n",
    );
    let summary = bench.measure("--loads ramp,spike,cold --rounds 1 --no-control");
    let points = |load: &str| -> Vec<String> {
        let groups = summary["groups"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|group| group["load"] == load);
        groups
            .map(|group| group["point"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(points("spike"), ["before", "peak", "after"]);
    // The server sustains at most 500 requests per second, so the ramp ends at the third step or
    // before.
    let ramp = points("ramp");
    assert!(ramp.len() <= 3 && ramp[0] == "100/s", "{ramp:?}");
    let start = line(&summary, "cold", "good")["figures"]["startup_ms"]
        .as_f64()
        .unwrap();
    assert!(start > 0.5, "{start}");
}
