//! Calls the handler `hello` of an app a given number of times: a program for callgrind, which
//! counts its instructions.
//!
//! `scripts/bench-instructions` runs it twice under valgrind with different numbers of calls, so
//! that the work before the first call cancels out. The count does not depend on other processes,
//! which makes it suitable for regression checks; it does not include the cost of page faults and
//! system calls.

#[path = "common/mod.rs"]
mod common;
#[path = "boundary/lane.rs"]
mod lane;

use common::cases::Case;
use common::direct::Mode;
use common::options::Options;
use common::rounds::Subject as _;
use std::process::ExitCode;
use std::time::Duration;
use wasmtime::{Result, bail};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    common::process::exit(run())
}

/// `--lane NAME --only reused|fresh --rounds CALLS`
fn run() -> Result<()> {
    let options = Options::parse("scripts/bench-instructions", std::env::args().skip(1))?;
    let mode = match options.only.as_deref() {
        Some("reused") => Mode::Reused,
        Some("fresh") => Mode::Fresh,
        _ => bail!("`--only` needs `reused` or `fresh`: run `scripts/bench-instructions`"),
    };
    let [hello, ..] = Case::all();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    for name in options.lanes()? {
        let path = options.guests.join(format!("{name}-app.wasm"));
        runtime.block_on(async {
            // Epoch ticks follow wall time, so interrupted calls do extra work.
            let loading = lane::Lane::runtime(SLOTS)?.with_tick(NEVER);
            let lane = lane::Lane::load(&loading, &path).await?;
            let mut subject = lane.subject(&hello, mode).await?;
            subject.batch(u32::try_from(options.rounds)?).await
        })?;
    }
    Ok(())
}

/// Longer than any run.
const NEVER: Duration = Duration::from_secs(3600);
/// A small number, because valgrind has little address space.
const SLOTS: u32 = 3;
