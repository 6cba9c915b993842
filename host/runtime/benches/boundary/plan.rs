//! The guests to measure: for each lane the floor, the host's interface, and an app.

use crate::common::guest::Guest;
use crate::common::options::Options;
use crate::common::{code, engine};
use crate::lane;
use std::sync::Arc;
use wasmtime::Result;
use wasmtime::error::Context as _;

/// The default number of instances of a server.
const INSTANCES: u32 = 64;

/// Loads the lanes.
pub(crate) struct Plan {
    pub(crate) lanes: Vec<Lane>,
}

/// The guests of a language.
pub(crate) struct Lane {
    pub(crate) name: &'static str,
    /// The cheapest possible guest in the language.
    pub(crate) floor: Arc<Guest>,
    /// The same handlers behind the host's interface.
    pub(crate) interface: lane::Lane,
    /// An app with the SDK.
    pub(crate) app: lane::Lane,
}

impl Plan {
    pub(crate) fn new(options: &Options) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()?;
        let engine = engine::Knobs::default().engine()?;
        let linker = engine::linker(&engine)?;
        let loading = lane::Lane::runtime(INSTANCES)?;
        let mut lanes = Vec::new();
        for name in options.lanes()? {
            let file = |kind: &str| options.guests.join(format!("{name}-{kind}.wasm"));
            let load = |kind| {
                let lane = runtime.block_on(lane::Lane::load(&loading, &file(kind)));
                lane.with_context(|| format!("cannot load the `{kind}` of lane `{name}`"))
            };
            let floor = code::load(&engine, &file("strings"))?;
            lanes.push(Lane {
                name,
                floor: Arc::new(Guest::new(&linker, "strings", &floor)?),
                interface: load("raw")?,
                app: load("app")?,
            });
        }
        engine::tick(vec![engine])?;
        Ok(Self { lanes })
    }
}
