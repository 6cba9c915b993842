//! Runs an experiment and prints its table.

use crate::common::code;
use crate::common::direct::{Direct, Mode};
use crate::common::engine;
use crate::common::guest::Guest;
use crate::common::options::Options;
use crate::common::process;
use crate::common::rounds::{self, Subject as _};
use crate::common::stats::{quantiles, ratios};
use crate::common::types::{Body, Request};
use crate::experiments::Experiment;
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;
use wasmtime::Result;
use wasmtime::error::Context as _;

/// The compiled guests of an experiment.
pub(crate) struct Prepared {
    lane: &'static str,
    name: &'static str,
    mode: Mode,
    guests: Vec<(String, Arc<Guest>)>,
}

impl Prepared {
    /// Compiles and links the guests.
    pub(crate) fn new(
        lane: &'static str,
        experiment: Experiment,
        options: &Options,
    ) -> Result<Self> {
        let path = options.guests.join(format!("{lane}-app.wasm"));
        let mut engines = Vec::new();
        let mut guests = Vec::new();
        for variant in experiment.variants {
            let engine = variant.knobs.engine().context(variant.name.clone())?;
            let component = code::load(&engine, &path)?;
            let linker = engine::app_linker(&component, variant.blocking)?;
            let mut guest = Guest::new(&linker, "app", &component)?;
            if !variant.knobs.epochs {
                guest = guest.without_epochs();
            }
            if variant.blocking {
                guest = guest.blocking();
            }
            engines.push(engine);
            guests.push((variant.name, Arc::new(guest)));
        }
        engine::tick(engines)?;
        Ok(Self {
            lane,
            name: experiment.name,
            mode: experiment.mode,
            guests,
        })
    }

    /// Times the handler `hello`, which is the app's first route.
    pub(crate) async fn measure(self, options: &Options) -> Result<Table> {
        let request = Request {
            route: 0,
            params: "",
            body: Body::Empty,
        };
        let mut times: Vec<Vec<f64>> = vec![Vec::new(); self.guests.len()];
        let mut faults = vec![0.0; self.guests.len()];
        for _ in 0..options.sessions {
            let mut subjects = Vec::new();
            let mut calls = Vec::new();
            for (name, guest) in &self.guests {
                let subject = Direct::new(guest.clone(), request, self.mode).await;
                let mut subject = subject.with_context(|| format!("{}, {name}", self.lane))?;
                rounds::calibrate(&mut subject, options.batch * 4).await?;
                let filled = rounds::calibrate(&mut subject, options.batch).await?;
                let before = process::page_faults()?;
                subject.batch(filled).await?;
                faults[subjects.len()] =
                    (process::page_faults()? - before) as f64 / f64::from(filled);
                calls.push(filled);
                subjects.push(subject);
            }
            for round in 0..options.rounds {
                let round = rounds::uneven(&mut subjects, &calls, round).await?;
                for (times, time) in times.iter_mut().zip(round) {
                    times.push(time);
                }
            }
        }
        let base = times[0].clone();
        let names = self.guests.into_iter().map(|(name, _)| name);
        let rows = names
            .zip(times)
            .zip(faults)
            .map(|((name, times), faults)| Row {
                name,
                times: quantiles(&times),
                ratios: quantiles(&ratios(&times, &base)),
                faults,
            });
        Ok(Table {
            lane: self.lane,
            name: self.name,
            mode: self.mode,
            rows: rows.collect(),
        })
    }
}

/// The results of an experiment.
pub(crate) struct Table {
    lane: &'static str,
    name: &'static str,
    mode: Mode,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    /// Microseconds per call.
    times: [f64; 3],
    /// Ratios to the base.
    ratios: [f64; 3],
    /// Page faults per call.
    faults: f64,
}

impl Table {
    pub(crate) fn json(&self) -> Value {
        let row = |row: &Row| {
            let (time, ratio) = (row.times, row.ratios);
            json!({
                "variant": row.name,
                "page_faults": row.faults,
                "us": { "p10": time[0], "median": time[1], "p90": time[2] },
                "ratio": { "p10": ratio[0], "median": ratio[1], "p90": ratio[2] },
            })
        };
        json!({
            "experiment": self.name,
            "lane": self.lane,
            "instance": self.mode.name(),
            "rows": self.rows.iter().map(row).collect::<Vec<_>>(),
        })
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}, {}, {}\n", self.name, self.lane, self.mode.name())?;
        f.write_str(
            "| variant | us | ratio | p10 to p90 | page faults |\n|---|---|---|---|---|\n",
        )?;
        for row in &self.rows {
            let (name, [_, time, _], [low, ratio, high]) = (&row.name, row.times, row.ratios);
            writeln!(
                f,
                "| {name} | {time:.2} | {ratio:.2} | {low:.2} to {high:.2} | {:.1} |",
                row.faults
            )?;
        }
        Ok(())
    }
}
