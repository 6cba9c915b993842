//! The imports from the host, or a fake request in a native test.
//!
//! Every function has two implementations. In a component it calls the host; in a native program
//! it reads the request that [`crate::testing`] has set up on this thread.

#[cfg(target_arch = "wasm32")]
pub(crate) use crate::bindings::spikard::handler::{
    failure::report, global_context, io, local_context, reply, request,
};

#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod fake;

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use fake::{global_context, local_context, reply, report};

#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod io;

#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod request;
