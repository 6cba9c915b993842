//! What is measured: an app of each lane and its floor.

use crate::common::guest::Guest;
use crate::common::options::Options;
use crate::common::{code, engine};
use crate::lane;
use std::sync::Arc;
use wasmtime::Result;
use wasmtime::error::Context as _;

/// As many as a server has room for by default.
const INSTANCES: u32 = 64;

/// The lanes, loaded.
pub(crate) struct Plan {
    pub(crate) lanes: Vec<Lane>,
}

/// A language's app, and the cheapest guest one could write in that language.
pub(crate) struct Lane {
    pub(crate) name: &'static str,
    pub(crate) app: lane::Lane,
    pub(crate) floor: Arc<Guest>,
}

impl Plan {
    pub(crate) fn new(options: &Options) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()?;
        let engine = engine::Knobs::default().engine()?;
        let linker = engine::linker(&engine)?;
        let mut lanes = Vec::new();
        for name in options.lanes()? {
            let file = |kind: &str| options.guests.join(format!("{name}-{kind}.wasm"));
            let app = runtime.block_on(lane::Lane::load(&file("app"), INSTANCES));
            let floor = code::load(&engine, &file("strings"))?;
            lanes.push(Lane {
                name,
                app: app.with_context(|| format!("cannot load the app of lane `{name}`"))?,
                floor: Arc::new(Guest::new(&linker, "strings", &floor)?),
            });
        }
        engine::tick(vec![engine])?;
        Ok(Self { lanes })
    }
}
