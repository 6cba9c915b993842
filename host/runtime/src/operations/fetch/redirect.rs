//! Redirects, as the Fetch standard describes them (HTTP-redirect fetch).

use bytes::Bytes;
use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION, CONTENT_TYPE, COOKIE,
    LOCATION, PROXY_AUTHORIZATION,
};
use http::{Method, Response, StatusCode};
use spikard_wasm_services::Failed;

use super::arguments::Redirect;
use super::request::{Content, Request, check_url, shown};

/// Maximum redirects of a request.
const MAX_REDIRECTS: u32 = 20;

impl Request {
    /// Changes the request to the one that a response redirects to. Returns false if the response
    /// is the result.
    pub(super) fn redirect<B>(
        &mut self,
        response: &Response<B>,
        mode: Redirect,
    ) -> Result<bool, Failed> {
        let status = response.status();
        let is_redirect = matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308);
        if !is_redirect || mode == Redirect::Manual {
            return Ok(false);
        }
        let origin = self.origin();
        let failed = |why: String| {
            let code = status.as_u16();
            Failed::new(
                "failed",
                format!("the redirect ({code}) of `{origin}` {why}"),
            )
        };
        if mode == Redirect::Error {
            let why = "is an error, because `redirect` is `error`; use `follow` or `manual`";
            return Err(failed(why.to_owned()));
        }
        let Some(location) = response.headers().get(LOCATION) else {
            return Ok(false);
        };
        let location = String::from_utf8_lossy(location.as_bytes());
        let shown = shown(&location);
        let mut next = self
            .url
            .join(&location)
            .map_err(|error| failed(format!("leads to an invalid URL, `{shown}`: {error}")))?;
        check_url(&next).map_err(|why| failed(format!("leads to `{shown}`, which {why}")))?;
        if self.redirects == MAX_REDIRECTS {
            return Err(failed(format!(
                "is the {}th of the request; at most {MAX_REDIRECTS} are followed",
                MAX_REDIRECTS + 1
            )));
        }
        self.redirects += 1;
        self.change_method(status);
        if next.origin() != self.url.origin() {
            for name in [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION] {
                self.headers.remove(name);
            }
        }
        next.set_fragment(None);
        self.url = next;
        Ok(true)
    }

    fn change_method(&mut self, status: StatusCode) {
        let becomes_get = match status.as_u16() {
            301 | 302 => self.method == Method::POST,
            303 => self.method != Method::GET && self.method != Method::HEAD,
            _ => false,
        };
        if becomes_get {
            self.method = Method::GET;
            self.body = Content::Whole(Bytes::new());
            for name in [
                CONTENT_ENCODING,
                CONTENT_LANGUAGE,
                CONTENT_LOCATION,
                CONTENT_TYPE,
            ] {
                self.headers.remove(name);
            }
        }
    }
}
