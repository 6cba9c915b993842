//! Generated bindings of the WIT package.

#![allow(missing_docs, unreachable_pub, unsafe_op_in_unsafe_fn, clippy::all)]

wit_bindgen::generate!({
    path: "../../../wit",
    world: "http-app-with-hooks",
    pub_export_macro: true,
    export_macro_name: "export_component",
    default_bindings_module: "crate::bindings",
});
