//! Resource limits of instances, and their replacement policy.

use std::time::Duration;

/// Resource limits of an app's instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Maximum instances over all workers.
    pub instances: u32,
    /// Maximum total size of an instance's linear memories in bytes.
    pub memory: usize,
    /// Maximum elements per table of an instance.
    pub table_elements: usize,
    /// Maximum guest stack size in bytes.
    pub stack: usize,
    /// Maximum data that a guest passes to the host in one call, in bytes as wasmtime counts
    /// them: the size of strings and lists in the host.
    pub hostcall_data: usize,
    /// Maximum concurrent requests per instance of a `wasi:http` 0.3 app; instances of other
    /// apps serve one request at a time.
    pub concurrent_requests: u32,
    /// Maximum calls that wait for an instance, per worker.
    pub queue: u32,
    /// Maximum time that a call waits for an instance.
    pub queue_time: Duration,
    /// Maximum reply body size in bytes.
    pub reply_body: usize,
    /// Maximum number of reply headers.
    pub reply_headers: usize,
    /// Maximum total size of reply header names and values in bytes.
    pub reply_header_bytes: usize,
    /// Maximum size of a key-value store's value in bytes.
    pub keyvalue_value: usize,
    /// Maximum total size of the keys and values in a file-backed key-value store in bytes.
    pub keyvalue_file: u64,
    /// Maximum duration of a key-value store operation.
    pub keyvalue_time: Duration,
    /// Maximum size of the rows of a SQL statement as JSON in bytes.
    pub sql_result: usize,
    /// Maximum duration of a SQL statement.
    pub sql_time: Duration,
    /// Maximum connections to a PostgreSQL database per worker.
    pub sql_connections: usize,
    /// Maximum time that a SQL statement waits for a connection, for the writer of a SQLite
    /// database, or among slow SQLite statements.
    pub sql_wait: Duration,
    /// Maximum requests that an instance handles at once on routes with the policy `shared`.
    pub shared_requests: u32,
    /// Maximum duration of one export call of such an instance.
    pub shared_cpu: Duration,
    /// Maximum time that a request's work may go on after its reply.
    pub background_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            instances: 64,
            memory: 512 << 20,
            table_elements: 200_000,
            stack: 1 << 20,
            hostcall_data: 128 << 20,
            concurrent_requests: 16,
            queue: 1024,
            queue_time: Duration::from_secs(10),
            reply_body: 64 << 20,
            reply_headers: 256,
            reply_header_bytes: 64 << 10,
            keyvalue_value: 1 << 20,
            keyvalue_file: 1 << 30,
            keyvalue_time: Duration::from_secs(5),
            sql_result: 16 << 20,
            sql_time: Duration::from_secs(30),
            sql_connections: 16,
            sql_wait: Duration::from_secs(5),
            shared_requests: 64,
            shared_cpu: Duration::from_secs(1),
            background_time: Duration::from_secs(30),
        }
    }
}

/// Replacement of reused instances, and pre-warming of fresh instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recycling {
    /// Requests after which an instance is replaced; 0 disables. The number is randomized by up
    /// to a quarter, so that instances of the same age are not all replaced at once.
    pub max_requests: u32,
    /// Total size of the linear memories in bytes above which an instance is replaced.
    pub max_memory: usize,
    /// Idle time after which an instance is dropped; each worker keeps one.
    pub idle: Duration,
    /// Maximum pre-warmed fresh instances per worker; the actual number follows the load. 0
    /// disables.
    pub prepared: u32,
}

impl Default for Recycling {
    fn default() -> Self {
        Self {
            max_requests: 10_000,
            max_memory: 128 << 20,
            idle: Duration::from_secs(60),
            prepared: 4,
        }
    }
}
