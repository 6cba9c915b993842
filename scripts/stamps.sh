# Skips the build of a guest whose inputs have not changed. Sourced by scripts/guests.

# Prints the hash of every source file of some files and folders, with their paths.
# Installed packages count by their lock files, which are among the sources.
sources_hash() { # PATH...
  find "$@" \( -name node_modules -o -name target -o -name __pycache__ -o -name '.*_cache' \) -prune \
    -o -type f -not -name '*.pyc' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum
}

# Hashes what every guest depends on: all SDKs, `build` itself, the interfaces, the
# toolchains and the flags. An input too many costs a build; one too few a stale guest.
shared_inputs() {
  sources_hash guests/rust guests/js guests/python wit host/cli Cargo.toml Cargo.lock scripts/guests scripts/jobs.sh scripts/stamps.sh scripts/lib.sh
  # What is installed, which may be older than the sources or the lock files.
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
  # Settings of cargo and rustc; the folder of compiled files does not matter.
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
  # Hashed before the build: a source changed meanwhile leads to another build.
  inputs=$({ echo "$shared $flags"; sources_hash "${paths[@]}"; } | sha256sum)
  if [ -z "${force:-}" ] && [ -f "$file" ] && { echo "$inputs"; sha256sum <"$file"; } | cmp -s - "$stamp"; then
    echo "$name: unchanged" >&2
    return
  fi
  rm -f "$stamp"
  "$@"
  { echo "$inputs"; sha256sum <"$file"; } >"$stamp"
}
