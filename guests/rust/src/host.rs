//! The host's side of the boundary: its imports in a component, a fake request
//! in a native test.
//!
//! Every function here has two bodies. In a component it calls the host; in a
//! native program it reads the request that [`crate::testing`] set up on this thread.

#[cfg(target_arch = "wasm32")]
pub(crate) use crate::bindings::spikard::handler::{
    failure::report, global_context, local_context, reply, request,
};

#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod fake;

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use fake::{global_context, local_context, reply, report};

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
        spikard_wasm_app::cookies(&header)
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
