//! Resource usage of a process, read from `/proc` (Linux only).

use std::fs;
use std::io;

/// Resource usage of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Resident memory, in bytes.
    pub rss: u64,
    /// Peak resident memory, in bytes.
    pub peak: u64,
    /// Open file descriptors, including sockets.
    pub open_files: u64,
    /// Number of threads.
    pub threads: u64,
}

impl Usage {
    /// Returns the current resource usage of a process.
    ///
    /// # Errors
    /// Fails if the process does not exist, or the system has no `/proc`.
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
