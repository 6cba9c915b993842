//! State that the connections of a load process share: prepared requests and counters.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use fastrand::Rng;

use crate::client::Connection;
use crate::shot::Shot;

use super::plan::Plan;
use super::tally::{Outcome, Tally};

/// State that all connections share.
pub(super) struct Shared {
    shots: Vec<Prepared>,
    /// The order in which to send them, repeated endlessly.
    order: Vec<usize>,
    next: Cell<usize>,
    port: u16,
    pub(super) timeout: Duration,
    pub(super) tallies: RefCell<Vec<Tally>>,
    /// Correct replies so far, by time of arrival.
    pub(super) done: Cell<u64>,
    pub(super) failures: Cell<u64>,
    pub(super) stop: Cell<bool>,
}

struct Prepared {
    shot: Shot,
    /// The body of a correct reply; an identical body needs no second check.
    known: RefCell<Option<Bytes>>,
}

/// Prepares all requests and their order. The order consists of blocks that hold as many requests
/// of each workload as its weight, so that each workload has its share of every segment.
fn prepare(plan: &Plan) -> Result<(Vec<Prepared>, Vec<usize>)> {
    let mut rng = Rng::with_seed(plan.seed);
    let host = format!("127.0.0.1:{}", plan.port);
    let mut shots = Vec::new();
    let mut blocks = vec![Vec::new(); plan.variants];
    for (workload, weight) in &plan.workloads {
        let first = shots.len();
        for _ in 0..plan.variants {
            let shot = Shot::new(workload, &host, &mut rng);
            let shot = shot.with_context(|| format!("workload `{}`", workload.name))?;
            shots.push(Prepared {
                shot,
                known: RefCell::default(),
            });
        }
        let weight = *weight as usize;
        for (number, block) in blocks.iter_mut().enumerate() {
            let times = number * weight..(number + 1) * weight;
            block.extend(times.map(|number| first + number % plan.variants));
        }
    }
    for block in &mut blocks {
        rng.shuffle(block);
    }
    rng.shuffle(&mut blocks);
    let order = blocks.concat();
    anyhow::ensure!(!order.is_empty(), "the plan has no requests");
    Ok((shots, order))
}

impl Shared {
    /// Prepares the requests of a plan.
    pub(super) fn new(plan: &Plan) -> Result<Self> {
        let (shots, order) = prepare(plan)?;
        Ok(Self {
            shots,
            order,
            next: Cell::new(0),
            port: plan.port,
            timeout: Duration::from_secs_f64(plan.timeout),
            tallies: RefCell::default(),
            done: Cell::new(0),
            failures: Cell::new(0),
            stop: Cell::new(false),
        })
    }

    /// Sends the next request and checks the reply.
    pub(super) async fn ask(&self, connection: &mut Option<Connection>) -> Outcome {
        let next = self.next.get();
        self.next.set((next + 1) % self.order.len());
        let prepared = &self.shots[self.order[next]];
        let asked = tokio::time::timeout(self.timeout, self.send(connection, &prepared.shot)).await;
        let answer = match asked {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                *connection = None;
                // Avoid a busy loop against a server that is down.
                tokio::time::sleep(Duration::from_millis(10)).await;
                return Outcome::Error(format!("{error:#}"));
            }
            Err(_) => {
                *connection = None;
                let seconds = self.timeout.as_secs_f64();
                return Outcome::Error(format!("no reply within {seconds} s"));
            }
        };
        let length = answer.body.len();
        let known = prepared
            .known
            .borrow()
            .as_ref()
            .is_some_and(|known| *known == answer.body);
        if known && prepared.shot.status_fits(answer.status) {
            return Outcome::Right(length);
        }
        match prepared
            .shot
            .check(answer.status, &answer.headers, &answer.body)
        {
            Ok(()) => {
                *prepared.known.borrow_mut() = Some(answer.body);
                Outcome::Right(length)
            }
            Err(why) if prepared.shot.status_fits(answer.status) => Outcome::Wrong(why),
            Err(why) => Outcome::Error(why),
        }
    }

    async fn send(
        &self,
        connection: &mut Option<Connection>,
        shot: &Shot,
    ) -> Result<crate::client::Answer> {
        // A server may close an idle connection; that is not an error.
        if connection
            .as_ref()
            .is_none_or(|connection| !connection.is_open())
        {
            *connection = Some(Connection::open(self.port).await?);
        }
        match connection {
            Some(connection) => connection.send(shot).await,
            None => anyhow::bail!("the connection is closed"),
        }
    }

    /// Counts a reply for the segment in which the request was due.
    pub(super) fn count(&self, now: Instant, due: Instant, outcome: Outcome) {
        match &outcome {
            Outcome::Right(_) => self.done.set(self.done.get() + 1),
            _ => self.failures.set(self.failures.get() + 1),
        }
        let mut tallies = self.tallies.borrow_mut();
        if let Some(tally) = tallies
            .iter_mut()
            .find(|tally| tally.begin <= due && due < tally.end)
        {
            tally.record(now - due, outcome);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::defs::Workload;

    #[test]
    fn every_block_of_a_mix_has_the_share_of_each_workload() {
        let workload = |name: &str| -> Workload {
            let text = format!(
                "name = \"{name}\"\ndescription = \"\"\nsuite = \"s\"\ncategory = \"c\"\n\
                 request = {{ method = \"GET\", path = \"/{name}\" }}\nreply = {{ body = {{ some = true }} }}"
            );
            toml::from_str(&text).expect("the workload is well-formed")
        };
        let plan = Plan {
            port: 1,
            pid: 1,
            cores: "0".to_owned(),
            workloads: vec![(workload("often"), 9), (workload("seldom"), 1)],
            seed: 7,
            variants: 64,
            timeout: 1.0,
            phases: Vec::new(),
            knee: None,
        };
        let (shots, order) = prepare(&plan).unwrap();
        assert_eq!((shots.len(), order.len()), (128, 640));
        let seldom = |index: &&usize| **index >= 64;
        for block in order.chunks(10) {
            assert_eq!(block.iter().filter(seldom).count(), 1, "{block:?}");
        }
        // Each variant is sent as often as the other variants of its workload.
        for (index, times) in [(0, 9), (63, 9), (64, 1), (127, 1)] {
            assert_eq!(order.iter().filter(|other| **other == index).count(), times);
        }
    }
}
