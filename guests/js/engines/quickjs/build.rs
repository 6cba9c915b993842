//! Copies the bundled prelude to where `start.rs` includes it from.
use std::{env, fs, path::Path};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=ENGINE_PRELUDE");
    let Ok(folder) = env::var("ENGINE_PRELUDE") else {
        panic!(
            "ENGINE_PRELUDE is not set: set it to the folder that `node prelude/bundle.mjs FOLDER` wrote to"
        );
    };
    let out = env::var("OUT_DIR").expect("Cargo sets OUT_DIR");
    for name in ["prelude.js", "streams.js"] {
        let file = Path::new(&folder).join(name);
        println!("cargo:rerun-if-changed={}", file.display());
        if let Err(error) = fs::copy(&file, Path::new(&out).join(name)) {
            panic!(
                "cannot copy `{}`: {error}; write it with `node prelude/bundle.mjs {folder}`",
                file.display()
            );
        }
    }
}
