//! The files that a run writes.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::common::Bench;

/// The fields of a `ProfileResult`, which tools of the Spikard harness read.
const SHAPE: &str = "{metadata{timestamp,git_commit,git_branch,git_dirty,\
    host{os,arch,cpu_model,cpu_cores,cpu_threads,memory_gb,hostname}},\
    framework{name,version,language,runtime,app_dir,variant},\
    configuration{duration_secs,concurrency,warmup_secs,load_tool},\
    suites[{name,description,workloads[{name,description,category,payload_size_bytes,endpoint{method,path},\
    results{throughput{requests_per_sec,bytes_per_sec,total_requests,successful_requests,failed_requests,success_rate},\
    latency{mean_ms,median_ms,p90_ms,p95_ms,p99_ms,p999_ms,min_ms,max_ms,stddev_ms},\
    resources{cpu{avg_percent,peak_percent,p95_percent},memory{avg_mb,peak_mb,p95_mb}}}}]}],\
    summary{total_workloads,total_requests,overall_success_rate,avg_requests_per_sec,total_duration_secs,\
    category_breakdown[{category,workload_count,avg_requests_per_sec,avg_latency_ms}]}}";

/// Returns the names of all fields; a list is represented by its first entry.
fn shape(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| name.clone() + &shape(value);
            let all: Vec<String> = fields.iter().map(field).collect();
            format!("{{{}}}", all.join(","))
        }
        Value::Array(entries) => format!("[{}]", entries.first().map(shape).unwrap_or_default()),
        _ => String::new(),
    }
}

fn json(bench: &Bench, name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(bench.path().join("out").join(name)).unwrap()).unwrap()
}

#[test]
fn all_outputs_are_written_and_the_page_works_in_a_browser() {
    let bench = Bench::new(&[
        ("one", "--service-us 300"),
        ("two", "--service-us 600"),
        ("bad", "--error-every 10"),
    ]);
    bench.measure("--targets one,two,bad --loads closed,open --rounds 2 --seconds 0.5");
    for line in fs::read_to_string(bench.path().join("out/rows.jsonl"))
        .unwrap()
        .lines()
    {
        let row: Value = serde_json::from_str(line).unwrap();
        assert_eq!(row["schema"], 1);
    }
    let plan = json(&bench, "plan.json");
    assert!(plan["fingerprint"]["cores"].as_u64().unwrap() > 0, "{plan}");
    let smaller = json(&bench, "benchmark-smaller-is-better.json");
    assert!(
        smaller
            .as_array()
            .unwrap()
            .iter()
            .any(|entry| entry["name"] == "one, hello, open, CPU us/request"),
        "{smaller}"
    );
    assert!(
        smaller[0]["unit"].is_string()
            && smaller[0]["value"].is_number()
            && smaller[0]["range"].is_string()
    );
    assert!(json(&bench, "benchmark-bigger-is-better.json").is_array());

    let profile = json(&bench, "profile-one.json");
    assert_eq!(shape(&profile), SHAPE);
    let workload = &profile["suites"][0]["workloads"][0];
    assert_eq!(workload["endpoint"]["path"], "/hello");
    let results = &workload["results"];
    assert!(
        results["throughput"]["requests_per_sec"].as_f64().unwrap() > 10.0,
        "{results}"
    );
    assert!(
        results["latency"]["p999_ms"].as_f64() >= results["latency"]["median_ms"].as_f64(),
        "{results}"
    );
    assert!(
        results["resources"]["memory"]["peak_mb"].as_f64().unwrap() > 0.5,
        "{results}"
    );
    assert_eq!(profile["summary"]["total_workloads"], 1);

    let markdown = fs::read_to_string(bench.path().join("out/summary.md")).unwrap();
    assert!(
        markdown.contains("## hello, closed") && markdown.contains("got status 500 instead of 200"),
        "{markdown}"
    );
    page(&bench);
}

/// Checks that the page refers to no external resource and that its tables sort in a browser.
fn page(bench: &Bench) {
    let name = bench.path().join("out/report.html");
    let html = fs::read_to_string(&name).unwrap();
    for outside in ["http://", "https://", "src=", "@import", "url("] {
        assert!(!html.contains(outside), "the page has `{outside}`");
    }
    let browsers = ["chromium", "chromium-browser", "google-chrome", "chrome"];
    let found = browsers.iter().find(|name| {
        Command::new(name)
            .arg("--version")
            .output()
            .is_ok_and(|output| output.status.success())
    });
    let browser =
        found.expect("no browser was found: install it (Debian: apt-get install chromium)");
    // Click the heading `CPU us/request` twice and read the first target.
    let probe = "<script>const t=document.querySelector('table.sortable');const h=[...t.tHead.rows[0].cells]\
                 .find(c=>c.textContent.startsWith('CPU'));h.click();h.click();\
                 document.title='first '+t.tBodies[0].rows[0].cells[0].textContent+', charts '+document.querySelectorAll('svg').length;</script>";
    fs::write(&name, html.replace("</body>", &format!("{probe}</body>"))).unwrap();
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            // Prevent requests of the browser itself.
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--virtual-time-budget=5000",
            "--dump-dom",
        ])
        .arg(format!(
            "--user-data-dir={}",
            bench.path().join("browser").display()
        ))
        .arg(format!("file://{}", name.display()))
        .output()
        .unwrap();
    let dom = String::from_utf8_lossy(&output.stdout);
    let title = dom
        .split("<title>")
        .nth(1)
        .and_then(|rest| rest.split("</title>").next())
        .unwrap_or_default();
    assert!(title.starts_with("first two, charts "), "{title}");
    let charts: u32 = title.rsplit(' ').next().unwrap().parse().unwrap();
    assert!(charts >= 4, "{title}");
}
