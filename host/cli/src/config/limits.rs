//! The limits that can be set: one table, from which come the flags, the variables,
//! the keys of `spikard.toml`, what `inspect --limits` prints and the table of
//! docs/configuration.md.

use super::units;

/// A limit's place in [`TABLE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Workers,
    Timeout,
    BodyLimit,
    Instances,
    Concurrent,
    MaxRequests,
    RecycleMemory,
    InstanceIdle,
    Prepared,
    Memory,
    TableElements,
    Stack,
    HostcallData,
    ReplyBody,
    ReplyHeaders,
    ReplyHeaderBytes,
    KeyvalueValue,
    KeyvalueFile,
    KeyvalueTime,
    Requests,
    Queue,
    QueueTime,
    Connections,
    HeadTimeout,
    IdleTimeout,
    BodyTimeout,
    DrainTimeout,
}

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Bytes,
    /// Durations, as milliseconds.
    Time,
    Number,
    /// A number whose default is that of the cores.
    Cores,
}

/// A limit that can be set.
#[derive(Debug)]
pub(crate) struct Limit {
    pub(crate) key: Key,
    /// The table of `spikard.toml`, and the key in it.
    pub(crate) table: &'static str,
    pub(crate) name: &'static str,
    /// The flag without its dashes, and the variable.
    pub(crate) flag: &'static str,
    pub(crate) variable: &'static str,
    pub(crate) unit: Unit,
    default: u64,
    least: u64,
    most: u64,
    /// What it is, as a sentence without its full stop.
    pub(crate) about: &'static str,
}

/// How many limits there are.
pub(crate) const COUNT: usize = Key::DrainTimeout as usize + 1;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const DAY: u64 = 86_400_000;

macro_rules! limit {
    ($key:ident, $table:literal . $name:literal, $flag:literal, $variable:literal,
     $unit:ident $default:expr, $least:expr, $most:expr, $about:literal) => {
        Limit {
            key: Key::$key,
            table: $table,
            name: $name,
            flag: $flag,
            variable: concat!("SPIKARD_WASM_", $variable),
            unit: Unit::$unit,
            default: $default,
            least: $least,
            most: $most,
            about: $about,
        }
    };
}

/// All of them, in the order of [`Key`].
#[rustfmt::skip]
pub(crate) static TABLE: [Limit; COUNT] = [
    limit!(Workers, "serve"."workers", "workers", "WORKERS", Cores 0, 1, 1024,
        "Worker threads"),
    limit!(Timeout, "serve"."timeout", "timeout", "TIMEOUT", Time 30_000, 1, DAY,
        "The longest a call may take, with its hooks and the wait for an instance, where neither route nor app declares `timeout_ms`"),
    limit!(BodyLimit, "serve"."body_limit", "body-limit", "BODY_LIMIT", Bytes 10 * MIB, 0, 1024 * GIB,
        "The longest request body, where neither route nor app declares `body_limit`"),
    limit!(Instances, "instances"."max", "max-instances", "MAX_INSTANCES", Number 64, 1, 10_000,
        "Instances at once, over all workers, each of which has an equal share and at least one"),
    limit!(Concurrent, "instances"."concurrent_requests", "concurrent-requests", "CONCURRENT_REQUESTS", Number 16, 1, 10_000,
        "Requests that an instance of an app for `wasi:http` 0.3 serves at once; that of any other app serves one"),
    limit!(MaxRequests, "instances"."max_requests", "max-requests", "MAX_REQUESTS", Number 10_000, 0, u32::MAX as u64,
        "Requests that an instance serves before it is replaced, a quarter more or less at random; 0 for any number"),
    limit!(RecycleMemory, "instances"."max_memory", "recycle-memory", "RECYCLE_MEMORY", Bytes 128 * MIB, 0, 16 * GIB,
        "An instance whose linear memories are larger together is replaced after its call"),
    limit!(InstanceIdle, "instances"."idle", "instance-idle", "INSTANCE_IDLE", Time 60_000, 1, DAY,
        "An instance that is idle for longer is dropped, but for one in each worker"),
    limit!(Prepared, "instances"."prepared", "prepared", "PREPARED", Number 4, 0, 10_000,
        "The most instances that a worker keeps ready for calls that each have one of their own; their number follows the load, and 0 is for none"),
    limit!(Memory, "limits"."memory", "max-memory", "MAX_MEMORY", Bytes 512 * MIB, MIB, 4 * GIB,
        "What the linear memories of an instance may grow to together"),
    limit!(TableElements, "limits"."table_elements", "max-table-elements", "MAX_TABLE_ELEMENTS", Number 200_000, 1, 10_000_000,
        "The elements that each table of an instance may grow to"),
    limit!(Stack, "limits"."stack", "max-stack", "MAX_STACK", Bytes 512 * KIB, 64 * KIB, 16 * MIB,
        "How deep the calls in a guest may go"),
    limit!(HostcallData, "limits"."hostcall_data", "max-hostcall-data", "MAX_HOSTCALL_DATA", Bytes 128 * MIB, 64 * KIB, 4 * GIB,
        "What a guest may hand to the host in one call"),
    limit!(ReplyBody, "limits"."reply_body", "max-reply-body", "MAX_REPLY_BODY", Bytes 64 * MIB, 0, 4 * GIB,
        "The longest body of a reply"),
    limit!(ReplyHeaders, "limits"."reply_headers", "max-reply-headers", "MAX_REPLY_HEADERS", Number 256, 0, 10_000,
        "The most headers of a reply"),
    limit!(ReplyHeaderBytes, "limits"."reply_header_bytes", "max-reply-header-bytes", "MAX_REPLY_HEADER_BYTES", Bytes 64 * KIB, 0, 16 * MIB,
        "The most bytes of the headers of a reply, names and values together"),
    limit!(KeyvalueValue, "limits"."keyvalue_value", "max-keyvalue-value", "MAX_KEYVALUE_VALUE", Bytes MIB, 0, 64 * MIB,
        "The longest value of a store of keys and values"),
    limit!(KeyvalueFile, "limits"."keyvalue_file", "max-keyvalue-file", "MAX_KEYVALUE_FILE", Bytes GIB, 0, 1024 * GIB,
        "What the keys and values of a store in a file may be together"),
    limit!(KeyvalueTime, "limits"."keyvalue_time", "keyvalue-time", "KEYVALUE_TIME", Time 5_000, 1, DAY,
        "The longest that a store of keys and values may take to answer"),
    limit!(Requests, "limits"."requests", "max-in-flight", "MAX_IN_FLIGHT", Number 10_000, 1, 1_000_000,
        "Requests in flight at once, over all workers; 503 beyond"),
    limit!(Queue, "limits"."queue", "queue", "QUEUE", Number 1024, 0, 1_000_000,
        "Calls that wait for an instance, in each worker; 503 beyond"),
    limit!(QueueTime, "limits"."queue_time", "queue-time", "QUEUE_TIME", Time 10_000, 1, DAY,
        "The longest a call waits for an instance; 503 beyond"),
    limit!(Connections, "limits"."connections", "max-connections", "MAX_CONNECTIONS", Number 10_000, 1, 1_000_000,
        "Connections at once, over all workers; 503 beyond"),
    limit!(HeadTimeout, "limits"."head_timeout", "head-timeout", "HEAD_TIMEOUT", Time 30_000, 1, DAY,
        "The longest the head of a request may take to arrive: of the first from the connection on, of others from their first byte on"),
    limit!(IdleTimeout, "limits"."idle_timeout", "idle-timeout", "IDLE_TIMEOUT", Time 30_000, 1, DAY,
        "The longest a connection is kept on which nothing moves after a response"),
    limit!(BodyTimeout, "limits"."body_timeout", "body-timeout", "BODY_TIMEOUT", Time 60_000, 1, DAY,
        "The longest the body of a request may take to arrive; 408 beyond"),
    limit!(DrainTimeout, "limits"."drain_timeout", "drain-timeout", "DRAIN_TIMEOUT", Time 30_000, 1, DAY,
        "The longest that requests in flight are waited for at a stop"),
];

impl Limit {
    /// The limit of a key in a table of `spikard.toml`.
    pub(crate) fn find(table: &str, name: &str) -> Option<&'static Self> {
        TABLE.iter().find(|it| it.table == table && it.name == name)
    }

    /// Whether it holds for all apps of a host together, and not for each.
    pub(crate) fn is_of_host(&self) -> bool {
        use Key::{Connections, DrainTimeout, HeadTimeout, IdleTimeout, Requests, Workers};
        matches!(
            self.key,
            Workers | Requests | Connections | HeadTimeout | IdleTimeout | DrainTimeout
        )
    }

    /// Reads its value as flags and variables have it.
    pub(crate) fn parse(&self, text: &str) -> Result<u64, String> {
        let value = match self.unit {
            Unit::Bytes => units::size(text)?,
            Unit::Time => units::duration(text)?,
            Unit::Number | Unit::Cores => text
                .trim()
                .parse()
                .map_err(|_| format!("write a whole number from {}", self.range()))?,
        };
        self.check(value)
    }

    /// Reads its value as `spikard.toml` has it.
    pub(crate) fn read(&self, value: &toml::Value) -> Result<u64, String> {
        use toml::Value::{Float, Integer, String};
        let value = match (self.unit, value) {
            (Unit::Bytes | Unit::Time, String(text)) => return self.parse(text),
            (Unit::Time, Integer(seconds)) => units::seconds(*seconds as f64)?,
            (Unit::Time, Float(seconds)) => units::seconds(*seconds)?,
            (Unit::Bytes | Unit::Number | Unit::Cores, Integer(number)) => {
                u64::try_from(*number).map_err(|_| self.outside())?
            }
            (Unit::Bytes, _) => return Err("write a size, such as `\"512KiB\"`".to_owned()),
            (Unit::Time, _) => return Err("write a duration, such as `\"30s\"`".to_owned()),
            (Unit::Number | Unit::Cores, _) => {
                return Err(format!("write a whole number from {}", self.range()));
            }
        };
        self.check(value)
    }

    fn check(&self, value: u64) -> Result<u64, String> {
        match (self.least..=self.most).contains(&value) {
            true => Ok(value),
            false => Err(self.outside()),
        }
    }

    fn outside(&self) -> String {
        format!("it must lie from {}", self.range())
    }

    /// What is allowed.
    fn range(&self) -> String {
        format!("{} to {}", self.show(self.least), self.show(self.most))
    }

    /// Its value where nobody says otherwise.
    pub(crate) fn default(&self) -> u64 {
        match self.unit {
            Unit::Cores => {
                std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64)
            }
            _ => self.default,
        }
    }

    /// Its default for people.
    pub(crate) fn show_default(&self) -> String {
        match self.unit {
            Unit::Cores => "one for each core".to_owned(),
            _ => self.show(self.default),
        }
    }

    /// A value for people.
    pub(crate) fn show(&self, value: u64) -> String {
        match self.unit {
            Unit::Bytes => units::show_size(value),
            Unit::Time => units::show_duration(value),
            Unit::Number | Unit::Cores => value.to_string(),
        }
    }

    /// Its unit in JSON.
    pub(crate) fn unit(&self) -> &'static str {
        match self.unit {
            Unit::Bytes => "bytes",
            Unit::Time => "milliseconds",
            Unit::Number | Unit::Cores => "number",
        }
    }
}

#[cfg(test)]
mod tests;
