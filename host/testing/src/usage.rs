//! What a process has of the machine, as `/proc` says it; on Linux alone.

use std::fs;
use std::io;

/// What a process has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Resident memory, in bytes.
    pub rss: u64,
    /// The most it has been, in bytes.
    pub peak: u64,
    /// Open files, sockets among them.
    pub open_files: u64,
    /// Threads.
    pub threads: u64,
}

impl Usage {
    /// What a process has now.
    ///
    /// # Errors
    /// There is no such process, or no `/proc`.
    pub fn of(process: u32) -> io::Result<Self> {
        let status = fs::read_to_string(format!("/proc/{process}/status"))?;
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
            number.ok_or_else(|| io::Error::other(format!("`{name}` is not in\n{status}")))
        };
        Ok(Self {
            rss: number("VmRSS:")? * 1024,
            peak: number("VmHWM:")? * 1024,
            open_files: fs::read_dir(format!("/proc/{process}/fd"))?.count() as u64,
            threads: number("Threads:")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_this_process_has() {
        let before = Usage::of(std::process::id()).expect("this process");
        assert!(before.rss > 0 && before.peak >= before.rss, "{before:?}");
        assert!(before.open_files >= 3 && before.threads >= 1, "{before:?}");
        assert!(Usage::of(u32::MAX).is_err());
    }
}
