//! Sends the lines of the crate `log` to the host.

use log::{LevelFilter, Log, Metadata, Record};

use crate::{Content, host, task};

/// The number of an operation that is always ready at once, so it need not be unique.
const OPERATION: u32 = u32::MAX;

/// The logger of an instance.
struct HostLog;

impl Log for HostLog {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let level = record.level().as_str().to_ascii_lowercase();
        let task = task::number();
        if task == 0 {
            eprintln!("{level}: {}", record.args());
            return;
        }
        let head = format!(r#"{{"level":"{level}"}}"#);
        let text = Content::Text(record.args().to_string());
        host::io::submit(task, OPERATION, "log", &head, &text);
    }

    fn flush(&self) {}
}

/// Makes the crate `log` write to the host's log, unless the app has its own logger.
pub(crate) fn install() {
    if log::set_logger(&HostLog).is_ok() && log::max_level() == LevelFilter::Off {
        log::set_max_level(LevelFilter::Debug);
    }
}
