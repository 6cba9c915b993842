//! How stores and their answers cross the boundary.

use std::sync::Arc;

use wasmtime::component::{ComponentType, Lift, Lower, Resource};

use super::opened::{Cursor, Opened, Page};

/// `store.bucket`.
pub(super) struct Bucket(pub(super) Arc<Opened>);

/// `atomics.cas`: a key and what it held.
pub(super) struct Cas {
    pub(super) store: Arc<Opened>,
    pub(super) key: String,
    pub(super) value: Option<Vec<u8>>,
}

/// `store.error`.
#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(variant)]
pub(super) enum Error {
    #[component(name = "no-such-store")]
    #[allow(dead_code)]
    NoSuchStore,
    #[component(name = "access-denied")]
    AccessDenied,
    #[component(name = "other")]
    Other(String),
}

/// `atomics.cas-error`.
#[derive(ComponentType, Lift, Lower)]
#[component(variant)]
pub(super) enum CasError {
    #[component(name = "store-error")]
    Store(Error),
    #[component(name = "cas-failed")]
    Failed(Resource<Cas>),
}

/// `store.key-response` of the first draft.
#[derive(ComponentType, Lift, Lower)]
#[component(record)]
pub(super) struct Keys {
    keys: Vec<String>,
    cursor: Option<u64>,
}

/// `store.key-response` of the second draft.
#[derive(ComponentType, Lift, Lower)]
#[component(record)]
pub(super) struct Keys2 {
    keys: Vec<String>,
    cursor: Option<String>,
}

impl From<Page> for Keys {
    fn from(page: Page) -> Self {
        Self {
            keys: page.keys,
            cursor: page.next.and_then(|next| match next {
                Cursor::Number(number) => Some(number),
                Cursor::Text(_) => None,
            }),
        }
    }
}

impl From<Page> for Keys2 {
    fn from(page: Page) -> Self {
        Self {
            keys: page.keys,
            cursor: page.next.map(|next| match next {
                Cursor::Number(number) => number.to_string(),
                Cursor::Text(text) => text,
            }),
        }
    }
}
