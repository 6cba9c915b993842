//! Process-level helpers: pinning, page faults and CPU time.

use std::process::{Command, ExitCode};
use std::time::Duration;
use wasmtime::error::Context as _;
use wasmtime::{Result, bail};

/// Pins all threads of this process to one core.
pub(crate) fn pin(cpu: u32) -> Result<()> {
    let output = Command::new("taskset")
        .args([
            "-a",
            "-c",
            "-p",
            &cpu.to_string(),
            &std::process::id().to_string(),
        ])
        .output()
        .context("cannot run `taskset`: install util-linux or leave out `--cpu`")?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr);
        bail!("cannot pin to core `{cpu}`: {}", reason.trim());
    }
    Ok(())
}

/// Returns the minor page faults of this process so far.
pub(crate) fn page_faults() -> Result<u64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The second field is the program's name in parentheses; the tenth is the number.
    let rest = stat.rsplit(')').next().unwrap_or_default();
    let field = rest.split_whitespace().nth(7);
    let field = field.context("`/proc/self/stat` has too few fields")?;
    Ok(field.parse()?)
}

/// Returns the CPU time of this thread, which does not advance while another program has the core.
pub(crate) fn cpu_time() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `clock_gettime` only writes to the structure that the pointer refers to.
    #[allow(unsafe_code)]
    unsafe {
        libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time);
    }
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or(0),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}

/// Ends a bench; an error is printed as one sentence.
pub(crate) fn exit(done: Result<()>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
