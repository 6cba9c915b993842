//! `list`: what is defined, and what of it can be measured here.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::cli::Common;
use crate::server::{Availability, availability, version};

/// What `list` takes.
#[derive(Debug, Args)]
pub struct Options {
    /// For programs
    #[arg(long)]
    json: bool,
}

/// Shows all definitions.
pub fn run(common: &Common, options: &Options) -> Result<ExitCode> {
    let (catalogue, places) = common.read()?;
    let mut targets = Vec::new();
    for target in catalogue.targets.values() {
        let (state, note) = match availability(target, &places)? {
            Availability::Ready => match version(target, &places) {
                Ok(version) => ("available", version),
                Err(error) => ("unavailable", format!("{error:#}")),
            },
            Availability::Unbuilt => ("not built", "`verify` and `run` build it".to_owned()),
            Availability::Missing(why) => ("unavailable", why),
        };
        let serves = catalogue.workloads.values().filter(|workload| target.app(workload).is_some()).count();
        targets.push(json!({
            "name": target.name, "kind": target.kind, "language": target.language, "runtime": target.runtime,
            "description": target.description, "state": state, "note": note, "workloads": serves, "fairness": target.fairness,
        }));
    }
    if options.json {
        let all = json!({
            "targets": targets,
            "workloads": catalogue.workloads.values().collect::<Vec<_>>(),
            "loads": catalogue.loads.values().collect::<Vec<_>>(),
        });
        println!("{}", serde_json::to_string_pretty(&all)?);
        return Ok(ExitCode::SUCCESS);
    }
    println!("Targets");
    for target in &targets {
        let text = |name: &str| target[name].as_str().unwrap_or_default();
        println!(
            "  {:<22} {:<10} {:<11} {:<4} workloads  {:<12} {}",
            text("name"),
            text("kind"),
            text("language"),
            target["workloads"],
            text("state"),
            text("note")
        );
    }
    println!("\nWorkloads");
    for workload in catalogue.workloads.values() {
        println!("  {:<30} {:<9} {}", workload.name, workload.suite, workload.description);
    }
    println!("\nLoads");
    for load in catalogue.loads.values() {
        println!("  {:<22} {}", load.name, load.description);
    }
    Ok(ExitCode::SUCCESS)
}
