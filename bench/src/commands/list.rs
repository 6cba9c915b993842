//! `list`: prints all definitions and which of them this machine can run.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::options::Common;
use crate::server::{Availability, availability, service_availability, version};

/// Options of `list`.
#[derive(Debug, Args)]
pub struct Options {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Lists all definitions.
pub fn run(common: &Common, options: &Options) -> Result<ExitCode> {
    let (catalogue, paths) = common.read()?;
    let mut targets = Vec::new();
    for target in catalogue.targets.values() {
        let (state, note) = match availability(target, &paths)? {
            Availability::Ready => match version(target, &paths) {
                Ok(version) => ("available", version),
                Err(error) => ("unavailable", format!("{error:#}")),
            },
            Availability::Unbuilt => ("not built", "`verify` and `run` build it".to_owned()),
            Availability::Missing(why) => ("unavailable", why),
        };
        let serves = catalogue
            .workloads
            .values()
            .filter(|workload| target.app(workload).is_some())
            .count();
        targets.push(json!({
            "name": target.name, "kind": target.kind, "language": target.language, "runtime": target.runtime,
            "description": target.description, "state": state, "note": note, "workloads": serves, "fairness": target.fairness,
        }));
    }
    if options.json {
        let all = json!({
            "targets": targets,
            "services": catalogue.services.values().collect::<Vec<_>>(),
            "workloads": catalogue.workloads.values().collect::<Vec<_>>(),
            "loads": catalogue.loads.values().collect::<Vec<_>>(),
        });
        print(&(serde_json::to_string_pretty(&all)? + "\n"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = String::from("Targets\n");
    for target in &targets {
        let field = |name: &str| target[name].as_str().unwrap_or_default();
        let _ = writeln!(
            text,
            "  {:<28} {:<10} {:<11} {:<4} workloads  {:<12} {}",
            field("name"),
            field("kind"),
            field("language"),
            target["workloads"],
            field("state"),
            field("note")
        );
    }
    text += "\nWorkloads\n";
    for workload in catalogue.workloads.values() {
        let _ = writeln!(
            text,
            "  {:<30} {:<9} {}",
            workload.name, workload.suite, workload.description
        );
    }
    text += "\nServices\n";
    for service in catalogue.services.values() {
        let note = match service_availability(service, &paths)? {
            Availability::Missing(why) => format!("unavailable: {why}"),
            Availability::Ready | Availability::Unbuilt => service.description.clone(),
        };
        let _ = writeln!(text, "  {:<22} {note}", service.name);
    }
    text += "\nLoads\n";
    for load in catalogue.loads.values() {
        let _ = writeln!(text, "  {:<22} {}", load.name, load.description);
    }
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints text; a closed pipe is not an error.
fn print(text: &str) -> Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        done => Ok(done?),
    }
}
