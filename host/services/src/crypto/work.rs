//! Operations with valid arguments, which are complete or still to be run.

use zeroize::Zeroizing;

use crate::outcome::{Failed, Outcome};

/// Largest number of bytes that an operation processes at once; more is slow.
pub(super) const QUICK_BYTES: usize = 256 << 10;

/// Data of an operation, which may be a password.
pub(super) type Data = Zeroizing<Vec<u8>>;

/// An operation with valid arguments.
pub(super) enum Work {
    Done(Outcome),
    Slow(Box<dyn FnOnce() -> Result<Outcome, Failed> + Send>),
}

impl Work {
    /// Work for a thread of its own.
    pub(super) fn slow(run: impl FnOnce() -> Result<Outcome, Failed> + Send + 'static) -> Self {
        Self::Slow(Box::new(run))
    }

    /// Work over so many bytes that is quick if they are few.
    pub(super) fn over(
        bytes: usize,
        run: impl FnOnce() -> Result<Outcome, Failed> + Send + 'static,
    ) -> Result<Self, Failed> {
        match bytes > QUICK_BYTES {
            true => Ok(Self::slow(run)),
            false => run().map(Self::Done),
        }
    }
}
