//! The response bodies of a task that have not ended.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use futures_util::future::{AbortHandle, Abortable};
use serde_json::json;
use spikard_wasm_services::{Failed, Outcome, Payload};

use super::body::Body;
use super::failure::invalid;
use crate::operations::result::Operation;

/// Bodies by number. Operations hold a weak reference, so that they end with the task.
#[derive(Default)]
pub(in crate::operations) struct Bodies(Option<Arc<Table>>);

/// The bodies of a task.
#[derive(Default)]
pub(super) struct Table(Mutex<Open>);

#[derive(Default)]
struct Open {
    /// The number of the last body.
    last: u32,
    bodies: HashMap<u32, Entry>,
}

struct Entry {
    body: Arc<tokio::sync::Mutex<Body>>,
    /// The last read.
    read: Option<AbortHandle>,
}

impl Drop for Entry {
    /// Ends the read in progress, which shares the body.
    fn drop(&mut self) {
        if let Some(read) = &self.read {
            read.abort();
        }
    }
}

impl Bodies {
    pub(super) fn weak(&mut self) -> Weak<Table> {
        Arc::downgrade(self.0.get_or_insert_default())
    }

    /// Starts to read the next bytes of a body.
    pub(super) fn read(&mut self, number: u32) -> Result<Operation, Failed> {
        let unknown = || {
            invalid(format!(
                "body `{number}` has ended, was closed or never existed"
            ))
        };
        let table = self.0.as_ref().ok_or_else(unknown)?;
        let mut open = table.lock();
        let entry = open.bodies.get_mut(&number).ok_or_else(unknown)?;
        let Ok(mut body) = entry.body.clone().try_lock_owned() else {
            let message = format!("body `{number}` is being read; wait for that read first");
            return Err(invalid(message));
        };
        let (read, registration) = AbortHandle::new_pair();
        entry.read = Some(read);
        let table = Arc::downgrade(table);
        Ok(Box::pin(async move {
            let read = Abortable::new(body.read(), registration).await;
            let closed = || invalid(format!("body `{number}` was closed while it was read"));
            let (bytes, is_over) = match read.map_err(|_| closed())? {
                Ok(read) => read,
                Err(failed) => {
                    remove(&table, number);
                    return Err(failed);
                }
            };
            let head = match is_over {
                true => {
                    remove(&table, number);
                    json!({ "end": true }).to_string()
                }
                false => String::new(),
            };
            Ok(Outcome::new(head, Payload::Bytes(bytes)))
        }))
    }

    /// Drops a body. Has no effect if it has ended.
    pub(super) fn close(&mut self, number: u32) {
        if let Some(table) = &self.0 {
            table.remove(number);
        }
    }
}

impl Table {
    fn lock(&self) -> std::sync::MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a body and returns its number.
    pub(super) fn insert(&self, body: Body) -> u32 {
        let mut open = self.lock();
        let mut number = open.last;
        loop {
            number = number.wrapping_add(1).max(1);
            if !open.bodies.contains_key(&number) {
                break;
            }
        }
        open.last = number;
        let entry = Entry {
            body: Arc::new(tokio::sync::Mutex::new(body)),
            read: None,
        };
        open.bodies.insert(number, entry);
        number
    }

    fn remove(&self, number: u32) {
        // The entry is dropped without the lock.
        let entry = self.lock().bodies.remove(&number);
        drop(entry);
    }
}

fn remove(table: &Weak<Table>, number: u32) {
    if let Some(table) = table.upgrade() {
        table.remove(number);
    }
}
