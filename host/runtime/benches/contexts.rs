//! Benchmarks of the contexts of hooks and handlers: creating, using and dropping a request
//! context, and using the app context, which all requests share.
//!
//! The cost of a hook's call into the host is extra; the bench `hooks` measures it.

use divan::{Bencher, black_box};
use spikard_wasm_runtime::{GlobalContext, LocalContext};

// The allocator of the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    divan::main();
}

mod local {
    use super::*;

    const CLAIMS: &str =
        r#"{"sub":"user-7421","scope":"read write","iss":"shop","exp":1790000000}"#;

    /// A context that neither hooks nor handler use.
    #[divan::bench]
    fn unused() {
        drop(black_box(LocalContext::default()));
    }

    /// One value is set and read, as by a hook and the handler.
    #[divan::bench]
    fn set_and_get() {
        let local = LocalContext::default();
        assert!(local.get(black_box("hooks")).is_none());
        let set = local.set("hooks".to_owned(), Some("1".to_owned()));
        assert!(set.is_ok());
        assert!(local.get(black_box("hooks")).is_some());
        drop(black_box(local));
    }

    /// The preset of the host's authentication and eight values.
    #[divan::bench]
    fn filled() {
        let local = LocalContext::default();
        local.preset("spikard.jwt", CLAIMS.to_owned());
        for key in ["a", "b", "c", "d", "e", "f", "g", "h"] {
            let set = local.set(black_box(key).to_owned(), Some(CLAIMS.to_owned()));
            assert!(set.is_ok());
        }
        assert!(local.get(black_box("spikard.jwt")).is_some());
        drop(black_box(local));
    }
}

mod global {
    use super::*;

    /// A context with 1,000 values.
    fn filled() -> GlobalContext {
        let global = GlobalContext::default();
        for key in 0..1000 {
            let set = global.set(format!("key-{key}"), Some(key.to_string()));
            assert!(set.is_ok());
        }
        global
    }

    #[divan::bench]
    fn get(bencher: Bencher<'_, '_>) {
        let global = filled();
        bencher.bench(|| global.get(black_box("key-500")));
    }

    #[divan::bench]
    fn set(bencher: Bencher<'_, '_>) {
        let global = filled();
        bencher.bench(|| global.set(black_box("key-500").to_owned(), Some("7".to_owned())));
    }

    #[divan::bench]
    fn add(bencher: Bencher<'_, '_>) {
        let global = filled();
        bencher.bench(|| global.add(black_box("key-500").to_owned(), 1));
    }

    #[divan::bench]
    fn swap(bencher: Bencher<'_, '_>) {
        let global = filled();
        let value = || Some("500".to_owned());
        bencher.bench(|| global.swap(black_box("key-500").to_owned(), Some("500"), value()));
    }
}
