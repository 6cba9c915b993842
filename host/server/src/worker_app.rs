//! An app within one worker: its trigger and its instances.

use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::Request;
use spikard_wasm_app::Isolation;
use spikard_wasm_runtime::{CallError, Kind, Pool};

use crate::arrival::Arrival;
use crate::body::Inbound;
use crate::error::ServeError;
use crate::exchange::{self, Desk};
use crate::hosted_app::HostedApp;
use crate::lifespan;
use crate::metrics::{ANY_ROUTE, NO_ROUTE};
use crate::response::HttpResponse;
use crate::shared::Shared;
use crate::triggers::builtin::Builtin;
use crate::triggers::handler::Handler;
use crate::triggers::not_found::NotFound;
use crate::triggers::wasi_http::WasiHttp;
use crate::warm_pool::WarmPool;

/// The time limit of an app's first instance.
const WARM_DEADLINE: Duration = Duration::from_secs(30);

/// An app, or the host itself, in one worker.
pub(crate) enum WorkerApp {
    /// An app that exports the `handler` interface.
    Handler(Handler),
    /// An app for `wasi:http`.
    WasiHttp(WasiHttp),
    /// The host, for requests that no app is mounted for.
    NotFound(NotFound),
}

impl WorkerApp {
    /// Starts an app in this worker, with its first instance.
    ///
    /// # Errors
    /// The instantiation or the app's own start failed or took too long.
    pub(crate) async fn start(hosted: &HostedApp, shared: &Shared) -> Result<Rc<Self>, ServeError> {
        let settings = &hosted.settings;
        let component = hosted.component.clone();
        let pool = Pool::new(component, settings.instances_per_worker, settings.recycling);
        let figures = hosted.figures(shared.workers).worker(shared.number);
        figures.set_pool(pool.stats());
        let kind = hosted.component.kind();
        let has = |isolation| match kind {
            Kind::Handler => hosted.app.has(isolation),
            Kind::Proxy | Kind::Service => settings.http.isolation == isolation,
        };
        let pool = WarmPool::new(pool, has(Isolation::Fresh));
        let warm = async {
            match has(Isolation::Reuse) {
                true if kind == Kind::Service => pool.warm_service().await,
                true => pool.warm(Isolation::Reuse).await,
                false if has(Isolation::Shared) => pool.warm(Isolation::Shared).await,
                false => pool.warm(Isolation::Fresh).await,
            }
        };
        let warm = tokio::time::timeout(WARM_DEADLINE, warm).await;
        let warm = warm.unwrap_or(Err(CallError::Deadline(WARM_DEADLINE)));
        warm.map_err(ServeError::Instance)?;
        // All workers wait for the first one before any of them gets a request.
        if shared.number == 0 {
            lifespan::start(hosted, &pool).await?;
        }
        hosted.workers.fetch_add(1, Ordering::AcqRel);
        let is_handler = kind == Kind::Handler;
        let desk = Rc::new(Desk {
            app: hosted.name.clone(),
            rest: (!is_handler).then_some(ANY_ROUTE),
            requests: shared.requests.clone(),
            figures,
            server_timing: settings.server_timing,
        });
        let builtin = Builtin {
            metrics: shared.metrics_beside(&hosted.mount),
            docs: settings.docs.clone().filter(|_| is_handler),
            asterisk: is_handler,
        };
        Ok(Rc::new(match kind {
            Kind::Handler => Self::Handler(Handler::new(hosted, desk, builtin, pool)),
            Kind::Proxy | Kind::Service => {
                let settings = (kind, settings.http, settings.body_timeout);
                Self::WasiHttp(WasiHttp::new(settings, desk, builtin, pool))
            }
        }))
    }

    /// Returns the trigger for requests that no app is mounted for.
    pub(crate) fn not_found(shared: &Shared) -> Rc<Self> {
        let desk = Desk {
            app: Some(NO_ROUTE.into()),
            rest: None,
            requests: shared.requests.clone(),
            figures: shared.figures.not_found().worker(shared.number),
            server_timing: false,
        };
        let builtin = Builtin {
            metrics: shared.metrics(),
            docs: None,
            asterisk: true,
        };
        Rc::new(Self::NotFound(NotFound::new(Rc::new(desk), builtin)))
    }

    /// Ends the app in this worker, which has answered its last request. The last worker calls
    /// the app's own stop.
    pub(crate) async fn stop(&self, hosted: &HostedApp) {
        let is_last = hosted.workers.fetch_sub(1, Ordering::AcqRel) == 1;
        if let Self::Handler(handler) = self
            && is_last
        {
            lifespan::stop(hosted, handler.pool()).await;
        }
    }

    /// Answers a request.
    pub(crate) async fn respond(
        &self,
        request: Request<Inbound>,
        arrival: Arrival,
    ) -> HttpResponse {
        match self {
            Self::Handler(handler) => exchange::run(handler, request, arrival).await,
            // Boxed: its future is larger, and handlers would pay for its room.
            Self::WasiHttp(app) => Box::pin(exchange::run(app, request, arrival)).await,
            Self::NotFound(host) => exchange::run(host, request, arrival).await,
        }
    }
}
