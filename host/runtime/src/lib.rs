//! Runtime for handler components; the only crate that depends on wasmtime.
//!
//! A [`Runtime`] [loads](Runtime::load) a component, from the cache if possible, into a separate
//! engine with a pool of instance slots and an epoch ticker, and determines its [`Kind`]: an app
//! of the world `spikard:handler/http-app`, or of `wasi:http`. Each worker has a [`Pool`] of
//! warm instances and [calls](Pool::call) them, each call under a deadline and a memory limit.
//!
//! Nothing that a guest does may panic the host or outlive its call: an instance that trapped,
//! exceeded its deadline or was cancelled during a call is dropped with its store.

mod abi;
mod cache;
mod component;
mod context;
mod current;
mod deadline;
mod engine;
mod error;
mod granted;
mod http;
mod imports;
mod inspect;
mod instance;
mod limiter;
mod limits;
mod link;
mod marked;
mod names;
mod needs;
mod operations;
mod outbound;
mod pool;
mod precompiled;
mod reply;
mod request;
mod snapshot;
mod stages;
mod state;
mod stats;
mod stdio;
mod wasi;
mod world;

pub use cache::Cache;
pub use component::{Loaded, Progress};
pub use context::{GlobalContext, LocalContext};
pub use engine::Runtime;
pub use error::{CallError, LoadError};
pub use http::{
    GuestBody, HttpBody, HttpCall, HttpFailure, HttpOptions, HttpReply, HttpStream, Upload,
    UploadError,
};
pub use inspect::Sizes;
pub use limits::{Limits, Recycling};
pub use names::{WORLD, WORLD_SERVICE, WORLD_WITH_HOOKS};
pub use needs::Need;
pub use outbound::{
    BodyError, Capabilities, NoOutbound, Outbound, OutboundError, OutboundOptions, Sent, StreamBody,
};
pub use pool::{Lease, Pool};
pub use precompiled::is_precompiled;
pub use reply::{Content, Reply};
pub use request::{NoRequest, Request};
pub use snapshot::{Link, SnapshotError, SourceModule, snapshot};
pub use stages::{Stage, Stages, Stamp, StampCell};
pub use stats::{PoolStats, RecycleReason};
pub use world::{Interfaces, Kind};
