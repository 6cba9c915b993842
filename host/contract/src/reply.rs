//! Replies of the host itself.

use spikard_wasm_app::{Problem, Refusal};

/// Header fields, in order.
pub type Fields = Vec<(String, String)>;

/// A reply of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Fields,
    /// A problem document; empty if the reply has no content.
    pub body: String,
    /// The message for an `on-error` hook.
    pub message: String,
}

impl Reply {
    /// Creates the reply of a refusal, with its problem document.
    #[must_use]
    pub fn of(refusal: Refusal) -> Self {
        let extra = refusal.header();
        let problem = refusal.into_problem();
        let mut headers = vec![("content-type".to_owned(), Problem::CONTENT_TYPE.to_owned())];
        headers.extend(extra.map(|(name, value)| (name.to_owned(), value)));
        Self {
            status: problem.status,
            headers,
            body: problem.to_json(),
            message: problem.detail,
        }
    }

    pub(crate) fn empty(
        status: u16,
        headers: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Self {
        let headers = headers.into_iter();
        Self {
            status,
            headers: headers.map(|(n, v)| (n.to_owned(), v)).collect(),
            body: String::new(),
            message: String::new(),
        }
    }
}
