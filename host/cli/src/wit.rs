//! The embedded WIT package that components for this host are built against, a copy of the
//! folder `wit` of the repository.

use std::path::Path;
use std::{fs, io};

/// The files of the package.
pub(crate) const FILES: [(&str, &str); 9] = [
    ("types.wit", include_str!("../../../wit/types.wit")),
    (
        "definition.wit",
        include_str!("../../../wit/definition.wit"),
    ),
    ("handler.wit", include_str!("../../../wit/handler.wit")),
    ("request.wit", include_str!("../../../wit/request.wit")),
    ("failure.wit", include_str!("../../../wit/failure.wit")),
    ("context.wit", include_str!("../../../wit/context.wit")),
    ("hooks.wit", include_str!("../../../wit/hooks.wit")),
    ("io.wit", include_str!("../../../wit/io.wit")),
    ("world.wit", include_str!("../../../wit/world.wit")),
];

/// World that `build` uses.
pub(crate) const WORLD: &str = "http-service";

/// Writes the package into a folder and creates the folder if needed.
pub(crate) fn write(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (name, text) in FILES {
        fs::write(folder.join(name), text)?;
    }
    Ok(())
}
