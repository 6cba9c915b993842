//! The policy for instances of the component.

use serde::Serialize;

/// The way requests use instances of the component.
///
/// ```
/// # use spikard_wasm_sdk::{App, Instances, Route};
/// let app = App::new("app")
///     .instances(Instances::Reuse)
///     .route(Route::post("/run", || "done").instances(Instances::Fresh));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Instances {
    /// An instance serves one request after another and keeps its memory, such as the values of
    /// statics. This is the default.
    Reuse,
    /// Each request gets a new instance, which is slower.
    Fresh,
    /// An instance handles other requests while one waits for an operation. Requests in progress
    /// share its memory, and a panic of one ends them all. For many requests that wait.
    Shared,
}
