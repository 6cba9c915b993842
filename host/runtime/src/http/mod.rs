//! Apps for `wasi:http`, of 0.2 (`incoming-handler`) and 0.3 (`handler`).
//!
//! The head of a reply is there before its body is: a guest goes on after it has said
//! what the head is, and its body is read while it writes it. What belongs to a request
//! for all that time, until both are done, is its [`HttpCall`].

mod call;
mod failure;
mod members;
mod outgoing;
mod proxy;
mod reply;
mod service;
#[cfg(test)]
mod tests;
mod upload;

use wasmtime::component::ResourceTable;
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView};

use crate::instance::Origin;
use outgoing::Hooks;

pub use call::{HttpCall, HttpOptions};
pub use failure::{HttpFailure, UploadError};
pub(crate) use members::Members;
pub(crate) use proxy::check_proxy;
pub use reply::{HttpBody, HttpReply, HttpStream};
pub(crate) use service::check_service;
pub use upload::{GuestBody, Upload};

/// What a store holds for `wasi:http`.
pub(crate) struct Http {
    ctx: WasiHttpCtx,
    hooks: Hooks,
}

impl Http {
    pub(crate) fn new(origin: &Origin) -> Self {
        /// What a field takes beside its bytes, as wasmtime counts it.
        const OF_FIELD: usize = 128;
        let mut ctx = WasiHttpCtx::new();
        let limits = &origin.limits;
        let fields = limits.reply_headers.saturating_mul(OF_FIELD);
        // A reply over its limit is refused with a word in the log; past this one traps.
        let most = limits.reply_header_bytes.saturating_add(fields);
        ctx.set_field_size_limit(most.saturating_mul(2));
        Self {
            ctx,
            hooks: Hooks::new(origin),
        }
    }

    pub(crate) fn view<'a>(&'a mut self, table: &'a mut ResourceTable) -> WasiHttpCtxView<'a> {
        WasiHttpCtxView {
            hooks: &mut self.hooks,
            table,
            ctx: &mut self.ctx,
        }
    }

    /// How many apps called one another until this request.
    pub(crate) fn set_depth(&mut self, depth: u32) {
        self.hooks.depth = depth;
    }

    /// The same, where it is deeper than what is known.
    pub(crate) fn at_least(&mut self, depth: u32) {
        self.hooks.depth = self.hooks.depth.max(depth);
    }
}
