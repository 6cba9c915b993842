//! Runs the cases of `host/tests/contract/cases` in the test client. The host's tests run them too,
//! and expect the same replies. The other example apps include this file.

#[path = "../../../host/tests/contract/cases/case.rs"]
mod case;

use std::path::Path;

use spikard_wasm_sdk::testing::{TestClient, TestReply, TestRequest};
use spikard_wasm_sdk::{App, Content};

use case::{Answer, CaseRequest, Part, files};

/// Runs every case of an app, each file in a separate client.
pub(crate) fn run(name: &str, app: impl Fn() -> App) {
    // The apps that include this file are in folders of different depths.
    let roots = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let mut folders = roots.map(|root| root.join("host/tests/contract/cases"));
    let folder = folders.find(|folder| folder.is_dir());
    for file in files(&folder.expect("the folder of the cases"), name) {
        let secrets = file.secrets.iter();
        let secrets: Vec<_> = secrets.map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let client = TestClient::with_secrets(app(), &secrets);
        file.run(&format!("{name}-rust"), |request| send(&client, request));
    }
}

fn send(client: &TestClient, request: &CaseRequest) -> Answer {
    let target = request.target.as_str();
    let mut sent = match request.method.as_str() {
        "GET" => client.get(target),
        "POST" => client.post(target),
        "PUT" => client.put(target),
        "PATCH" => client.patch(target),
        "DELETE" => client.delete(target),
        "HEAD" => client.head(target),
        "OPTIONS" => client.options(target),
        other => panic!("the client does not send `{other}`"),
    };
    for (name, value) in &request.headers {
        sent = sent.header(name, value);
    }
    if let Some(body) = &request.body {
        sent = match &body.parts {
            Some(parts) => parts.iter().fold(sent, part),
            None => {
                let (kind, bytes) = body.bytes();
                sent.bytes(&kind, bytes)
            }
        };
    }
    answer(&sent.send())
}

fn part<'a>(request: TestRequest<'a>, part: &Part) -> TestRequest<'a> {
    let bytes = part.bytes();
    match &part.filename {
        Some(filename) => request.file(&part.name, filename, &part.kind, bytes),
        None => {
            let text = String::from_utf8(bytes).expect("a field of a form is text");
            request.part(&part.name, &text)
        }
    }
}

fn answer(reply: &TestReply) -> Answer {
    let headers = reply.headers().iter();
    let mut headers: Vec<_> = headers
        .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
        .collect();
    if !headers.iter().any(|(name, _)| name == "content-type") {
        let default = reply.header("content-type");
        headers.extend(default.map(|value| ("content-type".to_owned(), value.to_owned())));
    }
    let body = match reply.content() {
        Content::Empty => Vec::new(),
        Content::Json(text) | Content::Text(text) => text.clone().into_bytes(),
        Content::Bytes(bytes) => bytes.clone(),
    };
    Answer {
        status: reply.status(),
        headers,
        body,
    }
}
