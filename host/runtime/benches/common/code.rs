//! A cache of machine code next to the components, keyed by compiler settings, so that variants
//! and later runs do not compile again.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::Path;
use wasmtime::component::Component;
use wasmtime::error::Context as _;
use wasmtime::{Engine, Result};

/// Loads or compiles the component in a file for an engine.
pub(crate) fn load(engine: &Engine, path: &Path) -> Result<Component> {
    let bytes = fs::read(path).with_context(|| format!("cannot load `{}`", path.display()))?;
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    bytes.hash(&mut hasher);
    let folder = path.with_file_name("compiled");
    let compiled = folder.join(format!("{:016x}.cwasm", hasher.finish()));
    if !compiled.exists() {
        let component = Component::new(engine, &bytes)
            .with_context(|| format!("cannot compile `{}`", path.display()))?;
        fs::create_dir_all(&folder)?;
        let partial = compiled.with_extension(std::process::id().to_string());
        fs::write(&partial, component.serialize()?)?;
        fs::rename(&partial, &compiled)?;
    }
    // SAFETY: a bench wrote the file; its name has the hash of the component.
    #[allow(unsafe_code)]
    unsafe {
        Component::deserialize_file(engine, &compiled)
    }
}
