//! What the instances of an app may take, and when one is replaced.

use std::time::Duration;

/// What the instances of an app may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many instances there may be at once, over all workers.
    pub instances: u32,
    /// The most that the linear memories of an instance may grow to together, in bytes.
    pub memory: usize,
    /// The most elements that each table of an instance may grow to.
    pub table_elements: usize,
    /// How deep a guest's calls may go, in bytes of its stack.
    pub stack: usize,
    /// The most a guest may hand to the host in one call, in bytes as wasmtime counts
    /// them: what the host holds for strings and lists.
    pub hostcall_data: usize,
    /// How many requests an instance of an app for `wasi:http` 0.3 serves at once; that of
    /// any other app serves one.
    pub concurrent_requests: u32,
    /// How many calls may wait for an instance, in each worker.
    pub queue: u32,
    /// The longest a call may wait for an instance.
    pub queue_time: Duration,
    /// The longest body of a reply, in bytes.
    pub reply_body: usize,
    /// The most headers of a reply.
    pub reply_headers: usize,
    /// The most bytes of the headers of a reply, names and values together.
    pub reply_header_bytes: usize,
    /// The longest value of a store of keys and values, in bytes.
    pub keyvalue_value: usize,
    /// The most that the keys and values of a store in a file may be together, in bytes.
    pub keyvalue_file: u64,
    /// The longest that a store of keys and values may take to answer.
    pub keyvalue_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            instances: 64,
            memory: 512 << 20,
            table_elements: 200_000,
            stack: 512 << 10,
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
        }
    }
}

/// When an instance that serves several requests is replaced, and how many are kept
/// ready for requests that each have one of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recycling {
    /// How many requests an instance serves, spread at random by a quarter in both
    /// directions so that instances of one age are not all replaced at once; 0 for
    /// any number.
    pub max_requests: u32,
    /// An instance whose linear memories are larger together, in bytes, is not kept.
    pub max_memory: usize,
    /// An instance that has been idle for longer is not kept, but for one in each
    /// worker.
    pub idle: Duration,
    /// The most instances that a worker keeps ready for requests that each have one of
    /// their own; their number follows the load. 0 for none.
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
