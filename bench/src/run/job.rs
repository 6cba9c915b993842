//! Measures one server under one load, from the start of its process to its exit.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::commands::verify;
use crate::defs::{App, Cache, Catalogue, Load, LoadKind, Over, Target, Workload};
use crate::load::{Event, Loader, Measured, Plan, encode, new_histogram};
use crate::proc::{CpuTimes, Memory as Pages};
use crate::server::{Cores, Paths, Server, Start, build, build_services};

use super::folder::Settings;
use super::phases::phases;
use super::row::{Memory, Row, SCHEMA, Sample, Status};
use super::stages::Stages;

/// The context of all jobs.
#[derive(Debug)]
pub struct JobContext<'a> {
    /// The definitions.
    pub catalogue: &'a Catalogue,
    /// The paths on this machine.
    pub paths: &'a Paths,
    /// Set to interrupt the run.
    pub stop: &'a AtomicBool,
    /// The time at which the run began.
    pub began: Instant,
    /// The port for servers, if fixed.
    pub port: Option<u16>,
}

impl JobContext<'_> {
    pub(super) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// One target with one workload in one round.
#[derive(Debug, Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) target: &'a Target,
    pub(super) control: bool,
    pub(super) workload: &'a Workload,
    pub(super) round: u32,
}

const REQUEST_TIMEOUT: f64 = 10.0;
/// Distinct requests per workload, more than a cache of recent values would hold.
const VARIANTS: usize = 64;
const VERIFIED_REQUESTS: u32 = 4;
/// How long the load process may take beyond its phases.
const SLACK: Duration = Duration::from_secs(30);
const TICK: Duration = Duration::from_millis(100);

impl Job<'_> {
    /// Creates a row without figures.
    fn row(&self, tools: &JobContext<'_>, load: &Load, point: &str) -> Row {
        Row {
            schema: SCHEMA,
            target: self.target.name.clone(),
            control: self.control,
            workload: self.workload.name.clone(),
            load: load.name.clone(),
            kind: load.kind,
            point: point.to_owned(),
            round: self.round,
            at: tools.began.elapsed().as_secs_f64(),
            status: Status::Valid,
            why: Vec::new(),
            startup_ms: 0.0,
            server_cores: 0,
            load_cores: 0,
            connections: load.connections,
            measured: Measured::default(),
            memory: Memory::default(),
            series: Vec::new(),
            stages: Default::default(),
        }
    }

    /// Creates a void row with a reason.
    pub(super) fn void(&self, tools: &JobContext<'_>, load: &Load, why: String) -> Row {
        let mut row = self.row(tools, load, "");
        row.status = Status::Void;
        row.why.push(why);
        row
    }

    /// Applies a load to fresh servers; returns no rows if the run was interrupted.
    pub(super) fn carry_out(
        &self,
        tools: &JobContext<'_>,
        settings: &Settings,
        load: &Load,
    ) -> Result<Vec<Row>> {
        let app = match verify::app_for(self.target, self.workload, tools.catalogue) {
            Ok(app) => app,
            Err(why) => return Ok(vec![self.void(tools, load, why)]),
        };
        let started = self.target.started_for(self.workload, tools.catalogue);
        let started = started.and_then(|target| {
            // Targets are built before the run, never between rows. A variant is also built then,
            // so this does work only if that build failed.
            if let Cow::Owned(target) = &target {
                build(target, tools.paths, false).map_err(|error| format!("{error:#}"))?;
            }
            Ok(target)
        });
        let services = tools.catalogue.services_for(self.workload);
        if let Err(error) = build_services(&services, tools.paths) {
            return Ok(vec![self.void(tools, load, format!("{error:#}"))]);
        }
        match started {
            Ok(target) => Job {
                target: &target,
                ..*self
            }
            .load(tools, settings, load, app),
            Err(why) => Ok(vec![self.void(tools, load, why)]),
        }
    }

    fn load(
        &self,
        tools: &JobContext<'_>,
        settings: &Settings,
        load: &Load,
        app: &App,
    ) -> Result<Vec<Row>> {
        match (load.kind, load.over) {
            (LoadKind::Cold, _) => self.cold(tools, settings, load, app),
            (LoadKind::Sweep, Some(over)) if over != Over::Connections => {
                let mut rows = Vec::new();
                for value in &load.values {
                    let some = self.of_value(tools, settings, load, app, (over, *value))?;
                    let point = format!("{value} {}", over.unit());
                    rows.extend(some.into_iter().map(|row| Row {
                        point: point.clone(),
                        ..row
                    }));
                }
                Ok(rows)
            }
            _ => self.measure(tools, settings, load, app, None),
        }
    }

    /// Measures one value of a sweep with a fresh server.
    fn of_value(
        &self,
        tools: &JobContext<'_>,
        settings: &Settings,
        load: &Load,
        app: &App,
        (over, value): (Over, usize),
    ) -> Result<Vec<Row>> {
        if over == Over::Workers {
            if !self.target.run.scales && value > 1 {
                let why = format!("`{}` supports only one worker", self.target.name);
                return Ok(vec![self.void(tools, load, why)]);
            }
            return self.measure(tools, settings, load, app, Some(value));
        }
        let target = match self.target.with_number(over, value, self.workload) {
            Ok(target) => target,
            Err(why) => return Ok(vec![self.void(tools, load, why)]),
        };
        // A no-op, unless the build before the run failed.
        if let Err(error) = build(&target, tools.paths, false) {
            return Ok(vec![self.void(tools, load, format!("{error:#}"))]);
        }
        let target = &target;
        let job = Job { target, ..*self };
        job.measure(tools, settings, load, app, None)
    }

    /// Returns the cores and the number of workers; a sweep over workers assigns one core to each.
    fn cores(&self, settings: &Settings, workers: Option<usize>) -> Result<(Cores, usize)> {
        let own: Cores = settings.server_cores.parse()?;
        let Some(workers) = workers else {
            return Ok((own, settings.workers));
        };
        let all = Cores::allowed()?;
        let number = workers.min(all.0.len());
        Ok((Cores(all.0[..number].to_vec()), workers))
    }

    fn measure(
        &self,
        tools: &JobContext<'_>,
        settings: &Settings,
        load: &Load,
        app: &App,
        workers: Option<usize>,
    ) -> Result<Vec<Row>> {
        let (cores, workers) = self.cores(settings, workers)?;
        let services = tools.catalogue.services_for(self.workload);
        let start = Start {
            target: self.target,
            app,
            cores: &cores,
            workers,
            port: tools.port,
            cached: true,
            services: &services,
            service_cores: &settings.service_cores.parse()?,
        };
        let mut server = match Server::start(tools.paths, &start) {
            Ok(server) => server,
            Err(error) => return Ok(vec![self.void(tools, load, format!("{error:#}"))]),
        };
        let parts = tools.catalogue.parts(self.workload);
        for (part, _) in &parts {
            if let Err(error) = verify::check(
                &server,
                part,
                settings.seed ^ u64::from(self.round),
                VERIFIED_REQUESTS,
            ) {
                server.stop();
                return Ok(vec![self.void(
                    tools,
                    load,
                    format!("before timing: {error:#}"),
                )]);
            }
        }
        let load_cores: Cores = settings.load_cores.parse()?;
        let plan = Plan {
            port: server.port,
            pid: server.pid(),
            cores: load_cores.to_string(),
            seed: settings.seed.wrapping_add(u64::from(self.round)),
            variants: variants(&parts),
            timeout: REQUEST_TIMEOUT,
            phases: phases(load),
            knee: load.knee,
            workloads: parts,
        };
        let stages_before = self
            .target
            .metrics
            .as_ref()
            .and_then(|path| Stages::ask(server.port, path));
        let watched = watch(tools, &mut server, &plan)?;
        if tools.stopped() {
            server.stop();
            return Ok(Vec::new());
        }
        let stages_after = self
            .target
            .metrics
            .as_ref()
            .and_then(|path| Stages::ask(server.port, path));
        let stages = match (stages_before, stages_after) {
            (Some(before), Some(after)) => after.since(&before),
            _ => Default::default(),
        };
        let startup_ms = server.startup.as_secs_f64() * 1e3;
        let ended = server.ended();
        let tail = server.stop();
        let mut rows = Vec::new();
        for (measured, series, memory) in watched.measured {
            let mut row = self.row(tools, load, &measured.point);
            row.startup_ms = startup_ms;
            row.server_cores = cores.0.len();
            row.load_cores = load_cores.0.len();
            row.measured = measured;
            row.series = series;
            row.memory = memory;
            row.stages = stages.clone();
            if let Some(status) = &ended {
                row.status = Status::Void;
                row.why.push(format!(
                    "the server exited during the load ({status}); its last lines: {tail}"
                ));
            }
            row.judge();
            rows.push(row);
        }
        if rows.is_empty() {
            let why = watched
                .why
                .unwrap_or_else(|| "the load process printed no figures".to_owned());
            rows.push(self.void(tools, load, why));
        }
        Ok(rows)
    }

    /// Measures the time from the start of a process to its first 2xx.
    fn cold(
        &self,
        tools: &JobContext<'_>,
        settings: &Settings,
        load: &Load,
        app: &App,
    ) -> Result<Vec<Row>> {
        let cached = load.cache == Cache::Warm;
        if !cached && self.target.run.uncached.is_empty() {
            let why = format!("`{}` has no cache to leave empty", self.target.name);
            return Ok(vec![self.void(tools, load, why)]);
        }
        let (cores, workers) = self.cores(settings, None)?;
        let services = tools.catalogue.services_for(self.workload);
        let start = Start {
            target: self.target,
            app,
            cores: &cores,
            workers,
            port: tools.port,
            cached,
            services: &services,
            service_cores: &settings.service_cores.parse()?,
        };
        let mut times = new_histogram();
        let mut row = self.row(tools, load, "");
        row.server_cores = cores.0.len();
        let mut starts = Vec::new();
        // With a cache, the first start only fills it and does not count.
        for number in 0..load.starts + usize::from(cached) {
            if tools.stopped() {
                return Ok(Vec::new());
            }
            match Server::start(tools.paths, &start) {
                Ok(server) => {
                    let took = server.startup;
                    let memory = Pages::of_tree(server.pid());
                    server.stop();
                    if number > 0 || !cached {
                        times.saturating_record(took.as_nanos() as u64);
                        starts.push(took.as_secs_f64() * 1e3);
                        row.memory = Memory {
                            rss: memory.rss,
                            pss: memory.pss,
                            peak_rss: memory.rss,
                        };
                    }
                }
                Err(error) => {
                    row.status = Status::Void;
                    row.why.push(format!("{error:#}"));
                    return Ok(vec![row]);
                }
            }
        }
        row.startup_ms = crate::stats::median(&starts).unwrap_or(0.0);
        row.measured.requests = starts.len() as u64;
        row.measured.seconds = starts.iter().sum::<f64>() / 1e3;
        row.measured.histogram = encode(&times)?;
        Ok(vec![row])
    }
}

/// Returns the number of distinct requests; large ones get fewer, because requests and replies
/// stay in memory.
fn variants(parts: &[(Workload, u32)]) -> usize {
    let bytes = |workload: &Workload| {
        workload
            .request
            .as_ref()
            .and_then(|request| request.json_bytes)
    };
    let largest = parts
        .iter()
        .filter_map(|(part, _)| bytes(part))
        .max()
        .unwrap_or(0);
    ((8 << 20) / largest.max(1)).clamp(2, VARIANTS)
}

/// Observations of a server under load.
#[derive(Debug, Default)]
struct Observation {
    measured: Vec<(Measured, Vec<Sample>, Memory)>,
    why: Option<String>,
}

/// Runs the load process and samples the server's state ten times a second.
fn watch(tools: &JobContext<'_>, server: &mut Server, plan: &Plan) -> Result<Observation> {
    let seconds: f64 = plan
        .phases
        .iter()
        .flat_map(|phase| &phase.segments)
        .map(|segment| segment.seconds)
        .sum();
    let drains = plan.phases.len() as u32 * Duration::from_secs(6);
    let until = Instant::now() + Duration::from_secs_f64(seconds) + drains + SLACK;
    let (mut loader, events) = Loader::start(tools.paths, plan)?;
    let mut watched = Observation::default();
    // Observations of segments whose figures have not arrived yet, in order.
    let mut seen: std::collections::VecDeque<(Vec<Sample>, Memory)> = Default::default();
    let mut current: Option<(Instant, Vec<Sample>)> = None;
    let mut last = (Instant::now(), CpuTimes::of_tree(server.pid()));
    loop {
        match events.recv_timeout(TICK) {
            Ok(Event::Begin(_)) => {
                current = Some((Instant::now(), Vec::new()));
                last = (Instant::now(), CpuTimes::of_tree(server.pid()));
            }
            Ok(Event::End(_)) => {
                let samples = current
                    .take()
                    .map(|(_, samples)| samples)
                    .unwrap_or_default();
                let pages = Pages::of_tree(server.pid());
                let peak_rss = samples
                    .iter()
                    .map(|sample| sample.rss)
                    .chain([pages.rss])
                    .max()
                    .unwrap_or(0);
                seen.push_back((
                    samples,
                    Memory {
                        rss: pages.rss,
                        pss: pages.pss,
                        peak_rss,
                    },
                ));
            }
            Ok(Event::Measured(measured)) => {
                let (samples, memory) = seen.pop_front().unwrap_or_default();
                watched.measured.push((*measured, samples, memory));
            }
            Err(RecvTimeoutError::Timeout) => {
                if let Some((began, samples)) = &mut current {
                    let now = (Instant::now(), CpuTimes::of_tree(server.pid()));
                    let used = now.1.since(&last.1).micros
                        / 1e4
                        / (now.0 - last.0).as_secs_f64().max(1e-6);
                    let at = began.elapsed().as_secs_f64();
                    samples.push(Sample {
                        at,
                        cpu: used,
                        rss: Pages::rss_of_tree(server.pid()),
                    });
                    last = now;
                }
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if tools.stopped() {
            loader.kill();
            return Ok(watched);
        }
        if Instant::now() > until {
            loader.kill();
            watched.why = Some("the load process did not exit in time and was killed".to_owned());
            return Ok(watched);
        }
    }
    if let Err(error) = loader.finish() {
        watched.why = Some(format!("{error:#}"));
    }
    Ok(watched)
}
