//! The WIT package that this host's components are built against, as it is in the
//! folder `wit` of the source.

use std::path::Path;
use std::{fs, io};

/// The files of the package.
pub(crate) const FILES: [(&str, &str); 8] = [
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
    ("world.wit", include_str!("../../../wit/world.wit")),
];

/// The name of the world that apps are built against.
pub(crate) const WORLD: &str = "http-app-with-hooks";

/// Writes the package into a folder, which is made if need be.
pub(crate) fn write(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (name, text) in FILES {
        fs::write(folder.join(name), text)?;
    }
    Ok(())
}
