//! Access to the whole request in progress, beyond the parameters that its route declares.

use crate::call_id::CallId;
use crate::{Call, FromRequest, GlobalContext, LocalContext, Reply, host};

/// The request in progress.
///
/// Take it as an argument of a handler or hook, or call [`current`](Self::current) while one
/// runs. Each method fetches its value from the host. Outside of a request every method returns
/// an empty value.
///
/// It is valid until the handler or hook that took it returns. Afterwards every method returns
/// an empty value, never a value of another request. If another handler or hook is running at
/// that time, its client gets status 500 and the host logs the reason.
///
/// ```
/// # use spikard_wasm_sdk::{get, Request};
/// #[get("/agent")]
/// fn agent(request: Request) -> String {
///     request.header("user-agent").unwrap_or_default()
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Request {
    call: CallId,
}

impl Default for Request {
    fn default() -> Self {
        Self::current()
    }
}

impl Request {
    /// Returns the request in progress.
    #[must_use]
    pub fn current() -> Self {
        Self {
            call: CallId::current(),
        }
    }

    fn ask<T: Default>(self, host: impl FnOnce() -> T) -> T {
        if self.call.check("Request") {
            host()
        } else {
            T::default()
        }
    }

    /// Returns the method in upper case; `HEAD` if a GET route answers a HEAD request.
    #[must_use]
    pub fn method(&self) -> String {
        self.ask(host::request::method)
    }

    /// Returns the path as sent, percent-encoded, without the query.
    #[must_use]
    pub fn path(&self) -> String {
        self.ask(host::request::path)
    }

    /// Returns the query as sent, percent-encoded, without the `?`.
    #[must_use]
    pub fn query_string(&self) -> String {
        self.ask(host::request::query)
    }

    /// Returns the decoded names and values of the query, in order. Use
    /// [`Query`](crate::Query) for validated parameters.
    #[must_use]
    pub fn query_pairs(&self) -> Vec<(String, String)> {
        query_pairs(&self.query_string())
    }

    /// Returns the value of a header. Names are case-insensitive; several values are joined
    /// with `, `.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        self.ask(|| host::request::header(name))
    }

    /// Returns all headers in order, with names in lower case and values as bytes.
    #[must_use]
    pub fn headers(&self) -> Vec<(String, Vec<u8>)> {
        self.ask(host::request::headers)
    }

    /// Returns the value of a cookie.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.ask(|| host::request::cookie(name))
    }

    /// Returns the names and values of all cookies, in order.
    #[must_use]
    pub fn cookies(&self) -> Vec<(String, String)> {
        self.ask(host::request::cookies)
    }

    /// Returns the client's address and port, such as `127.0.0.1:50122`.
    #[must_use]
    pub fn peer(&self) -> String {
        self.ask(host::request::peer)
    }

    /// Returns the id of the request, which is also in the host's log.
    #[must_use]
    pub fn id(&self) -> String {
        self.ask(host::request::id)
    }

    /// Returns the context that the hooks and the handler of this request share.
    #[must_use]
    pub fn local(&self) -> LocalContext {
        LocalContext::of(self.call)
    }

    /// Returns the context that all instances of the app share.
    #[must_use]
    pub fn globals(&self) -> GlobalContext {
        GlobalContext::current()
    }

    /// Returns the body as sent. It is empty in `on_request` and `pre_validation` hooks, which
    /// run before the host reads the body.
    #[must_use]
    pub fn raw_body(&self) -> Vec<u8> {
        self.ask(host::request::raw_body)
    }
}

impl FromRequest for Request {
    fn from_request(_: &mut Call<'_>) -> Result<Self, Reply> {
        Ok(Self::current())
    }
}

/// Splits and decodes `a=1&b=x+y` (the form-urlencoded rules of the URL standard).
pub(crate) fn query_pairs(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name, true), decode(value, true))
        })
        .collect()
}

/// Decodes percent-encoding, and `+` as a space if `plus` is true. An invalid escape stays
/// unchanged (URL standard).
pub(crate) fn decode(text: &str, plus: bool) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match escape.and_then(hex) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(if plus && bytes[at] == b'+' {
                    b' '
                } else {
                    bytes[at]
                });
                at += 1;
            }
        }
    }
    String::from_utf8(decoded)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn hex(digits: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(digits[0])? * 16 + digit(digits[1])?).ok()
}

#[cfg(test)]
mod tests {
    use super::query_pairs;

    #[test]
    fn a_query_is_decoded_pair_by_pair() {
        let pairs = query_pairs("q=a+b%20c&q=%C3%A9&flag&&bad=%zz%4");
        let expected = [("q", "a b c"), ("q", "é"), ("flag", ""), ("bad", "%zz%4")];
        assert_eq!(
            pairs,
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }
}
