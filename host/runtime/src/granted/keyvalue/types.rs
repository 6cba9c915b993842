//! Component-model types of store results.

use wasmtime::component::{ComponentType, Lift, Lower};

use super::model::{Cursor, Page, StoreError};

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

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Request(why)
            | StoreError::TooLarge(why)
            | StoreError::Timeout(why)
            | StoreError::Store(why) => Self::Other(why),
        }
    }
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

/// Returns a result as `wasi:keyvalue` describes it.
pub(super) fn wasi<T>(result: Result<T, StoreError>) -> Result<T, Error> {
    result.map_err(Error::from)
}
