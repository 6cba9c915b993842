//! `compile`: compiles a component to native code ahead of time.

use std::fs;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use spikard_wasm_runtime::{Limits, Runtime};

use super::{Spinner, block_on, check_component, check_output};
use crate::args::{CompileArgs, LogFormat, LogLevel};

pub(crate) fn run(args: &CompileArgs) -> Result<()> {
    crate::log::start(LogFormat::Text, LogLevel::Warn);
    let start = Instant::now();
    let output = args.output.display();
    check_component(&args.app)?;
    check_output(&args.output, &args.app)?;
    if args.output.is_dir() {
        bail!("`{output}` is a folder; pass a file name to `-o`");
    }
    let runtime = Runtime::new(Limits {
        instances: 1,
        ..Limits::default()
    })?
    .inspect_only();
    let (loaded, write) = runtime.precompile(&args.app, &mut Spinner::default().progress())?;
    // A component whose `describe` fails could not be served, so it is rejected here.
    block_on(loaded.describe())?;
    write(&args.output).with_context(|| format!("failed to write `{output}`"))?;
    let size = fs::metadata(&args.output)
        .with_context(|| format!("failed to read the size of `{output}`"))?
        .len();
    println!(
        "compiled {} to {output} ({:.1} MB of native code, {:.1} s); next: spikard-wasm serve {output} --allow-precompiled",
        args.app.display(),
        size as f64 / 1e6,
        start.elapsed().as_secs_f64(),
    );
    Ok(())
}
