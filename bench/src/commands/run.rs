//! `run`: measures the selected targets and writes the reports.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::defs::{Catalogue, Load, Target, Workload};
use crate::fingerprint::Fingerprint;
use crate::options::{Common, Selection};
use crate::report;
use crate::run::{Folder, JobContext, Lane, Plan, SCHEMA, Settings, carry_out};
use crate::server::{Availability, Cores, Paths, availability, build, build_services, version};

use super::verify::app_for;

/// Options of `run`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    selection: Selection,
    /// Loads to apply
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "NAMES",
        default_value = "closed,open"
    )]
    loads: Vec<String>,
    /// Number of rounds; each round measures everything once
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Output directory; an interrupted run resumes there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Length of each load in seconds [default: of the load]
    #[arg(long, value_name = "NUMBER")]
    seconds: Option<f64>,
    /// Length of each warm-up in seconds [default: of the load]
    #[arg(long, value_name = "NUMBER")]
    warmup: Option<f64>,
    /// Requests per second of open loads [default: of the load]
    #[arg(long, value_name = "NUMBER")]
    rate: Option<f64>,
    /// Target to compare the others with [default: the first target]
    #[arg(long, value_name = "TARGET")]
    base: Option<String>,
    /// Cores for servers [default: all but the last]
    #[arg(long, value_name = "CORES")]
    server_cores: Option<Cores>,
    /// Cores for the load [default: the last]
    #[arg(long, value_name = "CORES")]
    load_cores: Option<Cores>,
    /// Cores for the services of workloads, such as databases [default: those of the load]
    #[arg(long, value_name = "CORES")]
    service_cores: Option<Cores>,
    /// Workers per server [default: one per server core]
    #[arg(long, value_name = "NUMBER")]
    workers: Option<usize>,
    /// Seed of all random values
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Relative difference below which no difference is claimed
    #[arg(long, default_value_t = 0.02)]
    floor: f64,
    /// Port for servers [default: a free port for each]
    #[arg(long)]
    port: Option<u16>,
    /// Skip the second measurement of the base (the A/A control)
    #[arg(long)]
    no_control: bool,
}

/// Measures the selected targets.
pub fn run(common: &Common, options: &Options) -> Result<ExitCode> {
    let (catalogue, paths) = common.read()?;
    let selected = catalogue.select_targets(&options.selection.targets)?;
    let workloads = catalogue.select_workloads(&options.selection.workloads)?;
    let loads = adapted(catalogue.select_loads(&options.loads)?, options)?;
    let (mut targets, mut unavailable) = (Vec::new(), Vec::new());
    for target in selected {
        match ready(target, &paths)? {
            Some(why) => {
                eprintln!("skipping target `{}`: {why}", target.name);
                unavailable.push((target.name.clone(), why));
            }
            None => targets.push(target),
        }
    }
    for workload in &workloads {
        // The rows of the workload report the error again.
        if let Err(error) = build_services(&catalogue.services_for(workload), &paths) {
            eprintln!("skipping workload `{}`: {error:#}", workload.name);
        }
    }
    for target in &targets {
        prepare(target, &workloads, &loads, &catalogue, &paths);
    }
    put_base_first(&mut targets, options.base.as_deref())?;
    let (server_cores, load_cores) = cores(options)?;
    let settings = Settings {
        targets: targets.iter().map(|target| target.name.clone()).collect(),
        workloads: workloads
            .iter()
            .map(|workload| workload.name.clone())
            .collect(),
        loads: loads.iter().map(|load| load.name.clone()).collect(),
        rounds: options.rounds,
        workers: options.workers.unwrap_or(server_cores.0.len()).max(1),
        server_cores: server_cores.to_string(),
        service_cores: options
            .service_cores
            .as_ref()
            .unwrap_or(&load_cores)
            .to_string(),
        load_cores: load_cores.to_string(),
        seed: options.seed,
        floor: options.floor,
    };
    let plan = Plan {
        schema: SCHEMA,
        settings,
        fingerprint: Fingerprint::take(&paths.root),
        versions: targets
            .iter()
            .map(|target| version(target, &paths))
            .collect::<Result<_>>()?,
        targets: targets.iter().map(|target| (*target).clone()).collect(),
        workloads: workloads
            .iter()
            .map(|workload| (*workload).clone())
            .collect(),
        loads: loads.clone(),
        unavailable,
    };
    let lanes = lanes(&targets, options.no_control);
    for target in &targets {
        for workload in &workloads {
            if let Err(why) = app_for(target, workload, &catalogue) {
                eprintln!("{why}");
            }
        }
    }
    let mut folder = Folder::open(&options.out, plan)?;
    folder.plan.settings.rounds = options.rounds;
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, stop.clone())?;
    }
    let tools = JobContext {
        catalogue: &catalogue,
        paths: &paths,
        stop: &stop,
        began: Instant::now(),
        port: options.port,
    };
    let ended = carry_out(&tools, &mut folder, &lanes, &workloads, &loads, |line| {
        eprintln!("{line}")
    })?;
    if !ended {
        eprintln!("interrupted; finished rows are saved; run the same command again to resume");
    }
    let written = report::write(&folder)?;
    println!("{}", report::headline(&folder));
    println!("written: {}", written.join(", "));
    Ok(if ended {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(130)
    })
}

/// Returns the reason why a target cannot be measured, or `None` if it can.
fn ready(target: &Target, paths: &Paths) -> Result<Option<String>> {
    if let Availability::Missing(why) = availability(target, paths)? {
        return Ok(Some(why));
    }
    Ok(build(target, paths, false)
        .err()
        .map(|error| format!("{error:#}")))
}

/// Builds what sweeps and some workloads need to start a target, before any measurement. The rows
/// that need a failed build report its error again.
fn prepare(
    target: &Target,
    workloads: &[&Workload],
    loads: &[Load],
    catalogue: &Catalogue,
    paths: &Paths,
) {
    for workload in workloads {
        let started = target.started_for(workload, catalogue).ok();
        if let Some(Err(error)) = started.map(|target| build(&target, paths, false)) {
            eprintln!("{error:#}");
        }
    }
    for load in loads {
        let Some(over) = load.over else { continue };
        for value in &load.values {
            let numbered = workloads
                .iter()
                .find_map(|workload| target.with_number(over, *value, workload).ok());
            if let Some(Err(error)) = numbered.map(|target| build(&target, paths, false)) {
                eprintln!("{error:#}");
            }
        }
    }
}

fn put_base_first(targets: &mut [&Target], base: Option<&str>) -> Result<()> {
    if targets.is_empty() {
        bail!(
            "this machine can measure none of the targets: run `spikard-bench list` to see what is missing"
        );
    }
    if let Some(base) = base {
        let Some(at) = targets.iter().position(|target| target.name == base) else {
            bail!(
                "the base `{base}` is not one of the targets{}",
                crate::nearest::nearest(base, targets.iter().map(|target| target.name.as_str()))
            );
        };
        targets[..=at].rotate_right(1);
    }
    Ok(())
}

/// Returns the base, then the other targets with the control of the base in their middle.
fn lanes<'a>(targets: &[&'a Target], no_control: bool) -> Vec<Lane<'a>> {
    let mut lanes: Vec<Lane<'a>> = targets
        .iter()
        .map(|target| Lane {
            target,
            control: false,
        })
        .collect();
    if !no_control {
        // In the middle, the control is as far from the base as the other targets are on average.
        lanes.insert(
            lanes.len().div_ceil(2).max(1),
            Lane {
                target: targets[0],
                control: true,
            },
        );
    }
    lanes
}

fn cores(options: &Options) -> Result<(Cores, Cores)> {
    let all = Cores::allowed()?;
    let last = *all
        .0
        .last()
        .context("this process may not run on any core: check its CPU affinity")?;
    let load = options.load_cores.clone().unwrap_or(Cores(vec![last]));
    let server = match &options.server_cores {
        Some(cores) => cores.clone(),
        None => Cores(
            all.0
                .iter()
                .copied()
                .filter(|core| !load.0.contains(core))
                .collect(),
        ),
    };
    if server.0.is_empty() {
        bail!(
            "the load uses the cores `{load}` and leaves none for the server: use a machine with two cores, or pass the same cores to `--server-cores` and `--load-cores`"
        );
    }
    if server.0.iter().any(|core| load.0.contains(core)) {
        eprintln!("warning: server and load share a core and disturb each other");
    }
    Ok((server, load))
}

/// Applies the overrides of the command line to the loads.
fn adapted(loads: Vec<&Load>, options: &Options) -> Result<Vec<Load>> {
    let positive = |value: Option<f64>, name: &str| match value {
        Some(value) if !(0.0..=86_400.0).contains(&value) => {
            bail!("`--{name}` `{value}` is out of range: use up to 86400 seconds")
        }
        _ => Ok(()),
    };
    positive(options.seconds, "seconds")?;
    positive(options.warmup, "warmup")?;
    if options.seconds == Some(0.0)
        || options
            .rate
            .is_some_and(|rate| rate.is_nan() || rate <= 0.0)
    {
        bail!("`--seconds` and `--rate` must be greater than 0");
    }
    let adapt = |load: &Load| {
        let mut load = load.clone();
        load.seconds = options.seconds.unwrap_or(load.seconds);
        load.warmup = options.warmup.unwrap_or(load.warmup);
        if load.kind == crate::defs::LoadKind::Open {
            load.rate = options.rate.or(load.rate);
        }
        load
    };
    Ok(loads.into_iter().map(adapt).collect())
}
