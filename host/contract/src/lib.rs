//! The host's part in a test without a host: whether a request is admitted, what its
//! handler gets, and which answer its client gets.
//!
//! The test clients of all SDKs are built on this crate: the Rust SDK calls it, and
//! those of JavaScript and Python run it as a core WebAssembly module. Every decision
//! is made by the crate `spikard-wasm-app`, as in the host; this crate only takes a
//! request through the steps in the order of the host's pipeline:
//!
//! 1. [`Contract::begin`] finds the route and lets the policies admit the request.
//! 2. The client runs the hooks before validation.
//! 3. [`Contract::read`] checks parameters and body.
//! 4. The client runs the other hooks and the handler.
//! 5. [`Contract::finish`] adds the headers of the policies to the reply.
//!
//! It differs from the host where HTTP, time or a component matters: it compresses
//! nothing, serves no static file and no OpenAPI document, and enforces no timeout.

#[cfg(target_arch = "wasm32")]
mod abi;
mod passage;
mod read;
mod reply;
mod request;
pub mod session;

use spikard_wasm_app::policy::Secrets;
use spikard_wasm_app::{App, AppError, Defaults, Description, Hit, RawPath, Refusal, Route};

use passage::Passage;

pub use read::Call;
pub use reply::{Fields, Reply};
pub use request::Head;

/// An app's contract.
#[derive(Debug)]
pub struct Contract {
    app: App,
}

/// A request on its way.
#[derive(Debug)]
pub struct Exchange {
    passage: Passage,
    head: Head,
    route: Option<Found>,
}

/// The route of a request, and the raw values of its path parameters.
#[derive(Debug)]
struct Found {
    index: u32,
    values: RawPath,
}

/// A request that goes on to the hooks and the handler of its route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// The route's index.
    pub route: u32,
    /// Entries for the request's local context: keys and JSON texts.
    pub local: Vec<(&'static str, String)>,
}

/// Why a request does not go on.
#[derive(Debug)]
pub enum Stop {
    /// The host answers it.
    Reply(Reply),
    /// A policy needs a secret that the contract was not given.
    MissingSecret,
}

impl Contract {
    /// Loads an app as the host does. Default `Secrets` stand for secrets that are not
    /// known: an app that names some loads, and requests that need one stop.
    ///
    /// # Errors
    /// The sentence that the host would print.
    pub fn new(description: &Description, secrets: Secrets) -> Result<Self, AppError> {
        let defaults = Defaults {
            secrets,
            ..Defaults::default()
        };
        let app = App::new(description, &defaults)?;
        Ok(Self { app })
    }

    /// A route, by its index.
    #[must_use]
    pub fn route(&self, index: u32) -> Option<&Route> {
        self.app.routes().get(index as usize)
    }

    /// Begins with a request: answers a CORS preflight, finds the route, and lets the
    /// route's policies admit it.
    pub fn begin(&self, head: Head) -> (Exchange, Result<Admission, Stop>) {
        if let Some((passage, headers)) = passage::preflight(&self.app, &head) {
            let reply = match headers {
                Ok(headers) => Reply::empty(204, headers),
                Err(refusal) => Reply::of(refusal),
            };
            return (Exchange::new(passage, head, None), Err(Stop::Reply(reply)));
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
            Ok(Err(reply)) if reply.status == 204 => passage::of_options(&self.app, &head),
            _ => self.app.policies(),
        };
        let mut passage = Passage::begin(policies, &head);
        let (route, outcome) = match found {
            Err(refusal) => (None, Err(Stop::Reply(Reply::of(refusal)))),
            Ok(Err(reply)) => (None, Err(Stop::Reply(reply))),
            Ok(Ok((index, _, values))) => {
                let outcome = match passage.admit(&head, index) {
                    Ok(local) => Ok(Admission {
                        route: index,
                        local,
                    }),
                    // The only failure of an admission is a key that is not there.
                    Err(Refusal::Failed) => Err(Stop::MissingSecret),
                    Err(refusal) => Err(Stop::Reply(Reply::of(refusal))),
                };
                (Some(Found { index, values }), outcome)
            }
        };
        (Exchange::new(passage, head, route), outcome)
    }

    /// Checks the parameters and the body of a request.
    ///
    /// # Errors
    /// All errors of both.
    pub fn read(&self, exchange: &Exchange, raw: Vec<u8>) -> Result<Call, Refusal> {
        let found = exchange.route.as_ref().ok_or(Refusal::NotFound)?;
        let route = self.route(found.index).ok_or(Refusal::NotFound)?;
        read::read(route, &found.values, &exchange.head, raw)
    }

    /// Adds to the headers of a reply what the policies set, and drops those that only
    /// the host may set.
    #[must_use]
    pub fn finish(&self, exchange: Exchange, headers: Fields) -> Fields {
        exchange.passage.finish(headers)
    }
}

impl Exchange {
    fn new(passage: Passage, head: Head, route: Option<Found>) -> Self {
        Self {
            passage,
            head,
            route,
        }
    }

    /// The request's id.
    #[must_use]
    pub fn id(&self) -> &str {
        self.passage.id()
    }

    /// The request's head.
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

/// The target of a redirect. Two slashes at the beginning would name another host
/// (RFC 3986, section 4.2).
fn location(path: &str, query: &str) -> String {
    let dot = if path.starts_with("//") { "/." } else { "" };
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{dot}{path}{mark}{query}")
}
