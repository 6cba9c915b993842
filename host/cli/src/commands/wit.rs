//! `wit`: writes the WIT package.

use anyhow::{Context, Result};

use crate::args::WitArgs;
use crate::wit;

pub(crate) fn run(args: &WitArgs) -> Result<()> {
    let folder = args.output.display();
    wit::write(&args.output)
        .with_context(|| format!("failed to write the WIT package to `{folder}`"))?;
    println!(
        "wrote the package spikard:handler@0.1.0 to `{folder}`; next: build against its world `http-app`, or `{}` for hooks and operations",
        wit::WORLD
    );
    Ok(())
}
