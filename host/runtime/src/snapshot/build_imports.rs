//! What the engine imports while it loads an app: output, clocks and random numbers. There is no
//! request.

use std::io::{self, Write};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use wasmtime::{Caller, Engine, Extern, Linker, Memory, Module, Val};

use super::state::{DEADLINE, State};

/// Error of a function that needs a request.
#[derive(Debug, thiserror::Error)]
#[error(
    "the app calls `{0}` while it is built; call it in a handler or a hook, where there is a request"
)]
pub(super) struct NotInBuild(String);

/// Handles of the resources that the engine gets.
const STDOUT: i32 = 1;
const STDERR: i32 = 2;
const POLLABLE: i32 = 1;

/// Maximum random bytes of one call.
const RANDOM: u64 = 1 << 20;

/// Returns a linker with all functions that a module imports.
pub(super) fn linker(engine: &Engine, module: &Module) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    for import in module.imports() {
        let Some(ty) = import.ty().func().cloned() else {
            continue;
        };
        let interface = import.module().split('@').next().unwrap_or_default();
        let name = format!("{interface}#{}", import.name());
        linker.func_new(
            import.module(),
            import.name(),
            ty,
            move |caller, arguments, results| call(&name, caller, arguments, results),
        )?;
    }
    Ok(linker)
}

fn call(
    name: &str,
    mut caller: Caller<'_, State>,
    arguments: &[Val],
    results: &mut [Val],
) -> wasmtime::Result<()> {
    match (name, arguments) {
        ("wasi:cli/stdout#get-stdout", _) => results[0] = Val::I32(STDOUT),
        ("wasi:cli/stderr#get-stderr", _) => results[0] = Val::I32(STDERR),
        (
            "wasi:io/streams#[method]output-stream.blocking-write-and-flush",
            &[
                Val::I32(stream),
                Val::I32(start),
                Val::I32(size),
                Val::I32(result),
            ],
        ) => {
            let memory = memory(&mut caller)?;
            let data = memory.data(&caller);
            let bytes = data
                .get(start as u32 as usize..)
                .and_then(|data| data.get(..size as u32 as usize));
            let bytes = bytes.ok_or_else(|| wasmtime::Error::msg("a write is out of bounds"))?;
            // The app does not learn that the reader of the output is gone, as in the host.
            let _ = match stream {
                STDOUT => io::stdout()
                    .write_all(bytes)
                    .and_then(|()| io::stdout().flush()),
                _ => io::stderr().write_all(bytes),
            };
            memory.write(&mut caller, result as u32 as usize, &[0])?;
        }
        ("wasi:clocks/monotonic-clock#now", _) => {
            let elapsed = caller.data().start.elapsed().as_nanos();
            results[0] = Val::I64(i64::try_from(elapsed).unwrap_or(i64::MAX));
        }
        ("wasi:clocks/monotonic-clock#subscribe-duration", &[Val::I64(nanoseconds)]) => {
            caller.data_mut().wait = nanoseconds as u64;
            results[0] = Val::I32(POLLABLE);
        }
        ("wasi:io/poll#[method]pollable.block", _) => {
            let wait = Duration::from_nanos(caller.data().wait);
            let left = DEADLINE.saturating_sub(caller.data().start.elapsed());
            thread::sleep(wait.min(left));
            if wait >= left {
                return Err(wasmtime::Error::msg("the deadline has passed"));
            }
        }
        ("wasi:clocks/wall-clock#now", &[Val::I32(result)]) => {
            let now = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default();
            let memory = memory(&mut caller)?;
            let result = result as u32 as usize;
            memory.write(&mut caller, result, &now.as_secs().to_le_bytes())?;
            memory.write(&mut caller, result + 8, &now.subsec_nanos().to_le_bytes())?;
        }
        ("wasi:random/random#get-random-bytes", &[Val::I64(size), Val::I32(result)]) => {
            random(&mut caller, size as u64, result as u32 as usize)?;
        }
        _ if name.contains("[resource-drop]") => {}
        _ => return Err(NotInBuild(name.to_owned()).into()),
    }
    Ok(())
}

/// Stores a list of random bytes.
fn random(caller: &mut Caller<'_, State>, size: u64, result: usize) -> wasmtime::Result<()> {
    if size > RANDOM {
        return Err(wasmtime::Error::msg("too many random bytes"));
    }
    let mut bytes = vec![0; size as usize];
    getrandom::fill(&mut bytes)
        .map_err(|error| wasmtime::Error::msg(format!("no random bytes: {error}")))?;
    let memory = memory(caller)?;
    let allocate = caller
        .get_export("cabi_realloc")
        .and_then(Extern::into_func);
    let allocate = allocate.ok_or_else(|| wasmtime::Error::msg("no `cabi_realloc`"))?;
    let allocate = allocate.typed::<(u32, u32, u32, u32), u32>(&caller)?;
    let start = allocate.call(&mut *caller, (0, 0, 1, size as u32))?;
    memory.write(&mut *caller, start as usize, &bytes)?;
    memory.write(&mut *caller, result, &start.to_le_bytes())?;
    memory.write(&mut *caller, result + 4, &(size as u32).to_le_bytes())?;
    Ok(())
}

fn memory(caller: &mut Caller<'_, State>) -> wasmtime::Result<Memory> {
    let memory = caller.get_export("memory").and_then(Extern::into_memory);
    memory.ok_or_else(|| wasmtime::Error::msg("the engine exports no memory"))
}
