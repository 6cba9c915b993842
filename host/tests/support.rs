//! Shared helpers: the binary, the lanes, and the comparison of values.

use std::env;
use std::path::PathBuf;
use std::sync::LazyLock;

use serde_json::Value;
use spikard_wasm_testing::{Host, Server, guest};

/// Returns the binary under test: the one that cargo built, or the one that the environment
/// variable `SPIKARD_WASM_BIN` names.
pub(crate) fn host() -> &'static Host {
    static HOST: LazyLock<Host> = LazyLock::new(|| {
        let cache = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("compiled");
        let built = || env!("CARGO_BIN_EXE_spikard-wasm").into();
        Host::new(env::var_os("SPIKARD_WASM_BIN").unwrap_or_else(built), cache)
    });
    &HOST
}

/// A language and the engine it runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    Rust,
    StarlingMonkey,
    QuickJs,
    Python,
}

impl Lane {
    /// Returns the path of an app's component in this lane.
    pub(crate) fn guest(self, app: &str) -> PathBuf {
        guest(&match self {
            Self::Rust => format!("{app}-rust"),
            Self::StarlingMonkey => format!("{app}-js"),
            Self::QuickJs => format!("{app}-js-quickjs"),
            Self::Python => format!("{app}-python"),
        })
    }

    /// Serves an app in this lane with extra arguments.
    pub(crate) fn serve(self, app: &str, args: &[&str]) -> Server {
        host().serve(Some(&self.guest(app))).args(args).start()
    }
}

/// Turns functions that take a [`Lane`] into one test per lane.
macro_rules! on_every_lane {
    ($($test:ident),+ $(,)?) => {$(
        mod $test {
            use crate::support::Lane;

            #[test]
            fn rust() {
                super::$test(Lane::Rust);
            }

            #[test]
            fn starlingmonkey() {
                super::$test(Lane::StarlingMonkey);
            }

            #[test]
            fn quickjs() {
                super::$test(Lane::QuickJs);
            }

            #[test]
            fn python() {
                super::$test(Lane::Python);
            }
        }
    )+};
}
pub(crate) use on_every_lane;

/// Returns true if two JSON values have the same types and structure, and their numbers the same
/// values.
pub(crate) fn json_equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            left == right || left.as_f64() == right.as_f64()
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(l, r)| json_equal(l, r))
        }
        (Value::Object(left), Value::Object(right)) => {
            let mut members = left.iter();
            left.len() == right.len()
                && members
                    .all(|(name, value)| right.get(name).is_some_and(|r| json_equal(value, r)))
        }
        _ => left == right,
    }
}

/// Percent-encodes all but the unreserved characters of RFC 3986.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Encodes pairs as a query or a form.
pub(crate) fn encode_pairs(pairs: &[(String, String)]) -> String {
    let pair = |(name, value): &(String, String)| format!("{}={}", encode(name), encode(value));
    let pairs: Vec<String> = pairs.iter().map(pair).collect();
    pairs.join("&").replace("%20", "+")
}

#[test]
fn json_numbers_are_compared_by_value() {
    let value = |text| serde_json::from_str::<Value>(text).expect("JSON");
    assert!(json_equal(
        &value("[42.0, {\"a\": 1}]"),
        &value("[42, {\"a\": 1.0}]")
    ));
    for (left, right) in [
        ("42", "\"42\""),
        ("1", "true"),
        ("{}", "{\"a\":null}"),
        ("[1]", "[1,1]"),
    ] {
        assert!(!json_equal(&value(left), &value(right)), "{left} {right}");
    }
}
