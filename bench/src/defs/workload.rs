//! A workload: a request template and a check of the reply.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

use crate::shape::Shape;
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
    /// The name on the command line and in reports.
    pub name: String,
    /// A one-sentence description.
    pub description: String,
    /// The group by which targets declare the workloads that they serve.
    pub suite: String,
    /// The heading in reports.
    pub category: String,
    /// Random values of each request: a name and how to draw it.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// Numbered routes that the server needs in addition to its own, as in a sweep over routes.
    #[serde(default)]
    pub routes: Option<usize>,
    /// The request to send.
    #[serde(default)]
    pub request: Option<Request>,
    /// The expected reply.
    #[serde(default)]
    pub reply: Option<Reply>,
    /// Instead of a request: other workloads with their weights.
    #[serde(default)]
    pub mix: BTreeMap<String, u32>,
}

/// A request template; `${name}` stands for a random value.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The method, such as `GET`.
    pub method: String,
    /// The path and query.
    pub path: String,
    /// Headers in addition to `host` and `content-length`.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// A text body.
    #[serde(default)]
    pub body: Option<String>,
    /// Approximate size in bytes of a JSON body of random records.
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
    /// The file name.
    pub filename: String,
    /// The size in bytes.
    pub bytes: usize,
}

/// The expected reply.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// The accepted statuses.
    #[serde(default = "ok")]
    pub status: Vec<u16>,
    /// Headers that it must have, each with the start of its value.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The check of the body.
    pub body: Check,
}

/// A check of a reply's body.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Check {
    /// JSON with the same value as the request's body.
    Echo(bool),
    /// JSON with the value of this template.
    Json(String),
    /// JSON of this shape ([`crate::shape`]).
    Shape(String),
    /// A JSON array.
    List(List),
    /// This text.
    Text(String),
    /// An HTML page with a table of these rows, each a list of texts.
    Table(Vec<Vec<String>>),
    /// Any body that is not empty, for error messages that differ between servers.
    Some(bool),
}

/// A JSON array whose elements have one shape.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// The shape of each element ([`crate::shape`]).
    pub shape: String,
    /// A template of the number of elements.
    pub length: String,
}

fn ok() -> Vec<u16> {
    vec![200]
}

impl Workload {
    /// Checks that the fields are consistent and that templates use defined values.
    pub(super) fn check(&self) -> Result<()> {
        match (&self.request, &self.reply, self.mix.is_empty()) {
            (Some(request), Some(reply), true) => self.check_request(request, reply),
            (None, None, false) if self.mix.values().any(|weight| *weight > 0) => Ok(()),
            _ => bail!("specify either `request` and `reply`, or `mix`"),
        }
    }

    fn check_request(&self, request: &Request, reply: &Reply) -> Result<()> {
        if !request.path.starts_with('/') {
            bail!("its path `{}` does not begin with `/`", request.path);
        }
        if http::Method::from_bytes(request.method.as_bytes()).is_err() {
            bail!(
                "its method `{}` is invalid: use a method such as `GET`",
                request.method
            );
        }
        let bodies = [
            request.body.is_some(),
            request.json_bytes.is_some(),
            !request.multipart.is_empty(),
        ];
        if bodies.iter().filter(|there| **there).count() > 1 {
            bail!("`body`, `json_bytes` and `multipart` exclude each other: keep one of them");
        }
        if matches!(reply.body, Check::Echo(_)) && !bodies[0] && !bodies[1] {
            bail!(
                "the reply is to echo a body, but the request has none: add `body` or `json_bytes`"
            );
        }
        let values = Values::draw(&self.values, &mut fastrand::Rng::with_seed(1))?;
        let mut texts = vec![&request.path];
        texts.extend(request.headers.values());
        texts.extend(&request.body);
        match &reply.body {
            Check::Json(text) | Check::Text(text) => texts.push(text),
            Check::Shape(text) => _ = Shape::parse(text)?,
            Check::List(list) => {
                Shape::parse(&list.shape)?;
                texts.push(&list.length);
            }
            Check::Echo(_) | Check::Table(_) | Check::Some(_) => {}
        }
        for text in texts {
            Template(text).check(&values)?;
        }
        Ok(())
    }

    /// Returns the method and the path template, for reports.
    pub fn endpoint(&self) -> (String, String) {
        match &self.request {
            Some(request) => (request.method.clone(), request.path.clone()),
            None => ("*".to_owned(), "*".to_owned()),
        }
    }
}
