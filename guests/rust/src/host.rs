//! The host's side of the boundary: its imports in a component, a fake request
//! in a native test.
//!
//! Every function here has two bodies. In a component it calls the host; in a
//! native program it reads the request that [`crate::testing`] set up on this thread.

#[cfg(target_arch = "wasm32")]
pub(crate) use crate::bindings::spikard::handler::{failure::report, request};

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use fake::report;

/// The functions of the WIT interface `request`, for a thread's fake request.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod request {
    use super::fake::with;

    pub(crate) fn method() -> String {
        with(|fake| fake.method.clone())
    }
    pub(crate) fn path() -> String {
        with(|fake| fake.path.clone())
    }
    pub(crate) fn query() -> String {
        with(|fake| fake.query.clone())
    }
    pub(crate) fn header(name: &str) -> Option<String> {
        with(|fake| {
            let mut values = fake
                .headers
                .iter()
                .filter(|(have, _)| have.eq_ignore_ascii_case(name))
                .peekable();
            values.peek()?;
            let values: Vec<_> = values
                .map(|(_, value)| String::from_utf8_lossy(value))
                .collect();
            Some(values.join(if name.eq_ignore_ascii_case("cookie") {
                "; "
            } else {
                ", "
            }))
        })
    }
    pub(crate) fn headers() -> Vec<(String, Vec<u8>)> {
        with(|fake| fake.headers.clone())
    }
    pub(crate) fn cookie(name: &str) -> Option<String> {
        cookies()
            .into_iter()
            .find(|(have, _)| have == name)
            .map(|(_, value)| value)
    }
    pub(crate) fn cookies() -> Vec<(String, String)> {
        let header = header("cookie").unwrap_or_default();
        let pairs = header
            .split(';')
            .filter_map(|pair| pair.trim().split_once('='));
        pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }
    pub(crate) fn peer() -> String {
        with(|fake| fake.peer.clone())
    }
    pub(crate) fn id() -> String {
        with(|fake| fake.id.clone())
    }
    pub(crate) fn raw_body() -> Vec<u8> {
        with(|fake| fake.raw_body.clone())
    }
    pub(crate) fn file(part: u32) -> Option<Vec<u8>> {
        with(|fake| fake.files.get(usize::try_from(part).ok()?).cloned())
    }
}

/// The fake request of a thread.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod fake {
    use std::cell::RefCell;

    /// What a test says about the request in progress, and what it learns of it.
    #[derive(Default)]
    pub(crate) struct Fake {
        pub(crate) method: String,
        pub(crate) path: String,
        pub(crate) query: String,
        pub(crate) headers: Vec<(String, Vec<u8>)>,
        pub(crate) peer: String,
        pub(crate) id: String,
        pub(crate) raw_body: Vec<u8>,
        pub(crate) files: Vec<Vec<u8>>,
        pub(crate) failure: Option<(String, String)>,
    }

    thread_local! {
        static FAKE: RefCell<Fake> = RefCell::default();
    }

    /// Runs `work` as the call of a fake request, and returns what was reported.
    pub(crate) fn during<T>(fake: Fake, work: impl FnOnce() -> T) -> (T, Option<(String, String)>) {
        FAKE.set(fake);
        let result = work();
        (result, FAKE.take().failure)
    }

    pub(super) fn with<T>(read: impl FnOnce(&Fake) -> T) -> T {
        FAKE.with_borrow(read)
    }

    /// The function of the WIT interface `failure`.
    pub(crate) fn report(message: &str, detail: &str) {
        FAKE.with_borrow_mut(|fake| fake.failure = Some((message.to_owned(), detail.to_owned())));
    }
}
