//! Bindings that `wit-bindgen` generates from the WIT package in `wit/`.

#![allow(missing_docs, unreachable_pub, unsafe_op_in_unsafe_fn, clippy::all)]

wit_bindgen::generate!({
    path: "../../wit",
    world: "http-service",
    additional_derives: [PartialEq, Eq],
    pub_export_macro: true,
    export_macro_name: "export_component",
    default_bindings_module: "spikard_wasm_sdk::bindings",
});
