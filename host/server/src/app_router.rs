//! Routes a request to one of the worker's apps, and replaces the apps.
//!
//! A worker has one set of apps at a time. A request holds a reference to its app, so a replaced
//! app lives until its last request ends.

use std::cell::{Cell, RefCell};
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{HOST, HeaderName, HeaderValue};
use hyper::http::uri::{PathAndQuery, Scheme};
use hyper::{Request, Uri, Version};
use spikard_wasm_app::Mounts;
use spikard_wasm_runtime::{PoolStats, StreamBody};

use crate::arrival::Arrival;
use crate::body::Inbound;
use crate::error::ServeError;
use crate::head;
use crate::hosted_app::HostedApp;
use crate::internal::{self, Dispatch};
use crate::response::HttpResponse;
use crate::shared::{Apps, Shared};
use crate::worker_app::WorkerApp;

/// Tells a mounted app its path prefix, as reverse proxies do.
const FORWARDED_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");

/// How often to check whether a replaced app still has requests.
const POLL: Duration = Duration::from_millis(20);

/// Routes requests to the apps of one worker.
pub(crate) struct AppRouter {
    apps: RefCell<Rc<RunningApps>>,
    /// The number of replaced apps that have not stopped.
    stopping: Cell<usize>,
}

/// One set of apps; replacing the apps replaces the set.
pub(crate) struct RunningApps {
    routing: Routing,
    all: Box<[RunningApp]>,
}

/// How to find the app of a request.
enum Routing {
    /// A single app is mounted at the root of all hosts and gets every request.
    One(Rc<WorkerApp>),
    Several {
        mounts: Arc<Mounts>,
        not_found: Rc<WorkerApp>,
    },
}

struct RunningApp {
    hosted: Arc<HostedApp>,
    worker_app: Rc<WorkerApp>,
    pool: Arc<PoolStats>,
    prefix: HeaderValue,
}

impl RunningApps {
    /// Starts apps in this worker. Apps that are also in `before` keep running.
    ///
    /// # Errors
    /// The first instance of an app cannot be created, or its own start failed.
    pub(crate) async fn start(
        apps: &Apps,
        before: Option<&Self>,
        shared: &Shared,
    ) -> Result<Rc<Self>, ServeError> {
        let mut all = Vec::with_capacity(apps.all.len());
        for hosted in apps.all.iter() {
            let mut known = before.iter().flat_map(|before| before.all.iter());
            let known = known.find(|app| Arc::ptr_eq(&app.hosted, hosted));
            let worker_app = match known {
                Some(app) => app.worker_app.clone(),
                None => WorkerApp::start(hosted, shared).await?,
            };
            let prefix = HeaderValue::from_str(hosted.mount.prefix());
            all.push(RunningApp {
                hosted: hosted.clone(),
                pool: hosted.figures(shared.workers).worker(shared.number).pool(),
                worker_app,
                prefix: prefix.unwrap_or(HeaderValue::from_static("")),
            });
        }
        let routing = match all.as_slice() {
            [one] if one.hosted.mount.is_everything() => Routing::One(one.worker_app.clone()),
            _ => Routing::Several {
                mounts: apps.mounts.clone(),
                not_found: WorkerApp::not_found(shared),
            },
        };
        let all = all.into();
        Ok(Rc::new(Self { routing, all }))
    }
}

impl AppRouter {
    /// Creates the router and registers it on this thread for requests between apps.
    pub(crate) fn new(apps: Rc<RunningApps>) -> Rc<Self> {
        let router = Rc::new(Self {
            apps: RefCell::new(apps),
            stopping: Cell::new(0),
        });
        let dispatcher: Weak<dyn Dispatch> = Rc::downgrade(&router) as Weak<dyn Dispatch>;
        internal::register(dispatcher);
        router
    }

    /// Returns the current apps.
    pub(crate) fn apps(&self) -> Rc<RunningApps> {
        self.apps.borrow().clone()
    }

    /// Returns true if an instance still works for a request that has its reply, or a replaced
    /// app has not stopped.
    pub(crate) fn has_background_work(&self) -> bool {
        let apps = self.apps.borrow();
        self.stopping.get() != 0 || apps.all.iter().any(|app| app.pool.leased() != 0)
    }

    /// Replaces the apps for all later requests. Apps that no longer run stop after their last
    /// request.
    pub(crate) fn replace(self: &Rc<Self>, apps: Rc<RunningApps>) {
        let kept = apps.clone();
        // Dropping the old apps may use the router, so the borrow must end first.
        let old = self.apps.replace(apps);
        for app in &old.all {
            let is_kept = |other: &RunningApp| Arc::ptr_eq(&other.hosted, &app.hosted);
            if kept.all.iter().any(is_kept) || app.hosted.app.lifespan().stop.is_none() {
                continue;
            }
            let (hosted, worker_app, pool) =
                (app.hosted.clone(), app.worker_app.clone(), app.pool.clone());
            let router = self.clone();
            router.stopping.update(|number| number + 1);
            tokio::task::spawn_local(async move {
                // Requests in flight hold the app.
                while Rc::strong_count(&worker_app) > 1 || pool.leased() != 0 {
                    tokio::time::sleep(POLL).await;
                }
                worker_app.stop(&hosted).await;
                router.stopping.update(|number| number - 1);
            });
        }
    }

    /// Stops the current apps after the last request of this worker.
    pub(crate) async fn stop(&self) {
        let apps = self.apps();
        for app in &apps.all {
            app.worker_app.stop(&app.hosted).await;
        }
    }

    /// Finds the app of a request, and strips the app's mount prefix from the request's path.
    pub(crate) fn route(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
        scheme: Scheme,
    ) -> (Rc<WorkerApp>, Request<Inbound>, Arrival) {
        let mut request = request.map(Inbound::Client);
        let mut arrival = Arrival::of(peer, scheme);
        arrival.fault = head::check(&mut request).err().map(Box::new);
        let apps = self.apps.borrow();
        let (mounts, not_found) = match &apps.routing {
            Routing::One(worker_app) => return (worker_app.clone(), request, arrival),
            Routing::Several { mounts, not_found } => (mounts, not_found),
        };
        let path = request.uri().path();
        let found = mounts.find(host(&request), path);
        let found = found.and_then(|(app, rest)| Some((apps.all.get(app)?, rest)));
        let Some((app, rest)) = found else {
            return (not_found.clone(), request, arrival);
        };
        if rest.len() != path.len() {
            let stripped = with_path(request.uri(), rest);
            let sent = std::mem::replace(request.uri_mut(), stripped);
            arrival.sent = Some(Box::new(sent));
            let prefix = app.prefix.clone();
            request.headers_mut().insert(FORWARDED_PREFIX, prefix);
        }
        (app.worker_app.clone(), request, arrival)
    }
}

impl Dispatch for AppRouter {
    fn dispatch(
        &self,
        name: &str,
        request: Request<StreamBody>,
        depth: u32,
    ) -> Option<Pin<Box<dyn Future<Output = HttpResponse>>>> {
        let apps = self.apps.borrow();
        let app = apps
            .all
            .iter()
            .find(|app| app.hosted.name() == Some(name))?;
        let worker_app = app.worker_app.clone();
        let mut request = request.map(Inbound::App);
        // An internal request has no connection: as in HTTP/2, no later request waits for its
        // body.
        *request.version_mut() = Version::HTTP_2;
        let arrival = Arrival {
            depth,
            ..Arrival::of((Ipv4Addr::LOCALHOST, 0).into(), Scheme::HTTP)
        };
        Some(Box::pin(async move {
            worker_app.respond(request, arrival).await
        }))
    }
}

/// Returns the request's host name, from its URI or from the Host header.
fn host<B>(request: &Request<B>) -> &str {
    let header = || request.headers().get(HOST)?.to_str().ok();
    let of_uri = request.uri().authority().map(|authority| authority.host());
    of_uri.or_else(header).unwrap_or_default()
}

/// Replaces a URI's path with `rest`, the part after the mount prefix.
fn with_path(uri: &Uri, rest: &str) -> Uri {
    let slash = if rest.is_empty() { "/" } else { "" };
    let path = match uri.query() {
        Some(query) => PathAndQuery::try_from(format!("{slash}{rest}?{query}")),
        None => PathAndQuery::try_from(format!("{slash}{rest}")),
    };
    let mut parts = uri.clone().into_parts();
    // The suffix of a valid path is valid too once it begins with a slash.
    parts.path_and_query = Some(path.unwrap_or(PathAndQuery::from_static("/")));
    Uri::from_parts(parts).unwrap_or_default()
}
