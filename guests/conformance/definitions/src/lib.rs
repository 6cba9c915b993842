//! An app with an arbitrary definition, valid or not, which bypasses the checks of the SDK.
//!
//! The definition is JSON in a constant of the built component, which starts with `MARK` and is
//! `LENGTH` bytes long: a test overwrites it in the file, so that one build serves for all
//! definitions.

mod bindings;

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::bindings::exports::spikard::handler::definition::{self, Description, Method, Route};
use crate::bindings::exports::spikard::handler::handler::{self, Body, Content};
use crate::bindings::exports::spikard::handler::hooks;
use crate::bindings::spikard;
use serde::Deserialize;

const MARK: &[u8; 16] = b"DEFINITION HERE:";
const LENGTH: usize = 8192;

/// Filled with spaces, which JSON ignores, so that the file contains every byte of it.
#[unsafe(no_mangle)]
static SLOT: [u8; LENGTH] = {
    let mut slot = [b' '; LENGTH];
    let mut at = 0;
    while at < MARK.len() {
        slot[at] = MARK[at];
        at += 1;
    }
    slot
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Definition {
    #[serde(default)]
    on_describe: OnDescribe,
    #[serde(default)]
    app: App,
    /// The reply of every call: status, headers and a text.
    #[serde(default = "fine")]
    reply: (u16, String, String),
    /// The failure that every call reports.
    failure: Option<(String, String)>,
    /// The effects of the hooks, keyed by function name.
    #[serde(default)]
    hooks: BTreeMap<String, Hook>,
    /// True to reply with the number of calls that the instance has received.
    #[serde(default)]
    count: bool,
    /// The numbers of handler calls to count in the app. The reply has a line for each.
    #[serde(default)]
    count_in_app: Vec<u32>,
    /// The handler call that reports a failure.
    fail_call: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Hook {
    /// Ends the request, or replaces the reply.
    Reply((u16, String, String)),
    /// Replaces the reply's status and headers but not its body.
    Head((u16, String)),
    /// Replies with its input: the headers, the message and the body.
    Show,
    /// Appends its name to `trace` in the local context, and sets the header `x-trace` of the
    /// reply, if any, to it.
    Trace,
    Fail(String),
    Trap,
    Spin,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "lowercase")]
enum OnDescribe {
    #[default]
    Answer,
    Refuse(String),
    Trap,
    Spin,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct App {
    name: String,
    version: String,
    routes: Vec<RouteText>,
    settings: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RouteText {
    method: String,
    path: String,
    name: String,
    parameters: String,
    body: String,
    replies: String,
    settings: String,
}

fn fine() -> (u16, String, String) {
    (200, String::new(), "fine".to_owned())
}

fn read() -> Definition {
    // Prevent the compiler from assuming the content of the slot.
    let slot = std::hint::black_box(&SLOT);
    match serde_json::from_slice(&slot[MARK.len()..]) {
        Ok(definition) => definition,
        Err(error) => panic!("the definition cannot be read: {error}"),
    }
}

fn method(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        "OPTIONS" => Method::Options,
        "TRACE" => Method::Trace,
        other => panic!("`{other}` is not a method"),
    }
}

struct Component;

impl definition::Guest for Component {
    fn describe() -> Result<Description, String> {
        let definition = read();
        match definition.on_describe {
            OnDescribe::Answer => {}
            OnDescribe::Refuse(reason) => return Err(reason),
            OnDescribe::Trap => std::process::abort(),
            OnDescribe::Spin => loop {
                std::hint::black_box(());
            },
        }
        let App {
            name,
            version,
            routes,
            settings,
        } = definition.app;
        let route = |route: RouteText| Route {
            method: method(&route.method),
            path: route.path,
            name: route.name,
            parameters: route.parameters,
            body: route.body,
            replies: route.replies,
            settings: route.settings,
        };
        Ok(Description {
            name,
            version,
            routes: routes.into_iter().map(route).collect(),
            settings,
        })
    }
}

impl handler::Guest for Component {
    fn handle(route: u32, _: String, _: Body) -> (u16, String, Content) {
        let definition = read();
        if definition.fail_call == Some(route) {
            spikard::handler::failure::report(&format!("call {route} failed"), "");
        }
        if definition.count_in_app.contains(&route) {
            let counts = definition.count_in_app.iter().map(|number| {
                let delta = i64::from(*number == route);
                let count = spikard::handler::global_context::add(&number.to_string(), delta);
                format!("{number}: {}", count.expect("an integer"))
            });
            let text = counts.collect::<Vec<_>>().join("\n");
            return (200, String::new(), Content::Text(text));
        }
        called("handle");
        trace("handle");
        if definition.count {
            let calls = CALLS.with_borrow(serde_json::to_string);
            return (200, String::new(), Content::Json(calls.unwrap_or_default()));
        }
        if let Some((message, detail)) = definition.failure {
            spikard::handler::failure::report(&message, &detail);
        }
        let (status, headers, text) = definition.reply;
        (status, headers, Content::Text(text))
    }
}

thread_local! {
    /// Number of calls by function of this instance.
    static CALLS: RefCell<BTreeMap<&'static str, u32>> = const { RefCell::new(BTreeMap::new()) };
}

fn called(function: &'static str) {
    CALLS.with_borrow_mut(|calls| *calls.entry(function).or_default() += 1);
}

/// Appends to the request's trace and returns it.
fn trace(name: &str) -> String {
    use spikard::handler::local_context::{get, set};
    let trace = match get("trace") {
        Some(before) => format!("{before} {name}"),
        None => name.to_owned(),
    };
    set("trace", Some(&trace)).expect("a short trace");
    trace
}

/// Performs the effects that are the same before and after the handler.
fn run(name: &'static str) -> Option<Hook> {
    called(name);
    let hook = read().hooks.remove(name)?;
    match &hook {
        Hook::Fail(message) => spikard::handler::failure::report(message, ""),
        Hook::Trap => std::process::abort(),
        Hook::Spin => loop {
            std::hint::black_box(());
        },
        _ => {}
    }
    Some(hook)
}

fn before(name: &'static str) -> Option<(u16, String, Content)> {
    match run(name)? {
        Hook::Reply((status, headers, text)) => Some((status, headers, Content::Text(text))),
        Hook::Trace => {
            trace(name);
            None
        }
        _ => None,
    }
}

type Change = Option<(u16, String, Option<Content>)>;

fn after(name: &'static str, status: u16, headers: &str, message: &str) -> Change {
    match run(name)? {
        Hook::Reply((status, headers, text)) => Some((status, headers, Some(Content::Text(text)))),
        Hook::Head((status, headers)) => Some((status, headers, None)),
        Hook::Show => {
            let body = match spikard::handler::reply::body() {
                Content::Empty => String::new(),
                Content::Json(text) | Content::Text(text) => text,
                Content::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            };
            let text = format!("{status} {headers} {message} {body}");
            Some((200, String::new(), Some(Content::Text(text))))
        }
        Hook::Trace => {
            let headers = serde_json::json!([["x-trace", trace(name)]]).to_string();
            Some((status, headers, None))
        }
        _ => None,
    }
}

impl hooks::Guest for Component {
    fn on_request(_: u32) -> Option<(u16, String, Content)> {
        before("on-request")
    }

    fn pre_validation(_: u32) -> Option<(u16, String, Content)> {
        before("pre-validation")
    }

    fn pre_handler(_: u32, _: String) -> Option<(u16, String, Content)> {
        before("pre-handler")
    }

    fn on_response(_: u32, status: u16, headers: String) -> Change {
        after("on-response", status, &headers, "")
    }

    fn on_error(_: u32, status: u16, headers: String, message: String) -> Change {
        after("on-error", status, &headers, &message)
    }
}

bindings::export_component!(Component);
