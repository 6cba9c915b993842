//! A hostile app, which bypasses the checks of the SDK. `host/tests/hostile` serves it and checks
//! how the host reacts.
//!
//! The header `x-do` of a request selects the attack, in the handler or in the hook that the route
//! declares; [`act`] lists the attacks. The header `x-say` is a reply as JSON ([`Say`]), which the
//! app sends unchanged.

mod bindings;
mod harm;
mod memory;
mod say;
mod state;

use crate::bindings::exports::spikard::handler::definition::{self, Description, Method, Route};
use crate::bindings::exports::spikard::handler::handler::{self, Body, Content};
use crate::bindings::exports::spikard::handler::hooks;
use crate::bindings::spikard::handler::{failure, request};

use crate::say::Say;

type Answer = (u16, String, Content);
type Change = Option<(u16, String, Option<Content>)>;

/// The routes without a hook; the routes of hooks follow them.
const ROUTES: [(Method, &str); 5] = [
    (Method::Get, "/fine"),
    (Method::Get, "/do"),
    (Method::Post, "/keep"),
    (Method::Get, "/search"),
    (Method::Get, "/fail"),
];

/// Each hook has a route `/hook/NAME` that declares it.
const HOOKS: [&str; 5] = [
    "on-request",
    "pre-validation",
    "pre-handler",
    "on-response",
    "on-error",
];

fn text(text: impl Into<String>) -> Answer {
    (200, String::new(), Content::Text(text.into()))
}

/// Performs the attack that a request selects.
fn act() -> Answer {
    match request::header("x-do").as_deref() {
        Some("spin") => harm::spin(),
        Some("trap") => std::process::abort(),
        Some("recurse") => text(harm::recurse(1).to_string()),
        Some("eat") => harm::eat(),
        Some("hoard") => text(harm::hoard().to_string()),
        Some("nap") => {
            std::thread::sleep(std::time::Duration::from_millis(100));
            text("napped")
        }
        Some("wait") => {
            std::thread::sleep(std::time::Duration::from_secs(3600));
            text("at last")
        }
        _ => Say::read().map_or_else(|| text("fine"), Say::answer),
    }
}

struct Component;

impl definition::Guest for Component {
    fn describe() -> Result<Description, String> {
        let route = |method, path: String, settings: String| Route {
            method,
            path,
            name: String::new(),
            parameters: String::new(),
            body: String::new(),
            replies: String::new(),
            settings,
        };
        let plain = ROUTES.map(|(method, path)| route(method, path.to_owned(), String::new()));
        let hooked = HOOKS.map(|name| {
            let settings = format!("{{\"hooks\":[\"{name}\"]}}");
            route(Method::Get, format!("/hook/{name}"), settings)
        });
        Ok(Description {
            name: "hostile".to_owned(),
            version: "1.0.0".to_owned(),
            routes: plain.into_iter().chain(hooked).collect(),
            settings: String::new(),
        })
    }
}

impl handler::Guest for Component {
    fn handle(route: u32, _: String, body: Body) -> Answer {
        match ROUTES.get(route as usize) {
            Some((_, "/do")) => act(),
            Some((_, "/keep")) => state::keep(body),
            Some((_, "/search")) => state::search(),
            Some((_, "/fail")) => {
                failure::report("the handler had no luck", "");
                text("unseen")
            }
            Some(_) => text("fine"),
            // The attack is for the hook; `on-error` requires an error.
            None if HOOKS.get(route as usize - ROUTES.len()) == Some(&"on-error") => {
                failure::report("the handler had no luck", "");
                text("unseen")
            }
            None => text("handled"),
        }
    }
}

fn before() -> Option<Answer> {
    Some(act())
}

fn after() -> Change {
    let (status, headers, content) = act();
    Some((status, headers, Some(content)))
}

impl hooks::Guest for Component {
    fn on_request(_: u32) -> Option<Answer> {
        before()
    }

    fn pre_validation(_: u32) -> Option<Answer> {
        before()
    }

    fn pre_handler(_: u32, _: String) -> Option<Answer> {
        before()
    }

    fn on_response(_: u32, _: u16, _: String) -> Change {
        after()
    }

    fn on_error(_: u32, _: u16, _: String, _: String) -> Change {
        after()
    }
}

bindings::export_component!(Component);
