//! `micro`: runs the benchmarks of the host's crates, which `bench/micro.toml` names, and
//! holds what they print against their bounds.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde::Deserialize;
use serde_json::Value;

use crate::cli::Common;
use crate::defs::nearest;

/// What `micro` takes.
#[derive(Debug, Args)]
pub struct Options {
    /// The suites [default: all]
    #[arg(value_name = "SUITE")]
    suites: Vec<String>,
    /// Fail where a figure is past its own, tighter bound too
    #[arg(long)]
    strict: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    suite: Vec<Suite>,
}

/// One command and what is read of its output.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Suite {
    name: String,
    description: String,
    command: Vec<String>,
    reads: Reads,
    #[serde(default, rename = "bound")]
    bounds: Vec<Bound>,
}

/// The form of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Reads {
    /// The tree that divan prints: medians.
    Divan,
    /// The JSON of `scripts/bench-boundary`: medians of calls of the app.
    Boundary,
    /// Nothing but whether it failed.
    Exit,
}

/// What a figure may come to, in microseconds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bound {
    figure: String,
    what: String,
    outer: f64,
    own: f64,
}

/// Runs what is selected.
pub fn run(common: &Common, options: &Options) -> Result<ExitCode> {
    let places = common.places()?;
    let name = common
        .definitions
        .clone()
        .unwrap_or_else(|| places.root.join("bench"))
        .join("micro.toml");
    let text =
        fs::read_to_string(&name).with_context(|| format!("cannot read `{}`", name.display()))?;
    let file: File = toml::from_str(&text).with_context(|| format!("`{}`", name.display()))?;
    for asked in &options.suites {
        if !file.suite.iter().any(|suite| &suite.name == asked) {
            bail!(
                "there is no suite `{asked}`{}",
                nearest(asked, file.suite.iter().map(|suite| suite.name.as_str()))
            );
        }
    }
    let (mut past_outer, mut past_own, mut held) = (0, 0, 0);
    println!("| figure | us | own bound | outer bound | |\n|---|---|---|---|---|");
    for suite in &file.suite {
        if !options.suites.is_empty() && !options.suites.contains(&suite.name) {
            continue;
        }
        eprintln!("{}: {}", suite.name, suite.description);
        let Some((program, arguments)) = suite.command.split_first() else {
            bail!("the suite `{}` has no command", suite.name);
        };
        let output = Command::new(places.find(program).unwrap_or_else(|| program.into()))
            .args(arguments)
            .current_dir(&places.root)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output();
        let output = output.with_context(|| {
            format!(
                "cannot run `{}` of suite `{}`",
                suite.command.join(" "),
                suite.name
            )
        })?;
        if suite.reads == Reads::Exit {
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
            Reads::Divan => divan(&text),
            _ => boundary(&text)?,
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
            let words = match (*figure > bound.outer, *figure > bound.own) {
                (true, _) => "past the outer bound",
                (_, true) => "past its own bound",
                _ => "held",
            };
            past_outer += usize::from(*figure > bound.outer);
            past_own += usize::from(*figure > bound.own);
            held += usize::from(*figure <= bound.own);
            println!(
                "| {} ({}) | {figure:.3} | {} | {} | {words} |",
                bound.what, bound.figure, bound.own, bound.outer
            );
        }
    }
    println!("{held} bounds held, {past_own} past their own, {past_outer} past the outer one");
    let failed = past_outer > 0 || (options.strict && past_own > 0);
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Medians in microseconds, by the path through divan's tree.
fn divan(text: &str) -> BTreeMap<String, f64> {
    let mut path: Vec<String> = Vec::new();
    let mut figures = BTreeMap::new();
    for line in text.lines() {
        let Some(at) = line.find("├─ ").or_else(|| line.find("╰─ ")) else {
            continue;
        };
        // Each level is three columns wide; its lines are of several bytes.
        let depth = line[..at].chars().count() / 3;
        let rest = &line[at..].trim_start_matches(['├', '╰', '─', ' ']);
        let mut columns = rest.split('│');
        let mut words = columns.next().unwrap_or_default().split_whitespace();
        path.truncate(depth);
        path.push(words.next().unwrap_or_default().to_owned());
        if let Some(median) = columns.nth(1).and_then(micros) {
            figures.insert(path.join("/"), median);
        }
    }
    figures
}

/// `4.526 µs` in microseconds.
fn micros(text: &str) -> Option<f64> {
    let (number, unit) = text.trim().split_once(' ')?;
    let scale = match unit {
        "ps" => 1e-6,
        "ns" => 1e-3,
        "µs" | "us" => 1.0,
        "ms" => 1e3,
        "s" => 1e6,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * scale)
}

/// Medians in microseconds, by lane, handler and kind of instance.
fn boundary(text: &str) -> Result<BTreeMap<String, f64>> {
    let start = text.find(['[', '{']).context("the output has no JSON")?;
    let value: Value =
        serde_json::from_str(text[start..].trim()).context("the output is no JSON")?;
    let mut figures = BTreeMap::new();
    let lanes = value
        .as_array()
        .cloned()
        .unwrap_or_else(|| vec![value.clone()]);
    for lane in &lanes {
        for row in lane["rows"].as_array().into_iter().flatten() {
            // Of `reused instance`, the first word.
            let field = |name: &str| {
                let text = row[name].as_str().unwrap_or_default();
                text.strip_suffix(" instance").unwrap_or(text).to_owned()
            };
            let name = format!(
                "{}/{}/{}",
                lane["lane"].as_str().unwrap_or_default(),
                field("handler"),
                field("instance")
            );
            if let Some(median) = row["app_us"]["median"].as_f64() {
                figures.insert(name, median);
            }
        }
    }
    Ok(figures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_divan() {
        let text = "\
contract            fastest       │ slowest       │ median        │ mean          │ samples │ iters
├─ body                           │               │               │               │         │
│  ├─ floor_parse   3.865 µs      │ 31.4 µs       │ 4.526 µs      │ 7.544 µs      │ 10      │ 10
│  │                265.6 MB/s    │ 32.69 MB/s    │ 226.8 MB/s    │ 136.1 MB/s    │         │
╰─ route                          │               │               │               │         │
   ├─ find                        │               │               │               │         │
   │  ╰─ 1000       116.6 ns      │ 378.8 ns      │ 138.8 ns      │ 186.5 ns      │ 10      │ 20000
   ╰─ miss          1 ms          │ 2 ms          │ 1.5 ms        │ 1 ms          │ 10      │ 20000
";
        let figures = divan(text);
        assert_eq!(figures["body/floor_parse"], 4.526);
        assert!(
            (figures["route/find/1000"] - 0.1388).abs() < 1e-9,
            "{figures:?}"
        );
        assert_eq!(figures["route/miss"], 1500.0);
        assert_eq!(figures.len(), 3);
    }

    #[test]
    fn the_file_of_the_tree_is_sound() {
        let file: File = toml::from_str(include_str!("../../micro.toml")).unwrap();
        assert!(
            file.suite
                .iter()
                .flat_map(|suite| &suite.bounds)
                .all(|bound| bound.own <= bound.outer)
        );
    }
}
