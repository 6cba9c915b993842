//! What a guest may ask of the request in progress.

use bytes::Bytes;

use crate::context::LocalContext;
use crate::stages::Stages;

/// The request in progress, as the server holds it. Lent to an instance for
/// the time of a call, so that nothing is copied that the guest does not ask for.
pub trait Request: Send + Sync + 'static {
    /// The method, as it was sent.
    fn method(&self) -> &str;
    /// The path, still encoded.
    fn path(&self) -> &str;
    /// The query, still encoded, without `?`.
    fn query(&self) -> &str;
    /// Calls `each` with every header field, in order, names in lower case.
    fn headers(&self, each: &mut dyn FnMut(&str, &[u8]));
    /// The client's address and port.
    fn peer(&self) -> String;
    /// The request's id in the log.
    fn id(&self) -> String;
    /// The body as it was sent.
    fn raw_body(&self) -> Bytes;
    /// The bytes of a file of a multipart form.
    fn file(&self, part: u32) -> Option<Bytes>;
    /// The values that its hooks and its handler share.
    fn local(&self) -> &LocalContext;
    /// Where its time goes.
    fn stages(&self) -> &Stages;
    /// How many apps of this host sent requests to one another until this one.
    fn depth(&self) -> u32 {
        0
    }
}
