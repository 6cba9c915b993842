//! The apps of one worker: which of them gets a request, and how they are replaced.
//!
//! A worker has one set of apps at a time. A request takes the app that it goes to with
//! it, so that an app whose place is taken by another lasts until its requests are done.

use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::{Rc, Weak};
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{HOST, HeaderName, HeaderValue};
use hyper::http::uri::PathAndQuery;
use hyper::{Request, Uri, Version};
use spikard_wasm_app::Mounts;
use spikard_wasm_runtime::{CallError, StreamBody};

use crate::body::Inbound;
use crate::nowhere::Nowhere;
use crate::response::HttpResponse;
use crate::served::Served;
use crate::service::{Arrival, Service};
use crate::worker::{Apps, Shared};

/// What an app below a prefix may read it from, as behind other proxies.
const FORWARDED_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");

/// The apps of one worker.
pub(crate) struct Site {
    tenants: RefCell<Rc<Tenants>>,
}

/// The apps that are served at a time.
pub(crate) struct Tenants {
    routing: Routing,
    all: Box<[Tenant]>,
}

/// How a request finds its app.
enum Routing {
    /// Without looking: there is one, and everything is below it.
    One(Rc<Service>),
    Several {
        mounts: Arc<Mounts>,
        nowhere: Rc<Service>,
    },
}

struct Tenant {
    served: Arc<Served>,
    service: Rc<Service>,
    prefix: HeaderValue,
}

impl Tenants {
    /// Starts apps in this worker. Those that `before` has already are taken over.
    ///
    /// # Errors
    /// An app cannot make its first instance.
    pub(crate) async fn start(
        apps: &Apps,
        before: Option<&Self>,
        shared: &Shared,
    ) -> Result<Rc<Self>, CallError> {
        let mut all = Vec::with_capacity(apps.all.len());
        for served in apps.all.iter() {
            let mut known = before.iter().flat_map(|before| before.all.iter());
            let known = known.find(|tenant| Arc::ptr_eq(&tenant.served, served));
            let service = match known {
                Some(tenant) => tenant.service.clone(),
                None => Service::start(served, shared).await?,
            };
            let prefix = HeaderValue::from_str(served.mount.prefix());
            all.push(Tenant {
                served: served.clone(),
                service,
                prefix: prefix.unwrap_or(HeaderValue::from_static("")),
            });
        }
        let routing = match all.as_slice() {
            [one] if one.served.mount.is_everything() => Routing::One(one.service.clone()),
            _ => {
                let figures = shared.figures.nowhere().worker(shared.number);
                let nowhere = Nowhere::new(figures, shared.metrics());
                Routing::Several {
                    mounts: apps.mounts.clone(),
                    nowhere: Rc::new(Service::Nowhere(nowhere)),
                }
            }
        };
        let all = all.into();
        Ok(Rc::new(Self { routing, all }))
    }
}

thread_local! {
    /// The site of the worker that this thread is.
    static HERE: RefCell<Weak<Site>> = RefCell::default();
}

impl Site {
    /// The site of this worker's thread.
    pub(crate) fn new(tenants: Rc<Tenants>) -> Rc<Self> {
        let site = Rc::new(Self {
            tenants: RefCell::new(tenants),
        });
        HERE.set(Rc::downgrade(&site));
        site
    }

    /// The apps that are served now.
    pub(crate) fn tenants(&self) -> Rc<Tenants> {
        self.tenants.borrow().clone()
    }

    /// Serves others from the next request on.
    pub(crate) fn replace(&self, tenants: Rc<Tenants>) {
        // The old ones are dropped after the borrow.
        let _old = self.tenants.replace(tenants);
    }

    /// The site of the worker that this thread is.
    pub(crate) fn here() -> Option<Rc<Self>> {
        HERE.with_borrow(Weak::upgrade)
    }

    /// Gives a request of another app to the app of a name, wherever that is mounted;
    /// `None` where there is none.
    pub(crate) fn respond_internal(
        &self,
        name: &str,
        request: Request<StreamBody>,
        depth: u32,
    ) -> Option<impl Future<Output = HttpResponse> + use<>> {
        let tenants = self.tenants.borrow();
        let mut all = tenants.all.iter();
        let tenant = all.find(|tenant| tenant.served.name() == Some(name))?;
        let service = tenant.service.clone();
        let mut request = request.map(Inbound::App);
        // There is no connection whose next request has to wait for this one's body.
        *request.version_mut() = Version::HTTP_2;
        let from = Arrival {
            depth,
            ..Arrival::of((Ipv4Addr::LOCALHOST, 0).into())
        };
        Some(async move { service.respond(request, from).await })
    }

    /// The app that a request goes to, and the request as that app sees it.
    pub(crate) fn route(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> (Rc<Service>, Request<Inbound>, Arrival) {
        let mut request = request.map(Inbound::Client);
        let mut from = Arrival::of(peer);
        let tenants = self.tenants.borrow();
        let (mounts, nowhere) = match &tenants.routing {
            Routing::One(service) => return (service.clone(), request, from),
            Routing::Several { mounts, nowhere } => (mounts, nowhere),
        };
        let path = request.uri().path();
        let found = mounts.find(host(&request), path);
        let found = found.and_then(|(app, rest)| Some((tenants.all.get(app)?, rest)));
        let Some((tenant, rest)) = found else {
            return (nowhere.clone(), request, from);
        };
        if rest.len() != path.len() {
            let less = below(request.uri(), rest);
            from.sent = Some(std::mem::replace(request.uri_mut(), less));
            let prefix = tenant.prefix.clone();
            request.headers_mut().insert(FORWARDED_PREFIX, prefix);
        }
        (tenant.service.clone(), request, from)
    }
}

/// The name of the host that a request is for.
fn host<B>(request: &Request<B>) -> &str {
    let header = || request.headers().get(HOST)?.to_str().ok();
    let of_uri = request.uri().authority().map(|authority| authority.host());
    of_uri.or_else(header).unwrap_or_default()
}

/// A URI whose path is what is left of it.
fn below(uri: &Uri, rest: &str) -> Uri {
    let slash = if rest.is_empty() { "/" } else { "" };
    let path = match uri.query() {
        Some(query) => PathAndQuery::try_from(format!("{slash}{rest}?{query}")),
        None => PathAndQuery::try_from(format!("{slash}{rest}")),
    };
    let mut parts = uri.clone().into_parts();
    // A part of a path that begins with a slash is a path.
    parts.path_and_query = Some(path.unwrap_or(PathAndQuery::from_static("/")));
    Uri::from_parts(parts).unwrap_or_default()
}
