//! A message interface of JSON and bytes, for test clients in other languages.
//!
//! A [`Session`] holds one app and the requests in progress. [`Session::call`] takes an
//! operation, the number of a request and the operation's input, and returns a
//! frame: the length of a JSON text as four bytes (little-endian), the text,
//! and bytes after it.
//!
//! | operation | input | JSON of the result |
//! |---|---|---|
//! | 0 load | `{"description": {...}, "secrets": {name: text}?}` | `{"failed": reply}` |
//! | 1 begin | `{"method", "path", "query", "headers": [[name, value]], "local": [key]}` | `{"exchange", "id", "cookies", "route", "hooks", "local"}` or `{"exchange", "id", "cookies", "reply", "route", "hooks"}` |
//! | 2 read | the bytes of the body | `{"params", "body", "text", "raw", "files"}` or `{"refusal": reply}` |
//! | 3 finish | `{"status", "headers"}` | `{"headers", "bodiless"}` |
//!
//! Every operation can return `{"error": sentence}` instead. A reply is `{"status",
//! "headers", "body", "message"}`. Beside a reply, `begin` returns the route and the hooks for
//! `on-error`; the route is 4294967295 if none handles the request. The result of `read` has the
//! body's variant in `body` (`empty`, `json`, `text`, `form` or `bytes`) and has its text in
//! `text`; `raw` and `files` are the lengths of the byte strings that follow the JSON text.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use spikard_wasm_app::policy::Secrets;
use spikard_wasm_app::{Body, Description, Method, Refusal, RouteDescription, cookies};

use crate::{Contract, Exchange, Fields, Head, Reply, Stop};

/// The error for a policy that needs a secret which the client did not provide.
const MISSING_SECRET: &str =
    "a policy needs a secret that this client does not have; give it to the client in `secrets`";

/// The maximum number of requests in progress.
const MAX_EXCHANGES: usize = 1024;

/// One app, and the requests in progress.
#[derive(Debug, Default)]
pub struct Session {
    contract: Option<Contract>,
    exchanges: BTreeMap<u32, Exchange>,
    next: u32,
}

#[derive(Deserialize)]
struct Load {
    description: WireDescription,
    secrets: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct WireDescription {
    name: String,
    version: String,
    settings: String,
    routes: Vec<WireRoute>,
}

#[derive(Deserialize)]
struct WireRoute {
    method: String,
    path: String,
    name: String,
    parameters: String,
    body: String,
    replies: String,
    settings: String,
}

#[derive(Deserialize)]
struct WireHead {
    method: String,
    path: String,
    query: String,
    headers: Fields,
    local: Vec<String>,
}

#[derive(Deserialize)]
struct WireReply {
    status: u16,
    headers: Fields,
}

/// The result of an operation: JSON, and bytes after it.
type Outcome = Result<(Value, Vec<u8>), String>;

impl Session {
    /// Runs an operation, and returns its frame. `exchange`: the number that `begin`
    /// returned; `load` and `begin` ignore it.
    pub fn call(&mut self, operation: u32, exchange: u32, input: &[u8]) -> Vec<u8> {
        let outcome = match operation {
            0 => self.load(input),
            1 => self.begin(input),
            2 => self.read(exchange, input),
            3 => self.finish(exchange, input),
            _ => Err(format!("unknown operation `{operation}`")),
        };
        let (value, bytes) =
            outcome.unwrap_or_else(|sentence| (json!({ "error": sentence }), Vec::new()));
        frame(&value, &bytes)
    }

    fn load(&mut self, input: &[u8]) -> Outcome {
        let load: Load = parse(input)?;
        let secrets = load.secrets.map_or_else(Secrets::default, |given| {
            let given = given.into_iter();
            given
                .map(|(name, text)| (name, text.into_bytes()))
                .collect()
        });
        let description = load.description.read()?;
        let contract = Contract::new(&description, secrets).map_err(|error| error.to_string())?;
        self.contract = Some(contract);
        Ok((json!({"failed": reply(Reply::of(Refusal::Failed))}), vec![]))
    }

    fn begin(&mut self, input: &[u8]) -> Outcome {
        let wire: WireHead = parse(input)?;
        let contract = self.contract.as_ref().ok_or("no app is loaded")?;
        if self.exchanges.len() >= MAX_EXCHANGES {
            return Err(format!("{MAX_EXCHANGES} requests are in progress already"));
        }
        let headers = wire.headers.into_iter();
        let headers: Vec<_> = headers
            .map(|(name, value)| (name.to_ascii_lowercase(), value.into_bytes()))
            .collect();
        let (exchange, outcome) = contract.begin(Head {
            method: wire.method,
            path: wire.path,
            query: wire.query,
            headers,
            local: wire.local,
        });
        let id = self.next;
        let field = exchange.head().joined_cookies();
        let pairs: Vec<_> = cookies(&field).collect();
        let mut value = json!({"exchange": id, "id": exchange.id(), "cookies": pairs});
        match outcome {
            Err(Stop::MissingSecret) => return Err(MISSING_SECRET.to_owned()),
            Err(Stop::Reply(made)) => value["reply"] = reply(made),
            Ok(admission) => value["local"] = json!(admission.local),
        }
        let (route, hooks) = contract.target(&exchange);
        value["route"] = json!(route);
        value["hooks"] = hooks.iter().map(|kind| kind.as_str()).collect();
        self.exchanges.insert(id, exchange);
        self.next = id.wrapping_add(1);
        Ok((value, Vec::new()))
    }

    fn read(&self, exchange: u32, raw: &[u8]) -> Outcome {
        let contract = self.contract.as_ref().ok_or("no app is loaded")?;
        let exchange = self.exchanges.get(&exchange).ok_or("no such request")?;
        let call = match contract.read(exchange, raw.to_vec()) {
            Ok(call) => call,
            Err(refusal) => return Ok((json!({"refusal": reply(Reply::of(refusal))}), vec![])),
        };
        let (case, text) = match &call.body {
            Body::Empty => ("empty", ""),
            Body::Json(text) => ("json", text.as_ref()),
            Body::Text(text) => ("text", text.as_ref()),
            Body::Form(text) => ("form", text.as_str()),
            Body::Bytes(_) => ("bytes", ""),
        };
        let files: Vec<_> = call.files.iter().map(Vec::len).collect();
        let value = json!({"params": call.params, "body": case, "text": text,
            "raw": call.raw.len(), "files": files});
        let mut bytes = call.raw;
        bytes.extend(call.files.into_iter().flatten());
        Ok((value, bytes))
    }

    fn finish(&mut self, exchange: u32, input: &[u8]) -> Outcome {
        let wire: WireReply = parse(input)?;
        let contract = self.contract.as_ref().ok_or("no app is loaded")?;
        let exchange = self.exchanges.remove(&exchange).ok_or("no such request")?;
        let bodiless = exchange.is_bodiless(wire.status);
        let headers = contract.finish(exchange, wire.headers);
        Ok((json!({"headers": headers, "bodiless": bodiless}), vec![]))
    }
}

impl WireDescription {
    fn read(self) -> Result<Description, String> {
        let routes = self.routes.into_iter().map(|route| {
            let method = Method::parse(&route.method.to_ascii_uppercase()).ok_or_else(|| {
                format!("`{}` is not a method that a route can have", route.method)
            })?;
            Ok(RouteDescription {
                method,
                path: route.path,
                name: route.name,
                parameters: route.parameters,
                body: route.body,
                replies: route.replies,
                settings: route.settings,
            })
        });
        Ok(Description {
            name: self.name,
            version: self.version,
            routes: routes.collect::<Result<_, String>>()?,
            settings: self.settings,
        })
    }
}

fn parse<'a, T: Deserialize<'a>>(input: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(input)
        .map_err(|error| format!("the operation's input cannot be read: {error}"))
}

fn reply(reply: Reply) -> Value {
    json!({"status": reply.status, "headers": reply.headers, "body": reply.body,
        "message": reply.message})
}

/// Encodes a result: the length of its JSON text, the text, and the bytes after it.
fn frame(value: &Value, bytes: &[u8]) -> Vec<u8> {
    let text = value.to_string();
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    let mut frame = length.to_le_bytes().to_vec();
    frame.extend(text.into_bytes());
    frame.extend(bytes);
    frame
}

#[cfg(test)]
mod tests;
