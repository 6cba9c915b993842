//! `cross-check`: compares what wrk and the load generator of this program measure.

use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::load::{Event, Loader, Pace, Phase, Plan, Segment, decode};
use crate::options::Common;
use crate::proc::CpuTimes;
use crate::server::{Cores, Server, Start};
use crate::stats::{Estimate, Verdict, median};

use super::verify::{app_for, check, ready};

/// Options of `cross-check`.
#[derive(Debug, Args)]
pub struct Options {
    /// Target to measure
    #[arg(long, default_value = "axum")]
    target: String,
    /// Length of each measurement in seconds; each tool measures twice per round
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// Number of rounds
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Connections of each tool
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1000))]
    connections: u32,
}

/// The figures that one tool measured.
#[derive(Debug, Clone, Copy)]
struct ToolFigures {
    rate: f64,
    cpu_us: f64,
    p50_ms: f64,
}

/// The figures of one round, two of each tool.
#[derive(Debug)]
struct Round {
    own: [ToolFigures; 2],
    wrk: [ToolFigures; 2],
}

const WORKLOAD: &str = "hello";
/// The same floor as in a run: smaller differences are never claimed.
const FLOOR: f64 = 0.02;

/// Measures with both tools in ABBA order and compares the figures.
pub fn run(common: &Common, options: &Options) -> Result<ExitCode> {
    let (catalogue, paths) = common.read()?;
    if paths.find("wrk").is_none() {
        bail!("`wrk` is not installed: install it (Debian: apt-get install wrk)");
    }
    let target = catalogue.select_targets(std::slice::from_ref(&options.target))?[0];
    let workload = catalogue.select_workloads(&[WORKLOAD.to_owned()])?[0];
    ready(target, &paths)?;
    let app = app_for(target, workload, &catalogue).map_err(anyhow::Error::msg)?;
    let all = Cores::allowed()?;
    let (Some(first), Some(last)) = (all.0.first().copied(), all.0.last().copied()) else {
        bail!("this process may not run on any core: check its CPU affinity");
    };
    let (server_cores, load_cores) = (Cores(vec![first]), Cores(vec![last]));
    let start = Start {
        target,
        app,
        cores: &server_cores,
        workers: 1,
        port: None,
        cached: true,
        services: &[],
        service_cores: &load_cores,
    };
    let server = Server::start(&paths, &start)?;
    check(&server, workload, 1, 8)?;
    let plan = Plan {
        port: server.port,
        pid: server.pid(),
        cores: load_cores.to_string(),
        workloads: catalogue.parts(workload),
        seed: 1,
        variants: 4,
        timeout: 10.0,
        phases: vec![Phase {
            connections: options.connections as usize,
            pace: Pace::Closed,
            segments: vec![
                Segment {
                    point: None,
                    seconds: 0.3,
                    rate: 0.0,
                },
                Segment {
                    point: Some(String::new()),
                    seconds: options.seconds.into(),
                    rate: 0.0,
                },
            ],
        }],
        knee: None,
    };
    let own = || -> Result<ToolFigures> {
        let (mut loader, events) = Loader::start(&paths, &plan)?;
        let limit = Duration::from_secs(u64::from(options.seconds) + 60);
        let mut seen = None;
        while let Ok(event) = events.recv_timeout(limit) {
            if let Event::Measured(m) = event {
                if m.errors + m.wrong > 0 {
                    bail!(
                        "the load had {} errors: {}",
                        m.errors + m.wrong,
                        m.samples.join("; ")
                    );
                }
                let p50_ms = decode(&m.histogram)?.value_at_quantile(0.5) as f64 / 1e6;
                let cpu_us = m.server_cpu_us / m.requests_of_cpu.max(1) as f64;
                seen = Some(ToolFigures {
                    rate: m.rate(),
                    cpu_us,
                    p50_ms,
                });
            }
        }
        loader.finish()?;
        seen.context("the load process printed no figures")
    };
    let mut found: Vec<Round> = Vec::new();
    for round in 0..options.rounds {
        let other = || wrk(&server, options, &load_cores);
        // One tool measures at both ends and the other twice in between.
        let round = match round % 2 {
            0 => {
                let first = own()?;
                let theirs = [other()?, other()?];
                Round {
                    own: [first, own()?],
                    wrk: theirs,
                }
            }
            _ => {
                let first = other()?;
                let mine = [own()?, own()?];
                Round {
                    own: mine,
                    wrk: [first, other()?],
                }
            }
        };
        eprintln!("{round:?}");
        found.push(round);
    }
    server.stop();
    println!(
        "| {}, {WORKLOAD} | spikard-bench | wrk | ratio | interval | |\n|---|---|---|---|---|---|",
        target.name
    );
    type Figure = fn(&ToolFigures) -> f64;
    let figures: [(&str, Figure); 3] = [
        ("requests/s", |seen| seen.rate),
        ("server CPU us/request", |seen| seen.cpu_us),
        ("p50 ms", |seen| seen.p50_ms),
    ];
    for (name, of) in figures {
        let side = |pick: fn(&Round) -> &[ToolFigures; 2]| {
            let all = found.iter().flat_map(|round| pick(round).iter().map(of));
            median(&all.collect::<Vec<_>>()).unwrap_or(0.0)
        };
        let both = |seen: &[ToolFigures; 2]| of(&seen[0]) + of(&seen[1]);
        let ratio = |round: &Round| both(&round.own) / both(&round.wrk);
        let again = |round: &Round| of(&round.own[0]) / of(&round.own[1]);
        let ratios: Vec<f64> = found.iter().map(ratio).collect();
        let control: Vec<f64> = found.iter().map(again).collect();
        let Some(estimate) = Estimate::judge(&ratios, &control, FLOOR, 1) else {
            bail!("no round has a figure for {name}");
        };
        println!(
            "| {name} | {:.2} | {:.2} | {:.3} | {:.3} to {:.3} | {} |",
            side(|round| &round.own),
            side(|round| &round.wrk),
            estimate.ratio,
            estimate.low,
            estimate.high,
            match estimate.verdict {
                Verdict::Different => "different".to_owned(),
                _ => format!("agrees (resolution {:.1} %)", estimate.resolution * 100.0),
            }
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn wrk(server: &Server, options: &Options, cores: &Cores) -> Result<ToolFigures> {
    let before = CpuTimes::of_tree(server.pid());
    let output = Command::new("taskset")
        .args(["-c", &cores.to_string(), "wrk", "-t1", "--latency"])
        .args([
            format!("-c{}", options.connections),
            format!("-d{}s", options.seconds),
        ])
        .arg(format!("http://127.0.0.1:{}/{WORKLOAD}", server.port))
        .stdin(Stdio::null())
        .output()
        .context("cannot run wrk with taskset")?;
    let used = CpuTimes::of_tree(server.pid()).since(&before);
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() || text.contains("Non-2xx") || text.contains("Socket errors") {
        bail!(
            "wrk failed:\n{text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let after = |mark: &str| {
        text.split_once(mark)
            .and_then(|(_, rest)| rest.split_whitespace().next())
    };
    let rate = after("Requests/sec:")
        .and_then(|rate| rate.parse().ok())
        .context("wrk did not print a rate")?;
    let requests = text.lines().find_map(|line| {
        line.trim()
            .split_once(" requests in")
            .map(|(number, _)| number)
    });
    let requests: f64 = requests
        .and_then(|number| number.parse().ok())
        .context("wrk did not print a number of requests")?;
    let p50_ms = after("50%")
        .and_then(time)
        .context("wrk did not print a median")?;
    Ok(ToolFigures {
        rate,
        cpu_us: used.micros / requests.max(1.0),
        p50_ms,
    })
}

/// Converts a duration as wrk prints it, such as `123.45us`, to milliseconds.
fn time(text: &str) -> Option<f64> {
    let at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let scale = match &text[at..] {
        "us" => 1e-3,
        "ms" => 1.0,
        "s" => 1e3,
        _ => return None,
    };
    Some(text[..at].parse::<f64>().ok()? * scale)
}
