//! An app that uses every capability that the host can grant, through imports that any app may
//! have. `host/tests/grants` serves it.
//!
//! The body of `POST /do` is an action as JSON: [`Act`], or [`keyvalue::Act`] with the draft of
//! the interface. The reply is `{"ok": VALUE}` or `{"error": TEXT}`.

mod bindings;
mod keyvalue;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant, SystemTime};
use std::{env, fs};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::bindings::exports::spikard::handler::definition::{self, Description, Method, Route};
use crate::bindings::exports::spikard::handler::handler::{self, Body, Content};
use crate::bindings::exports::spikard::handler::hooks;

mod imports {
    wit_bindgen::generate!({
        path: "wit",
        world: "grants",
        generate_all,
    });
}

use imports::wasi::config::store as config;
use imports::wasi::logging::logging::{self, Level};

/// An action of the app.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
enum Act {
    Environment,
    Read {
        path: String,
    },
    Write {
        path: String,
        text: String,
    },
    Folder {
        path: String,
    },
    Print {
        text: String,
        times: Option<usize>,
    },
    Clocks,
    Random,
    Config {
        key: String,
    },
    AllConfig,
    Log {
        level: String,
        context: String,
        message: String,
    },
    #[serde(untagged)]
    KeyValue(keyvalue::Call),
}

/// The result of an action.
type Done = Result<Value, String>;

fn act(act: Act) -> Done {
    let text = |error: std::io::Error| error.kind().to_string();
    match act {
        Act::Environment => Ok(env::vars().collect()),
        Act::Read { path } => fs::read_to_string(path).map_err(text).map(Value::from),
        Act::Write { path, text: it } => fs::write(path, it).map_err(text).map(Value::from),
        Act::Folder { path } => {
            let entries = fs::read_dir(path).map_err(text)?;
            let names = entries.map(|entry| Ok(entry.map_err(text)?.file_name()));
            let names = names.collect::<Result<Vec<_>, String>>()?;
            Ok(names.iter().map(|name| name.to_string_lossy()).collect())
        }
        Act::Print { text, times } => {
            let text = text.repeat(times.unwrap_or(1));
            println!("{text}");
            eprintln!("{text}");
            Ok(Value::Null)
        }
        Act::Clocks => {
            let start = Instant::now();
            std::thread::sleep(Duration::from_millis(5));
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            let now = now.map_err(|error| error.to_string())?;
            Ok(json!([start.elapsed().as_millis() as u64, now.as_secs()]))
        }
        Act::Random => Ok(RandomState::new().build_hasher().finish().into()),
        Act::Config { key } => config::get(&key).map_err(wrong).map(Value::from),
        Act::AllConfig => config::get_all().map_err(wrong).map(Value::from_iter),
        Act::Log {
            level,
            context,
            message,
        } => {
            let level = match level.as_str() {
                "trace" => Level::Trace,
                "debug" => Level::Debug,
                "info" => Level::Info,
                "warn" => Level::Warn,
                "error" => Level::Error,
                _ => Level::Critical,
            };
            logging::log(level, &context, &message);
            Ok(Value::Null)
        }
        Act::KeyValue(call) => call.act(),
    }
}

fn wrong(error: impl std::fmt::Debug) -> String {
    format!("{error:?}")
}

struct Component;

impl definition::Guest for Component {
    fn describe() -> Result<Description, String> {
        let route = Route {
            method: Method::Post,
            path: "/do".to_owned(),
            name: "do".to_owned(),
            parameters: String::new(),
            body: r#"{"content": {"application/json": {}}}"#.to_owned(),
            replies: String::new(),
            settings: String::new(),
        };
        Ok(Description {
            name: "grants".to_owned(),
            version: "1.0.0".to_owned(),
            routes: vec![route],
            settings: String::new(),
        })
    }
}

impl handler::Guest for Component {
    fn handle(_: u32, _: String, body: Body) -> (u16, String, Content) {
        let done = match body {
            Body::Json(text) => serde_json::from_str(&text)
                .map_err(|error| format!("that is nothing to do: {error}"))
                .and_then(act),
            _ => Err("there is nothing to do".to_owned()),
        };
        let reply = match done {
            Ok(value) => json!({"ok": value}),
            Err(error) => json!({"error": error}),
        };
        (200, String::new(), Content::Json(reply.to_string()))
    }
}

/// The app declares no hooks.
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
