//! Unmodified components for `wasi:http` 0.2 and 0.3 from third-party tools.
//! `guests/conformance/wasi-http/README.md` describes their routes.

mod bodies;
mod faults;
mod instances;
mod large;
mod outgoing;
pub(crate) mod peer;
mod requests;
mod trailers;

use spikard_wasm_testing::{Server, guest};

use crate::support::host;

/// A component, named after its toolchain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guest {
    /// Rust, wstd.
    Wstd,
    /// Rust, the bindings of WASI 0.2.
    Raw,
    /// Rust, the bindings of WASI 0.3.
    P3,
    /// JavaScript, a fetch event, on StarlingMonkey.
    Js,
    /// Python, componentize-py.
    Python,
}

impl Guest {
    fn name(self) -> &'static str {
        match self {
            Self::Wstd => "wasi-wstd",
            Self::Raw => "wasi-raw",
            Self::P3 => "wasi-p3",
            Self::Js => "wasi-js",
            Self::Python => "wasi-python",
        }
    }

    /// Serves the component on one worker with extra arguments.
    fn serve(self, args: &[&str]) -> Server {
        let serve = host().serve(Some(&guest(self.name())));
        serve.args(["--workers", "1"]).args(args).start()
    }
}

/// Turns functions that take a [`Guest`] into one test per guest.
macro_rules! on_every_guest {
    ($($test:ident),+ $(,)?) => {$(
        mod $test {
            use crate::wasi_http::Guest;

            #[test]
            fn wstd() {
                super::$test(Guest::Wstd);
            }

            #[test]
            fn raw() {
                super::$test(Guest::Raw);
            }

            #[test]
            fn p3() {
                super::$test(Guest::P3);
            }

            #[test]
            fn js() {
                super::$test(Guest::Js);
            }

            #[test]
            fn python() {
                super::$test(Guest::Python);
            }
        }
    )+};
}
use on_every_guest;
