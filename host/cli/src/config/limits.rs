//! Limit definitions.
//!
//! [`TABLE`] is the single source of the flags, the environment variables, the keys of
//! `spikard.toml`, the output of `inspect --limits` and the table in docs/configuration.md.

use super::units;

/// Identifies a limit; its discriminant is the limit's index in [`TABLE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Workers,
    Timeout,
    BodyLimit,
    Instances,
    Concurrent,
    SharedRequests,
    SharedCpu,
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
    SqlResult,
    SqlTime,
    SqlConnections,
    SqlWait,
    BackgroundTime,
    Requests,
    Queue,
    QueueTime,
    Connections,
    HeadTimeout,
    IdleTimeout,
    BodyTimeout,
    DrainTimeout,
}

/// Unit of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Bytes,
    /// A duration in milliseconds.
    Time,
    Number,
    /// A number that defaults to the number of CPU cores.
    Cores,
}

/// Definition of a limit: its names, unit, default and range.
#[derive(Debug)]
pub(crate) struct Limit {
    pub(crate) key: Key,
    /// Table of `spikard.toml`, and the key in that table.
    pub(crate) table: &'static str,
    pub(crate) name: &'static str,
    /// Flag without its dashes, and environment variable.
    pub(crate) flag: &'static str,
    pub(crate) variable: &'static str,
    pub(crate) unit: Unit,
    default: u64,
    min: u64,
    max: u64,
    /// Help text, without a final period.
    pub(crate) about: &'static str,
}

/// Number of limits.
pub(crate) const COUNT: usize = Key::DrainTimeout as usize + 1;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const DAY: u64 = 86_400_000;

macro_rules! limit {
    ($key:ident, $table:literal . $name:literal, $flag:literal, $variable:literal,
     $unit:ident $default:expr, $min:expr, $max:expr, $about:literal) => {
        Limit {
            key: Key::$key,
            table: $table,
            name: $name,
            flag: $flag,
            variable: concat!("SPIKARD_WASM_", $variable),
            unit: Unit::$unit,
            default: $default,
            min: $min,
            max: $max,
            about: $about,
        }
    };
}

/// All limits, in the order of [`Key`].
#[rustfmt::skip]
pub(crate) static TABLE: [Limit; COUNT] = [
    limit!(Workers, "serve"."workers", "workers", "WORKERS", Cores 0, 1, 1024,
        "Worker threads"),
    limit!(Timeout, "serve"."timeout", "timeout", "TIMEOUT", Time 30_000, 1, DAY,
        "Maximum duration of a call, including hooks and the wait for an instance, for routes that declare no `timeout_ms`"),
    limit!(BodyLimit, "serve"."body_limit", "body-limit", "BODY_LIMIT", Bytes 10 * MIB, 0, 1024 * GIB,
        "Maximum request body size, for routes that declare no `body_limit`; 413 beyond"),
    limit!(Instances, "instances"."max", "max-instances", "MAX_INSTANCES", Number 64, 1, 10_000,
        "Maximum live instances over all workers; each worker gets an equal share, at least one"),
    limit!(Concurrent, "instances"."concurrent_requests", "concurrent-requests", "CONCURRENT_REQUESTS", Number 16, 1, 10_000,
        "Maximum concurrent requests per instance of a `wasi:http` 0.3 app; instances of other apps serve one request at a time"),
    limit!(SharedRequests, "instances"."shared_requests", "shared-requests", "SHARED_REQUESTS", Number 64, 1, 10_000,
        "Maximum concurrent requests per instance with the policy `shared`"),
    limit!(SharedCpu, "instances"."shared_cpu", "shared-cpu", "SHARED_CPU", Time 1_000, 1, DAY,
        "Maximum time that one request computes without waiting in an instance with the policy `shared`; the instance is dropped beyond"),
    limit!(MaxRequests, "instances"."max_requests", "max-requests", "MAX_REQUESTS", Number 10_000, 0, u32::MAX as u64,
        "Requests after which an instance is replaced, randomized by up to a quarter; 0 disables"),
    limit!(RecycleMemory, "instances"."max_memory", "recycle-memory", "RECYCLE_MEMORY", Bytes 128 * MIB, 0, 16 * GIB,
        "Linear memory above which an instance is replaced after its call"),
    limit!(InstanceIdle, "instances"."idle", "instance-idle", "INSTANCE_IDLE", Time 60_000, 1, DAY,
        "Idle time after which an instance is dropped; each worker keeps one"),
    limit!(Prepared, "instances"."prepared", "prepared", "PREPARED", Number 4, 0, 10_000,
        "Maximum pre-warmed fresh instances per worker; the actual number follows the load, 0 disables"),
    limit!(Memory, "limits"."memory", "max-memory", "MAX_MEMORY", Bytes 512 * MIB, MIB, 4 * GIB,
        "Maximum total linear memory per instance"),
    limit!(TableElements, "limits"."table_elements", "max-table-elements", "MAX_TABLE_ELEMENTS", Number 200_000, 1, 10_000_000,
        "Maximum elements per table of an instance"),
    limit!(Stack, "limits"."stack", "max-stack", "MAX_STACK", Bytes MIB, 64 * KIB, 16 * MIB,
        "Maximum guest stack size"),
    limit!(HostcallData, "limits"."hostcall_data", "max-hostcall-data", "MAX_HOSTCALL_DATA", Bytes 128 * MIB, 64 * KIB, 4 * GIB,
        "Maximum data that a guest passes to the host in one call"),
    limit!(ReplyBody, "limits"."reply_body", "max-reply-body", "MAX_REPLY_BODY", Bytes 64 * MIB, 0, 4 * GIB,
        "Maximum reply body size"),
    limit!(ReplyHeaders, "limits"."reply_headers", "max-reply-headers", "MAX_REPLY_HEADERS", Number 256, 0, 10_000,
        "Maximum number of reply headers"),
    limit!(ReplyHeaderBytes, "limits"."reply_header_bytes", "max-reply-header-bytes", "MAX_REPLY_HEADER_BYTES", Bytes 64 * KIB, 0, 16 * MIB,
        "Maximum total size of reply header names and values"),
    limit!(KeyvalueValue, "limits"."keyvalue_value", "max-keyvalue-value", "MAX_KEYVALUE_VALUE", Bytes MIB, 0, 64 * MIB,
        "Maximum size of a key-value store's value"),
    limit!(KeyvalueFile, "limits"."keyvalue_file", "max-keyvalue-file", "MAX_KEYVALUE_FILE", Bytes GIB, 0, 1024 * GIB,
        "Maximum total size of the keys and values in a file-backed key-value store"),
    limit!(KeyvalueTime, "limits"."keyvalue_time", "keyvalue-time", "KEYVALUE_TIME", Time 5_000, 1, DAY,
        "Maximum duration of a key-value store operation"),
    limit!(SqlResult, "limits"."sql_result", "max-sql-result", "MAX_SQL_RESULT", Bytes 16 * MIB, KIB, GIB,
        "Maximum size of the rows of a SQL statement as JSON"),
    limit!(SqlTime, "limits"."sql_time", "sql-time", "SQL_TIME", Time 30_000, 1, DAY,
        "Maximum duration of a SQL statement"),
    limit!(SqlConnections, "limits"."sql_connections", "sql-connections", "SQL_CONNECTIONS", Number 16, 1, 10_000,
        "Maximum connections to a PostgreSQL database per worker"),
    limit!(SqlWait, "limits"."sql_wait", "sql-wait", "SQL_WAIT", Time 5_000, 1, DAY,
        "Maximum time that a SQL statement waits for a connection, for the writer of a SQLite database, or among slow SQLite statements"),
    limit!(BackgroundTime, "limits"."background_time", "background-time", "BACKGROUND_TIME", Time 30_000, 1, DAY,
        "Maximum time that the work of a request continues after its reply"),
    limit!(Requests, "limits"."requests", "max-in-flight", "MAX_IN_FLIGHT", Number 10_000, 1, 1_000_000,
        "Maximum requests in flight over all workers; 503 beyond"),
    limit!(Queue, "limits"."queue", "queue", "QUEUE", Number 1024, 0, 1_000_000,
        "Maximum calls queued for an instance per worker; 503 beyond"),
    limit!(QueueTime, "limits"."queue_time", "queue-time", "QUEUE_TIME", Time 10_000, 1, DAY,
        "Maximum time in the queue for an instance; 503 beyond"),
    limit!(Connections, "limits"."connections", "max-connections", "MAX_CONNECTIONS", Number 10_000, 1, 1_000_000,
        "Maximum open connections over all workers; 503 beyond"),
    limit!(HeadTimeout, "limits"."head_timeout", "head-timeout", "HEAD_TIMEOUT", Time 30_000, 1, DAY,
        "Maximum time to receive a request head, from the connection (first request) or from its first byte (later requests)"),
    limit!(IdleTimeout, "limits"."idle_timeout", "idle-timeout", "IDLE_TIMEOUT", Time 30_000, 1, DAY,
        "Maximum idle time of a connection after a response"),
    limit!(BodyTimeout, "limits"."body_timeout", "body-timeout", "BODY_TIMEOUT", Time 60_000, 1, DAY,
        "Maximum time to receive a request body; 408 beyond"),
    limit!(DrainTimeout, "limits"."drain_timeout", "drain-timeout", "DRAIN_TIMEOUT", Time 30_000, 1, DAY,
        "Maximum time that a graceful shutdown waits for requests in flight"),
];

impl Limit {
    /// Finds a limit by its table and key in `spikard.toml`.
    pub(crate) fn find(table: &str, name: &str) -> Option<&'static Self> {
        TABLE.iter().find(|it| it.table == table && it.name == name)
    }

    /// True if the limit applies to the whole host rather than to each app.
    pub(crate) fn is_host_wide(&self) -> bool {
        use Key::{Connections, DrainTimeout, HeadTimeout, IdleTimeout, Requests, Workers};
        matches!(
            self.key,
            Workers | Requests | Connections | HeadTimeout | IdleTimeout | DrainTimeout
        )
    }

    /// Parses the value of a flag or environment variable.
    pub(crate) fn parse(&self, text: &str) -> Result<u64, String> {
        let value = match self.unit {
            Unit::Bytes => units::size(text)?,
            Unit::Time => units::duration(text)?,
            Unit::Number | Unit::Cores => text
                .trim()
                .parse()
                .map_err(|_| format!("use a whole number from {}", self.range()))?,
        };
        self.check(value)
    }

    /// Reads a value from `spikard.toml`.
    pub(crate) fn read(&self, value: &toml::Value) -> Result<u64, String> {
        use toml::Value::{Float, Integer, String};
        let value = match (self.unit, value) {
            (Unit::Bytes | Unit::Time, String(text)) => return self.parse(text),
            (Unit::Time, Integer(seconds)) => units::seconds(*seconds as f64)?,
            (Unit::Time, Float(seconds)) => units::seconds(*seconds)?,
            (Unit::Bytes | Unit::Number | Unit::Cores, Integer(number)) => {
                u64::try_from(*number).map_err(|_| self.out_of_range())?
            }
            (Unit::Bytes, _) => return Err("use a size, such as `\"512KiB\"`".to_owned()),
            (Unit::Time, _) => return Err("use a duration, such as `\"30s\"`".to_owned()),
            (Unit::Number | Unit::Cores, _) => {
                return Err(format!("use a whole number from {}", self.range()));
            }
        };
        self.check(value)
    }

    fn check(&self, value: u64) -> Result<u64, String> {
        match (self.min..=self.max).contains(&value) {
            true => Ok(value),
            false => Err(self.out_of_range()),
        }
    }

    fn out_of_range(&self) -> String {
        format!("use a value from {}", self.range())
    }

    /// The allowed range, formatted.
    fn range(&self) -> String {
        format!("{} to {}", self.show(self.min), self.show(self.max))
    }

    /// The default value.
    pub(crate) fn default(&self) -> u64 {
        match self.unit {
            Unit::Cores => {
                std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64)
            }
            _ => self.default,
        }
    }

    /// The default value, formatted.
    pub(crate) fn show_default(&self) -> String {
        match self.unit {
            Unit::Cores => "one per CPU core".to_owned(),
            _ => self.show(self.default),
        }
    }

    /// Formats a value with its unit.
    pub(crate) fn show(&self, value: u64) -> String {
        match self.unit {
            Unit::Bytes => units::show_size(value),
            Unit::Time => units::show_duration(value),
            Unit::Number | Unit::Cores => value.to_string(),
        }
    }

    /// The unit's name in JSON.
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
