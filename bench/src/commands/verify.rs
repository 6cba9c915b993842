//! `verify`: whether each target answers each workload rightly, before anything is timed.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use fastrand::Rng;

use crate::client::{Connection, block_on};
use crate::defs::{App, Catalogue, Target, Workload};
use crate::options::{Common, Selection};
use crate::server::{Availability, Cores, Places, Server, Start, availability, build};
use crate::shot::Shot;

/// What `verify` takes.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    selection: Selection,
    /// Requests with different values for each workload
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    values: u32,
    /// The seed of the values, to repeat what failed [default: another one each time]
    #[arg(long)]
    seed: Option<u64>,
    /// Build the targets anew
    #[arg(long)]
    build: bool,
    /// The port of the servers [default: a free one]
    #[arg(long)]
    port: Option<u16>,
}

/// Verifies what is selected.
pub fn run(common: &Common, options: &Options) -> Result<ExitCode> {
    let (catalogue, places) = common.read()?;
    let targets = catalogue.select_targets(&options.selection.targets)?;
    let workloads = catalogue.select_workloads(&options.selection.workloads)?;
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..));
    println!("seed {seed}");
    let cores = Cores::allowed()?;
    let (mut passed, mut failed, mut unavailable) = (0, 0, 0);
    for target in targets {
        if let Availability::Missing(why) = availability(target, &places)? {
            unavailable += 1;
            println!("{:<28} unavailable: {why}", target.name);
            continue;
        }
        if let Err(error) = build(target, &places, options.build) {
            failed += 1;
            println!("{:<28} {error:#}", target.name);
            continue;
        }
        let (mut right, before) = (0, failed);
        for (app, served) in servers(target, &workloads) {
            let server = target
                .started_for(served[0], &catalogue)
                .map_err(anyhow::Error::msg)
                .and_then(|target| {
                    build(&target, &places, false)?;
                    let start = Start {
                        target: &target,
                        app,
                        cores: &cores,
                        workers: 1,
                        port: options.port,
                        cached: true,
                    };
                    Server::start(&places, &start)
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
    Ok(if failed == 0 && passed > 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The servers that a target is started as, each with the workloads that it answers then.
fn servers<'a, 'b>(
    target: &'a Target,
    workloads: &[&'b Workload],
) -> Vec<(&'a App, Vec<&'b Workload>)> {
    let mut servers: Vec<(&App, Vec<&Workload>)> = Vec::new();
    for workload in workloads.iter().filter(|workload| workload.mix.is_empty()) {
        let Some(app) = target.app(workload) else {
            continue;
        };
        let same = servers.iter_mut().find(|(other, served)| {
            std::ptr::eq(*other, app) && served[0].routes == workload.routes
        });
        match same {
            Some((_, served)) => served.push(workload),
            None => servers.push((app, vec![workload])),
        }
    }
    servers
}

/// Sends a workload's requests with random values, one after the other on one connection.
pub fn check(server: &Server, workload: &Workload, seed: u64, values: u32) -> Result<()> {
    let mut rng = Rng::with_seed(seed ^ fold(&workload.name));
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

/// Each workload has values of its own for a seed, whatever else is verified.
fn fold(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |value, byte| {
        (value ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The program of a target for a workload, or a sentence that says why there is none.
pub fn app_for<'a>(
    target: &'a Target,
    workload: &Workload,
    catalogue: &Catalogue,
) -> Result<&'a App, String> {
    if let Some(app) = target.app(workload) {
        return Ok(app);
    }
    // A mix is served by whoever serves all that is in it, with one program.
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

/// For other commands: a target's places.
pub fn ready(target: &Target, places: &Places) -> Result<()> {
    if let Availability::Missing(why) = availability(target, places)? {
        bail!("target `{}` is unavailable: {why}", target.name);
    }
    build(target, places, false)
}
