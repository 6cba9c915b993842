//! The `wasi:http` part of a store.

use std::sync::Arc;

use wasmtime::component::ResourceTable;
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView};

use super::outgoing::Hooks;
use crate::limits::Limits;
use crate::outbound::Outbound;

/// The `wasi:http` context of an instance.
pub(crate) struct Http {
    ctx: WasiHttpCtx,
    hooks: Hooks,
}

impl Http {
    pub(crate) fn new(name: &Arc<str>, limits: &Limits, outbound: &Arc<dyn Outbound>) -> Self {
        /// The overhead of a header field as wasmtime counts it, in bytes.
        const FIELD_OVERHEAD: usize = 128;
        let mut ctx = WasiHttpCtx::new();
        let fields = limits.reply_headers.saturating_mul(FIELD_OVERHEAD);
        // The host rejects a reply over the limit with a sentence in the log. Past twice
        // the limit wasmtime traps the guest.
        let most = limits.reply_header_bytes.saturating_add(fields);
        ctx.set_field_size_limit(most.saturating_mul(2));
        Self {
            ctx,
            hooks: Hooks::new(name.clone(), outbound.clone()),
        }
    }

    pub(crate) fn view<'a>(&'a mut self, table: &'a mut ResourceTable) -> WasiHttpCtxView<'a> {
        WasiHttpCtxView {
            hooks: &mut self.hooks,
            table,
            ctx: &mut self.ctx,
        }
    }

    /// Sets the length of the chain of apps that led to this request.
    pub(crate) fn set_depth(&mut self, depth: u32) {
        self.hooks.depth = depth;
    }

    /// Raises the length of the chain of apps to at least `depth`.
    pub(crate) fn at_least(&mut self, depth: u32) {
        self.hooks.depth = self.hooks.depth.max(depth);
    }
}
