# Skips the build of a guest whose inputs have not changed. Sourced by scripts/guests.

# Prints a hash of the paths and contents of all source files below some paths. Lock files are
# among the sources and stand for installed packages. Pages, the built JavaScript SDK and the
# module of the test clients are not part of a guest.
sources_hash() { # PATH...
  find "$@" \( -name node_modules -o -name dist -o -name target -o -name __pycache__ -o -name '.*_cache' \) -prune \
    -o -type f -not -name '*.pyc' -not -name '*.md' -not -name contract.wasm -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum
}

# Prints the inputs that all guests share: SDKs, `build`, interfaces, toolchains and flags. A
# superfluous input causes needless builds; a missing one causes stale guests.
shared_inputs() {
  sources_hash guests/rust guests/js guests/python wit host/cli Cargo.toml Cargo.lock scripts/guests scripts/jobs.sh scripts/stamps.sh scripts/lib.sh
  # Installed packages may be older than the sources or the lock files.
  local installed=() file
  for file in "$SPIKARD_WASM_PYTHON"/.requirements-sum "$SPIKARD_WASM_PYTHON"/lib/python*/site-packages/*spikard* \
    guests/js/node_modules/.lock-sum "${js_apps[@]/%//node_modules/.lock-sum}"; do
    if [ -e "$file" ]; then installed+=("$file"); fi
  done
  [ ${#installed[@]} = 0 ] || sources_hash "${installed[@]}"
  rustc -vV
  cargo --version
  node --version
  "$SPIKARD_WASM_PYTHON/bin/python" --version
  # Settings of cargo and rustc, except the target directory, which has no effect on the result.
  env | grep -E '^(CARGO_(BUILD|PROFILE|TARGET_WASM|ENCODED|UNSTABLE)|RUSTC|RUSTFLAGS)' | grep -v '^CARGO_BUILD_JOBS=' | LC_ALL=C sort || true
  local config
  for config in .cargo/config.toml "${CARGO_HOME:-$HOME/.cargo}/config.toml"; do
    [ ! -f "$config" ] || sha256sum <"$config"
  done
}

shared=
read_shared_inputs() {
  [ -n "$shared" ] || shared=$(shared_inputs | sha256sum)
}

cached() { # NAME FLAGS PATH... -- COMMAND...
  local name=$1 flags=$2 paths=() inputs file stamp
  shift 2
  while [ "$1" != -- ]; do paths+=("$1"); shift; done
  shift
  file=$SPIKARD_WASM_GUESTS/$name.wasm stamp=$SPIKARD_WASM_GUESTS/$name.wasm.stamp
  read_shared_inputs
  # Hash before the build, so that a change during the build causes another one.
  inputs=$({ echo "$shared $flags"; sources_hash "${paths[@]}"; } | sha256sum)
  if [ -z "${force:-}" ] && [ -f "$file" ] && { echo "$inputs"; sha256sum <"$file"; } | cmp -s - "$stamp"; then
    echo "$name: unchanged" >&2
    return
  fi
  rm -f "$stamp"
  "$@"
  { echo "$inputs"; sha256sum <"$file"; } >"$stamp"
}
