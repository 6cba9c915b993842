//! The environment of a run: the machine, its state and the source.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

/// The machine and the source of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Unix time in seconds.
    pub time: u64,
    /// The CPU model, from `/proc/cpuinfo`.
    pub cpu: String,
    /// Cores that this process may use.
    pub cores: usize,
    /// Hardware threads of the machine.
    pub threads: usize,
    /// Memory in gigabytes.
    pub memory_gb: f64,
    /// Kernel name and release, as `uname -s -r` prints them.
    pub kernel: String,
    /// The architecture.
    pub arch: String,
    /// The distribution.
    pub os: String,
    /// The frequency governor; `none` if unknown.
    pub governor: String,
    /// `1` if cores may exceed their nominal frequency, `0` if not, `unknown` otherwise.
    pub boost: String,
    /// True if the machine is virtual.
    pub virtual_machine: bool,
    /// Swap in gigabytes.
    pub swap_gb: f64,
    /// Load average of the last minute at the start of the run.
    pub load: f64,
    /// The commit of the source.
    pub commit: String,
    /// The branch of the source.
    pub branch: String,
    /// True if the working tree differs from the commit.
    pub dirty: bool,
    /// The version of this program.
    pub harness: String,
}

impl Fingerprint {
    /// Examines this machine.
    pub fn take(root: &Path) -> Self {
        let cpuinfo = read("/proc/cpuinfo");
        let field = |name: &str| {
            let line = cpuinfo.lines().find(|line| line.starts_with(name));
            line.and_then(|line| line.split_once(':'))
                .map(|(_, value)| value.trim().to_owned())
        };
        let meminfo = read("/proc/meminfo");
        let gigabytes = |name: &str| {
            let line = meminfo
                .lines()
                .find(|line| line.starts_with(name))
                .unwrap_or_default();
            let kilobytes = line
                .split_ascii_whitespace()
                .nth(1)
                .and_then(|number| number.parse::<f64>().ok());
            (kilobytes.unwrap_or(0.0) * 1024.0 / 1e8).round() / 10.0
        };
        let os = read("/etc/os-release");
        let os = os
            .lines()
            .find_map(|line| line.strip_prefix("PRETTY_NAME="))
            .unwrap_or("unknown");
        let git = |arguments: &[&str]| {
            let output = Command::new("git")
                .arg("-C")
                .arg(root)
                .args(arguments)
                .output()
                .ok();
            let output = output.filter(|output| output.status.success());
            output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        };
        let uname = rustix::system::uname();
        Self {
            time: std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .map_or(0, |time| time.as_secs()),
            cpu: field("model name").unwrap_or_else(|| "unknown".to_owned()),
            cores: crate::server::Cores::allowed().map_or(0, |cores| cores.0.len()),
            threads: cpuinfo
                .lines()
                .filter(|line| line.starts_with("processor"))
                .count(),
            memory_gb: gigabytes("MemTotal"),
            kernel: format!(
                "{} {}",
                uname.sysname().to_string_lossy(),
                uname.release().to_string_lossy()
            ),
            arch: std::env::consts::ARCH.to_owned(),
            os: os.trim_matches('"').to_owned(),
            governor: or(
                read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").trim(),
                "none",
            ),
            boost: or(
                read("/sys/devices/system/cpu/cpufreq/boost").trim(),
                "unknown",
            ),
            virtual_machine: field("flags")
                .is_some_and(|flags| flags.split(' ').any(|flag| flag == "hypervisor")),
            swap_gb: gigabytes("SwapTotal"),
            load: read("/proc/loadavg")
                .split(' ')
                .next()
                .and_then(|load| load.parse().ok())
                .unwrap_or(0.0),
            commit: git(&["rev-parse", "HEAD"]).unwrap_or_else(|| "unknown".to_owned()),
            branch: git(&["rev-parse", "--abbrev-ref", "HEAD"])
                .unwrap_or_else(|| "unknown".to_owned()),
            dirty: git(&["status", "--porcelain"]).is_some_and(|changes| !changes.is_empty()),
            harness: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// Identifies the machine; figures of different machines are not comparable.
    pub fn machine(&self) -> String {
        format!(
            "{}, {} cores, {:.0} GB, {}",
            self.cpu, self.cores, self.memory_gb, self.arch
        )
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn or(text: &str, otherwise: &str) -> String {
    if text.is_empty() {
        otherwise.to_owned()
    } else {
        text.to_owned()
    }
}
