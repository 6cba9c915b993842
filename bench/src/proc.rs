//! What the kernel counts of a process and all that it started: time on a core by task,
//! and memory. See proc(5).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The processes that descend from one, itself the first; those that ended are not there,
/// nor those that left the tree when what started them ended: [`family`] finds them too.
///
/// It asks the tasks of the tree alone. Looking at every process of the machine takes
/// milliseconds, which a load on the same core would see as its own lateness.
pub fn tree(root: u32) -> Vec<u32> {
    let mut all = vec![root];
    let mut next = 0;
    while let Some(pid) = all.get(next) {
        for task in fs::read_dir(format!("/proc/{pid}/task"))
            .into_iter()
            .flatten()
            .flatten()
        {
            // Where the kernel has no such file (CONFIG_PROC_CHILDREN), the long way.
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

/// The processes that descend from one, itself the first, with those that were left behind
/// in its session.
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
            // Those that a server left behind still have its session.
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
    /// When it was started, in ticks since the machine was.
    started: u64,
    /// User and system time in ticks, with those of tasks that ended.
    ticks: u64,
    /// The same of children that ended and were waited for.
    children_ticks: u64,
}

impl Stat {
    fn read(path: &Path) -> Option<Self> {
        let text = fs::read_to_string(path).ok()?;
        // The name in parentheses may hold anything.
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

/// When a process was started, if it is there and not a zombie: with its number, who it is.
pub fn started(pid: u32) -> Option<u64> {
    let stat = Stat::read(Path::new(&format!("/proc/{pid}/stat")))?;
    (stat.state != b'Z').then_some(stat.started)
}

/// Time on a core, of each task of a tree.
#[derive(Debug, Clone, Default)]
pub struct CpuTimes {
    /// Nanoseconds by process and task, from `schedstat`.
    tasks: BTreeMap<(u32, u32), u64>,
    /// Nanoseconds that tasks waited for a core.
    waited: u64,
    /// Ticks by process: its own, and those of children that ended.
    ticks: BTreeMap<u32, (u64, u64)>,
}

/// Time on a core between two readings.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CpuUsed {
    /// Microseconds.
    pub micros: f64,
    /// Whether tasks or processes ended between, so that part of it was counted in ticks of
    /// 10 ms, where the kernel has no finer figure.
    pub coarse: bool,
}

impl CpuTimes {
    /// Of a process and its descendants, now.
    pub fn of_tree(root: u32) -> Self {
        let mut times = Self::default();
        for pid in tree(root) {
            times.add(pid);
        }
        times
    }

    /// Of one process, now.
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

    /// Microseconds that tasks waited for a core since an earlier reading.
    pub fn waited_since(&self, before: &Self) -> f64 {
        self.waited.saturating_sub(before.waited) as f64 / 1e3
    }

    /// The time from an earlier reading to this one.
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

    /// Whether anything was found.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }
}

/// USER_HZ is 100 on every architecture that Linux still runs on.
const TICK_MICROS: f64 = 10_000.0;

/// Memory of a tree, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Memory {
    /// Resident pages; those that processes share count for each.
    pub rss: u64,
    /// Resident pages, shared ones divided among those that share them.
    pub pss: u64,
}

impl Memory {
    /// Of a process and its descendants, now. Proportional shares take the kernel a while.
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

    /// Resident pages alone, which is cheap enough to ask for often.
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
    fn counts_what_this_thread_does() {
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
    fn a_child_that_ended_is_counted_in_ticks() {
        let before = CpuTimes::of_process(std::process::id());
        let burn = "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done";
        Command::new("sh").args(["-c", burn]).status().unwrap();
        let used = CpuTimes::of_process(std::process::id()).since(&before);
        assert!(used.coarse && used.micros >= 10_000.0, "{used:?}");
    }
}
