//! The plan of the measurement: lanes, handlers and groups of components.

use crate::common::cases::{HELLO, SMALL, large};
use crate::common::code;
use crate::common::engine;
use crate::common::guest::Guest;
use crate::common::options::Options;
use crate::common::types::{Body, Request};
use std::sync::Arc;
use wasmtime::component::Linker;
use wasmtime::error::Context as _;
use wasmtime::{Engine, Result};

/// A handler's request and the expected reply.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) request: Request,
    pub(crate) expected: &'static str,
    pub(crate) headers: &'static [(&'static str, &'static str)],
}

/// A component with the name of its row.
pub(crate) struct Variant {
    pub(crate) name: String,
    pub(crate) guest: Arc<Guest>,
}

/// Components to compare; the first is the base of the ratios, and the second repeats it, so that
/// its ratio shows the noise.
pub(crate) struct Group {
    pub(crate) lane: &'static str,
    pub(crate) fresh: bool,
    pub(crate) case: Case,
    pub(crate) variants: Vec<Variant>,
}

/// Compiles the components and returns the groups to measure.
pub(crate) fn plan(options: &Options, engine: &Engine) -> Result<Vec<Group>> {
    let linker = engine::linker(engine)?;
    let lanes = options.lanes()?;
    let cases = cases();
    let [hello, _, echo, headers] = &cases;
    let mut groups = Vec::new();
    for lane in lanes {
        let load = |file: &str, shape: &str| load(options, &linker, lane, file, shape);
        let strings = load("strings", "strings")?;
        let tuple = load("tuple", "tuple")?;
        let listed = load("headers", "headers")?;
        let outcome = load("outcome", "outcome")?;
        let mut shapes = vec![
            ("record", load("record", "record")?),
            ("resource", load("resource", "resource")?),
            ("kind", load("kind", "kind")?),
            ("tuple", tuple.clone()),
        ];
        let listed = ("headers as a list", listed);
        let mut inside = vec![("tuple in a result", outcome), listed.clone()];
        let mut fresh = Vec::new();
        // Rust guests do not need these variants.
        if lane != "rust" {
            shapes.push(("tuple, reply kept", load("tuple-kept", "tuple")?));
            let wasi = ("tuple, with WASI", load("tuple-wasi", "tuple")?);
            inside.push(wasi.clone());
            fresh.push(wasi);
        }
        let floor = ("strings", strings);
        let tuple = ("tuple", tuple);
        for case in &cases[..3] {
            groups.push(group(lane, false, case, &floor, &shapes));
        }
        groups.push(group(lane, true, hello, &floor, &shapes));
        groups.push(group(lane, false, hello, &tuple, &inside));
        groups.push(group(lane, false, headers, &tuple, &[listed]));
        if !fresh.is_empty() {
            groups.push(group(lane, true, hello, &tuple, &fresh));
        }
        if lane == "starlingmonkey" {
            let bytes = [("tuple, reply as bytes", load("tuple-bytes", "tuple")?)];
            groups.push(group(lane, false, hello, &tuple, &bytes));
            groups.push(group(lane, false, echo, &tuple, &bytes));
        }
    }
    Ok(groups)
}

/// Loads a component with the name of its row.
type Named = (&'static str, Arc<Guest>);

fn group(lane: &'static str, fresh: bool, case: &Case, base: &Named, others: &[Named]) -> Group {
    let again = format!("{}, again", base.0);
    let mut variants = vec![
        Variant {
            name: base.0.to_owned(),
            guest: Arc::clone(&base.1),
        },
        Variant {
            name: again,
            guest: Arc::clone(&base.1),
        },
    ];
    variants.extend(others.iter().map(|(name, guest)| Variant {
        name: (*name).to_owned(),
        guest: Arc::clone(guest),
    }));
    Group {
        lane,
        fresh,
        case: case.clone(),
        variants,
    }
}

fn load(
    options: &Options,
    linker: &Linker<engine::State>,
    lane: &str,
    file: &str,
    shape: &str,
) -> Result<Arc<Guest>> {
    let path = options.guests.join(format!("{lane}-{file}.wasm"));
    let component = code::load(linker.engine(), &path)?;
    let guest = Guest::new(linker, shape, &component)
        .with_context(|| format!("cannot link `{}`", path.display()))?;
    Ok(Arc::new(guest))
}

/// The handlers: a constant, a round trip of 200 bytes of JSON, an echo of 10 KiB, and a constant
/// with three headers.
fn cases() -> [Case; 4] {
    let large = large();
    let case = |name, route, body, expected| Case {
        name,
        request: Request {
            route,
            params: "",
            body,
        },
        expected,
        headers: &[],
    };
    [
        case("A hello", 0, Body::Empty, HELLO),
        case("B read and write 200 B", 1, Body::Json(SMALL), SMALL),
        case("C echo 10 KiB", 2, Body::Json(large), large),
        Case {
            headers: &[
                ("location", "/items/7"),
                ("cache-control", "no-store"),
                ("set-cookie", "sid=1; Path=/"),
            ],
            ..case("D three headers", 3, Body::Empty, HELLO)
        },
    ]
}
