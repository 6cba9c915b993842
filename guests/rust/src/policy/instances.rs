//! How far apart requests are kept.

use serde::Serialize;

/// Whether requests share instances of the component.
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
    /// An instance serves one request after another, and keeps what they left in its
    /// memory, such as values of statics. So it is unless the app or the operator says
    /// otherwise.
    Reuse,
    /// Every request has an instance of its own, whose memory no other request has
    /// met. That takes longer.
    Fresh,
}
