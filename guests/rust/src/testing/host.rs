//! The host's part in a test.
//!
//! The crate `spikard-wasm-contract` makes every decision of the host: routes, policies,
//! parameters, bodies and problem documents. This module runs the hooks and the handler of
//! the app between its steps, in the order of the host's pipeline.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use spikard_wasm_app as model;
use spikard_wasm_app::grants::Secret;
use spikard_wasm_app::policy::Secrets;
use spikard_wasm_app::{Hit, Refusal};
use spikard_wasm_contract::{Admission, Contract, Exchange, Head, Reply as HostReply, Stop};

use super::message::Message;
use super::reply::TestReply;
use super::services::Services;
use crate::bindings::exports::spikard::handler::definition::Description;
use crate::dispatch::{Answer, NO_ROUTE, with_content};
use crate::hook_reply::ReplyChange;
use crate::host::fake::{FakeRequest, Shared, Values};
use crate::method::method_name;
use crate::stage::{EarlyStage, LateStage};
use crate::{App, Body, Content};

/// An app behind the host's contract.
#[derive(Debug)]
pub(super) struct Host {
    app: Rc<App>,
    pub(super) description: Description,
    contract: Contract,
    /// The app as the host loads it, for what the contract does not tell.
    model: model::App,
    /// How far the functions at start and stop are.
    phase: Cell<Phase>,
    pub(super) global: Rc<RefCell<Values>>,
    pub(super) services: Rc<Services>,
}

/// How far the functions at start and stop are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    New,
    Started,
    Stopped,
}

/// The message and the detail of a failure that the app has reported.
type Report = (String, String);

/// The host's reply in place of the handler's: it has refused the request, or the app has
/// failed.
struct Interruption {
    reply: HostReply,
    /// The message that an `on-error` hook gets.
    message: String,
    failure: Option<Report>,
}

impl From<Refusal> for Box<Interruption> {
    fn from(refusal: Refusal) -> Self {
        let reply = HostReply::of(refusal);
        Self::new(Interruption {
            message: reply.message.clone(),
            reply,
            failure: None,
        })
    }
}

impl Host {
    /// Loads an app as the host does.
    pub(super) fn load(app: App, secrets: Secrets) -> Result<Self, String> {
        let description = app.describe()?;
        let model = model_of(&description);
        let contract = Contract::new(&model, secrets);
        let model = model::App::new(&model, &model::Defaults::default());
        Ok(Self {
            app: Rc::new(app),
            contract: contract.map_err(|error| error.to_string())?,
            model: model.map_err(|error| error.to_string())?,
            phase: Cell::new(Phase::New),
            description,
            global: Rc::default(),
            services: Rc::default(),
        })
    }

    /// Answers requests that run at the same time.
    pub(super) fn answer(&self, messages: &[&Message]) -> Vec<TestReply> {
        if let Err(sentence) = self.start() {
            panic!("{sentence}");
        }
        let exchanges = messages.iter().map(|message| self.exchange(message));
        self.services.clone().drive(exchanges)
    }

    /// Checks the settings and secrets, and runs the functions at start, unless that has happened.
    pub(super) fn start(&self) -> Result<(), String> {
        if self.phase.get() != Phase::New {
            return Ok(());
        }
        self.check_grants()?;
        if let Some(number) = self.model.lifespan().start {
            self.call_outside(number)
                .map_err(|message| format!("the app failed at start: {message}"))?;
        }
        self.phase.set(Phase::Started);
        Ok(())
    }

    /// Runs the functions at stop if those at start have run, once.
    pub(super) fn stop(&self) -> Result<(), String> {
        if self.phase.replace(Phase::Stopped) != Phase::Started {
            return Ok(());
        }
        match self.model.lifespan().stop {
            Some(number) => self
                .call_outside(number)
                .map_err(|message| format!("the app failed at stop: {message}")),
            None => Ok(()),
        }
    }

    /// Checks that the client has the declared settings and secrets, and sets the defaults.
    fn check_grants(&self) -> Result<(), String> {
        let mut performer = self.services.performer.borrow_mut();
        let secrets = performer.secrets.iter();
        let secrets = secrets.map(|(name, value)| (name.clone(), Secret::new(value.clone())));
        let grants = model::Grants {
            config: Some(performer.settings.clone()),
            secrets: secrets.collect(),
            ..model::Grants::default()
        };
        let defaults = self.model.declared().check(&grants)?;
        let defaults = defaults.into_iter();
        performer
            .settings
            .extend(defaults.filter_map(|(name, value)| Some((name, value?))));
        Ok(())
    }

    /// Calls the handler outside of a request. Returns the message of a failure.
    fn call_outside(&self, number: u32) -> Result<(), String> {
        let request = FakeRequest {
            global: self.global.clone(),
            ..FakeRequest::default()
        };
        let request = Rc::new(RefCell::new(request));
        let call = self.task(&request, None, |app| {
            let (status, headers, content) = app.handle(number, "", Body::Empty);
            Some((status, headers, Some(content)))
        });
        let results = self.services.clone().drive(std::iter::once(call));
        results.into_iter().try_for_each(|result| match result {
            Ok(_) => Ok(()),
            Err(interruption) => Err(interruption.message),
        })
    }

    /// Runs a call of the app as a task, and waits until it has answered.
    async fn task(
        &self,
        request: &Shared,
        disconnect_after: Option<Duration>,
        call: impl FnOnce(&Rc<App>) -> Option<ReplyChange>,
    ) -> Result<Option<ReplyChange>, Box<Interruption>> {
        let services = &self.services;
        let number = services.begin(request);
        let change = services.enter(number, || call(&self.app));
        let change = match change {
            Some((0, ..)) => {
                if let Some(after) = disconnect_after {
                    services.cancel_after(number, after);
                }
                services.answer(number).await
            }
            change => {
                services.answered(number);
                change
            }
        };
        let Some(failure) = request.borrow_mut().failure.take() else {
            return Ok(change);
        };
        let reply = HostReply::of(Refusal::Failed);
        let message = if failure.0.is_empty() {
            &reply.message
        } else {
            &failure.0
        };
        Err(Box::new(Interruption {
            message: message.clone(),
            reply,
            failure: Some(failure),
        }))
    }

    async fn exchange(&self, message: &Message) -> TestReply {
        let (head, raw) = message.write();
        let (exchange, admission) = self.contract.begin(head);
        let (answer, failure) = match admission {
            Ok(admission) => self.run(message, &exchange, admission, raw).await,
            // The policy of a preflight answers it alone.
            Err(Stop::Reply(reply)) if reply.status >= 400 && !is_preflight(exchange.head()) => {
                let route = self.find(exchange.head()).unwrap_or(NO_ROUTE);
                let call = self.call(message, &exchange, route, Vec::new());
                call.refuse(reply).await
            }
            Err(Stop::Reply(reply)) => (answer_of(reply), None),
            Err(Stop::MissingSecret) => panic!(
                "a policy needs a secret that this client does not have; make the client with `TestClient::with_secrets`"
            ),
        };
        let (status, headers, content) = answer;
        let headers = if headers.is_empty() { "[]" } else { &headers };
        let headers = serde_json::from_str(headers).expect("an app's headers are pairs of strings");
        let is_bodiless = exchange.is_bodiless(status);
        let headers = self.contract.finish(exchange, headers);
        let reply = TestReply::new(status, headers, content, failure);
        if is_bodiless {
            reply.without_body()
        } else {
            reply
        }
    }

    /// Returns the number of the route of a request.
    fn find(&self, head: &Head) -> Option<u32> {
        let found = self.model.find(&head.method, &head.path, |hit| match hit {
            Hit::Route { index, .. } => Some(index),
            _ => None,
        });
        found.ok().flatten()
    }

    /// Runs the hooks and the handler of a request that the policies admit.
    async fn run(
        &self,
        message: &Message,
        exchange: &Exchange,
        admission: Admission,
        raw: Vec<u8>,
    ) -> (Answer, Option<Report>) {
        let call = self.call(message, exchange, admission.route, admission.local);
        let result = call.run(raw).await;
        call.request.borrow_mut().in_progress = false;
        result
    }

    /// Creates the request on its way to a route.
    fn call<'a>(
        &'a self,
        message: &Message,
        exchange: &'a Exchange,
        route: u32,
        local: Vec<(&'static str, String)>,
    ) -> Call<'a> {
        let local = local.into_iter();
        let local = local.map(|(key, text)| (key.to_owned(), text));
        let request = FakeRequest {
            method: method_name(message.method).to_owned(),
            path: message.path.clone(),
            query: message.query.clone(),
            headers: exchange.head().headers.clone(),
            peer: "127.0.0.1:50000".to_owned(),
            id: exchange.id().to_owned(),
            local: local.chain(message.local.clone()).collect(),
            global: self.global.clone(),
            in_progress: true,
            ..FakeRequest::default()
        };
        Call {
            host: self,
            exchange,
            route,
            disconnect_after: message.disconnect_after,
            request: Rc::new(RefCell::new(request)),
        }
    }
}

/// A request on its way through the hooks and the handler of its route.
struct Call<'a> {
    host: &'a Host,
    exchange: &'a Exchange,
    route: u32,
    disconnect_after: Option<Duration>,
    request: Shared,
}

impl Call<'_> {
    async fn run(&self, raw: Vec<u8>) -> (Answer, Option<Report>) {
        let outcome = match self.first_reply(raw).await {
            Ok(answer) => self.after(LateStage::Response, "", answer).await,
            Err(interruption) => Err(interruption),
        };
        match outcome {
            Ok(answer) => (answer, None),
            Err(interruption) => self.fail(*interruption).await,
        }
    }

    /// Replies to a request that no route matches or a policy rejects.
    async fn refuse(&self, reply: HostReply) -> (Answer, Option<Report>) {
        let interruption = Interruption {
            message: reply.message.clone(),
            reply,
            failure: None,
        };
        self.fail(interruption).await
    }

    /// Runs the error hooks.
    async fn fail(&self, interruption: Interruption) -> (Answer, Option<Report>) {
        let answer = answer_of(interruption.reply);
        match self
            .after(LateStage::Error, &interruption.message, answer)
            .await
        {
            Ok(answer) => (answer, interruption.failure),
            Err(next) => (answer_of(next.reply), next.failure),
        }
    }

    /// Runs the early hooks and the handler until one of them replies.
    async fn first_reply(&self, raw: Vec<u8>) -> Result<Answer, Box<Interruption>> {
        for stage in [EarlyStage::OnRequest, EarlyStage::PreValidation] {
            if let Some(answer) = self.before(stage, "").await? {
                return Ok(answer);
            }
        }
        let call = self.host.contract.read(self.exchange, raw)?;
        self.request.borrow_mut().set_body(call.raw, call.files);
        if let Some(answer) = self.before(EarlyStage::PreHandler, &call.params).await? {
            return Ok(answer);
        }
        let body = body_of(call.body);
        let change = self.task(|app| {
            let (status, headers, content) = app.handle(self.route, &call.params, body);
            Some((status, headers, Some(content)))
        });
        Ok(change.await?.map_or_else(no_answer, with_content))
    }

    async fn before(
        &self,
        stage: EarlyStage,
        params: &str,
    ) -> Result<Option<Answer>, Box<Interruption>> {
        let change = self.task(|app| {
            let (status, headers, content) = app.before(stage, self.route, params)?;
            Some((status, headers, Some(content)))
        });
        Ok(change.await?.map(with_content))
    }

    async fn after(
        &self,
        stage: LateStage,
        message: &str,
        answer: Answer,
    ) -> Result<Answer, Box<Interruption>> {
        let (status, headers, content) = answer;
        self.request.borrow_mut().reply = Some(content.clone());
        let change = self.task(|app| app.after(stage, self.route, status, &headers, message));
        Ok(match change.await? {
            Some((status, headers, body)) => (status, headers, body.unwrap_or(content)),
            None => (status, headers, content),
        })
    }

    async fn task(
        &self,
        call: impl FnOnce(&Rc<App>) -> Option<ReplyChange>,
    ) -> Result<Option<ReplyChange>, Box<Interruption>> {
        self.host
            .task(&self.request, self.disconnect_after, call)
            .await
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        if let Err(sentence) = self.stop() {
            eprintln!("{sentence}");
        }
    }
}

/// Returns true for a CORS preflight (Fetch standard).
fn is_preflight(head: &Head) -> bool {
    head.method == "OPTIONS"
        && head.first("origin").is_some()
        && head.first("access-control-request-method").is_some()
}

fn no_answer() -> Answer {
    (204, String::new(), Content::Empty)
}

fn answer_of(reply: HostReply) -> Answer {
    let headers = serde_json::to_string(&reply.headers).expect("pairs of strings are JSON");
    let content = if reply.body.is_empty() {
        Content::Empty
    } else {
        Content::Json(reply.body)
    };
    (reply.status, headers, content)
}

fn body_of(body: model::Body) -> Body {
    match body {
        model::Body::Empty => Body::Empty,
        model::Body::Json(text) => Body::Json(text.into()),
        model::Body::Text(text) => Body::Text(text.into()),
        model::Body::Form(text) => Body::Form(text),
        model::Body::Bytes(bytes) => Body::Bytes(bytes.to_vec()),
    }
}

/// Converts a description of the component's type to the host's type.
fn model_of(description: &Description) -> model::Description {
    let routes = description.routes.iter().map(|route| {
        let method = model::Method::parse(method_name(route.method));
        model::RouteDescription {
            name: route.name.clone(),
            parameters: route.parameters.clone(),
            body: route.body.clone(),
            replies: route.replies.clone(),
            settings: route.settings.clone(),
            ..model::RouteDescription::new(
                method.expect("the host knows every method of the SDK"),
                route.path.clone(),
            )
        }
    });
    model::Description {
        name: description.name.clone(),
        version: description.version.clone(),
        routes: routes.collect(),
        settings: description.settings.clone(),
    }
}
