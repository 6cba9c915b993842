//! The functions of the WIT interface `io`, answered by the services of the test client that is
//! sending a request on this thread.

use crate::Content;
use crate::testing::services::{self, Services};

type Completed = (u16, String, Content);

const NO_HOST: &str =
    r#"{"code":"invalid","message":"there is no host; send a request with a `TestClient`"}"#;

pub(crate) fn task() -> u32 {
    services::current().map_or(0, |services| services.task())
}

pub(crate) fn submit(task: u32, op: u32, kind: &str, head: &str, body: &Content) -> Completed {
    match services::current() {
        Some(services) => services.submit(task, op, kind, head, body),
        None => no_host(),
    }
}

pub(crate) fn call(kind: &str, head: &str, body: &Content) -> Completed {
    match services::current() {
        Some(services) => services.call(kind, head, body),
        None => no_host(),
    }
}

fn no_host() -> Completed {
    (1, NO_HOST.to_owned(), Content::Empty)
}

pub(crate) fn abandon(op: u32) {
    with(|services| services.abandon(op));
}

pub(crate) fn reply(task: u32, status: u16, headers: &str, body: Option<&Content>) {
    with(|services| services.reply(task, status, headers, body));
}

pub(crate) fn fail(task: u32, message: &str, detail: &str) {
    with(|services| services.fail(task, message, detail));
}

pub(crate) fn select(task: u32) -> bool {
    services::current().is_some_and(|services| services.select(task))
}

fn with(work: impl FnOnce(&Services)) {
    if let Some(services) = services::current() {
        work(&services);
    }
}
