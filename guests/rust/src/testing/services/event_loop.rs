//! Runs the requests of a test client, and delivers the results of their operations.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::outcome::Outcome;
use super::performer::Performer;
use super::replacements::Replacements;
use crate::hook_reply::ReplyChange;
use crate::host::fake::{self, Shared};
use crate::{Content, task};

/// How many results a test delivers until it must be an endless loop.
const MAX_EVENTS: u32 = 100_000;

thread_local! {
    static CURRENT: RefCell<Option<Rc<Services>>> = const { RefCell::new(None) };
}

/// Returns the services of the client that is sending a request on this thread.
pub(crate) fn current() -> Option<Rc<Services>> {
    CURRENT.try_with(|current| current.borrow().clone()).ok()?
}

/// The services of a test client.
#[derive(Default)]
pub(crate) struct Services {
    clock: Cell<Duration>,
    pub(crate) is_real_time: Cell<bool>,
    /// The task whose export is in progress.
    task: Cell<u32>,
    tasks: RefCell<BTreeMap<u32, Task>>,
    /// What happens next, by time and then in order.
    events: RefCell<BTreeMap<(Duration, u64), Event>>,
    sequence: Cell<u64>,
    pub(crate) performer: RefCell<Performer>,
    pub(crate) replacements: RefCell<Replacements>,
}

struct Task {
    request: Shared,
    answer: Answer,
}

enum Answer {
    None,
    Ready(Option<ReplyChange>),
    Taken,
}

enum Event {
    Resume { task: u32, op: u32, result: Outcome },
    Cancel(u32),
}

impl Services {
    /// Returns the virtual time since the client was made.
    pub(crate) fn elapsed(&self) -> Duration {
        self.clock.get()
    }

    /// Polls requests until all have replies, and runs their background work to its end.
    pub(crate) fn drive<T>(
        self: Rc<Self>,
        requests: impl Iterator<Item = impl Future<Output = T>>,
    ) -> Vec<T> {
        struct Restore(Option<Rc<Services>>);

        impl Drop for Restore {
            fn drop(&mut self) {
                CURRENT.set(self.0.take());
            }
        }

        let _restore = Restore(CURRENT.replace(Some(self.clone())));
        let mut requests: Vec<_> = requests.map(Box::pin).collect();
        let mut replies: Vec<_> = requests.iter().map(|_| None).collect();
        let mut events = 0;
        loop {
            for (request, reply) in requests.iter_mut().zip(&mut replies) {
                if reply.is_none()
                    && let Poll::Ready(output) = poll(request.as_mut())
                {
                    *reply = Some(output);
                }
            }
            let is_done = replies.iter().all(Option::is_some);
            events += 1;
            assert!(
                events < MAX_EVENTS,
                "the app never stops to start operations"
            );
            if !self.step() {
                if is_done {
                    break;
                }
                self.fail_idle();
            }
        }
        self.end();
        replies.into_iter().flatten().collect()
    }

    /// Delivers the next event. Returns false if there is none.
    fn step(&self) -> bool {
        let Some(((time, _), event)) = self.events.borrow_mut().pop_first() else {
            return false;
        };
        self.advance(time);
        match event {
            Event::Resume { task, op, result } => {
                let Outcome {
                    status, head, body, ..
                } = result;
                self.enter(task, || task::resume(op, status, head, body));
            }
            Event::Cancel(task) if self.has_answered(task) => {}
            Event::Cancel(task) => self.cancel(task, 499),
        }
        true
    }

    fn advance(&self, time: Duration) {
        let passed = time.saturating_sub(self.clock.get());
        if self.is_real_time.get() {
            std::thread::sleep(passed);
        }
        self.clock.set(self.clock.get() + passed);
    }

    /// Fails the tasks that wait for nothing, as the host does.
    fn fail_idle(&self) {
        let tasks = self.tasks.borrow();
        if tasks
            .values()
            .any(|task| matches!(task.answer, Answer::Ready(_)))
        {
            // A request goes on when it is polled, and can wake others.
            return;
        }
        drop(tasks);
        for task in self.numbers() {
            if !self.has_answered(task) {
                let message = "the handler waits, but has no operation in progress";
                self.fail(task, message, "");
                self.enter(task, || task::cancel(task));
            }
        }
    }

    /// Ends the tasks of requests that have been answered.
    fn end(&self) {
        for task in self.numbers() {
            self.enter(task, || task::cancel(task));
            self.tasks.borrow_mut().remove(&task);
            self.performer.borrow_mut().end(task);
        }
    }

    fn numbers(&self) -> Vec<u32> {
        self.tasks.borrow().keys().copied().collect()
    }

    fn cancel(&self, task: u32, status: u16) {
        let mut events = self.events.borrow_mut();
        events.retain(|_, event| !matches!(event, Event::Resume { task: of, .. } if *of == task));
        drop(events);
        self.performer.borrow_mut().end(task);
        self.reply(task, status, "", None);
        self.enter(task, || task::cancel(task));
    }

    /// Cancels a task if it has not answered after `time`.
    pub(crate) fn cancel_after(&self, task: u32, time: Duration) {
        self.add(time, Event::Cancel(task));
    }

    fn add(&self, delay: Duration, event: Event) {
        let sequence = self.sequence.get();
        self.sequence.set(sequence + 1);
        let time = self.clock.get() + delay;
        self.events.borrow_mut().insert((time, sequence), event);
    }

    /// Begins a task of a request.
    pub(crate) fn begin(&self, request: &Shared) -> u32 {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let task = Task {
            request: request.clone(),
            answer: Answer::None,
        };
        self.tasks.borrow_mut().insert(number, task);
        number
    }

    /// Runs an export of the app for a task.
    pub(crate) fn enter<T>(&self, task: u32, export: impl FnOnce() -> T) -> T {
        let request = self.request(task).unwrap_or_default();
        let outer = self.task.replace(task);
        let result = fake::enter(&request, export);
        self.task.set(outer);
        result
    }

    fn request(&self, task: u32) -> Option<Shared> {
        let tasks = self.tasks.borrow();
        tasks.get(&task).map(|task| task.request.clone())
    }

    /// Notes that the call of a task has returned its answer.
    pub(crate) fn answered(&self, task: u32) {
        if let Some(task) = self.tasks.borrow_mut().get_mut(&task) {
            task.answer = Answer::Taken;
        }
    }

    /// Waits for the answer of a task.
    pub(crate) async fn answer(&self, task: u32) -> Option<ReplyChange> {
        poll_fn(|_| {
            let mut tasks = self.tasks.borrow_mut();
            let Some(task) = tasks.get_mut(&task) else {
                return Poll::Ready(None);
            };
            match std::mem::replace(&mut task.answer, Answer::Taken) {
                Answer::Ready(change) => Poll::Ready(change),
                other => {
                    task.answer = other;
                    Poll::Pending
                }
            }
        })
        .await
    }

    fn has_answered(&self, task: u32) -> bool {
        let tasks = self.tasks.borrow();
        let task = tasks.get(&task);
        task.is_none_or(|task| !matches!(task.answer, Answer::None))
    }

    fn set_answer(&self, task: u32, change: Option<ReplyChange>) {
        if let Some(task) = self.tasks.borrow_mut().get_mut(&task) {
            task.answer = Answer::Ready(change);
        }
    }

    pub(crate) fn task(&self) -> u32 {
        self.task.get()
    }

    pub(crate) fn submit(
        &self,
        task: u32,
        op: u32,
        kind: &str,
        head: &str,
        body: &Content,
    ) -> (u16, String, Content) {
        let mut result = self.perform(task, op, kind, head, body);
        if let Some((op, result)) = result.ends.take() {
            let (delay, result) = (result.delay.unwrap_or_default(), *result);
            self.add(delay, Event::Resume { task, op, result });
        }
        match result.delay {
            None => (result.status, result.head, result.body),
            Some(delay) => {
                self.add(delay, Event::Resume { task, op, result });
                (0, String::new(), Content::Empty)
            }
        }
    }

    pub(crate) fn call(&self, kind: &str, head: &str, body: &Content) -> (u16, String, Content) {
        let result = self.perform(self.task.get(), 0, kind, head, body);
        self.advance(self.clock.get() + result.delay.unwrap_or_default());
        (result.status, result.head, result.body)
    }

    fn perform(&self, task: u32, op: u32, kind: &str, head: &str, body: &Content) -> Outcome {
        let now = self.clock.get();
        let result = self
            .performer
            .borrow_mut()
            .perform(now, task, op, kind, head, body);
        result.unwrap_or_else(Outcome::from)
    }

    pub(crate) fn abandon(&self, op: u32) {
        self.performer.borrow_mut().fetch.abandon(op);
        let mut events = self.events.borrow_mut();
        events.retain(|_, event| !matches!(event, Event::Resume { op: of, .. } if *of == op));
    }

    pub(crate) fn reply(&self, task: u32, status: u16, headers: &str, body: Option<&Content>) {
        if self.has_answered(task) {
            return;
        }
        let change = (status != 0).then(|| (status, headers.to_owned(), body.cloned()));
        self.set_answer(task, change);
    }

    pub(crate) fn fail(&self, task: u32, message: &str, detail: &str) {
        if self.has_answered(task) {
            return;
        }
        if let Some(request) = self.request(task) {
            request.borrow_mut().failure = Some((message.to_owned(), detail.to_owned()));
        }
        self.set_answer(task, None);
    }

    pub(crate) fn select(&self, task: u32) -> bool {
        let request = self.request(task);
        let is_known = request.is_some();
        fake::select(request.unwrap_or_default());
        is_known
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services")
            .field("clock", &self.clock.get())
            .finish_non_exhaustive()
    }
}

fn poll<T>(future: Pin<&mut impl Future<Output = T>>) -> Poll<T> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}
