//! `compare`, `baseline` and `doctor`.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::common::{Bench, text};

/// Replaces the CPU times of all rows of a run: `micros` per request with disturbances of up to 1
/// %, the same in every run of the test.
fn with_cpu(folder: &Path, micros: f64, seed: u64) {
    let name = folder.join("rows.jsonl");
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut text = String::new();
    for line in fs::read_to_string(&name).unwrap().lines() {
        let mut row: Value = serde_json::from_str(line).unwrap();
        assert_ne!(row["status"], "void", "{row}");
        row["status"] = "valid".into();
        row["measured"]["asked_rate"] = Value::Null;
        row["measured"]["requests_of_cpu"] = 100.into();
        let disturbed = micros * (1.0 + rng.f64() / 100.0);
        row["measured"]["server_cpu_us"] = (100.0 * disturbed).into();
        text += &format!("{row}\n");
    }
    fs::write(&name, text).unwrap();
}

#[test]
fn a_regression_exits_with_3_and_another_machine_is_rejected() {
    let bench = Bench::new(&[("server", "--service-us 100")]);
    bench.measure("--loads open --rate 50 --rounds 6 --seconds 0.2");
    for (run, micros, seed) in [("before", 4000.0, 1), ("out", 4400.0, 2)] {
        let folder = bench.path().join(run);
        if run != "out" {
            fs::create_dir(&folder).unwrap();
            for file in ["plan.json", "rows.jsonl"] {
                fs::copy(bench.path().join("out").join(file), folder.join(file)).unwrap();
            }
        }
        with_cpu(&folder, micros, seed);
    }
    assert!(
        bench
            .output("baseline --baselines kept save first before")
            .status
            .success()
    );
    let again = text(&bench.output("baseline --baselines kept save first before"));
    assert!(again.contains("baseline `first` already exists"), "{again}");
    assert!(
        text(&bench.output("baseline --baselines kept list")).contains("first: 6 rounds of server")
    );
    assert!(text(&bench.output("baseline --baselines kept show first")).contains("hello, open"));

    // Compare only CPU: the other figures are real and may be worse on a busy machine.
    let verdict = |line: &str| {
        let output = bench.output(line);
        let said = text(&output);
        let cpu = said
            .lines()
            .find(|line| line.contains("server, hello, open, CPU us/request"))
            .map(str::to_owned);
        (cpu.expect("the CPU is compared"), output.status.code())
    };
    let (same, _) = verdict("compare --baselines kept first before");
    assert!(same.contains("no detectable change"), "{same}");
    let (slower, code) = verdict("compare --baselines kept first out");
    assert!(slower.contains("| regression |"), "{slower}");
    assert_eq!(code, Some(3), "{slower}");
    let (held, _) = verdict("compare --baselines kept first out --threshold 0.2");
    assert!(held.contains("within the threshold"), "{held}");
    let (faster, _) = verdict("compare --baselines kept out first");
    assert!(faster.contains("| better |"), "{faster}");

    let error = bench.refused("compare --baselines kept frist out");
    assert!(error.contains("did you mean `first`?"), "{error}");
    let name = bench.path().join("kept/first/plan.json");
    let other = fs::read_to_string(&name)
        .unwrap()
        .replace("\"cpu\": \"", "\"cpu\": \"Another ");
    fs::write(&name, other).unwrap();
    let error = bench.refused("compare --baselines kept first out");
    assert!(
        error.contains("another machine") && error.contains("`--force`"),
        "{error}"
    );
    let (forced, code) = verdict("compare --baselines kept first out --force");
    assert!(forced.contains("| regression |"), "{forced}");
    assert_eq!(code, Some(3), "{forced}");
}

#[test]
fn doctor_reports_cores_load_and_counters() {
    let bench = Bench::new(&[]);
    let said = text(&bench.output("doctor"));
    for word in ["cores", "idle", "swap", "schedstat", "perf"] {
        assert!(
            said.contains(word) || said.contains("other processes use"),
            "{word}: {said}"
        );
    }
}
