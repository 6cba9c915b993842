//! The host's part in a test. The contract, its documents and its policies are the
//! host's own code; the order of the steps is that of its pipeline.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use futures_util::stream;
use spikard_wasm_app as contract;
use spikard_wasm_app::policy::{Headers, Secrets};
use spikard_wasm_app::{Defaults, Form, Hit, Problem, Refusal, read_multipart};

use super::message::{Head, Message};
use super::passage::{self, Passage};
use super::reply::TestReply;
use crate::bindings::exports::spikard::handler::definition::Description;
use crate::dispatch::Answer;
use crate::hook::{After, Stage};
use crate::host::fake::{self, Fake, Values};
use crate::route::method_name;
use crate::{App, Body, Content, Reply};

/// An app behind the host's contract.
#[derive(Debug)]
pub(super) struct Host {
    app: App,
    pub(super) description: Description,
    contract: contract::App,
    pub(super) global: Rc<RefCell<Values>>,
}

/// Why there is no reply of a handler or of a hook.
struct Trouble {
    refusal: Refusal,
    /// What an `on-error` hook is told; empty where the refusal says it all.
    message: String,
    failure: Option<(String, String)>,
}

impl From<Refusal> for Box<Trouble> {
    fn from(refusal: Refusal) -> Self {
        Self::new(Trouble {
            refusal,
            message: String::new(),
            failure: None,
        })
    }
}

/// What a request gets: an answer, and the failure that the app has reported.
type Outcome = (Answer, Option<(String, String)>);

impl Host {
    /// Loads an app as the host does.
    pub(super) fn load(app: App, secrets: Secrets) -> Result<Self, String> {
        let description = app.describe()?;
        let defaults = Defaults {
            secrets,
            ..Defaults::default()
        };
        let contract = contract::App::new(&describe(&description), &defaults);
        Ok(Self {
            app,
            contract: contract.map_err(|error| error.to_string())?,
            description,
            global: Rc::default(),
        })
    }

    /// Answers a request.
    pub(super) fn answer(&self, message: &Message) -> TestReply {
        let (head, raw) = message.write();
        let (passage, outcome) = match passage::preflight(&self.contract, message, &head) {
            Some((passage, headers)) => {
                let reply = |headers: Headers| {
                    let reply = Reply::new().status(204);
                    let headers = headers.into_iter();
                    headers.fold(reply, |reply, (name, value)| reply.header(name, value))
                };
                (
                    passage,
                    headers.map(|headers| (finish(reply(headers)), None)),
                )
            }
            None => self.route(message, &head, raw),
        };
        let (answer, failure) = outcome.unwrap_or_else(|refusal| (problem(refusal), None));
        let (status, headers, content) = answer;
        let headers = if headers.is_empty() { "[]" } else { &headers };
        let headers = serde_json::from_str(headers).expect("an app's headers are pairs of strings");
        let headers = passage.finish(headers);
        // These never have a body (RFC 9110, sections 9.3.2, 15.3.5, 15.3.6 and 15.4.5).
        let is_bodiless =
            matches!(status, 204 | 205 | 304) || method_name(message.method) == "HEAD";
        let reply = TestReply::new(status, headers, content, failure);
        if is_bodiless {
            reply.without_body()
        } else {
            reply
        }
    }

    /// Finds the route, and runs it if the policies let the request in.
    fn route(
        &self,
        message: &Message,
        head: &Head,
        raw: Vec<u8>,
    ) -> (Passage, Result<Outcome, Refusal>) {
        let method = method_name(message.method);
        let found = self.contract.find(method, &message.path, |hit| match hit {
            Hit::Route {
                index,
                route,
                values,
            } => Ok((index, route, route.read_params(&values.to_raw(), head))),
            Hit::Options { allow } => Err(empty(204, "allow", allow.to_owned())),
            Hit::Redirect { to } => Err(empty(308, "location", location(&to, &message.query))),
        });
        let policies = match &found {
            Ok(Ok((_, route, _))) => route.policies(),
            Ok(Err((204, ..))) => passage::of_options(&self.contract, message, head),
            _ => self.contract.policies(),
        };
        let mut passage = Passage::begin(policies, message, head);
        let outcome = found.and_then(|found| match found {
            Err(answer) => Ok((answer, None)),
            Ok((index, route, params)) => {
                let local = passage.admit(head, index)?;
                let fake = self.fake(message, head, local, passage.id());
                let call = Call {
                    host: self,
                    index,
                    route,
                    head,
                };
                Ok(fake::during(fake, || call.run(params, raw)))
            }
        });
        (passage, outcome)
    }

    /// What the app sees of the request through its imports, before its body is read.
    fn fake(
        &self,
        message: &Message,
        head: &Head,
        local: Vec<(&'static str, String)>,
        id: &str,
    ) -> Fake {
        let local = local.into_iter().map(|(key, text)| (key.to_owned(), text));
        Fake {
            method: method_name(message.method).to_owned(),
            path: message.path.clone(),
            query: message.query.clone(),
            headers: head.headers.clone(),
            peer: "127.0.0.1:50000".to_owned(),
            id: id.to_owned(),
            local: local.chain(message.local.clone()).collect(),
            global: self.global.clone(),
            ..Fake::default()
        }
    }
}

/// A request on its way through the hooks and the handler of its route.
struct Call<'a> {
    host: &'a Host,
    index: u32,
    route: &'a contract::Route,
    head: &'a Head,
}

impl Call<'_> {
    fn run(&self, params: Result<String, Refusal>, raw: Vec<u8>) -> Outcome {
        let outcome = self.reach(params, raw);
        let outcome = outcome.and_then(|answer| self.after(After::Response, "", answer));
        let trouble = match outcome {
            Ok(answer) => return (answer, None),
            Err(trouble) => trouble,
        };
        let message = if trouble.message.is_empty() {
            trouble.refusal.clone().into_problem().detail
        } else {
            trouble.message
        };
        match self.after(After::Error, &message, problem(trouble.refusal)) {
            Ok(answer) => (answer, trouble.failure),
            Err(next) => (problem(next.refusal), next.failure),
        }
    }

    /// Runs the hooks and the handler until one replies.
    fn reach(&self, params: Result<String, Refusal>, raw: Vec<u8>) -> Result<Answer, Box<Trouble>> {
        for stage in [Stage::OnRequest, Stage::PreValidation] {
            if let Some(answer) = self.before(stage, "")? {
                return Ok(answer);
            }
        }
        let (params, body) = both(params, self.read_body(raw)?)?;
        if let Some(answer) = self.before(Stage::PreHandler, &params)? {
            return Ok(answer);
        }
        settled(self.host.app.handle(self.index, &params, body))
    }

    fn before(&self, stage: Stage, params: &str) -> Result<Option<Answer>, Box<Trouble>> {
        let answer = self.host.app.before(stage, self.index, params);
        answer.map(settled).transpose()
    }

    fn after(&self, after: After, message: &str, answer: Answer) -> Result<Answer, Box<Trouble>> {
        let (status, headers, content) = answer;
        fake::set_reply(&content);
        let app = &self.host.app;
        let changed = app.after(after, self.index, status, &headers, message);
        settled(match changed {
            Some((status, headers, body)) => (status, headers, body.unwrap_or(content)),
            None => (status, headers, content),
        })
    }

    /// Reads the body. Its coding, type and length, and the syntax of a multipart form, are
    /// refused alone; the errors of its content come together with those of parameters.
    fn read_body(&self, raw: Vec<u8>) -> Result<Result<Body, Refusal>, Refusal> {
        let spec = self.route.body();
        if !raw.is_empty() {
            spec.check_content_coding(self.head.values("content-encoding"))?;
        }
        let plan = match spec.plan(self.head.first("content-type")) {
            // An empty body has no content type to check.
            Err(Refusal::UnsupportedMediaType | Refusal::UnsupportedCharset { .. })
                if raw.is_empty() =>
            {
                spec.plan(None)?
            }
            plan => plan?,
        };
        let limit = self.route.body_limit();
        if u64::try_from(raw.len()).is_ok_and(|length| length > limit) {
            return Err(Refusal::BodyTooLarge { limit });
        }
        let body = match plan.boundary() {
            Some(boundary) if !raw.is_empty() => {
                let form = read_form(boundary, raw, limit)?;
                plan.read_form(form).map(|(body, files)| {
                    let files = files.into_iter().map(|file| file.bytes.to_vec());
                    fake::set_body(Vec::new(), files.collect());
                    body
                })
            }
            _ => {
                fake::set_body(raw.clone(), Vec::new());
                plan.read(raw.into())
            }
        };
        Ok(body.map(|body| match body {
            contract::Body::Empty => Body::Empty,
            contract::Body::Json(text) => Body::Json(text.into()),
            contract::Body::Text(text) => Body::Text(text.into()),
            contract::Body::Form(text) => Body::Form(text),
            contract::Body::Bytes(bytes) => Body::Bytes(bytes.to_vec()),
        }))
    }
}

/// Takes a multipart form apart. All of it is there, so its reader never waits; it may
/// pause between two pieces.
fn read_form(boundary: &str, raw: Vec<u8>, limit: u64) -> Result<Form, Refusal> {
    let pieces = stream::iter([Ok::<_, Refusal>(raw.into())]);
    let mut reading = std::pin::pin!(read_multipart(boundary, pieces, limit));
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(form) = reading.as_mut().poll(&mut context) {
            return form;
        }
    }
}

/// Both results, or every error of both.
fn both<A, B>(first: Result<A, Refusal>, second: Result<B, Refusal>) -> Result<(A, B), Refusal> {
    match (first, second) {
        (Ok(first), Ok(second)) => Ok((first, second)),
        (Err(Refusal::Invalid(mut errors)), Err(Refusal::Invalid(more))) => {
            errors.extend(more);
            Err(Refusal::Invalid(errors))
        }
        (Err(refusal), _) | (_, Err(refusal)) => Err(refusal),
    }
}

fn settled(answer: Answer) -> Result<Answer, Box<Trouble>> {
    match fake::take_failure() {
        Some(failure) => Err(Box::new(Trouble {
            refusal: Refusal::Failed,
            message: failure.0.clone(),
            failure: Some(failure),
        })),
        None => Ok(answer),
    }
}

/// The answer of a refusal: a problem document.
fn problem(refusal: Refusal) -> Answer {
    let extra = refusal.header();
    let problem = refusal.into_problem();
    let reply = Reply::new()
        .status(problem.status)
        .header("content-type", Problem::CONTENT_TYPE)
        .content(Content::Json(problem.to_json()));
    finish(match extra {
        Some((name, value)) => reply.header(name, value),
        None => reply,
    })
}

fn empty(status: u16, name: &'static str, value: String) -> Answer {
    finish(Reply::new().status(status).header(name, value))
}

fn finish(reply: Reply) -> Answer {
    reply
        .finish(None)
        .expect("the host's own reply is one that HTTP can carry")
}

/// Where a path is with a slash more or less at its end. Two slashes at the beginning
/// would name another host (RFC 3986, section 4.2).
fn location(path: &str, query: &str) -> String {
    let dot = if path.starts_with("//") { "/." } else { "" };
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{dot}{path}{mark}{query}")
}

/// A description, in the contract's type.
fn describe(description: &Description) -> contract::Description {
    let routes = description.routes.iter().map(|route| {
        let method = contract::Method::parse(method_name(route.method));
        contract::RouteDescription {
            name: route.name.clone(),
            parameters: route.parameters.clone(),
            body: route.body.clone(),
            replies: route.replies.clone(),
            settings: route.settings.clone(),
            ..contract::RouteDescription::new(
                method.expect("the host knows every method of the SDK"),
                route.path.clone(),
            )
        }
    });
    contract::Description {
        name: description.name.clone(),
        version: description.version.clone(),
        routes: routes.collect(),
        settings: description.settings.clone(),
    }
}
