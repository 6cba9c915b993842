//! A workload: the template of a request, and the check of its reply.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

use crate::template::{Template, Values};

/// A file of workloads.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) workload: Vec<Workload>,
}

/// One kind of request, or a mix of them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// What it is called on the command line and in reports.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// What targets name to serve it with others.
    pub suite: String,
    /// The heading in reports.
    pub category: String,
    /// Values drawn at random for each request: a name and how it is drawn.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// Numbered routes that the server must have beside its others, as in a sweep over them.
    #[serde(default)]
    pub routes: Option<usize>,
    /// What is sent.
    #[serde(default)]
    pub request: Option<Request>,
    /// What must come back.
    #[serde(default)]
    pub reply: Option<Reply>,
    /// Instead of a request: other workloads, each with its share.
    #[serde(default)]
    pub mix: BTreeMap<String, u32>,
}

/// The template of a request: `${name}` stands for a drawn value.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// `GET`, `POST` ...
    pub method: String,
    /// The path and the query.
    pub path: String,
    /// Headers beside `host` and `content-length`.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// A body of text.
    #[serde(default)]
    pub body: Option<String>,
    /// A JSON body of about this many bytes, made of random records.
    #[serde(default)]
    pub json_bytes: Option<usize>,
    /// A multipart body.
    #[serde(default)]
    pub multipart: Vec<Part>,
}

/// A file of a multipart body.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The name of the field.
    pub field: String,
    /// The name of the file.
    pub filename: String,
    /// Its length.
    pub bytes: usize,
}

/// What a reply must be.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// The statuses that are right.
    #[serde(default = "ok")]
    pub status: Vec<u16>,
    /// How its body is checked.
    pub body: Check,
}

/// How the body of a reply is checked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Check {
    /// JSON of the same value as the request's body.
    Echo(bool),
    /// JSON of the value of this template.
    Json(String),
    /// This text.
    Text(String),
    /// Anything that is not empty: what a refusal says differs from server to server.
    Some(bool),
}

fn ok() -> Vec<u16> {
    vec![200]
}

impl Workload {
    /// Whether its fields go together and its templates name what there is.
    pub(super) fn check(&self) -> Result<()> {
        match (&self.request, &self.reply, self.mix.is_empty()) {
            (Some(request), Some(reply), true) => self.check_request(request, reply),
            (None, None, false) if self.mix.values().any(|weight| *weight > 0) => Ok(()),
            _ => bail!("it needs either `request` and `reply`, or `mix`"),
        }
    }

    fn check_request(&self, request: &Request, reply: &Reply) -> Result<()> {
        if !request.path.starts_with('/') {
            bail!("its path `{}` does not begin with `/`", request.path);
        }
        if http::Method::from_bytes(request.method.as_bytes()).is_err() {
            bail!("its method `{}` is none", request.method);
        }
        let bodies = [
            request.body.is_some(),
            request.json_bytes.is_some(),
            !request.multipart.is_empty(),
        ];
        if bodies.iter().filter(|there| **there).count() > 1 {
            bail!("it has more than one of `body`, `json_bytes` and `multipart`");
        }
        if matches!(reply.body, Check::Echo(_)) && !bodies[0] && !bodies[1] {
            bail!("its reply is to echo a body, and it sends none");
        }
        let values = Values::draw(&self.values, &mut fastrand::Rng::with_seed(1))?;
        let mut texts = vec![&request.path];
        texts.extend(request.headers.values());
        texts.extend(&request.body);
        if let Check::Json(text) | Check::Text(text) = &reply.body {
            texts.push(text);
        }
        for text in texts {
            Template(text).check(&values)?;
        }
        Ok(())
    }

    /// The request's method and path as they are written, for reports.
    pub fn endpoint(&self) -> (String, String) {
        match &self.request {
            Some(request) => (request.method.clone(), request.path.clone()),
            None => ("*".to_owned(), "*".to_owned()),
        }
    }
}
