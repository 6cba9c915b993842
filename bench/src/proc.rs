//! CPU time by task and memory of a process and its descendants, from procfs. See proc(5).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Returns a process and its live descendants, the process first. A process whose parent has
/// exited no longer descends from it: [`family`] finds those as well.
///
/// It reads only the tasks of the tree. A scan of all processes of the machine takes milliseconds,
/// which a load on the same core would measure as its own lateness.
pub fn tree(root: u32) -> Vec<u32> {
    let mut all = vec![root];
    let mut next = 0;
    while let Some(pid) = all.get(next) {
        for task in fs::read_dir(format!("/proc/{pid}/task"))
            .into_iter()
            .flatten()
            .flatten()
        {
            // Without this file (CONFIG_PROC_CHILDREN), scan all processes.
            let Ok(children) = fs::read_to_string(task.path().join("children")) else {
                match task.path().exists() {
                    true => return family(root),
                    false => continue,
                }
            };
            let children = children.split_ascii_whitespace().map(str::parse::<u32>);
            all.extend(children.filter_map(Result::ok));
        }
        next += 1;
    }
    all
}

/// Returns a process and its live descendants, the process first, including orphans in its
/// session.
pub fn family(root: u32) -> Vec<u32> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        if let Some(stat) = Stat::read(&entry.path().join("stat")) {
            // An orphan has a new parent but keeps its session.
            let parent = if stat.session == root && stat.parent == 1 {
                root
            } else {
                stat.parent
            };
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut all = vec![root];
    let mut next = 0;
    while let Some(pid) = all.get(next) {
        if let Some(more) = children.get(pid) {
            let more: Vec<u32> = more
                .iter()
                .copied()
                .filter(|pid| !all.contains(pid))
                .collect();
            all.extend(more);
        }
        next += 1;
    }
    all
}

struct Stat {
    parent: u32,
    session: u32,
    state: u8,
    /// The start time in ticks since boot.
    started: u64,
    /// User and system time in ticks, including tasks that have exited.
    ticks: u64,
    /// The same for children that have exited and were waited for.
    children_ticks: u64,
}

impl Stat {
    fn read(path: &Path) -> Option<Self> {
        let text = fs::read_to_string(path).ok()?;
        // The name in parentheses may contain any byte.
        let fields: Vec<&str> = text[text.rfind(')')? + 1..]
            .split_ascii_whitespace()
            .collect();
        let number = |index: usize| {
            fields
                .get(index)
                .and_then(|field| field.parse::<u64>().ok())
        };
        Some(Self {
            started: number(19)?,
            state: *fields.first()?.as_bytes().first()?,
            parent: number(1)? as u32,
            session: number(3)? as u32,
            ticks: number(11)? + number(12)?,
            children_ticks: number(13)? + number(14)?,
        })
    }
}

/// Returns the start time of a process, unless it has exited or is a zombie. Together with the
/// process ID, it identifies the process.
pub fn started(pid: u32) -> Option<u64> {
    let stat = Stat::read(Path::new(&format!("/proc/{pid}/stat")))?;
    (stat.state != b'Z').then_some(stat.started)
}

/// CPU time of each task of a tree.
#[derive(Debug, Clone, Default)]
pub struct CpuTimes {
    /// Nanoseconds by process and task, from `schedstat`.
    tasks: BTreeMap<(u32, u32), u64>,
    /// Nanoseconds that tasks waited for a core.
    waited: u64,
    /// Ticks by process: its own, and those of children that have exited.
    ticks: BTreeMap<u32, (u64, u64)>,
}

/// CPU time between two readings.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CpuUsed {
    /// CPU time in microseconds.
    pub micros: f64,
    /// True if tasks or processes exited in between, so that part of the time was counted in ticks
    /// of 10 ms; the kernel has no finer figure for them.
    pub coarse: bool,
}

impl CpuTimes {
    /// Reads the times of a process and its descendants.
    pub fn of_tree(root: u32) -> Self {
        let mut times = Self::default();
        for pid in tree(root) {
            times.add(pid);
        }
        times
    }

    /// Reads the times of one process.
    pub fn of_process(pid: u32) -> Self {
        let mut times = Self::default();
        times.add(pid);
        times
    }

    fn add(&mut self, pid: u32) {
        let folder = format!("/proc/{pid}");
        let Some(stat) = Stat::read(&Path::new(&folder).join("stat")) else {
            return;
        };
        self.ticks.insert(pid, (stat.ticks, stat.children_ticks));
        for task in fs::read_dir(format!("{folder}/task"))
            .into_iter()
            .flatten()
            .flatten()
        {
            let id = task.file_name().to_str().and_then(|name| name.parse().ok());
            let time = fs::read_to_string(task.path().join("schedstat")).ok();
            let text = time.unwrap_or_default();
            let mut fields = text.split_ascii_whitespace().map(str::parse::<u64>);
            let time = fields.next().and_then(Result::ok);
            self.waited += fields.next().and_then(Result::ok).unwrap_or(0);
            if let (Some(id), Some(time)) = (id, time) {
                self.tasks.insert((pid, id), time);
            }
        }
    }

    /// Returns the microseconds that tasks have waited for a core since an earlier reading.
    pub fn waited_since(&self, before: &Self) -> f64 {
        self.waited.saturating_sub(before.waited) as f64 / 1e3
    }

    /// Returns the CPU time since an earlier reading.
    pub fn since(&self, before: &Self) -> CpuUsed {
        let ended = |pid: u32| {
            before
                .tasks
                .keys()
                .any(|key| key.0 == pid && !self.tasks.contains_key(key))
        };
        let mut used = CpuUsed::default();
        for (pid, (ticks, children)) in &self.ticks {
            let (ticks_before, children_before) =
                before.ticks.get(pid).copied().unwrap_or_default();
            if ended(*pid) {
                used.micros += ticks.saturating_sub(ticks_before) as f64 * TICK_MICROS;
                used.coarse = true;
            } else {
                let of_process = self.tasks.iter().filter(|(key, _)| key.0 == *pid);
                let nanos: u64 = of_process
                    .map(|(key, time)| {
                        time.saturating_sub(before.tasks.get(key).copied().unwrap_or(0))
                    })
                    .sum();
                used.micros += nanos as f64 / 1e3;
            }
            let of_children = children.saturating_sub(children_before);
            if of_children > 0 {
                used.micros += of_children as f64 * TICK_MICROS;
                used.coarse = true;
            }
        }
        used
    }

    /// Returns true if no task was found.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }
}

/// USER_HZ, which is 100 on all current Linux architectures.
const TICK_MICROS: f64 = 10_000.0;

/// Memory of a process tree in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Memory {
    /// Resident set size; shared pages count once for each process.
    pub rss: u64,
    /// Proportional set size; shared pages are divided among the processes that share them.
    pub pss: u64,
}

impl Memory {
    /// Reads the memory of a process and its descendants. The kernel takes milliseconds to compute
    /// the proportional size.
    pub fn of_tree(root: u32) -> Self {
        let mut memory = Self::default();
        for pid in tree(root) {
            let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
            let field = |name: &str| {
                let line = text.lines().find(|line| line.starts_with(name))?;
                line.split_ascii_whitespace().nth(1)?.parse::<u64>().ok()
            };
            memory.rss += field("Rss:").unwrap_or(0) * 1024;
            memory.pss += field("Pss:").unwrap_or(0) * 1024;
        }
        memory
    }

    /// Reads only the resident set size, which is cheap enough for frequent sampling.
    pub fn rss_of_tree(root: u32) -> u64 {
        let page = rustix::param::page_size() as u64;
        let of = |pid: u32| {
            let text = fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
            text.split_ascii_whitespace().nth(1)?.parse::<u64>().ok()
        };
        tree(root).into_iter().filter_map(of).sum::<u64>() * page
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    #[test]
    fn counts_the_cpu_time_of_this_thread() {
        let before = CpuTimes::of_process(std::process::id());
        let until = Instant::now() + Duration::from_millis(60);
        let mut sum = 0_u64;
        while Instant::now() < until {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        let used = CpuTimes::of_process(std::process::id()).since(&before);
        assert!(used.micros > 5_000.0, "{used:?}");
    }

    #[test]
    fn finds_children_and_their_memory() {
        let shell = "sleep 30 & wait";
        let mut child = Command::new("sh")
            .args(["-c", shell])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let until = Instant::now() + Duration::from_secs(5);
        while tree(child.id()).len() < 2 && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(5));
        }
        let all = tree(child.id());
        assert_eq!(all.len(), 2, "{all:?}");
        assert_eq!(all, family(child.id()));
        let memory = Memory::of_tree(child.id());
        assert!(
            memory.rss > 100_000 && memory.pss <= memory.rss,
            "{memory:?}"
        );
        for pid in all {
            let pid = rustix::process::Pid::from_raw(pid as i32).unwrap();
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        }
        child.wait().unwrap();
    }

    #[test]
    fn an_exited_child_is_counted_in_ticks() {
        let before = CpuTimes::of_process(std::process::id());
        let burn = "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done";
        Command::new("sh").args(["-c", burn]).status().unwrap();
        let used = CpuTimes::of_process(std::process::id()).since(&before);
        assert!(used.coarse && used.micros >= 10_000.0, "{used:?}");
    }
}
