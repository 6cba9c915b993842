//! A timer with nanosecond resolution; tokio's timer has a resolution of one millisecond.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::Result;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use tokio::io::unix::AsyncFd;

/// A reusable timer.
#[derive(Debug)]
pub(super) struct Timer(AsyncFd<OwnedFd>);

impl Timer {
    pub(super) fn new() -> Result<Self> {
        let fd = timerfd_create(
            TimerfdClockId::Monotonic,
            TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC,
        )?;
        // `register` exists for types that may misreport the descriptor they own; `OwnedFd` does
        // not.
        #[expect(
            deprecated,
            reason = "the replacement is unsafe and has no benefit here"
        )]
        let timer = AsyncFd::new(fd)?;
        Ok(Self(timer))
    }

    /// Waits until a time; returns at once if it is in the past.
    pub(super) async fn until(&self, time: Instant) -> Result<()> {
        loop {
            let left = time.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            self.after(left).await?;
        }
    }

    async fn after(&self, time: Duration) -> Result<()> {
        let none = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let value = Timespec {
            tv_sec: time.as_secs() as i64,
            tv_nsec: time.subsec_nanos().max(1).into(),
        };
        timerfd_settime(
            self.0.get_ref(),
            TimerfdTimerFlags::empty(),
            &Itimerspec {
                it_interval: none,
                it_value: value,
            },
        )?;
        loop {
            let mut guard = self.0.readable().await?;
            let mut times = [0; 8];
            match guard.try_io(|fd| Ok(rustix::io::read(fd.get_ref(), &mut times)?)) {
                Ok(read) => {
                    read?;
                    return Ok(());
                }
                Err(_) => continue,
            }
        }
    }
}
