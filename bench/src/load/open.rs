//! The open loop: requests are due at fixed times and latency counts from then, so that a stalled
//! server cannot hide the requests that it delayed (coordinated omission).

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

use fastrand::Rng;
use tokio::sync::Semaphore;

use crate::client::Connection;
use crate::defs::Arrivals;

use super::plan::Segment;
use super::shared::Shared;
use super::timer::Timer;

/// Requests that are due and wait for a connection, and requests in flight.
#[derive(Debug)]
pub(super) struct Schedule {
    due: RefCell<VecDeque<Instant>>,
    under_way: RefCell<Vec<Instant>>,
    ready: Semaphore,
    over: Cell<bool>,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            due: RefCell::default(),
            under_way: RefCell::default(),
            ready: Semaphore::new(0),
            over: Cell::new(false),
        }
    }
}

impl Schedule {
    /// Counts every unanswered request with the time that it has waited.
    pub(super) fn give_up(&self, shared: &Shared) {
        let now = Instant::now();
        let mut tallies = shared.tallies.borrow_mut();
        for due in self
            .due
            .borrow_mut()
            .drain(..)
            .chain(self.under_way.borrow_mut().drain(..))
        {
            if let Some(tally) = tallies
                .iter_mut()
                .find(|tally| tally.begin <= due && due < tally.end)
            {
                tally.give_up(now - due);
            }
        }
    }
}

/// Queues each request when it is due.
pub(super) async fn dispatch(
    shared: Rc<Shared>,
    schedule: Rc<Schedule>,
    segments: Vec<Segment>,
    start: Instant,
    arrivals: Arrivals,
    mut rng: Rng,
) {
    if let Ok(timer) = Timer::new() {
        let mut begin = start;
        'all: for (index, segment) in segments.iter().enumerate() {
            let distance = 1.0 / segment.rate;
            let mut offset = match arrivals {
                Arrivals::Even => 0.0,
                Arrivals::Poisson => exponential(distance, &mut rng),
            };
            let mut number = 0_u64;
            while offset < segment.seconds {
                let due = begin + Duration::from_secs_f64(offset);
                if timer.until(due).await.is_err() || shared.stop.get() {
                    break 'all;
                }
                // The generator's own lateness, which is not the server's fault.
                if let Some(tally) = shared.tallies.borrow_mut().get_mut(index) {
                    tally.lag(due.elapsed());
                }
                schedule.due.borrow_mut().push_back(due);
                schedule.ready.add_permits(1);
                number += 1;
                offset = match arrivals {
                    // Multiply instead of adding up rounded intervals, so that the rate stays
                    // exact.
                    Arrivals::Even => number as f64 * distance,
                    Arrivals::Poisson => offset + exponential(distance, &mut rng),
                };
                // Let the connections run if the generator is behind schedule.
                tokio::task::yield_now().await;
            }
            begin += Duration::from_secs_f64(segment.seconds);
        }
    }
    schedule.over.set(true);
    schedule.ready.close();
}

fn exponential(mean: f64, rng: &mut Rng) -> f64 {
    -(1.0 - rng.f64()).ln() * mean
}

/// Runs one connection that sends the next due request.
pub(super) async fn serve(
    shared: Rc<Shared>,
    schedule: Rc<Schedule>,
    mut connection: Option<Connection>,
) {
    loop {
        match schedule.ready.acquire().await {
            Ok(permit) => permit.forget(),
            // A closed semaphore grants no permits; requests that are still due need none.
            Err(_) if schedule.due.borrow().is_empty() => return,
            Err(_) => {}
        }
        let Some(due) = schedule.due.borrow_mut().pop_front() else {
            if schedule.over.get() {
                return;
            }
            continue;
        };
        schedule.under_way.borrow_mut().push(due);
        let outcome = shared.ask(&mut connection).await;
        schedule
            .under_way
            .borrow_mut()
            .retain(|other| *other != due);
        shared.count(Instant::now(), due, outcome);
    }
}
