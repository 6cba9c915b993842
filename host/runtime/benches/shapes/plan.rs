//! What is measured: lanes, handlers and the components compared with each other.

use crate::engine;
use crate::guest::Guest;
use crate::options::Options;
use crate::types::{Body, Request};
use std::rc::Rc;
use wasmtime::component::{Component, Linker};
use wasmtime::error::Context as _;
use wasmtime::{Engine, Result, ensure};

const LANES: [&str; 4] = ["rust", "quickjs", "starlingmonkey", "python"];

/// The reply of handlers A and D.
const HELLO: &str = r#"{"message":"Hello, World!"}"#;

/// The JSON that handler B reads and writes: 200 bytes.
const SMALL: &str = concat!(
    r#"{"id":7421,"name":"Copper kettle 2 l","price":48.5,"in_stock":true,"tags":["kitchen","metal","gift"],"#,
    r#""size":{"height":24,"width":18,"unit":"cm"},"seller":{"id":93,"name":"Harbour Goods","rating":4.7}}"#
);

/// The size of the echoed text.
const ECHO: usize = 10 * 1024;

/// One handler's request and the reply it must give.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) request: Request,
    pub(crate) expected: &'static str,
    pub(crate) headers: &'static [(&'static str, &'static str)],
}

/// A component under the name its row gets.
pub(crate) struct Variant {
    pub(crate) name: String,
    pub(crate) guest: Rc<Guest>,
}

/// Components measured against each other; the first is the base of the ratios,
/// the second the same component again, so that its ratio shows the noise.
pub(crate) struct Group {
    pub(crate) lane: &'static str,
    pub(crate) fresh: bool,
    pub(crate) case: Case,
    pub(crate) variants: Vec<Variant>,
}

/// Compiles the components and lists what to measure.
pub(crate) fn plan(options: &Options, engine: &Engine) -> Result<Vec<Group>> {
    let linker = engine::linker(engine)?;
    let lanes: Vec<&'static str> = LANES
        .into_iter()
        .filter(|lane| options.lane.as_deref().is_none_or(|only| only == *lane))
        .collect();
    ensure!(
        !lanes.is_empty(),
        "unknown lane `{}`: use one of {}",
        options.lane.as_deref().unwrap_or_default(),
        LANES.join(", ")
    );
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
        // What a guest of Rust has no use for.
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

/// A component under the name its row gets.
type Named = (&'static str, Rc<Guest>);

fn group(lane: &'static str, fresh: bool, case: &Case, base: &Named, others: &[Named]) -> Group {
    let again = format!("{}, again", base.0);
    let mut variants = vec![
        Variant {
            name: base.0.to_owned(),
            guest: Rc::clone(&base.1),
        },
        Variant {
            name: again,
            guest: Rc::clone(&base.1),
        },
    ];
    variants.extend(others.iter().map(|(name, guest)| Variant {
        name: (*name).to_owned(),
        guest: Rc::clone(guest),
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
) -> Result<Rc<Guest>> {
    let path = options.guests.join(format!("{lane}-{file}.wasm"));
    let component = Component::from_file(linker.engine(), &path)
        .with_context(|| format!("cannot load `{}`", path.display()))?;
    let guest = Guest::new(linker, shape, &component)
        .with_context(|| format!("cannot link `{}`", path.display()))?;
    Ok(Rc::new(guest))
}

/// The handlers: a constant, 200 bytes of JSON read and written, 10 KiB echoed, a
/// constant with three headers.
fn cases() -> [Case; 4] {
    let mut large = String::from("[");
    while large.len() + SMALL.len() + 4 < ECHO {
        large.push_str(SMALL);
        large.push(',');
    }
    let rest = ECHO - large.len() - 3;
    large.push_str(&format!("\"{}\"]", "x".repeat(rest)));
    let large: &'static str = large.leak();
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
