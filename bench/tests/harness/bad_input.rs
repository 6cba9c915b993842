//! Invalid input and failures, and their error messages.

use std::fs;
use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::common::{Bench, text};

#[test]
fn the_error_for_an_unknown_name_suggests_the_nearest() {
    let bench = Bench::new(&[("fastify", "")]);
    let error = bench.refused("run --out out --targets fastfy");
    assert!(
        error.contains("target `fastfy` does not exist: did you mean `fastify`?"),
        "{error}"
    );
    let error = bench.refused("run --out out --workloads helo");
    assert!(
        error.contains("workload `helo` does not exist: did you mean `hello`?"),
        "{error}"
    );
    bench.write("targets/x.toml", "nme = \"x\"\n");
    let error = bench.refused("list");
    assert!(
        error.contains("targets/x.toml`, line 1: unknown field `nme`"),
        "{error}"
    );
    assert!(error.contains("did you mean `name`?"), "{error}");
}

#[test]
fn the_error_for_a_used_port_names_the_port() {
    let bench = Bench::new(&[("good", "")]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let output = bench.output(&format!("verify --port {port}"));
    assert!(!output.status.success());
    assert!(
        text(&output).contains(&format!("port `{port}` for target")),
        "{}",
        text(&output)
    );
}

#[test]
fn a_missing_tool_is_reported_with_its_remedy() {
    let bench = Bench::new(&[("good", "")]);
    bench.target(
        "absent",
        "",
        "needs = [{ command = \"no-such-tool\", remedy = \"install it with `apt-get`\" }]",
    );
    let listed = text(&bench.output("list"));
    assert!(
        listed.contains("unavailable")
            && listed.contains("`no-such-tool` was not found: install it with `apt-get`"),
        "{listed}"
    );
    let verified = bench.output("verify");
    assert!(verified.status.success());
    assert!(
        text(&verified).contains("1 passed, 0 failed, 1 targets unavailable"),
        "{}",
        text(&verified)
    );
    let summary = bench.measure("--targets good,absent --loads closed --rounds 1 --seconds 0.3");
    assert_eq!(summary["unavailable"][0][0], "absent");
    let page = fs::read_to_string(bench.path().join("out/report.html")).unwrap();
    assert!(page.contains("absent") && page.contains("not measured"));
}

#[test]
fn verify_detects_a_wrong_reply() {
    let bench = Bench::new(&[("lying", "--wrong-every 3")]);
    let output = bench.output("verify");
    assert!(!output.status.success());
    assert!(
        text(&output).contains("hello: `GET /hello` got `{\"message\":\"Goodbye\"}` instead of"),
        "{}",
        text(&output)
    );
}

#[test]
fn a_second_concurrent_run_is_rejected() {
    let bench = Bench::new(&[("good", "")]);
    let mut first = bench
        .command("run --out one --loads closed --rounds 1 --seconds 5")
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    while !bench.path().join("one/plan.json").exists() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(20));
    }
    let error = bench.refused("run --out two --loads closed --rounds 1 --seconds 1");
    assert!(
        error.contains(&format!(
            "another run is in progress (process {})",
            first.id()
        )),
        "{error}"
    );
    interrupt(&first);
    first.wait().unwrap();
}

fn interrupt(child: &std::process::Child) {
    let pid = rustix::process::Pid::from_raw(child.id() as i32).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
}

#[test]
fn an_interrupted_run_keeps_its_rows_and_resumes() {
    let bench = Bench::new(&[("good", "")]);
    let line = "run --out out --loads closed --rounds 4 --seconds 0.5 --no-control";
    let first = bench
        .command(line)
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let rows = || {
        fs::read_to_string(bench.path().join("out/rows.jsonl"))
            .unwrap_or_default()
            .lines()
            .count()
    };
    let until = Instant::now() + Duration::from_secs(30);
    while rows() == 0 && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(20));
    }
    interrupt(&first);
    let status = first.wait_with_output().unwrap().status;
    assert_eq!(status.code(), Some(130));
    let done = rows();
    assert!((1..4).contains(&done), "{done}");
    assert_eq!(bench.summary()["groups"][0]["lines"][0]["rounds"], done);
    // The run measures an incomplete row again.
    let name = bench.path().join("out/rows.jsonl");
    let text_before = fs::read_to_string(&name).unwrap() + "{\"schema\":1,\"tar";
    fs::write(&name, text_before).unwrap();
    let output = bench.output(line);
    assert!(output.status.success(), "{}", text(&output));
    assert!(
        text(&output).contains(&format!("{} measurements left", 4 - done)),
        "{}",
        text(&output)
    );
    assert_eq!(bench.summary()["groups"][0]["lines"][0]["rounds"], 4);
    let error = bench.refused("run --out out --loads open --rounds 4");
    assert!(error.contains("has a run with other settings"), "{error}");
}

#[test]
fn the_error_for_a_full_disk_has_a_remedy() {
    let bench = Bench::new(&[("good", "")]);
    fs::create_dir(bench.path().join("out")).unwrap();
    std::os::unix::fs::symlink("/dev/full", bench.path().join("out/rows.jsonl")).unwrap();
    let error = bench.refused("run --out out --loads closed --rounds 1 --seconds 0.3 --no-control");
    assert!(
        error.contains("cannot write to") && error.contains("No space left on device"),
        "{error}"
    );
    assert!(
        error.contains("free disk space and run the same command again"),
        "{error}"
    );
}

#[test]
fn all_processes_of_a_server_are_killed() {
    let bench = Bench::new(&[]);
    // The server starts another process, which ignores SIGTERM.
    bench.write(
        "targets/family.toml",
        r#"
        name = "family"
        description = ""
        language = "rust"
        runtime = "none"
        kind = "native"
        version = ["{self}", "--version"]
        fairness = []
        [run]
        command = ["sh", "-c", "(trap '' TERM; exec sleep 4242.7) & exec {self} artificial --port {port}"]
        [[app]]
        suites = ["core"]
        "#,
    );
    assert!(bench.output("verify").status.success());
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let line = fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default();
        assert!(!line.contains("4242.7"), "{line}");
    }
}
