//! An app that says of itself whatever the tests of the host want it to say, right
//! or wrong, beneath what the SDK would let pass.
//!
//! Its definition is JSON in a constant of the built component, which begins with
//! `MARK` and is `LENGTH` bytes long: a test overwrites it in the file, so that one
//! build gives every definition.

use serde::Deserialize;
use spikard_wasm_sdk::bindings::exports::spikard::handler::definition::{
    self, Description, Method, Route,
};
use spikard_wasm_sdk::bindings::exports::spikard::handler::handler::{self, Body, Content};
use spikard_wasm_sdk::bindings::exports::spikard::handler::hooks;
use spikard_wasm_sdk::bindings::{self, spikard};

const MARK: &[u8; 16] = b"DEFINITION HERE:";
const LENGTH: usize = 8192;

/// Full of spaces, which JSON ignores, so that every byte of it is in the file.
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
    /// What every call answers: status, headers and a text.
    #[serde(default = "fine")]
    reply: (u16, String, String),
    /// What every call reports as its failure.
    failure: Option<(String, String)>,
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
    // What the compiler sees in the slot is not what is there at run time.
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
    fn handle(_: u32, _: String, _: Body) -> (u16, String, Content) {
        let definition = read();
        if let Some((message, detail)) = definition.failure {
            spikard::handler::failure::report(&message, &detail);
        }
        let (status, headers, text) = definition.reply;
        (status, headers, Content::Text(text))
    }
}

/// Hooks that change nothing.
impl hooks::Guest for Component {
    fn on_request(_: u32) -> Option<(u16, String, Content)> {
        None
    }

    fn pre_validation(_: u32) -> Option<(u16, String, Content)> {
        None
    }

    fn pre_handler(_: u32, _: String) -> Option<(u16, String, Content)> {
        None
    }

    fn on_response(_: u32, _: u16, _: String) -> Option<(u16, String, Option<Content>)> {
        None
    }

    fn on_error(_: u32, _: u16, _: String, _: String) -> Option<(u16, String, Option<Content>)> {
        None
    }
}

bindings::export_component!(Component);
