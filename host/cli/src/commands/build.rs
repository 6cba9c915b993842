//! x
use crate::args::BuildArgs;
use anyhow::Result;
pub(crate) fn run(_a: &BuildArgs) -> Result<()> {
    Ok(())
}
