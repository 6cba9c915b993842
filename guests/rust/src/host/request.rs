//! The functions of the WIT interface `request`, answered from the fake request of the thread.

use crate::host::fake::with;

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
