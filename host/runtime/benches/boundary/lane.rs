//! An app called through the runtime crate, as in the server. Only this module of the benches uses
//! the interface of that crate.

use crate::common::cases::Case;
use crate::common::direct::Mode;
use crate::common::process::cpu_time;
use crate::common::rounds::{Subject, typical};
use crate::common::types::Body as Sent;
use spikard_wasm_app::{Body, Call, Isolation};
use spikard_wasm_runtime::{
    Cache, Content, Limits, Loaded, NoRequest, Pool, Recycling, Reply, Request, Runtime,
};
use std::hint::black_box;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wasmtime::{Result, bail, format_err};

pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// A loaded app.
#[derive(Clone)]
pub(crate) struct Lane {
    loaded: Loaded,
    /// The paths of its routes, in order.
    routes: Arc<[String]>,
}

impl Lane {
    /// A runtime for this many concurrent instances.
    pub(crate) fn runtime(instances: u32) -> Result<Runtime> {
        Ok(Runtime::new(Limits {
            instances,
            ..Limits::default()
        })?)
    }

    /// Loads an app, from its cached machine code if possible.
    pub(crate) async fn load(runtime: &Runtime, path: &Path) -> Result<Self> {
        let cache = Cache::new(path.with_file_name("compiled"));
        let loaded = runtime.load(path, Some(&cache), &mut |_| ())?;
        let description = loaded.describe().await?;
        let routes = description.routes.into_iter().map(|route| route.path);
        Ok(Self {
            loaded,
            routes: routes.collect(),
        })
    }

    /// Returns the index of a route.
    pub(crate) fn route(&self, path: &str) -> Result<u32> {
        let Some(route) = self.routes.iter().position(|route| route == path) else {
            bail!("the app has no route `{path}`");
        };
        Ok(u32::try_from(route)?)
    }

    /// Returns the app as a subject, after checking its reply.
    pub(crate) async fn subject(&self, case: &Case, mode: Mode) -> Result<PoolSubject> {
        let body = match case.body {
            Sent::Json(text) => Body::Json(text.into()),
            Sent::Text(text) => Body::Text(text.into()),
            _ => Body::Empty,
        };
        let subject = PoolSubject {
            pool: self.pool(),
            mode,
            call: Call {
                route: self.route(case.path)?,
                params: String::new(),
                body,
            },
            request: Arc::new(NoRequest::default()),
        };
        for _ in 0..2 {
            let reply = subject.call().await?;
            let text = match reply.content {
                Content::Json(text) | Content::Text(text) => text,
                Content::Bytes(bytes) => String::from_utf8(bytes)?,
                Content::Empty => String::new(),
            };
            case.check(reply.status, &text)?;
        }
        Ok(subject)
    }

    /// Returns a pool with one instance.
    pub(crate) fn pool(&self) -> Rc<Pool> {
        Rc::new(Pool::new(self.loaded.clone(), 1, Recycling::default()))
    }
}

/// An app to time.
pub(crate) struct PoolSubject {
    pool: Rc<Pool>,
    mode: Mode,
    call: Call,
    request: Arc<dyn Request>,
}

impl PoolSubject {
    async fn call(&self) -> Result<Reply> {
        let isolation = match self.mode {
            Mode::Reused => Isolation::Reuse,
            Mode::Fresh | Mode::Prepared => Isolation::Fresh,
        };
        let request = self.request.clone();
        let reply = self.pool.call(&self.call, request, isolation, DEADLINE);
        reply.await.map_err(|error| format_err!("{error}"))
    }
}

impl Subject for PoolSubject {
    async fn batch(&mut self, calls: u32) -> Result<Duration> {
        let mut waited = Vec::new();
        let started = cpu_time();
        for _ in 0..calls {
            match self.mode {
                // In a pool of one, a fresh call first drops the previous instance.
                Mode::Reused | Mode::Fresh => drop(black_box(self.call().await?)),
                Mode::Prepared => {
                    let ready = self.pool.warm(Isolation::Fresh).await;
                    ready.map_err(|error| format_err!("{error}"))?;
                    let started = Instant::now();
                    drop(black_box(self.call().await?));
                    waited.push(started.elapsed());
                }
            }
        }
        match self.mode {
            Mode::Prepared => Ok(typical(waited)),
            Mode::Reused | Mode::Fresh => Ok(cpu_time() - started),
        }
    }
}
