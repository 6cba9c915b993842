//! Client that performs one random action after another.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use super::kinds::{self, After, Kind, Spins};
use super::tally::Tally;
use crate::random::Random;
use crate::wire::Wire;

/// A client and its connection.
pub(super) struct Client {
    address: SocketAddr,
    fresh: bool,
    random: Random,
    wire: Option<Wire>,
    tally: Arc<Tally>,
    spins: Arc<Spins>,
}

impl Client {
    pub(super) fn new(
        address: SocketAddr,
        fresh: bool,
        seed: u64,
        (tally, spins): (Arc<Tally>, Arc<Spins>),
    ) -> Self {
        Self {
            address,
            fresh,
            random: Random::seeded(seed),
            wire: None,
            tally,
            spins,
        }
    }

    /// Performs actions until a point in time.
    pub(super) fn run(mut self, until: Instant) {
        while Instant::now() < until {
            self.next();
            kinds::pause(&mut self.random, 10, 50);
        }
    }

    fn next(&mut self) {
        let (kind, name) = kinds::draw(&mut self.random);
        if kind == Kind::Spin && !self.spins.may() {
            return;
        }
        // One of four actions opens a new connection.
        if self.random.within(0, 4) == 0 {
            self.wire = None;
        }
        let wire = match self.wire.take() {
            Some(wire) => Ok(wire),
            None => kinds::open(self.address),
        };
        let done = wire.and_then(|mut wire| {
            let after = kinds::act(kind, &mut wire, &mut self.random, self.fresh)?;
            Ok(matches!(after, After::Keep).then_some(wire))
        });
        match done {
            Ok(wire) => {
                self.wire = wire;
                self.tally.expected(name);
            }
            Err(what) => self.tally.unexpected(name, what),
        }
    }
}
