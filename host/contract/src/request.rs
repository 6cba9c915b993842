//! The head of a request.

use spikard_wasm_app::RequestHead;

/// The head of a request, as a client sends it.
#[derive(Debug, Clone, Default)]
pub struct Head {
    /// The method, in upper case.
    pub method: String,
    /// The path, percent-encoded.
    pub path: String,
    /// The query, percent-encoded, without `?`.
    pub query: String,
    /// The headers in order, with names in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The local context keys that the test sets. The policy that normally sets a key does
    /// not check the request.
    pub local: Vec<String>,
}

impl Head {
    /// Returns the first value of a header.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&[u8]> {
        self.values(name).next()
    }

    /// Returns the value of a header that occurs exactly once.
    pub(crate) fn only(&self, name: &str) -> Option<&[u8]> {
        let mut values = self.values(name);
        values.next().filter(|_| values.next().is_none())
    }

    /// Joins the `Cookie` fields (RFC 9113, section 8.2.3).
    pub(crate) fn joined_cookies(&self) -> String {
        let values: Vec<_> = self.values("cookie").map(String::from_utf8_lossy).collect();
        values.join("; ")
    }

    pub(crate) fn has_local(&self, key: &str) -> bool {
        self.local.iter().any(|known| known == key)
    }

    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let fields = self.headers.iter().filter(move |(have, _)| have == name);
        fields.map(|(_, value)| value.as_slice())
    }
}

impl RequestHead for Head {
    fn query(&self) -> &str {
        &self.query
    }

    fn header(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        self.values(name).for_each(each);
    }
}
