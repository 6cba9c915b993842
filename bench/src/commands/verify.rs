//! `verify`: checks that each target answers each workload correctly, before any timing.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use fastrand::Rng;

use crate::client::{Connection, block_on};
use crate::defs::{App, Catalogue, Target, Workload};
use crate::options::{Common, Selection};
use crate::server::{
    Availability, Cores, Paths, Server, Start, availability, build, build_services, missing_service,
};
use crate::shot::Shot;

/// Options of `verify`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    selection: Selection,
    /// Requests per workload, each with different values
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    values: u32,
    /// Seed of the values, to repeat a failure [default: random]
    #[arg(long)]
    seed: Option<u64>,
    /// Rebuild the targets
    #[arg(long)]
    build: bool,
    /// Port for the servers [default: a free port]
    #[arg(long)]
    port: Option<u16>,
}

/// Verifies the selected targets and workloads.
pub fn run(common: &Common, options: &Options) -> Result<ExitCode> {
    let (catalogue, paths) = common.read()?;
    let targets = catalogue.select_targets(&options.selection.targets)?;
    let workloads = catalogue.select_workloads(&options.selection.workloads)?;
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..));
    println!("seed {seed}");
    let cores = Cores::allowed()?;
    let (mut passed, mut failed, mut unavailable, mut missing) = (0, 0, 0, 0);
    for target in targets {
        if let Availability::Missing(why) = availability(target, &paths)? {
            unavailable += 1;
            println!("{:<28} unavailable: {why}", target.name);
            continue;
        }
        if let Err(error) = build(target, &paths, options.build) {
            failed += 1;
            println!("{:<28} {error:#}", target.name);
            continue;
        }
        let (mut right, before) = (0, failed);
        for (app, served) in servers(target, &workloads, &catalogue) {
            let services = catalogue.services_for(served[0]);
            if let Some(why) = missing_service(&services, &paths)? {
                missing += served.len();
                println!("{:<28} {} not tried: {why}", target.name, served.len());
                continue;
            }
            let server = target
                .started_for(served[0], &catalogue)
                .map_err(anyhow::Error::msg)
                .and_then(|target| {
                    build(&target, &paths, false)?;
                    build_services(&services, &paths)?;
                    let start = Start {
                        target: &target,
                        app,
                        cores: &cores,
                        workers: 1,
                        port: options.port,
                        cached: true,
                        services: &services,
                        service_cores: &cores,
                    };
                    Server::start(&paths, &start)
                });
            let server = match server {
                Ok(server) => server,
                Err(error) => {
                    failed += served.len();
                    println!("{:<28} {error:#}", target.name);
                    continue;
                }
            };
            for workload in served {
                match check(&server, workload, seed, options.values) {
                    Ok(()) => right += 1,
                    Err(error) => {
                        failed += 1;
                        println!("{:<28} {}: {error:#}", target.name, workload.name);
                    }
                }
            }
            server.stop();
        }
        passed += right;
        let left = workloads
            .iter()
            .filter(|workload| workload.mix.is_empty() && target.app(workload).is_none())
            .count();
        println!(
            "{:<28} {right} workloads right{}{}",
            target.name,
            if failed > before {
                format!(", {} wrong", failed - before)
            } else {
                String::new()
            },
            if left > 0 {
                format!(", {left} not served")
            } else {
                String::new()
            }
        );
    }
    println!("{passed} passed, {failed} failed, {unavailable} targets unavailable");
    if missing > 0 {
        println!("{missing} not tried, because a service is unavailable");
    }
    Ok(if failed == 0 && passed > 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Returns the variants to start a target as, each with the workloads that it answers.
fn servers<'a, 'b>(
    target: &'a Target,
    workloads: &[&'b Workload],
    catalogue: &Catalogue,
) -> Vec<(&'a App, Vec<&'b Workload>)> {
    let services = |workload: &Workload| -> Vec<&str> {
        let needed = catalogue.services_for(workload);
        needed.iter().map(|service| service.name.as_str()).collect()
    };
    let mut servers: Vec<(&App, Vec<&Workload>)> = Vec::new();
    for workload in workloads.iter().filter(|workload| workload.mix.is_empty()) {
        let Some(app) = target.app(workload) else {
            continue;
        };
        let same = servers.iter_mut().find(|(other, served)| {
            std::ptr::eq(*other, app)
                && served[0].routes == workload.routes
                && services(served[0]) == services(workload)
        });
        match same {
            Some((_, served)) => served.push(workload),
            None => servers.push((app, vec![workload])),
        }
    }
    servers
}

/// Sends a workload's requests with random values, one after another on one connection.
pub fn check(server: &Server, workload: &Workload, seed: u64, values: u32) -> Result<()> {
    let mut rng = Rng::with_seed(seed ^ name_seed(&workload.name));
    block_on(Duration::from_secs(60), async {
        let host = format!("127.0.0.1:{}", server.port);
        let mut connection = Connection::open(server.port).await?;
        for _ in 0..values {
            let shot = Shot::new(workload, &host, &mut rng)?;
            if !connection.is_open() {
                connection = Connection::open(server.port).await?;
            }
            let answer = connection.send(&shot).await?;
            if let Err(why) = shot.check(answer.status, &answer.headers, &answer.body) {
                bail!(why);
            }
        }
        Ok(())
    })
}

/// Derives a seed from a workload's name, so that its values do not depend on the other workloads.
fn name_seed(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |value, byte| {
        (value ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Returns the program of a target for a workload, or the reason why the target has none.
pub fn app_for<'a>(
    target: &'a Target,
    workload: &Workload,
    catalogue: &Catalogue,
) -> Result<&'a App, String> {
    if let Some(app) = target.app(workload) {
        return Ok(app);
    }
    // One program must serve every part of a mix.
    let parts = catalogue.parts(workload);
    if !workload.mix.is_empty() {
        let all = |app: &&App| parts.iter().all(|(part, _)| app.serves(part));
        if let Some(app) = target.apps.iter().find(all) {
            return Ok(app);
        }
    }
    Err(match target.exception(workload) {
        Some(why) => format!(
            "`{}` does not serve `{}`: {why}",
            target.name, workload.name
        ),
        None => format!("`{}` does not serve `{}`", target.name, workload.name),
    })
}

/// Builds a target; fails if this machine lacks something that it needs.
pub fn ready(target: &Target, paths: &Paths) -> Result<()> {
    if let Availability::Missing(why) = availability(target, paths)? {
        bail!("target `{}` is unavailable: {why}", target.name);
    }
    build(target, paths, false)
}
