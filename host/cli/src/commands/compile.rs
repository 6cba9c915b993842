//! `compile`: compiles a component ahead of time, for machines that should not.

use std::fs;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use spikard_wasm_runtime::{Limits, Runtime};

use super::{Spinner, block_on, refuse_folder};
use crate::args::{CompileArgs, LogFormat, LogLevel};

pub(crate) fn run(args: &CompileArgs) -> Result<()> {
    crate::log::start(LogFormat::Text, LogLevel::Warn);
    let start = Instant::now();
    let output = args.output.display();
    refuse_folder(&args.app)?;
    if args.output.is_dir() {
        bail!("`{output}` is a folder: `-o` names the file to write");
    }
    let runtime = Runtime::new(Limits {
        instances: 1,
        ..Limits::default()
    })?
    .looking_only();
    let (loaded, write) = runtime.precompile(&args.app, &mut Spinner::default().steps())?;
    // What cannot say what its routes are is of no use on the machine that serves it.
    block_on(loaded.describe())?;
    write(&args.output).with_context(|| format!("`{output}` cannot be written"))?;
    let size = fs::metadata(&args.output)
        .with_context(|| format!("`{output}` cannot be read again"))?
        .len();
    println!(
        "compiled {} to {output} ({:.1} MB of machine code, {:.1} s); next: spikard-wasm serve {output} --allow-precompiled",
        args.app.display(),
        size as f64 / 1e6,
        start.elapsed().as_secs_f64(),
    );
    Ok(())
}
