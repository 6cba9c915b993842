//! `compare`, `baseline` and `doctor`.

use std::fs;

use crate::common::{Bench, has_cpu, text};

#[test]
fn a_regression_is_exit_code_3_and_another_machine_is_refused() {
    let bench = Bench::new(&[("server", "--service-us 4000")]);
    let line = "--loads open --rate 80 --rounds 5 --seconds 0.5";
    bench.measure_in_quiet(line, has_cpu);
    fs::rename(bench.path().join("out"), bench.path().join("before")).unwrap();
    assert!(
        bench
            .output("baseline --baselines kept save first before")
            .status
            .success()
    );
    let again = text(&bench.output("baseline --baselines kept save first before"));
    assert!(
        again.contains("there is a baseline `first` already"),
        "{again}"
    );
    assert!(
        text(&bench.output("baseline --baselines kept list")).contains("first: 5 rounds of server")
    );
    assert!(text(&bench.output("baseline --baselines kept show first")).contains("hello, open"));

    let same = bench.output("compare --baselines kept first before");
    assert_eq!(same.status.code(), Some(0), "{}", text(&same));

    bench.target("server", "--service-us 4000 --slowdown 1.6", "");
    bench.measure_in_quiet(line, has_cpu);
    let slower = bench.output("compare --baselines kept first out");
    assert_eq!(slower.status.code(), Some(3), "{}", text(&slower));
    assert!(
        text(&slower).contains("server, hello, open, CPU us/request"),
        "{}",
        text(&slower)
    );
    let faster = bench.output("compare --baselines kept out first");
    assert_eq!(faster.status.code(), Some(0), "{}", text(&faster));

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
    assert_eq!(
        bench
            .output("compare --baselines kept first out --force")
            .status
            .code(),
        Some(3)
    );
}

#[test]
fn the_doctor_looks_at_cores_load_and_counters() {
    let bench = Bench::new(&[]);
    let said = text(&bench.output("doctor"));
    for word in ["cores", "free", "swap", "schedstat", "perf"] {
        assert!(
            said.contains(word) || said.contains("others use"),
            "{word}: {said}"
        );
    }
}
