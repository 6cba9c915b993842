//! Functions of an app that no request calls: at start, at stop, and at the start of an instance.

use serde::Serialize;

use crate::hooks::EarlyHook;
use crate::instance_gate::InstanceGate;
use crate::reply::Failure;
use crate::states::States;
use crate::{Body, Call, Declaration, Reply};

/// When functions run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    Start,
    Stop,
    Instance,
}

impl Occasion {
    /// Returns the name of the method that adds functions.
    fn method(self) -> &'static str {
        match self {
            Self::Start => "on_start",
            Self::Stop => "on_stop",
            Self::Instance => "on_instance",
        }
    }
}

/// The functions of an app, in definition order.
#[derive(Debug, Default)]
pub(crate) struct Lifespan {
    start: Vec<EarlyHook>,
    stop: Vec<EarlyHook>,
    instance: Vec<EarlyHook>,
    gate: InstanceGate,
}

/// The numbers with which the host calls the handler, for the member `lifespan` of the settings.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct LifespanNumbers {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) start: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stop: Option<u32>,
}

impl Lifespan {
    pub(crate) fn add(&mut self, occasion: Occasion, function: EarlyHook) {
        if occasion == Occasion::Instance {
            self.gate.close();
        }
        match occasion {
            Occasion::Start => self.start.push(function),
            Occasion::Stop => self.stop.push(function),
            Occasion::Instance => self.instance.push(function),
        }
    }

    fn functions(&self, occasion: Occasion) -> &[EarlyHook] {
        match occasion {
            Occasion::Start => &self.start,
            Occasion::Stop => &self.stop,
            Occasion::Instance => &self.instance,
        }
    }

    /// Returns the numbers of the calls at start and at stop, which follow those of the routes.
    pub(crate) fn numbers(&self, routes: usize) -> Option<LifespanNumbers> {
        let routes = u32::try_from(routes).ok()?;
        let numbers = LifespanNumbers {
            start: (!self.start.is_empty()).then_some(routes),
            stop: (!self.stop.is_empty()).then_some(routes + 1),
        };
        (numbers.start.is_some() || numbers.stop.is_some()).then_some(numbers)
    }

    /// Returns the occasion of a call whose number is beyond those of the routes.
    pub(crate) fn occasion(&self, number: u32, routes: usize) -> Option<Occasion> {
        let numbers = self.numbers(routes)?;
        match Some(number) {
            number if number == numbers.start => Some(Occasion::Start),
            number if number == numbers.stop => Some(Occasion::Stop),
            _ => None,
        }
    }

    /// Checks the arguments of the functions.
    ///
    /// # Errors
    /// A sentence that names the first function with an argument that only a request has.
    pub(crate) fn check(&self, states: &States) -> Result<(), String> {
        for occasion in [Occasion::Start, Occasion::Stop, Occasion::Instance] {
            let mut declaration = Declaration::outside_of_requests(states);
            for function in self.functions(occasion) {
                function.declare(&mut declaration);
            }
            declaration.finish().map_err(|sentence| {
                format!("the `{}` function of the app {sentence}", occasion.method())
            })?;
        }
        Ok(())
    }

    /// Returns true if the functions of the instance have run, or there are none.
    #[inline]
    pub(crate) fn is_instance_ready(&self) -> bool {
        self.gate.is_open()
    }

    /// Runs the functions of the instance unless they have run.
    pub(crate) async fn ready_instance(&self, states: &States) -> Result<(), Failure> {
        let run = async || self.run(Occasion::Instance, states).await;
        self.gate.pass(run).await
    }

    /// Runs the functions of an occasion in order, until one fails. The functions at stop all run;
    /// the first failure counts.
    pub(crate) async fn run(&self, occasion: Occasion, states: &States) -> Result<(), Failure> {
        let mut first = Ok(());
        for function in self.functions(occasion) {
            let mut call = Call {
                pattern: "",
                params: "",
                body: Body::Empty,
                states,
            };
            let Some(reply) = function.run(&mut call).wait().await else {
                continue;
            };
            let failure = failure_of(reply, occasion);
            first = first.and(Err(failure));
            if occasion != Occasion::Stop {
                break;
            }
        }
        first
    }
}

/// Converts the error of a function to a failure. There is no client for an
/// [`HttpError`](crate::HttpError).
fn failure_of(reply: Reply, occasion: Occasion) -> Failure {
    let status = reply.status_code();
    match reply.into_parts() {
        Err(failure) => failure,
        Ok((_, _, content)) => Failure {
            message: format!(
                "the `{}` function of the app returned an error with status {status}",
                occasion.method()
            ),
            detail: content.as_str().unwrap_or_default().to_owned(),
        },
    }
}
