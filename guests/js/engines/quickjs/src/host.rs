//! The interfaces that the engine imports from the host.

#![allow(missing_docs, unreachable_pub, unsafe_op_in_unsafe_fn, clippy::all)]

wit_bindgen::generate!({
    path: ["../../../../wit", "wit"],
    world: "spikard:quickjs/engine",
    generate_all,
});
