//! A call of a hook or of the handler, each with a new request.

use crate::common::process::cpu_time;
use crate::common::rounds;
use crate::lane::{DEADLINE, Lane};
use spikard_wasm_app::{Body, Call, HookKind, Isolation};
use spikard_wasm_runtime::{Content, NoRequest, Pool, Reply, Request};
use std::hint::black_box;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use wasmtime::{Result, ensure, format_err};

/// The function to call.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// The handler `hello`.
    Call,
    /// A hook that reads and sets a value of the request's context.
    PreHandler,
    /// A hook that sets a header of the reply.
    OnResponse,
}

impl Kind {
    /// All kinds.
    pub(crate) const ALL: [Self; 3] = [Self::Call, Self::PreHandler, Self::OnResponse];

    /// Returns the name in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::PreHandler => "pre-handler",
            Self::OnResponse => "on-response",
        }
    }
}

/// A subject to time.
pub(crate) struct Subject {
    pool: Rc<Pool>,
    kind: Kind,
    /// `hello`.
    call: Call,
    hooked: u32,
}

impl Subject {
    /// Checks that the app's hooks have their effect.
    pub(crate) async fn new(lane: &Lane, kind: Kind) -> Result<Self> {
        let call = |path| {
            Ok::<_, wasmtime::Error>(Call {
                route: lane.route(path)?,
                params: String::new(),
                body: Body::Empty,
            })
        };
        let subject = Self {
            pool: lane.pool(),
            kind,
            call: call("/hello")?,
            hooked: lane.route("/hooked")?,
        };
        subject.check(&call("/hooked")?).await?;
        Ok(subject)
    }

    /// Runs a whole request in one instance.
    async fn check(&self, call: &Call) -> Result<()> {
        let request = request();
        let reply = self.pool.within(DEADLINE, async {
            let mut lease = self.pool.lease(Isolation::Reuse, request.stages()).await?;
            let head = (call.route, "");
            lease
                .before(HookKind::PreHandler, head, request.clone())
                .await?;
            let reply = lease.handle(call, request.clone()).await?;
            lease
                .after(HookKind::OnResponse, head, reply, request.clone())
                .await
        });
        let reply = reply.await.map_err(|error| format_err!("{error}"))?;
        let marked = reply.headers.iter().any(|(name, _)| name == "x-hooked");
        ensure!(marked, "the hook `on-response` set no header `x-hooked`");
        let text = match reply.content {
            Content::Json(text) | Content::Text(text) => text,
            _ => String::new(),
        };
        let counted: Option<serde_json::Value> = serde_json::from_str(&text).ok();
        ensure!(
            counted.is_some_and(|counted| counted["hooks"] == 1),
            "`/hooked` replied `{text}`, which is not one hook"
        );
        Ok(())
    }

    async fn once(&self) -> Result<()> {
        let request = request();
        let done = self.pool.within(DEADLINE, async {
            let mut lease = self.pool.lease(Isolation::Reuse, request.stages()).await?;
            let head = (self.hooked, "");
            match self.kind {
                Kind::Call => drop(black_box(lease.handle(&self.call, request.clone()).await?)),
                Kind::PreHandler => {
                    let kind = HookKind::PreHandler;
                    drop(black_box(lease.before(kind, head, request.clone()).await?));
                }
                Kind::OnResponse => {
                    let kind = HookKind::OnResponse;
                    let reply = lease.after(kind, head, reply(), request.clone());
                    drop(black_box(reply.await?));
                }
            }
            Ok(())
        });
        done.await.map_err(|error| format_err!("{error}"))
    }
}

impl rounds::Subject for Subject {
    async fn batch(&mut self, calls: u32) -> Result<Duration> {
        let started = cpu_time();
        for _ in 0..calls {
            self.once().await?;
        }
        Ok(cpu_time() - started)
    }
}

/// Creates a request with a new context.
fn request() -> Arc<dyn Request> {
    Arc::new(NoRequest::default())
}

/// Returns a reply of the handler.
fn reply() -> Reply {
    Reply {
        status: 200,
        headers: Vec::new(),
        content: Content::Json(r#"{"hooks":1}"#.to_owned()),
    }
}
