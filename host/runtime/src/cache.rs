//! Compiled components on disk, so that the next start does not compile again.
//!
//! An entry is a file whose name says what it was compiled from, by which engine,
//! and what it contains: `<component>-<engine>.<content>.cwasm`, each a BLAKE3
//! hash. It is written under another name and renamed, so that hosts that start at
//! once never meet half an entry, and it is hashed before it is loaded, so that a
//! damaged one is compiled anew. Machine code is run from here: the folder must
//! belong to the user who runs the host, and the default one does.

use std::ffi::OsStr;
use std::hash::{Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::{fs, io};

use wasmtime::Engine;
use wasmtime::component::Component;

/// A folder of compiled components.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
}

/// Compiled code of this host's own making.
#[derive(Debug)]
pub(crate) enum Code {
    /// In a file, which is mapped.
    File(PathBuf),
    /// In memory.
    Bytes(Vec<u8>),
}

impl Code {
    /// The component, for an engine.
    pub(crate) fn component(&self, engine: &Engine) -> wasmtime::Result<Component> {
        // SAFETY: the code is what this host compiled: just now, or before it put it into
        // the user's own cache folder, by the hash in the entry's name. wasmtime itself
        // checks that its own version and settings fit.
        #[allow(unsafe_code)]
        unsafe {
            match self {
                Self::File(path) => Component::deserialize_file(engine, path),
                Self::Bytes(bytes) => Component::deserialize(engine, bytes),
            }
        }
    }
}

/// Which component, compiled by which engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key(String);

impl Key {
    pub(crate) fn new(engine: &Engine, component: &[u8]) -> Self {
        let mut hasher = EngineHasher(blake3::Hasher::new());
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let engine = hasher.0.finalize().to_hex();
        let component = blake3::hash(component).to_hex();
        Self(format!("{}-{}", &component[..32], &engine[..16]))
    }
}

/// `Hash` speaks to a `Hasher` of 64 bits; this one keeps all the bytes.
struct EngineHasher(blake3::Hasher);

impl Hasher for EngineHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

impl Cache {
    /// A cache in `folder`, which need not exist yet.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Finds an entry. Damaged ones are removed, with a warning.
    pub(crate) fn load(&self, engine: &Engine, key: &Key) -> Option<Code> {
        let (path, content) = self.find(key)?;
        let code = fs::read(&path)
            .map_err(|error| error.to_string())
            .and_then(
                |bytes| match blake3::hash(&bytes).to_hex().as_str() == content {
                    true => Ok(Code::File(path.clone())),
                    false => Err("its content has changed since it was written".to_owned()),
                },
            )
            .and_then(|code| match code.component(engine) {
                Ok(_) => Ok(code),
                Err(error) => Err(format!("{error:#}")),
            });
        match code {
            Ok(code) => Some(code),
            Err(error) => {
                tracing::warn!(entry = %path.display(), %error, "the cached code cannot be used; compiling again");
                let _ = fs::remove_file(&path);
                None
            }
        }
    }

    fn find(&self, key: &Key) -> Option<(PathBuf, String)> {
        let entries = fs::read_dir(&self.folder).ok()?;
        entries.flatten().find_map(|entry| {
            let name = entry.file_name();
            let rest = name.to_str()?.strip_prefix(&key.0)?.strip_prefix('.')?;
            let content = rest.strip_suffix(".cwasm")?.to_owned();
            Some((entry.path(), content))
        })
    }

    /// Keeps an entry. A cache that cannot be written is no reason not to serve:
    /// the caller warns.
    pub(crate) fn store(&self, key: &Key, code: &[u8]) -> io::Result<()> {
        create_private(&self.folder)?;
        let content = blake3::hash(code).to_hex();
        let mut file = tempfile::Builder::new()
            .prefix("writing-")
            .tempfile_in(&self.folder)?;
        file.write_all(code)?;
        let path = self.folder.join(format!("{}.{content}.cwasm", key.0));
        file.persist(&path).map_err(|error| error.error)?;
        self.remove_others(key, path.file_name());
        Ok(())
    }

    /// One key has one entry: compiling is not always bit for bit the same.
    fn remove_others(&self, key: &Key, keep: Option<&OsStr>) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let same_key = name.to_str().is_some_and(|name| name.starts_with(&key.0));
            if same_key && Some(name.as_os_str()) != keep {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// Makes the folder for its owner alone.
fn create_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, Runtime};

    fn setup() -> (Runtime, tempfile::TempDir, Cache, Vec<u8>) {
        let runtime = Runtime::new(Limits {
            instances: 1,
            ..Limits::default()
        })
        .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().join("a/b"));
        (
            runtime,
            folder,
            cache,
            wat::parse_str("(component)").unwrap(),
        )
    }

    #[test]
    fn keeps_and_finds() {
        let (runtime, _folder, cache, bytes) = setup();
        let key = Key::new(runtime.compiler(), &bytes);
        assert!(cache.load(runtime.compiler(), &key).is_none());
        let component = runtime.compiler().precompile_component(&bytes).unwrap();
        cache.store(&key, &component).unwrap();
        cache.store(&key, &component).unwrap();
        assert_eq!(fs::read_dir(cache.folder()).unwrap().count(), 1);
        assert!(cache.load(runtime.compiler(), &key).is_some());
        assert!(
            cache
                .load(runtime.compiler(), &Key("other".into()))
                .is_none()
        );
    }

    #[test]
    fn a_damaged_entry_is_removed() {
        let (runtime, _folder, cache, bytes) = setup();
        let key = Key::new(runtime.compiler(), &bytes);
        cache
            .store(
                &key,
                &runtime.compiler().precompile_component(&bytes).unwrap(),
            )
            .unwrap();
        let (path, _) = cache.find(&key).unwrap();
        let mut damaged = fs::read(&path).unwrap();
        let middle = damaged.len() / 2;
        damaged[middle] ^= 1;
        fs::write(&path, damaged).unwrap();
        assert!(cache.load(runtime.compiler(), &key).is_none());
        assert!(!path.exists());
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error() {
        let (runtime, folder, _, bytes) = setup();
        let file = folder.path().join("file");
        fs::write(&file, "x").unwrap();
        let key = Key::new(runtime.compiler(), &bytes);
        let component = runtime.compiler().precompile_component(&bytes).unwrap();
        assert!(
            Cache::new(file.join("cache"))
                .store(&key, &component)
                .is_err()
        );
    }
}
