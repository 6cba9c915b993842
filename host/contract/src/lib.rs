//! The request pipeline of the host without a server, for tests of apps.
//!
//! The test clients of all SDKs use this crate: the Rust SDK calls it directly, and those of
//! JavaScript and Python run it as a core WebAssembly module. As in the host, the crate
//! `spikard-wasm-app` makes every decision. This crate only runs the steps of a request in
//! the order of the host's pipeline:
//!
//! 1. [`Contract::begin`] finds the route and applies the admission policies.
//! 2. The client runs the hooks before validation.
//! 3. [`Contract::read`] validates parameters and body.
//! 4. The client runs the other hooks and the handler.
//! 5. [`Contract::finish`] adds the headers of the policies to the reply.
//!
//! Unlike the host, it does not compress replies, serve static files or the OpenAPI
//! document, or enforce timeouts.

#[cfg(target_arch = "wasm32")]
mod abi;
mod read;
mod reply;
mod request;
mod request_policies;
pub mod session;

use spikard_wasm_app::policy::Secrets;
use spikard_wasm_app::{
    App, AppError, Defaults, Description, Fallback, Hit, Hooks, RawPath, Refusal, Route,
};

use request_policies::RequestPolicies;

pub use read::Call;
pub use reply::{Fields, Reply};
pub use request::Head;

/// A loaded app.
#[derive(Debug)]
pub struct Contract {
    app: App,
}

/// A request in progress.
#[derive(Debug)]
pub struct Exchange {
    request_policies: RequestPolicies,
    head: Head,
    route: Option<MatchedRoute>,
}

/// The route of a request, and the raw values of its path parameters.
#[derive(Debug)]
struct MatchedRoute {
    index: u32,
    values: RawPath,
}

/// An admitted request, which continues to the hooks and the handler of its route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// The route's index.
    pub route: u32,
    /// Entries for the request's local context: keys and JSON texts.
    pub local: Vec<(&'static str, String)>,
}

/// The reason why a request ends before its handler.
#[derive(Debug)]
pub enum Stop {
    /// The host replies itself.
    Reply(Reply),
    /// A policy needs a secret that the client did not provide.
    MissingSecret,
}

impl Contract {
    /// Loads an app as the host does. With default `Secrets`, an app that names secrets
    /// loads, but requests that need one stop.
    ///
    /// # Errors
    /// The error that the host prints.
    pub fn new(description: &Description, secrets: Secrets) -> Result<Self, AppError> {
        let defaults = Defaults {
            secrets,
            ..Defaults::default()
        };
        let app = App::new(description, &defaults)?;
        Ok(Self { app })
    }

    /// Returns a route by its index.
    #[must_use]
    pub fn route(&self, index: u32) -> Option<&Route> {
        self.app.routes().get(index as usize)
    }

    /// Returns the number of a request's route and its hook kinds. A request without a route has
    /// those of the app's fallback.
    #[must_use]
    pub fn target(&self, exchange: &Exchange) -> (u32, Hooks) {
        let index = exchange.route.as_ref().map(|route| route.index);
        let route = index.and_then(|index| Some((index, self.route(index)?.hooks())));
        route.unwrap_or((Fallback::ROUTE, self.app.fallback().hooks))
    }

    /// Begins a request: answers a CORS preflight, finds the route, and applies the route's
    /// admission policies.
    pub fn begin(&self, head: Head) -> (Exchange, Result<Admission, Stop>) {
        if let Some((request_policies, headers)) = request_policies::preflight(&self.app, &head) {
            let reply = match headers {
                Ok(headers) => Reply::empty(204, headers),
                Err(refusal) => Reply::of(refusal),
            };
            return (
                Exchange::new(request_policies, head, None),
                Err(Stop::Reply(reply)),
            );
        }
        let found = self.app.find(&head.method, &head.path, |hit| match hit {
            Hit::Route {
                index,
                route,
                values,
            } => Ok((index, route, values.to_raw())),
            Hit::Options { allow } => Err(Reply::empty(204, [("allow", allow.to_owned())])),
            Hit::Redirect { to } => {
                let location = location(&to, &head.query);
                Err(Reply::empty(308, [("location", location)]))
            }
        });
        let policies = match &found {
            Ok(Ok((_, route, _))) => route.policies(),
            Ok(Err(reply)) if reply.status == 204 => {
                let next = head.first("access-control-request-method");
                self.app.policies_of_options(next, &head.path)
            }
            _ => self.app.policies(),
        };
        let mut request_policies = RequestPolicies::begin(policies, &head);
        let (route, outcome) = match found {
            Err(refusal) => (None, Err(Stop::Reply(Reply::of(refusal)))),
            Ok(Err(reply)) => (None, Err(Stop::Reply(reply))),
            Ok(Ok((index, _, values))) => {
                let outcome = match request_policies.admit(&head, index) {
                    Ok(local) => Ok(Admission {
                        route: index,
                        local,
                    }),
                    // Admission fails only if a key is missing.
                    Err(Refusal::Failed) => Err(Stop::MissingSecret),
                    Err(refusal) => Err(Stop::Reply(Reply::of(refusal))),
                };
                (Some(MatchedRoute { index, values }), outcome)
            }
        };
        (Exchange::new(request_policies, head, route), outcome)
    }

    /// Validates the parameters and the body of a request.
    ///
    /// # Errors
    /// The refusal, with the validation errors of both.
    pub fn read(&self, exchange: &Exchange, raw: Vec<u8>) -> Result<Call, Refusal> {
        let found = exchange.route.as_ref().ok_or(Refusal::NotFound)?;
        let route = self.route(found.index).ok_or(Refusal::NotFound)?;
        read::read(route, &found.values, &exchange.head, raw)
    }

    /// Adds the headers of the policies to a reply, and drops headers that only the host
    /// sets.
    #[must_use]
    pub fn finish(&self, exchange: Exchange, headers: Fields) -> Fields {
        exchange.request_policies.finish(headers)
    }
}

impl Exchange {
    fn new(request_policies: RequestPolicies, head: Head, route: Option<MatchedRoute>) -> Self {
        Self {
            request_policies,
            head,
            route,
        }
    }

    /// Returns the request's id.
    #[must_use]
    pub fn id(&self) -> &str {
        self.request_policies.id()
    }

    /// Returns the request's head.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Returns true if a reply with this status has no content: HTTP allows none for the
    /// status or for HEAD (RFC 9110, section 9.3.2).
    #[must_use]
    pub fn is_bodiless(&self, status: u16) -> bool {
        spikard_wasm_app::is_bodiless(status) || self.head.method == "HEAD"
    }
}

/// Returns the target of a redirect. Avoids two leading slashes, which would name another
/// host (RFC 3986, section 4.2).
fn location(path: &str, query: &str) -> String {
    let dot = if path.starts_with("//") { "/." } else { "" };
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{dot}{path}{mark}{query}")
}
