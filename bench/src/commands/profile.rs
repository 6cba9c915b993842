//! `profile`: draws a target's CPU time under load as a flame graph, and its memory over time.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::defs::Arrivals;
use crate::flame;
use crate::load::{Event, Loader, Pace, Phase, Plan, Segment};
use crate::options::Common;
use crate::proc::{Memory, tree};
use crate::report::profile::page;
use crate::run::write_file;
use crate::server::{Cores, Server, Start, build_services};

use super::verify::{app_for, check, ready};

/// Options of `profile`.
#[derive(Debug, Args)]
pub struct Options {
    /// Target to profile
    target: String,
    /// Workload to send
    #[arg(long, default_value = "hello")]
    workload: String,
    /// Length of the load in seconds
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Requests per second [default: as many as the server answers]
    #[arg(long)]
    rate: Option<f64>,
    /// Connections of the load
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    connections: u32,
    /// Samples per second
    #[arg(long, default_value_t = 997)]
    frequency: u32,
    /// Record memory only, without perf
    #[arg(long)]
    no_perf: bool,
    /// Output directory
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Profiles one target under one workload.
pub fn run(common: &Common, options: &Options) -> Result<ExitCode> {
    let (catalogue, paths) = common.read()?;
    let target = catalogue.select_targets(std::slice::from_ref(&options.target))?[0];
    let workload = catalogue.select_workloads(std::slice::from_ref(&options.workload))?[0];
    ready(target, &paths)?;
    if !options.no_perf && paths.find("perf").is_none() {
        bail!(
            "`perf` is not installed: install it (Debian: apt-get install linux-perf), or pass `--no-perf` to record memory only"
        );
    }
    std::fs::create_dir_all(&options.out)
        .with_context(|| format!("cannot create the directory `{}`", options.out.display()))?;
    let app = app_for(target, workload, &catalogue).map_err(anyhow::Error::msg)?;
    let target = &*target
        .started_for(workload, &catalogue)
        .map_err(anyhow::Error::msg)?;
    ready(target, &paths)?;
    let all = Cores::allowed()?;
    let (server_cores, load_cores) = match all.0.as_slice() {
        [one] => (Cores(vec![*one]), Cores(vec![*one])),
        [first @ .., last] => (Cores(first.to_vec()), Cores(vec![*last])),
        [] => bail!("this process may not run on any core: check its CPU affinity"),
    };
    let services = catalogue.services_for(workload);
    build_services(&services, &paths)?;
    let start = Start {
        target,
        app,
        cores: &server_cores,
        workers: server_cores.0.len(),
        port: None,
        cached: true,
        services: &services,
        service_cores: &load_cores,
    };
    let server = Server::start(&paths, &start)?;
    let parts = catalogue.parts(workload);
    for (part, _) in &parts {
        check(&server, part, 1, 2)?;
    }
    let pace = if options.rate.is_some() {
        Pace::Open(Arrivals::Even)
    } else {
        Pace::Closed
    };
    let rate = options.rate.unwrap_or(0.0);
    let segment = |point: Option<String>, seconds| Segment {
        point,
        seconds,
        rate,
    };
    let plan = Plan {
        port: server.port,
        pid: server.pid(),
        cores: load_cores.to_string(),
        workloads: parts,
        seed: 1,
        variants: 16,
        timeout: 10.0,
        phases: vec![Phase {
            connections: options.connections as usize,
            pace,
            segments: vec![
                segment(None, 1.0),
                segment(Some(String::new()), options.seconds),
            ],
        }],
        knee: None,
    };
    let (mut loader, events) = Loader::start(&paths, &plan)?;
    let data = options.out.join("perf.data");
    let (mut perf, mut memory, mut began) = (None, Vec::new(), None);
    let until = Instant::now() + Duration::from_secs_f64(options.seconds + 60.0);
    loop {
        match events.recv_timeout(Duration::from_millis(100)) {
            Ok(Event::Begin(_)) => {
                began = Some(Instant::now());
                if !options.no_perf {
                    perf = Some(record(server.pid(), options, &data)?);
                }
            }
            Ok(Event::Measured(measured)) => {
                println!(
                    "{} requests, {} failed",
                    measured.requests,
                    measured.errors + measured.wrong
                );
            }
            Ok(Event::End(_)) | Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
        }
        if let Some(began) = began {
            memory.push((began.elapsed().as_secs_f64(), Memory::of_tree(server.pid())));
        }
        if Instant::now() > until {
            loader.kill();
            bail!("the load process did not exit in time");
        }
    }
    loader.finish()?;
    let mut written = vec!["memory.csv".to_owned()];
    let mut csv = String::from("seconds,rss_bytes,pss_bytes\n");
    for (at, pages) in &memory {
        let _ = writeln!(csv, "{at:.2},{},{}", pages.rss, pages.pss);
    }
    write_file(&options.out.join("memory.csv"), csv.as_bytes())?;
    let title = format!("{}, {}", target.name, workload.name);
    let mut flame = None;
    if let Some(mut perf) = perf {
        let status = perf.wait()?;
        if !status.success() {
            bail!(
                "perf failed ({status}): run `spikard-bench doctor` to see whether this machine permits it, or pass `--no-perf`"
            );
        }
        let script = Command::new("perf")
            .args(["script", "-F", "comm,ip,sym", "-i"])
            .arg(&data)
            .stderr(Stdio::null())
            .output()?;
        let stacks = flame::fold(&String::from_utf8_lossy(&script.stdout));
        if stacks.is_empty() {
            bail!("perf recorded no samples of `{}`", target.name);
        }
        write_file(
            &options.out.join("stacks.folded"),
            flame::text(&stacks).as_bytes(),
        )?;
        let picture = flame::svg(&title, &stacks);
        write_file(&options.out.join("flame.svg"), picture.as_bytes())?;
        flame = Some(picture);
        written.extend(["stacks.folded".to_owned(), "flame.svg".to_owned()]);
    }
    server.stop();
    let page = page(&title, flame.as_deref(), &memory);
    write_file(&options.out.join("profile.html"), page.as_bytes())?;
    written.push("profile.html".to_owned());
    println!("wrote to {}: {}", options.out.display(), written.join(", "));
    Ok(ExitCode::SUCCESS)
}

/// Starts perf on all processes of the server.
fn record(pid: u32, options: &Options, data: &std::path::Path) -> Result<std::process::Child> {
    let pids: Vec<String> = tree(pid).iter().map(u32::to_string).collect();
    let seconds = options.seconds.max(0.1).to_string();
    Command::new("perf")
        .args([
            "record",
            "--quiet",
            "--call-graph",
            "fp",
            "-F",
            &options.frequency.to_string(),
            "-p",
            &pids.join(","),
            "-o",
        ])
        .arg(data)
        .args(["--", "sleep", &seconds])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start perf")
}
