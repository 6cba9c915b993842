//! Tests of the log lines of a guest's output.

use std::fmt::Debug;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::*;

/// Log subscriber that collects messages.
#[derive(Clone, Default)]
struct Messages(Arc<Mutex<Vec<String>>>);

impl Messages {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Visit for Messages {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.0.lock().unwrap().push(format!("{value:?}"));
        }
    }
}

impl Subscriber for Messages {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn logged(test: impl FnOnce(&Messages, &GuestLog)) {
    let messages = Messages::default();
    let log = GuestLog::new(&"app.wasm".into(), false);
    tracing::subscriber::with_default(messages.clone(), || test(&messages, &log));
}

fn write(log: &GuestLog, text: &str) {
    let mut stream = log.p2_stream();
    stream
        .write(Bytes::copy_from_slice(text.as_bytes()))
        .unwrap();
}

#[test]
fn the_end_of_a_call_ends_its_line() {
    logged(|messages, log| {
        write(log, "one");
        assert!(messages.take().is_empty());
        log.end_line();
        assert_eq!(messages.take(), ["one"]);
        write(log, "two\nth");
        write(log, "ree");
        log.end_line();
        assert_eq!(messages.take(), ["two", "three"]);
        // The end of a call does not log complete or empty lines again.
        write(log, "four\n");
        log.end_line();
        write(log, "\r\n \n");
        log.end_line();
        assert_eq!(messages.take(), ["four"]);
    });
}

#[test]
fn streams_of_both_kinds_share_a_line_in_order() {
    logged(|messages, log| {
        write(log, "a");
        let mut stream = Pin::from(log.async_stream());
        let mut cx = Context::from_waker(std::task::Waker::noop());
        assert!(stream.as_mut().poll_write(&mut cx, b"b").is_ready());
        drop(stream);
        write(log, "c");
        assert!(messages.take().is_empty());
        log.end_line();
        assert_eq!(messages.take(), ["abc"]);
    });
}

#[test]
fn lines_are_bounded_and_dropping_logs_the_rest() {
    let messages = Messages::default();
    tracing::subscriber::with_default(messages.clone(), || {
        let log = GuestLog::new(&"app.wasm".into(), true);
        for _ in 0..3 * MAX_LINE {
            write(&log, "xy");
        }
        assert_eq!(log.lines().partial.len(), MAX_LINE);
        log.end_line();
        assert_eq!(messages.take()[0].len(), MAX_LINE);
        write(&log, "cut");
        drop(log);
        assert_eq!(messages.take(), ["cut"]);
    });
}
