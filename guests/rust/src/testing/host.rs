//! The host's part in a test: it finds the route and calls the app, its hooks
//! around its handler.

use serde_json::{Value, json};

use super::decode;
use super::{TestClient, TestReply, TestRequest};
use crate::dispatch::Answer;
use crate::hook::{After, Stage};
use crate::host::fake::{self, Fake};
use crate::request::decode as percent_decode;
use crate::route::{Method, method_name};
use crate::{HttpError, Reply, error};

/// A body as a client sends it.
#[derive(Clone, Debug)]
pub(super) enum Sent {
    Nothing,
    Bytes(String, Vec<u8>),
    Multipart(Vec<Part>),
}

/// A part of a multipart body; `file` is a file's name and content type.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) field: String,
    pub(super) file: Option<(String, String)>,
    pub(super) bytes: Vec<u8>,
}

/// Answers a request as the host would.
pub(super) fn answer(client: &TestClient, request: &TestRequest<'_>) -> TestReply {
    match find(client, request) {
        Ok((index, bound)) => fake::during(fake(client, request), || {
            let (after, answer, message, failure) = match reach(client, index, bound, request) {
                Ok(answer) => (After::Response, answer, String::new(), None),
                Err(trouble) => (
                    After::Error,
                    trouble.answer,
                    trouble.message,
                    trouble.failure,
                ),
            };
            change(client, after, index, answer, &message, failure)
        }),
        Err(refusal) => TestReply::new(Trouble::refused(refusal).answer, None),
    }
}

/// Why there is no reply of a handler or of a hook.
struct Trouble {
    /// The problem document for the client.
    answer: Answer,
    message: String,
    failure: Option<(String, String)>,
}

impl Trouble {
    fn refused(refusal: Reply) -> Box<Self> {
        let answer = refusal.finish(None).expect("a refusal is a reply");
        let document: Value =
            serde_json::from_slice(answer.2.as_bytes()).expect("a refusal is a document");
        Box::new(Self {
            message: document["detail"].as_str().unwrap_or_default().to_owned(),
            answer,
            failure: None,
        })
    }

    fn failed(failure: (String, String)) -> Box<Self> {
        Box::new(Self {
            answer: internal_error(),
            message: failure.0.clone(),
            failure: Some(failure),
        })
    }
}

fn internal_error() -> Answer {
    let document = json!({
        "type": "https://spikard.dev/errors/internal-server-error",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "the app failed",
    });
    let reply = error::problem(500, &document).finish(None);
    reply.expect("a problem document is a reply")
}

/// Runs the hooks and the handler until one replies.
fn reach(
    client: &TestClient,
    index: usize,
    bound: Bound,
    request: &TestRequest<'_>,
) -> Result<Answer, Box<Trouble>> {
    let before = |stage, params: &str| {
        let answer = client.app.before(stage, number(index), params);
        answer.map(settled).transpose()
    };
    for stage in [Stage::OnRequest, Stage::PreValidation] {
        if let Some(answer) = before(stage, "")? {
            return Ok(answer);
        }
    }
    let route = &client.description().routes[index];
    let params = decode::params(route, bound, request).map_err(Trouble::refused)?;
    let body = decode::body(route, &request.body).map_err(Trouble::refused)?;
    if let Some(answer) = before(Stage::PreHandler, &params)? {
        return Ok(answer);
    }
    settled(client.app.handle(number(index), &params, body))
}

fn settled(answer: Answer) -> Result<Answer, Box<Trouble>> {
    match fake::take_failure() {
        Some(failure) => Err(Trouble::failed(failure)),
        None => Ok(answer),
    }
}

/// Runs the hooks after the handler.
fn change(
    client: &TestClient,
    after: After,
    index: usize,
    answer: Answer,
    message: &str,
    failure: Option<(String, String)>,
) -> TestReply {
    let (status, headers, content) = answer;
    fake::set_reply(&content);
    let changed = client
        .app
        .after(after, number(index), status, &headers, message);
    if let Some(failure) = fake::take_failure() {
        return TestReply::new(internal_error(), Some(failure));
    }
    let answer = match changed {
        Some((status, headers, body)) => (status, headers, body.unwrap_or(content)),
        None => (status, headers, content),
    };
    TestReply::new(answer, failure)
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// Adds `name=value` to a query or a form.
pub(super) fn append_pair(text: &mut String, name: &str, value: &str) {
    if !text.is_empty() {
        text.push('&');
    }
    encode(text, name);
    text.push('=');
    encode(text, value);
}

fn encode(text: &mut String, plain: &str) {
    for byte in plain.bytes() {
        match byte {
            b' ' => text.push('+'),
            b if b.is_ascii_alphanumeric() || b"*-._".contains(&b) => text.push(char::from(b)),
            b => text.push_str(&format!("%{b:02X}")),
        }
    }
}

/// What a path binds: names and values.
pub(super) type Bound = Vec<(String, String)>;

/// The route's index, and what its path binds.
fn find(client: &TestClient, request: &TestRequest<'_>) -> Result<(usize, Bound), Reply> {
    let routes = client.description().routes.iter().enumerate();
    let matches = routes.filter_map(|(index, route)| {
        let (rank, bound) = bind(&route.path, &request.path)?;
        Some((rank, index, route.method, bound))
    });
    let mut matches: Vec<_> = matches.collect();
    matches.sort_by(|one, other| one.0.cmp(&other.0));
    let Some((rank, ..)) = matches.first() else {
        return Err(HttpError::new(404, format!("no route matches `{}`", request.path)).into());
    };
    let rank = rank.clone();
    matches.retain(|found| found.0 == rank);
    let wanted = |method: Method| matches.iter().find(|found| found.2 == method);
    let fallback = || wanted(Method::Get).filter(|_| request.method == Method::Head);
    match wanted(request.method).or_else(fallback) {
        Some((_, index, _, bound)) => Ok((*index, bound.clone())),
        None => {
            let detail = format!(
                "`{}` does not answer {}",
                request.path,
                method_name(request.method)
            );
            Err(HttpError::new(405, detail).into())
        }
    }
}

/// Binds a path to a pattern. The rank of a match is smaller the more literal it is.
fn bind(pattern: &str, path: &str) -> Option<(Vec<u8>, Bound)> {
    let (mut rank, mut bound) = (Vec::new(), Vec::new());
    let mut rest = path;
    let mut segments = pattern.split('/').peekable();
    while let Some(segment) = segments.next() {
        let (value, after) = rest.split_once('/').unwrap_or((rest, ""));
        let name = segment
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'));
        match name.map(|name| (name.strip_prefix('*'), name)) {
            Some((Some(name), _)) if !rest.is_empty() => {
                rank.push(2);
                bound.push((name.to_owned(), percent_decode(rest, false)));
                return Some((rank, bound));
            }
            Some((None, name)) if !value.is_empty() => {
                rank.push(1);
                bound.push((name.to_owned(), percent_decode(value, false)));
            }
            None if segment == value => rank.push(0),
            _ => return None,
        }
        // A path ends where its pattern does.
        if segments.peek().is_some() != (value.len() < rest.len()) {
            return None;
        }
        rest = after;
    }
    Some((rank, bound))
}

/// What the app sees of the request through its imports.
fn fake(client: &TestClient, request: &TestRequest<'_>) -> Fake {
    let mut headers: Vec<_> = request
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), value.clone().into_bytes()))
        .collect();
    let (content_type, raw_body, files) = match &request.body {
        Sent::Nothing => (None, Vec::new(), Vec::new()),
        Sent::Bytes(content_type, bytes) => {
            (Some(content_type.as_str()), bytes.clone(), Vec::new())
        }
        Sent::Multipart(parts) => {
            let files = parts.iter().map(|part| part.bytes.clone()).collect();
            (
                Some("multipart/form-data; boundary=boundary"),
                multipart(parts),
                files,
            )
        }
    };
    if let Some(content_type) = content_type {
        headers.push(("content-type".to_owned(), content_type.as_bytes().to_vec()));
    }
    Fake {
        method: method_name(request.method).to_owned(),
        path: request.path.clone(),
        query: request.query.clone(),
        headers,
        peer: "127.0.0.1:50000".to_owned(),
        id: "test".to_owned(),
        raw_body,
        files,
        local: request.local.clone(),
        global: client.global.clone(),
        ..Fake::default()
    }
}

fn multipart(parts: &[Part]) -> Vec<u8> {
    let mut raw = Vec::new();
    for part in parts {
        let field = &part.field;
        let head = match &part.file {
            Some((filename, content_type)) => format!(
                "--boundary\r\ncontent-disposition: form-data; name=\"{field}\"; filename=\"{filename}\"\r\ncontent-type: {content_type}\r\n\r\n"
            ),
            None => {
                format!("--boundary\r\ncontent-disposition: form-data; name=\"{field}\"\r\n\r\n")
            }
        };
        raw.extend(head.into_bytes());
        raw.extend(&part.bytes);
        raw.extend(b"\r\n");
    }
    raw.extend(b"--boundary--\r\n");
    raw
}
