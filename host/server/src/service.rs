//! An app in one worker, whatever it is made of: what a request is given to.

use std::net::SocketAddr;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hyper::{Request, Uri};
use spikard_wasm_app::Isolation;
use spikard_wasm_runtime::{CallError, Kind, Pool};
use tokio::task::AbortHandle;

use crate::body::Inbound;
use crate::http_app::HttpApp;
use crate::nowhere::Nowhere;
use crate::pipeline::Pipeline;
use crate::response::HttpResponse;
use crate::served::Served;
use crate::worker::Shared;

/// The longest that the first instance of an app may take.
const WARM_DEADLINE: Duration = Duration::from_secs(30);

/// An app in one worker.
pub(crate) enum Service {
    /// One that exports our own interface.
    Handler(Pipeline),
    /// One for `wasi:http`.
    Http(HttpApp),
    /// None: what answers where no app is mounted.
    Nowhere(Nowhere),
}

/// Where a request comes from.
pub(crate) struct Arrival {
    pub(crate) peer: SocketAddr,
    /// How many apps of this host sent requests to one another until this one.
    pub(crate) depth: u32,
    /// The URI as the client sent it, where the app sees less of it.
    pub(crate) sent: Option<Uri>,
}

impl Service {
    /// Makes the instances of an app in this worker, the first of them at once.
    ///
    /// # Errors
    /// No instance can be made.
    pub(crate) async fn start(served: &Served, shared: &Shared) -> Result<Rc<Self>, CallError> {
        let settings = &served.settings;
        let component = served.component.clone();
        let pool = Pool::new(component, settings.instances_per_worker, settings.recycling);
        let figures = served.figures(shared.workers).worker(shared.number);
        figures.has_pool(pool.stats());
        let kind = served.component.kind();
        let has = |isolation| match kind {
            Kind::Handler => served.app.has(isolation),
            Kind::Proxy | Kind::Service => settings.http.isolation == isolation,
        };
        let pool = Kept::new(pool, has(Isolation::Fresh));
        let warm = async {
            match has(Isolation::Reuse) {
                true if kind == Kind::Service => pool.shared().warm_service().await,
                true => pool.warm(Isolation::Reuse).await,
                false => pool.warm(Isolation::Fresh).await,
            }
        };
        let warm = tokio::time::timeout(WARM_DEADLINE, warm).await;
        warm.unwrap_or(Err(CallError::Deadline(WARM_DEADLINE)))?;
        Ok(Rc::new(match kind {
            Kind::Handler => Self::Handler(Pipeline::new(served, shared, figures, pool)),
            Kind::Proxy | Kind::Service => Self::Http(HttpApp::new(served, shared, figures, pool)),
        }))
    }

    /// Answers a request.
    pub(crate) async fn respond(&self, request: Request<Inbound>, from: Arrival) -> HttpResponse {
        match self {
            Self::Handler(pipeline) => pipeline.respond(request, from).await,
            // Its future is larger, and would be room for that of a handler too.
            Self::Http(app) => Box::pin(app.respond(request, from)).await,
            Self::Nowhere(nowhere) => nowhere.respond(request, from).await,
        }
    }
}

/// A pool with the task that keeps it, which ends with it.
pub(crate) struct Kept {
    pool: Rc<Pool>,
    keeper: AbortHandle,
}

impl Kept {
    fn new(pool: Pool, serves_fresh: bool) -> Self {
        let pool = Rc::new(pool);
        let kept = pool.clone();
        let keeper = tokio::task::spawn_local(async move { kept.keep(serves_fresh).await });
        Self {
            pool,
            keeper: keeper.abort_handle(),
        }
    }

    /// The pool, for requests that outlast what answered them.
    pub(crate) fn shared(&self) -> &Rc<Pool> {
        &self.pool
    }
}

impl Deref for Kept {
    type Target = Pool;

    fn deref(&self) -> &Pool {
        &self.pool
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.keeper.abort();
        self.pool.close();
    }
}

impl Arrival {
    /// A request that came on a connection.
    pub(crate) fn of(peer: SocketAddr) -> Self {
        Self {
            peer,
            depth: 0,
            sent: None,
        }
    }
}

/// The name of an app in the log and in metrics, where there are several.
pub(crate) type AppName = Option<Arc<str>>;
