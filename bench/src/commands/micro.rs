//! `micro`: runs the microbenchmarks of the host crates that `bench/micro.toml` names, and
//! compares the figures that they print with their bounds.

mod figures;

use std::env;
use std::fs;
use std::process::{Command, ExitCode, Output, Stdio};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde::Deserialize;

use crate::nearest::nearest;
use crate::options::Common;
use crate::server::Paths;

/// The script that builds the apps for suites with `apps`. `BUILD_ONLY` makes it stop after the
/// build, and `REUSE` makes it skip the build.
const BUILD: &str = "scripts/bench-boundary";
const BUILD_ONLY: &str = "BOUNDARY_BUILD";
const REUSE: &str = "BOUNDARY_REUSE";

/// Options of `micro`.
#[derive(Debug, Args)]
pub struct Options {
    /// Suites to run [default: all]
    #[arg(value_name = "SUITE")]
    suites: Vec<String>,
    /// Fail also if a figure exceeds its own, tighter bound
    #[arg(long)]
    strict: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    suite: Vec<Suite>,
}

/// One command and the format of its output.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Suite {
    name: String,
    description: String,
    command: Vec<String>,
    reads: OutputFormat,
    /// True if the suite calls the apps of `bench/boundary`, which are built once for all suites.
    #[serde(default)]
    apps: bool,
    #[serde(default, rename = "bound")]
    bounds: Vec<Bound>,
}

/// The format of a suite's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum OutputFormat {
    /// The tree that divan prints; the figures are medians.
    Divan,
    /// The JSON of `scripts/bench-boundary`; the figures are medians of calls of the app or its
    /// hooks.
    Boundary,
    /// No figures; only the exit status counts.
    Exit,
}

/// The bounds of a figure, in microseconds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bound {
    figure: String,
    what: String,
    outer: f64,
    own: f64,
}

/// How a figure compares with its bounds.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Held,
    PastOwn,
    PastOuter,
}

impl Bound {
    fn judge(&self, figure: f64) -> Verdict {
        match (figure <= self.outer, figure <= self.own) {
            (true, true) => Verdict::Held,
            (true, false) => Verdict::PastOwn,
            (false, _) => Verdict::PastOuter,
        }
    }
}

/// Runs the selected suites.
pub fn run(common: &Common, options: &Options) -> Result<ExitCode> {
    let paths = common.paths()?;
    let name = common
        .definitions
        .clone()
        .unwrap_or_else(|| paths.root.join("bench"))
        .join("micro.toml");
    let text =
        fs::read_to_string(&name).with_context(|| format!("cannot read `{}`", name.display()))?;
    let file: File = toml::from_str(&text).with_context(|| format!("`{}`", name.display()))?;
    for asked in &options.suites {
        if !file.suite.iter().any(|suite| &suite.name == asked) {
            bail!(
                "suite `{asked}` does not exist{}",
                nearest(asked, file.suite.iter().map(|suite| suite.name.as_str()))
            );
        }
    }
    let (mut past_outer, mut past_own, mut held) = (0, 0, 0);
    let mut built = env::var_os(REUSE).is_some_and(|value| !value.is_empty());
    println!("| figure | us | own bound | outer bound | |\n|---|---|---|---|---|");
    for suite in &file.suite {
        if !options.suites.is_empty() && !options.suites.contains(&suite.name) {
            continue;
        }
        eprintln!("{}: {}", suite.name, suite.description);
        if suite.apps && !built {
            build(&paths)?;
            built = true;
        }
        let output = start(&paths, suite)?;
        if suite.reads == OutputFormat::Exit {
            print!("{}", String::from_utf8_lossy(&output.stdout));
            match output.status.success() {
                true => held += 1,
                false => past_outer += 1,
            }
            continue;
        }
        if !output.status.success() {
            bail!("`{}` failed ({})", suite.command.join(" "), output.status);
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let figures = match suite.reads {
            OutputFormat::Divan => figures::divan(&text),
            _ => figures::boundary(&text)?,
        };
        for bound in &suite.bounds {
            let Some(figure) = figures.get(&bound.figure) else {
                bail!(
                    "`{}` did not print the figure `{}`{}",
                    suite.command.join(" "),
                    bound.figure,
                    nearest(&bound.figure, figures.keys().map(String::as_str))
                );
            };
            let (count, words) = match bound.judge(*figure) {
                Verdict::PastOuter => (&mut past_outer, "exceeds the outer bound"),
                Verdict::PastOwn => (&mut past_own, "exceeds its own bound"),
                Verdict::Held => (&mut held, "held"),
            };
            *count += 1;
            println!(
                "| {} ({}) | {figure:.3} | {} | {} | {words} |",
                bound.what, bound.figure, bound.own, bound.outer
            );
        }
    }
    println!(
        "{held} figures within bounds, {past_own} above their own bound, {past_outer} above the outer bound"
    );
    let failed = past_outer > 0 || (options.strict && past_own > 0);
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Builds the apps.
fn build(paths: &Paths) -> Result<()> {
    let status = Command::new(paths.root.join(BUILD))
        .current_dir(&paths.root)
        .env(BUILD_ONLY, "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .with_context(|| format!("cannot run `{BUILD}`"))?;
    if !status.success() {
        bail!("`{BUILD}` failed to build the apps ({status}): see its output above");
    }
    Ok(())
}

/// Runs a suite's command to completion.
fn start(paths: &Paths, suite: &Suite) -> Result<Output> {
    let Some((program, arguments)) = suite.command.split_first() else {
        bail!("the suite `{}` has no command", suite.name);
    };
    let mut command = Command::new(paths.find(program).unwrap_or_else(|| program.into()));
    command
        .args(arguments)
        .current_dir(&paths.root)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    if suite.apps {
        command.env(REUSE, "1");
    }
    command.output().with_context(|| {
        format!(
            "cannot run `{}` of suite `{}`",
            suite.command.join(" "),
            suite.name
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_suites_are_valid() {
        let file: File = toml::from_str(include_str!("../../micro.toml")).unwrap();
        for suite in &file.suite {
            assert!(!suite.command.is_empty(), "{}", suite.name);
            // A suite without bounds checks its own bounds.
            assert_eq!(suite.bounds.is_empty(), suite.reads == OutputFormat::Exit);
            for bound in &suite.bounds {
                assert!(0.0 < bound.own && bound.own <= bound.outer, "{bound:?}");
            }
        }
    }

    #[test]
    fn a_figure_is_compared_with_its_bounds() {
        let bound = Bound {
            figure: "a".to_owned(),
            what: "a".to_owned(),
            outer: 500.0,
            own: 5.0,
        };
        assert_eq!(bound.judge(5.0), Verdict::Held);
        assert_eq!(bound.judge(5.1), Verdict::PastOwn);
        assert_eq!(bound.judge(500.0), Verdict::PastOwn);
        assert_eq!(bound.judge(500.1), Verdict::PastOuter);
        assert_eq!(bound.judge(f64::NAN), Verdict::PastOuter);
    }
}
