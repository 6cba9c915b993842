//! Records: the metrics and the access line of one exchange.

use std::rc::Rc;
use std::sync::Arc;

use hyper::{Method, StatusCode, Uri};
use spikard_wasm_app::Refusal;
use spikard_wasm_runtime::{HttpCall, Request as _, Stages, Stamp};

use crate::access::{Access, Outcome};
use crate::admission::Requests;
use crate::metrics::{AppName, Part, StageTimes, WorkerFigures};
use crate::request::{InFlight, RequestId};
use crate::response::{self, HttpResponse};

/// The state that the exchanges of one trigger in one worker share.
pub(crate) struct Desk {
    /// The app's name, if the host serves several.
    pub(crate) app: AppName,
    /// The route name in the log of requests without a route.
    pub(crate) rest: Option<&'static str>,
    pub(crate) requests: Arc<Requests>,
    pub(crate) figures: Arc<WorkerFigures>,
    /// True if responses have `Server-Timing`.
    pub(crate) server_timing: bool,
}

/// The guest's part of a request, which measures its time.
pub(crate) enum Work {
    /// No guest was called.
    None,
    Handler(Arc<InFlight>),
    Http(Arc<HttpCall>),
}

impl Work {
    fn stages(&self) -> Option<&Stages> {
        match self {
            Self::None => None,
            Self::Handler(request) => Some(request.stages()),
            Self::Http(call) => Some(call.stages()),
        }
    }
}

/// The record of a request until its response. If it is dropped earlier, the client has
/// disconnected, because hyper then drops the future of the answer.
pub(super) struct Record<'a> {
    desk: &'a Rc<Desk>,
    access: Option<Access>,
    start: Stamp,
    pub(super) id: RequestId,
    pub(super) route: Option<(u32, &'a str)>,
    pub(super) work: Work,
    /// The time at which the guest's last call returned.
    pub(super) replied: Option<Stamp>,
    is_ended: bool,
}

impl<'a> Record<'a> {
    pub(super) fn begin(desk: &'a Rc<Desk>, method: &Method, uri: &Uri) -> Self {
        Self {
            desk,
            access: Access::begin(method, uri),
            start: Stamp::now(),
            id: RequestId::next(),
            route: None,
            work: Work::None,
            replied: None,
            is_ended: false,
        }
    }

    pub(super) fn desk(&self) -> &'a Rc<Desk> {
        self.desk
    }

    /// Logs a panic of the host, and returns the refusal for the client.
    pub(super) fn panicked(&self) -> Refusal {
        tracing::error!(request = %self.id, "the host panicked; this is a bug in spikard-wasm");
        Refusal::Failed
    }

    /// Returns the duration of each part of the request.
    pub(super) fn taken(&self) -> StageTimes {
        let now = Stamp::now();
        let respond = self.replied.map_or(0, |replied| now.since(replied));
        StageTimes::new(now.since(self.start), respond, self.work.stages())
    }

    /// Counts and logs the request.
    pub(super) fn end(mut self, response: &HttpResponse, taken: &StageTimes) {
        let status = response.status().as_u16();
        // Only the access line has the length.
        let bytes = self
            .access
            .as_ref()
            .and_then(|_| response::length(response));
        self.write(Outcome::Sent { status, bytes }, taken);
    }

    /// Moves counting and logging to the end of a streamed body.
    pub(super) fn into_ending(mut self, status: StatusCode, taken: &StageTimes) -> Ending {
        self.is_ended = true;
        let work = std::mem::replace(&mut self.work, Work::None);
        Ending {
            desk: self.desk.clone(),
            access: self.access.take(),
            start: self.start,
            id: self.id.clone(),
            route: self.route.map(|(index, name)| (index, name.into())),
            work,
            status: status.as_u16(),
            receive: taken.part(Part::Receive),
        }
    }

    fn write(&mut self, outcome: Outcome, taken: &StageTimes) {
        self.is_ended = true;
        let index = self.route.map(|(index, _)| index);
        self.desk.figures.record(index, outcome.status(), taken);
        if let Some(access) = self.access.take() {
            let route = self.route.map(|(_, name)| name).or(self.desk.rest);
            access.end(&self.id, (self.desk.app.as_deref(), route), taken, outcome);
        }
    }
}

impl Drop for Record<'_> {
    fn drop(&mut self) {
        if !self.is_ended {
            let taken = self.taken();
            self.write(Outcome::Closed, &taken);
        }
    }
}

/// The record of a request whose streamed body has not ended.
pub(super) struct Ending {
    desk: Rc<Desk>,
    access: Option<Access>,
    start: Stamp,
    id: RequestId,
    route: Option<(u32, Box<str>)>,
    work: Work,
    status: u16,
    receive: u64,
}

impl Ending {
    /// Counts and logs the request. `bytes` of its body were sent.
    pub(super) fn end(self, bytes: u64, is_complete: bool) {
        let total = Stamp::now().since(self.start);
        let taken = StageTimes::streamed(total, self.receive, self.work.stages());
        let index = self.route.as_ref().map(|(index, _)| *index);
        self.desk.figures.record(index, self.status, &taken);
        if let Some(access) = self.access {
            let name = self.route.as_ref().map(|(_, name)| name.as_ref());
            let outcome = match is_complete {
                true => Outcome::Sent {
                    status: self.status,
                    bytes: Some(bytes),
                },
                false => Outcome::Cut {
                    status: self.status,
                    bytes,
                },
            };
            let whose = (self.desk.app.as_deref(), name.or(self.desk.rest));
            access.end(&self.id, whose, &taken, outcome);
        }
    }
}
