//! What a store holds for `wasi:http`.

use std::sync::Arc;

use wasmtime::component::ResourceTable;
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView};

use super::outgoing::Hooks;
use crate::limits::Limits;
use crate::outbound::Outbound;

/// What a store holds for `wasi:http`.
pub(crate) struct Http {
    ctx: WasiHttpCtx,
    hooks: Hooks,
}

impl Http {
    pub(crate) fn new(name: &Arc<str>, limits: &Limits, outbound: &Arc<dyn Outbound>) -> Self {
        /// What a field takes beside its bytes, as wasmtime counts it.
        const OF_FIELD: usize = 128;
        let mut ctx = WasiHttpCtx::new();
        let fields = limits.reply_headers.saturating_mul(OF_FIELD);
        // A reply over its limit is refused with a word in the log; past this one traps.
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

    /// How many apps called one another until this request.
    pub(crate) fn set_depth(&mut self, depth: u32) {
        self.hooks.depth = depth;
    }

    /// The same, where it is deeper than what is known.
    pub(crate) fn at_least(&mut self, depth: u32) {
        self.hooks.depth = self.hooks.depth.max(depth);
    }
}
