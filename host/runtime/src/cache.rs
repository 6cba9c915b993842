//! On-disk cache of compiled components.
//!
//! An entry is a file named `<component>-<engine>.cwasm`, where both parts are BLAKE3 hashes:
//! of the component's bytes, and of the engine's settings. Entries are written to a temporary
//! file and renamed, so that another host never reads an incomplete entry; if two hosts write
//! the same entry, the last one wins. Before the host loads an entry it checks the entry's own
//! hash and the component's hash, and compiles again if one differs. Entries contain native
//! code that the host runs, so the folder must belong to the user who runs the host; the
//! default folder does.

use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::precompiled::{Artifact, ArtifactError, FORMAT, hash_bytes, hash_reader};

/// A folder of compiled components.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
}

/// Identifies a component and the engine that compiled it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    name: String,
    component: blake3::Hash,
}

impl Key {
    /// Computes the key of the component with these bytes.
    pub(crate) fn new(engine: &Engine, component: &[u8]) -> Self {
        Self::of_hash(engine, hash_bytes(component))
    }

    /// Computes the key of the component in a file for each engine. The file is hashed in
    /// chunks, so it is never in memory as a whole.
    pub(crate) fn of_file(engines: &[Engine], path: &Path) -> io::Result<Vec<Self>> {
        let hash = hash_reader(File::open(path)?)?;
        let engines = engines.iter();
        Ok(engines.map(|engine| Self::of_hash(engine, hash)).collect())
    }

    fn of_hash(engine: &Engine, component: blake3::Hash) -> Self {
        let mut hasher = EngineHasher(blake3::Hasher::new());
        engine.precompile_compatibility_hash().hash(&mut hasher);
        FORMAT.hash(&mut hasher);
        let engine = hasher.0.finalize().to_hex();
        Self {
            name: format!("{}-{}", &component.to_hex()[..32], &engine[..16]),
            component,
        }
    }
}

/// Adapter that feeds a `Hash` implementation to BLAKE3, because the hash of a [`Hasher`] has
/// only 64 bits.
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
    /// Creates a cache in `folder`, which need not exist yet.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Returns the cache's folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.folder.join(format!("{}.cwasm", key.name))
    }

    /// Loads an entry; `None` if it does not exist. Removes an unusable entry with a warning.
    pub(crate) fn load(&self, engine: &Engine, key: &Key) -> Option<(Artifact, Component)> {
        let path = self.path(key);
        let loaded = match Artifact::open(&path) {
            Err(ArtifactError::Io(error)) if is_absent(&error) => return None,
            Err(error) => Err(error.to_string()),
            Ok(artifact) if artifact.component != key.component => {
                Err("it was compiled from another component".to_owned())
            }
            Ok(artifact) => match artifact.component(engine) {
                Ok(component) => Ok((artifact, component)),
                Err(error) => Err(format!("{error:#}")),
            },
        };
        match loaded {
            Ok(loaded) => Some(loaded),
            Err(error) => {
                tracing::warn!(entry = %path.display(), %error, "cache entry unusable; compiling again");
                let _ = fs::remove_file(&path);
                None
            }
        }
    }

    /// Stores an entry and returns it; `None` after a failure, which is logged, because the host can
    /// serve without a cache.
    pub(crate) fn store(&self, key: &Key, artifact: &Artifact) -> Option<Artifact> {
        match self.write(key, artifact) {
            Ok(stored) => Some(stored),
            Err(error) => {
                let folder = self.folder.display();
                tracing::warn!(%folder, %error, "failed to cache compiled code; the next start compiles again");
                None
            }
        }
    }

    fn write(&self, key: &Key, artifact: &Artifact) -> io::Result<Artifact> {
        create_private(&self.folder)?;
        artifact.write(&self.path(key), true)
    }
}

/// Returns true if an entry does not exist, also if the cache folder is not a folder.
fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Creates the folder with access for its owner only.
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
    use crate::world::Interfaces;
    use crate::{Limits, Runtime};

    fn setup() -> (Runtime, tempfile::TempDir, Cache, Key, Artifact) {
        let runtime = Runtime::new(Limits {
            instances: 1,
            ..Limits::default()
        })
        .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().join("a/b"));
        let bytes = wat::parse_str("(component)").unwrap();
        let key = Key::new(runtime.compiler(false), &bytes);
        let artifact =
            Artifact::compile(runtime.compiler(false), &bytes, Interfaces::default()).unwrap();
        (runtime, folder, cache, key, artifact)
    }

    #[test]
    fn stores_and_loads() {
        let (runtime, _folder, cache, key, artifact) = setup();
        assert!(cache.load(runtime.compiler(false), &key).is_none());
        cache.store(&key, &artifact).unwrap();
        cache.store(&key, &artifact).unwrap();
        assert_eq!(fs::read_dir(cache.folder()).unwrap().count(), 1);
        let (found, _) = cache.load(runtime.compiler(false), &key).unwrap();
        assert_eq!(found.component_bytes, artifact.component_bytes);
        let other = Key::new(runtime.compiler(false), b"other");
        assert!(cache.load(runtime.compiler(false), &other).is_none());
    }

    #[test]
    fn a_file_has_the_key_of_its_bytes() {
        let (runtime, folder, ..) = setup();
        let path = folder.path().join("x");
        for length in [0, 1, 1 << 20, (3 << 20) + 1] {
            let bytes: Vec<u8> = (0..length).map(|at: u32| (at % 251) as u8).collect();
            fs::write(&path, &bytes).unwrap();
            let of_file = Key::of_file(runtime.compilers(), &path).unwrap();
            let of_bytes = [false, true].map(|is| Key::new(runtime.compiler(is), &bytes));
            assert_eq!(of_file, of_bytes);
            assert_ne!(of_bytes[0], of_bytes[1]);
        }
    }

    #[test]
    fn a_damaged_entry_is_removed() {
        let (runtime, _folder, cache, key, artifact) = setup();
        cache.store(&key, &artifact).unwrap();
        let path = cache.path(&key);
        let mut damaged = fs::read(&path).unwrap();
        let middle = damaged.len() / 2;
        damaged[middle] ^= 1;
        fs::write(&path, damaged).unwrap();
        assert!(cache.load(runtime.compiler(false), &key).is_none());
        assert!(!path.exists());
    }

    #[test]
    fn an_entry_of_another_component_is_removed() {
        let (runtime, _folder, cache, key, artifact) = setup();
        cache.store(&key, &artifact).unwrap();
        let compiler = runtime.compiler(false);
        let bytes = wat::parse_str("(component (core module))").unwrap();
        let own = Key::new(compiler, &bytes);
        // A copy, a hard link and a symbolic link are all read by their content.
        fs::copy(cache.path(&key), cache.path(&own)).unwrap();
        assert!(cache.load(compiler, &own).is_none());
        assert!(!cache.path(&own).exists());
        fs::hard_link(cache.path(&key), cache.path(&own)).unwrap();
        assert!(cache.load(compiler, &own).is_none());
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(cache.path(&key), cache.path(&own)).unwrap();
            assert!(cache.load(compiler, &own).is_none());
        }
        // The other component keeps its entry, and a new entry can be stored.
        assert!(cache.load(compiler, &key).is_some());
        let artifact = Artifact::compile(compiler, &bytes, Interfaces::default()).unwrap();
        cache.store(&own, &artifact).unwrap();
        assert!(cache.load(compiler, &own).is_some());
    }

    #[test]
    fn a_folder_that_cannot_be_created_is_an_error() {
        let (runtime, folder, _, key, artifact) = setup();
        let file = folder.path().join("file");
        fs::write(&file, "x").unwrap();
        let cache = Cache::new(file.join("cache"));
        assert!(cache.store(&key, &artifact).is_none());
        assert!(cache.load(runtime.compiler(false), &key).is_none());
    }
}
