//! Calls of the WIT interface `hooks`, whose functions run before and after the handler.

use spikard_wasm_app::HookKind;
use wasmtime::component::{ComponentExportIndex, ComponentNamedList, Lift, Lower};

use crate::error::CallError;
use crate::instance::Instance;
use crate::limits::Limits;
use crate::reply::{Content, Reply};

type Indices = [ComponentExportIndex; HookKind::ALL.len()];

/// The result of a hook before the handler: a reply that ends the request, if any.
type Early = (Option<(u16, String, Content)>,);
/// The result of a hook after the handler: the changed status, headers and body, if any.
type Change = (Option<(u16, String, Option<Content>)>,);

/// Checks the exports' types.
pub(crate) fn check_types(instance: &mut Instance, exports: &Indices) -> wasmtime::Result<()> {
    check::<(u32,), Early>(instance, exports, HookKind::OnRequest)?;
    check::<(u32,), Early>(instance, exports, HookKind::PreValidation)?;
    check::<(u32, &str), Early>(instance, exports, HookKind::PreHandler)?;
    check::<(u32, u16, &str), Change>(instance, exports, HookKind::OnResponse)?;
    check::<(u32, u16, &str, &str), Change>(instance, exports, HookKind::OnError)
}

fn check<P, R>(instance: &mut Instance, exports: &Indices, kind: HookKind) -> wasmtime::Result<()>
where
    P: ComponentNamedList + Lower,
    R: ComponentNamedList + Lift,
{
    let func = instance.func(&exports[kind as usize])?;
    func.typed::<P, R>(&instance.store).map(drop)
}

impl Instance {
    /// Runs the hooks of a kind that precedes the handler. Only `pre-handler` gets `params`.
    /// After an error the instance is unusable: drop its store.
    pub(crate) async fn before(
        &mut self,
        exports: &Indices,
        kind: HookKind,
        route: u32,
        params: &str,
    ) -> wasmtime::Result<Option<(u16, String, Content)>> {
        let (early,): Early = match kind {
            HookKind::PreHandler => self.run(exports, kind, (route, params)).await?,
            _ => self.run(exports, kind, (route,)).await?,
        };
        Ok(early)
    }

    /// Runs the hooks of a kind that follows the handler. Only `on-error` gets `message`. The
    /// caller has lent the reply's body to the guest. After an error the instance is unusable:
    /// drop its store.
    pub(crate) async fn after(
        &mut self,
        exports: &Indices,
        kind: HookKind,
        route: u32,
        (status, headers): (u16, &str),
        message: &str,
    ) -> wasmtime::Result<Option<(u16, String, Option<Content>)>> {
        let (change,): Change = match kind {
            HookKind::OnError => {
                let params = (route, status, headers, message);
                self.run(exports, kind, params).await?
            }
            _ => self.run(exports, kind, (route, status, headers)).await?,
        };
        Ok(change)
    }

    async fn run<P, R>(
        &mut self,
        exports: &Indices,
        kind: HookKind,
        params: P,
    ) -> wasmtime::Result<R>
    where
        P: ComponentNamedList + Lower + Send + Sync,
        R: ComponentNamedList + Lift + Send + Sync + 'static,
    {
        let func = self.func(&exports[kind as usize])?;
        let func = func.typed::<P, R>(&self.store)?;
        func.call_async(&mut self.store, params).await
    }
}

impl Reply {
    /// Returns the headers as the JSON text that a guest reads.
    pub(crate) fn headers_text(&self) -> String {
        // Pairs of strings always have a JSON form.
        serde_json::to_string(&self.headers).unwrap_or_default()
    }

    /// Returns the reply with the changes of a hook.
    pub(crate) fn changed(
        self,
        change: Option<(u16, String, Option<Content>)>,
        limits: &Limits,
    ) -> Result<Self, CallError> {
        let Some((status, headers, content)) = change else {
            return Ok(self);
        };
        let content = content.unwrap_or(self.content);
        Self::within((status, headers, content), limits)
    }
}
