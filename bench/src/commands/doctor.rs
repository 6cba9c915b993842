//! `doctor`: reports whether this machine is fit for benchmarks, and how to improve it.

use std::fs;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;

use crate::fingerprint::Fingerprint;
use crate::options::Common;
use crate::server::Cores;

/// Options of `doctor`.
#[derive(Debug, Args)]
pub struct Options {
    /// Exit with 1 on any warning, not only if benchmarks are impossible
    #[arg(long)]
    strict: bool,
}

/// The severity of a finding.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Grade {
    Good,
    Doubtful,
    Impossible,
}

/// Examines the machine for about two seconds.
pub fn run(common: &Common, options: &Options) -> Result<ExitCode> {
    let print = Fingerprint::take(&common.paths()?.root);
    let cores = Cores::allowed()?.0.len();
    println!("{}; {}; {}", print.machine(), print.kernel, print.os);
    let mut findings: Vec<(Grade, String)> = Vec::new();
    let mut say = |grade, text: String| findings.push((grade, text));
    match cores {
        1 => say(
            Grade::Doubtful,
            "one core, shared by server and load: only ratios of CPU time are meaningful"
                .to_owned(),
        ),
        _ => say(
            Grade::Good,
            format!("{cores} cores: the load uses the last one, servers use the others"),
        ),
    }
    match print.governor.as_str() {
        "none" => say(
            Grade::Doubtful,
            "the frequency governor is unknown, as in most virtual machines: rely on the A/A pair"
                .to_owned(),
        ),
        "performance" => say(
            Grade::Good,
            "cores run at a constant frequency (governor `performance`)".to_owned(),
        ),
        other => say(
            Grade::Doubtful,
            format!(
                "the governor `{other}` changes the frequency of cores: run `cpupower frequency-set -g performance`"
            ),
        ),
    }
    match print.boost.as_str() {
        "1" => say(Grade::Doubtful, "boost is on and makes the frequency depend on heat: write 0 to /sys/devices/system/cpu/cpufreq/boost".to_owned()),
        "0" => say(Grade::Good, "boost is off".to_owned()),
        _ => {}
    }
    let smt = fs::read_to_string("/sys/devices/system/cpu/smt/active").unwrap_or_default();
    if smt.trim() == "1" {
        say(Grade::Doubtful, "SMT is on: put server and load on different physical cores with `--server-cores` and `--load-cores`".to_owned());
    }
    if print.virtual_machine {
        say(
            Grade::Doubtful,
            "this is a virtual machine: the hypervisor may preempt its cores at any time"
                .to_owned(),
        );
    }
    let before = ticks();
    let late = lateness();
    let after = ticks();
    let (idle, stolen) = shares(before, after);
    match idle {
        0.9.. => say(Grade::Good, format!("cores are {:.0} % idle", idle * 100.0)),
        0.5.. => say(
            Grade::Doubtful,
            format!(
                "other processes use {:.0} % of the cores: stop them",
                (1.0 - idle) * 100.0
            ),
        ),
        _ => say(
            Grade::Impossible,
            format!(
                "other processes use {:.0} % of the cores and would dominate the figures: stop them",
                (1.0 - idle) * 100.0
            ),
        ),
    }
    match stolen {
        0.01.. => say(
            Grade::Doubtful,
            format!("the hypervisor stole {:.1} % of the time", stolen * 100.0),
        ),
        _ => say(Grade::Good, "no hypervisor steals time".to_owned()),
    }
    match late {
        0.0..1000.0 => say(
            Grade::Good,
            format!(
                "timers are on time: the 99th percentile of the lateness of a 1 ms sleep is {late:.0} us"
            ),
        ),
        _ => say(
            Grade::Doubtful,
            format!(
                "timers are late: the 99th percentile of the lateness of a 1 ms sleep is {late:.0} us; open loads will be marked as late"
            ),
        ),
    }
    match print.swap_gb {
        0.0 => say(Grade::Good, "no swap".to_owned()),
        swap => say(
            Grade::Doubtful,
            format!("{swap} GB of swap distorts memory figures: run `swapoff -a`"),
        ),
    }
    let schedstat = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    match schedstat
        .split_ascii_whitespace()
        .next()
        .and_then(|time| time.parse::<u64>().ok())
    {
        Some(1..) => say(
            Grade::Good,
            "the kernel measures each task's CPU time in nanoseconds (schedstat)".to_owned(),
        ),
        _ => say(
            Grade::Impossible,
            "the kernel does not measure each task's CPU time: use one with CONFIG_SCHED_INFO"
                .to_owned(),
        ),
    }
    if !std::path::Path::new("/proc/self/smaps_rollup").exists() {
        say(
            Grade::Doubtful,
            "the kernel does not report proportional memory: use one with CONFIG_PROC_PAGE_MONITOR"
                .to_owned(),
        );
    }
    let paranoid = fs::read_to_string("/proc/sys/kernel/perf_event_paranoid").unwrap_or_default();
    match paranoid.trim().parse::<i32>() {
        Ok(..=1) => say(Grade::Good, "`profile` can use perf counters".to_owned()),
        Ok(level) if rustix::process::geteuid().is_root() => say(
            Grade::Good,
            format!("`profile` can use perf, as root (perf_event_paranoid {level})"),
        ),
        _ => say(
            Grade::Doubtful,
            "`profile` cannot use perf: run `sysctl kernel.perf_event_paranoid=1`".to_owned(),
        ),
    }
    let worst = |grade| findings.iter().filter(|finding| finding.0 == grade).count();
    for (grade, text) in &findings {
        let mark = match grade {
            Grade::Good => "good     ",
            Grade::Doubtful => "doubtful ",
            Grade::Impossible => "unfit    ",
        };
        println!("{mark} {text}");
    }
    let (doubtful, impossible) = (worst(Grade::Doubtful), worst(Grade::Impossible));
    println!(
        "{} checks good, {doubtful} doubtful, {impossible} failed",
        worst(Grade::Good)
    );
    Ok(if impossible > 0 || (options.strict && doubtful > 0) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Reads the ticks of all cores: in total, idle and stolen.
fn ticks() -> [f64; 3] {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let numbers: Vec<f64> = text
        .lines()
        .next()
        .unwrap_or_default()
        .split_ascii_whitespace()
        .skip(1)
        .filter_map(|number| number.parse().ok())
        .collect();
    let at = |index: usize| numbers.get(index).copied().unwrap_or(0.0);
    [numbers.iter().take(8).sum(), at(3) + at(4), at(7)]
}

fn shares(before: [f64; 3], after: [f64; 3]) -> (f64, f64) {
    let all = (after[0] - before[0]).max(1.0);
    ((after[1] - before[1]) / all, (after[2] - before[2]) / all)
}

/// Returns the 99th percentile of the lateness of short sleeps, in microseconds.
fn lateness() -> f64 {
    let mut late: Vec<f64> = (0..1500)
        .map(|_| {
            let began = Instant::now();
            std::thread::sleep(Duration::from_millis(1));
            (began.elapsed().as_secs_f64() - 0.001) * 1e6
        })
        .collect();
    late.sort_by(f64::total_cmp);
    late[late.len() * 99 / 100]
}
