# Paths and functions that all scripts share. Sourced, not run.
#
# SPIKARD_WASM_GUESTS   directory for built guests     (default: target/guests)
# SPIKARD_WASM_PYTHON   the Python environment for guests and their tests
#                                                       (default: target/python)
# CARGO_TARGET_DIR      cargo's directory for the host  (default: target)
# SPIKARD_WASM_GUEST_TARGET  cargo's directory for guests  (default: target/rust-guests)

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
export SPIKARD_WASM_GUESTS=${SPIKARD_WASM_GUESTS:-$root/target/guests}
export SPIKARD_WASM_PYTHON=${SPIKARD_WASM_PYTHON:-$root/target/python}
# A separate environment, because componentize-py scans all packages of the other one.
openapi_python=$SPIKARD_WASM_PYTHON-openapi
guest_target=${SPIKARD_WASM_GUEST_TARGET:-$root/target/rust-guests}
# The benchmark harness; the dependencies of its peers are installed next to it.
bench_target=$guest_target/bench

# The JavaScript apps, and every Rust package outside the host workspace. scripts/quickjs-engine builds the
# engine of guests/js, which needs a C compiler; the other manifest there only names crates with test data.
js_apps=(examples/hello-js examples/hello-ts examples/hono examples/contract-js examples/spikard-target/js examples/conduit/ts examples/guide/ts guests/conformance/faulty/js bench/boundary/js bench/apps/js bench/apps/data/js)
rust_guests=()
while IFS= read -r manifest; do
  rust_guests+=("${manifest%/Cargo.toml}")
done < <(find examples guests bench -mindepth 2 -name Cargo.toml -not -path '*/node_modules/*' -not -path '*/target/*' -not -path 'guests/js/*' -not -path 'guests/rust/macros/*' | sort)

# Builds with the tests, so that features are resolved once and large dependencies are compiled
# once. Only scripts/nightly builds the benchmarks, because they take minutes to link.
host() { # [--benches]
  cargo build --release --workspace --lib --bins --tests --locked --quiet "$@"
}
host_binary=$CARGO_TARGET_DIR/release/spikard-wasm
spikard_wasm() { "$host_binary" "$@"; }

step() { printf '\n== %s\n' "$*" >&2; }

need() { # COMMAND REMEDY
  command -v "$1" >/dev/null || { echo "error: \`$1\` was not found: $2" >&2; exit 1; }
}

# Prints the directory of the PostgreSQL server. Debian does not put it into PATH.
postgres_bin() {
  local found
  for found in $(command -v postgres) /usr/lib/postgresql/*/bin/postgres; do
    [ -x "$found" ] && { dirname "$(readlink -f "$found")"; return; }
  done
  echo "error: \`postgres\` was not found: install PostgreSQL 15 or newer for the tests of databases (Debian: apt-get install postgresql)" >&2
  return 1
}

# Builds an app of bench/boundary in the current source tree with the product's own `build`.
boundary_app() { # LANE FILE
  local folder=$1 flags=()
  case $1 in
    quickjs) folder=js flags=(--engine quickjs) ;;
    starlingmonkey) folder=js ;;
  esac
  VIRTUAL_ENV=$SPIKARD_WASM_PYTHON CARGO_TARGET_DIR=$guest_target \
    "$host_binary" build "bench/boundary/$folder" -o "$2" "${flags[@]}" >&2
}
