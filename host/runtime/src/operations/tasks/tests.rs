//! Tests of tasks and their operations, without a guest.

use std::future::{pending, poll_fn};
use std::time::Duration;

use spikard_wasm_services::{Outcome, Payload};

use super::*;

fn after(millis: u64) -> Operation {
    Box::pin(async move {
        tokio::time::sleep(Duration::from_millis(millis)).await;
        Ok(Outcome::new(millis.to_string(), Payload::Empty))
    })
}

fn tasks() -> Tasks {
    let mut tasks = Tasks::default();
    tasks.begin();
    assert!(tasks.resources(1, &Current::Nothing).is_ok());
    tasks
}

#[tokio::test]
async fn operations_end_in_their_own_order() {
    let mut tasks = tasks();
    for (op, millis) in [(1, 30), (2, 10), (3, 20)] {
        assert!(tasks.start(1, op, after(millis)).is_none());
    }
    tasks.abandon(3);
    let mut order = Vec::new();
    while let Some(ended) = poll_fn(|cx| tasks.poll_next(cx)).await {
        order.push((ended.op, ended.task, ended.result.unwrap().head));
    }
    assert_eq!(order, [(2, 1, "10".to_owned()), (1, 1, "30".to_owned())]);
    assert!(!tasks.is_busy());
}

/// An abandoned operation releases what it holds, even if the instance is never polled again.
#[tokio::test]
async fn abandoned_operations_are_dropped_at_once() {
    let mut tasks = tasks();
    let held = Arc::new(());
    for op in 1..4 {
        let held = held.clone();
        let operation = Box::pin(async move {
            pending::<()>().await;
            drop(held);
            Ok(Outcome::new(String::new(), Payload::Empty))
        });
        assert!(tasks.start(1, op, operation).is_none());
    }
    assert_eq!(Arc::strong_count(&held), 4);
    tasks.abandon(2);
    assert_eq!(Arc::strong_count(&held), 3);
    tasks.interrupt(1);
    assert_eq!(Arc::strong_count(&held), 1);
}

#[tokio::test]
async fn ready_operations_return_at_once() {
    let mut tasks = tasks();
    let result = Ok(Outcome::new(String::new(), Payload::Empty));
    let started = tasks.start(1, 1, crate::operations::result::ready(result.clone()));
    assert_eq!(started, Some(result));
    assert!(!tasks.is_busy());
}

#[tokio::test]
async fn numbers_are_checked() {
    let mut tasks = tasks();
    assert!(tasks.start(1, 7, Box::pin(pending())).is_none());
    assert_eq!(tasks.check(7).unwrap_err().code, "invalid");
    for op in 8..7 + MAX_OPERATIONS as u32 {
        assert_eq!(tasks.check(op), Ok(()));
        assert!(tasks.start(1, op, Box::pin(pending())).is_none());
    }
    assert_eq!(tasks.check(0).unwrap_err().code, "too-many");
    tasks.abandon(9);
    assert_eq!(tasks.check(0), Ok(()));
    for unknown in [0, 2] {
        let resources = tasks.resources(unknown, &Current::Nothing);
        assert_eq!(resources.err().map(|it| it.code), Some("invalid".into()));
    }
}

#[tokio::test]
async fn abandoned_operations_do_not_accumulate() {
    let entries = |tasks: &Tasks| tasks.open.as_ref().map_or(0, |open| open.operations.len());
    let mut tasks = tasks();
    for _ in 0..10 * MAX_OPERATIONS {
        assert_eq!(tasks.check(1), Ok(()));
        assert!(tasks.start(1, 1, Box::pin(pending())).is_none());
        tasks.abandon(1);
    }
    assert_eq!(entries(&tasks), 0);
    // With another operation in progress their number is bounded until the next poll.
    assert!(tasks.start(1, 0, Box::pin(pending())).is_none());
    let refused = (0..10 * MAX_OPERATIONS).find(|_| {
        let is_refused = tasks.check(1).is_err();
        if !is_refused {
            assert!(tasks.start(1, 1, Box::pin(pending())).is_none());
            tasks.abandon(1);
        }
        is_refused
    });
    assert_eq!(refused, Some(2 * MAX_OPERATIONS - 1));
    let polled = poll_fn(|cx| Poll::Ready(tasks.poll_next(cx).is_pending())).await;
    assert!(polled);
    assert_eq!(entries(&tasks), 1);
    assert_eq!(tasks.check(1), Ok(()));
}

#[tokio::test]
async fn tasks_end_when_answered_without_operations() {
    let mut tasks = tasks();
    assert!(tasks.start(1, 1, Box::pin(pending())).is_none());
    let reply = || Answer::Reply(200, String::new(), None);
    assert!(tasks.answer(1, reply(), &Current::Nothing).is_none());
    assert!(tasks.answer(1, reply(), &Current::Nothing).is_some());
    tasks.sweep();
    assert!(matches!(tasks.take_answer(1), Some(Answer::Reply(..))));
    tasks.sweep();
    assert_eq!(tasks.open(), [1]);
    tasks.abandon(1);
    tasks.sweep();
    assert_eq!(tasks.open(), [0; 0]);
    // The second task cannot submit for the first one any more.
    tasks.begin();
    assert!(tasks.resources(1, &Current::Nothing).is_err());
    assert!(tasks.answer(1, reply(), &Current::Nothing).is_some());
}

#[tokio::test]
async fn an_interrupted_task_can_submit_again() {
    let mut tasks = tasks();
    assert!(tasks.start(1, 1, Box::pin(pending())).is_none());
    tasks.interrupt(1);
    assert!(!tasks.is_busy());
    assert!(poll_fn(|cx| tasks.poll_next(cx)).await.is_none());
    assert!(tasks.resources(1, &Current::Nothing).is_ok());
}
