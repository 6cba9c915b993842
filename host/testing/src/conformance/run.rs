//! Runs the fixtures of a directory and reports their outcomes.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::Host;

use super::app::{Template, serve};
use super::case::Case;
use super::compare::{differences, shorten};
use super::deviations::Deviations;
use super::exchange::send;
use super::fixture::read_folder;
use super::pack::{App, pack};

/// The outcome of a fixture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The response is as expected.
    Passed,
    /// The response is not as expected, for this reason.
    Failed(String),
    /// The response is not as expected, and a known deviation has this reason.
    Deviates(String),
    /// The runner cannot run the fixture, for this reason.
    Skipped(String),
}

/// The outcomes of all fixtures.
#[derive(Debug, Default)]
pub struct Report {
    /// The name and outcome of each fixture, in the order of the files.
    pub outcomes: Vec<(String, Outcome)>,
    /// Fixtures that are listed as deviations but pass.
    pub stale: Vec<String>,
    /// Number of apps.
    pub apps: usize,
}

impl Report {
    /// Returns the report: a line for each fixture that did not pass, and the counts.
    #[must_use]
    pub fn text(&self) -> String {
        let mut lines = Vec::new();
        let [mut passed, mut failed, mut known, mut skipped] = [0; 4];
        for (name, outcome) in &self.outcomes {
            match outcome {
                Outcome::Passed => passed += 1,
                Outcome::Failed(reason) => {
                    failed += 1;
                    lines.push(format!("failed   {name}: {reason}"));
                }
                Outcome::Deviates(reason) => {
                    known += 1;
                    lines.push(format!("deviates {name}: {reason}"));
                }
                Outcome::Skipped(reason) => {
                    skipped += 1;
                    lines.push(format!("skipped  {name}: {}", shorten(reason, 300)));
                }
            }
        }
        for id in &self.stale {
            lines.push(format!(
                "stale    {id} passes: remove it from the list of deviations"
            ));
        }
        if known > 0 {
            lines.push(format!("{known} of the failures are known deviations"));
        }
        let failed = failed + known;
        lines.push(format!(
            "{passed} passed, {failed} failed, {skipped} skipped"
        ));
        lines.join("\n")
    }

    /// Returns true if all failures are known deviations, and no listed fixture passes.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        let failed = |(_, outcome): &(String, Outcome)| matches!(outcome, Outcome::Failed(_));
        self.stale.is_empty() && !self.outcomes.iter().any(failed)
    }
}

/// Runs every fixture of a directory, with several apps in parallel.
///
/// # Errors
/// Fails if the directory cannot be read, or has no JSON file.
pub fn run(
    folder: &Path,
    host: &Host,
    template: &Template,
    deviations: &Deviations,
) -> Result<Report, String> {
    let read = read_folder(folder)?;
    let mut outcomes: Vec<Option<Outcome>> = vec![None; read.len()];
    let mut cases = Vec::new();
    for (index, item) in read.iter().enumerate() {
        let made = item.fixture.as_ref().map_err(Clone::clone);
        match made.and_then(|fixture| Case::new(&item.name, &item.id, fixture)) {
            Ok(case) => cases.push((index, case)),
            Err(reason) if item.broken => outcomes[index] = Some(Outcome::Failed(reason)),
            Err(reason) => outcomes[index] = Some(Outcome::Skipped(reason)),
        }
    }
    // Reserve space for the members around the routes.
    let apps = pack(&cases, template.room().saturating_sub(4096));
    let number = apps.len();
    let runner = Runner {
        host,
        template,
        deviations,
        cases: &cases,
    };
    for (index, outcome) in runner.run_all(apps) {
        outcomes[index] = Some(outcome);
    }
    let mut report = Report {
        apps: number,
        ..Report::default()
    };
    for (item, outcome) in read.iter().zip(outcomes) {
        let outcome = outcome.unwrap_or_else(|| Outcome::Failed("it was not run".to_owned()));
        if outcome == Outcome::Passed && deviations.lists(&item.id) {
            report.stale.push(item.id.clone());
        }
        report.outcomes.push((item.name.clone(), outcome));
    }
    Ok(report)
}

struct Runner<'a> {
    host: &'a Host,
    template: &'a Template,
    deviations: &'a Deviations,
    cases: &'a [(usize, Case)],
}

impl Runner<'_> {
    fn run_all(&self, apps: Vec<App>) -> Vec<(usize, Outcome)> {
        let apps: Vec<Vec<&(usize, Case)>> = apps
            .into_iter()
            .map(|app| {
                let chosen = |item: &&(usize, Case)| app.cases.contains(&item.0);
                self.cases.iter().filter(chosen).collect()
            })
            .collect();
        let queue = Mutex::new(apps);
        let done = Mutex::new(Vec::new());
        let workers = thread::available_parallelism()
            .map_or(2, usize::from)
            .clamp(2, 8);
        thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| {
                    loop {
                        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop();
                        let Some(app) = next else { break };
                        let outcomes = self.run_app(&app);
                        let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                        done.extend(outcomes);
                    }
                });
            }
        });
        done.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn run_app(&self, app: &[&(usize, Case)]) -> Vec<(usize, Outcome)> {
        let cases: Vec<_> = app.iter().map(|(_, case)| case).collect();
        match serve(self.host, self.template, &cases) {
            Ok(served) => {
                let address = served.server.address();
                let run = |(index, case): &&(usize, Case)| (*index, self.run_case(case, address));
                app.iter().map(run).collect()
            }
            // The host rejected the app: bisect to find the fixture that it rejects.
            Err(_) if app.len() > 1 => {
                let (one, other) = app.split_at(app.len() / 2);
                let mut outcomes = self.run_app(one);
                outcomes.extend(self.run_app(other));
                outcomes
            }
            Err(error) => {
                let reason = format!("the host does not serve it: {}", shorten(&error, 400));
                let known = cases
                    .first()
                    .and_then(|case| self.deviations.reason(case, &[], Err(&error)));
                let outcome = match known {
                    Some(known) => Outcome::Deviates(known.to_owned()),
                    None => Outcome::Failed(reason),
                };
                app.iter()
                    .map(|(index, _)| (*index, outcome.clone()))
                    .collect()
            }
        }
    }

    fn run_case(&self, case: &Case, address: std::net::SocketAddr) -> Outcome {
        if let Some(warmup) = case.warmup {
            for at in 0..warmup.requests {
                let status = send(address, &case.request).map(|answer| answer.status);
                if let (Some(wanted), status) = (warmup.status, status.unwrap_or_default())
                    && wanted != status
                {
                    let reason =
                        format!("status {status} instead of {wanted} in warm-up {}", at + 1);
                    return Outcome::Failed(reason);
                }
                thread::sleep(Duration::from_millis(warmup.pause_ms.min(5000)));
            }
        }
        let answer = match send(address, &case.request) {
            Ok(answer) => answer,
            Err(error) => return Outcome::Failed(format!("no response: {error}")),
        };
        let found = differences(&case.expected, case.author, &case.request, &answer);
        if found.is_empty() {
            return match case.forged {
                true => Outcome::Failed(
                    "the host accepted a token with an invalid signature".to_owned(),
                ),
                false => Outcome::Passed,
            };
        }
        if let Some(reason) = self.deviations.reason(case, &found, Ok(&answer)) {
            return Outcome::Deviates(reason.to_owned());
        }
        let texts: Vec<_> = found
            .into_iter()
            .map(|difference| difference.text)
            .collect();
        Outcome::Failed(texts.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(outcomes: Vec<Outcome>) -> Report {
        let outcomes = outcomes
            .into_iter()
            .map(|outcome| ("f/a".to_owned(), outcome));
        Report {
            outcomes: outcomes.collect(),
            ..Report::default()
        }
    }

    #[test]
    fn the_last_line_counts() {
        let report = report(vec![
            Outcome::Passed,
            Outcome::Deviates("r".to_owned()),
            Outcome::Skipped("s".to_owned()),
        ]);
        assert_eq!(
            report.text(),
            "deviates f/a: r\nskipped  f/a: s\n1 of the failures are known deviations\n\
             1 passed, 1 failed, 1 skipped"
        );
        assert!(report.is_fine());
    }

    #[test]
    fn a_failure_and_a_stale_deviation_are_not_fine() {
        assert!(!report(vec![Outcome::Failed("x".to_owned())]).is_fine());
        let mut stale = report(vec![Outcome::Passed]);
        stale.stale.push("a".to_owned());
        assert!(!stale.is_fine());
        assert!(stale.text().ends_with("\n1 passed, 0 failed, 0 skipped"));
    }
}
