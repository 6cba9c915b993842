//! Components compiled ahead of time, in memory or in a file.
//!
//! A file consists of wasmtime's output, an ELF file that the host maps, followed by metadata
//! and a footer:
//!
//! ```text
//! ELF | metadata, JSON | length of the metadata, 4 bytes | BLAKE3 of all before, 32 bytes
//!     | format version, 4 bytes | magic, 16 bytes
//! ```
//!
//! Numbers are little-endian. The metadata describes the component, which is not part of the
//! file. The hash detects damage, but not tampering: the file contains native code that this
//! process runs, so only trusted users may be able to write it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::world::Interfaces;

const MAGIC: [u8; 16] = *b"spikard-wasm-aot";

/// Format version.
pub(crate) const FORMAT: u32 = 2;

/// Size of the length field and of the version field in bytes.
const NUMBER: usize = 4;
const HASH: usize = blake3::OUT_LEN;
const FOOTER: usize = NUMBER + HASH + NUMBER + MAGIC.len();

/// Bytes of a file to read and hash at a time; the hash of a chunk is computed in parallel.
const CHUNK: usize = 1 << 20;

/// A compiled component.
#[derive(Debug)]
pub(crate) struct Artifact {
    pub(crate) interfaces: Interfaces,
    /// BLAKE3 hash of the original component.
    pub(crate) component: blake3::Hash,
    /// Size of the original component in bytes.
    pub(crate) component_bytes: u64,
    /// The host that compiled it, for errors.
    pub(crate) made_by: String,
    code: Code,
}

#[derive(Debug)]
enum Code {
    Memory(Vec<u8>),
    File(PathBuf),
}

/// Error of opening a file with a compiled component.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ArtifactError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("its footer is missing")]
    Foreign,
    #[error("its format version is {0}, not {FORMAT}")]
    Version(u32),
    #[error("its content has changed since it was written")]
    Damaged,
}

impl Artifact {
    /// Compiles a component.
    pub(crate) fn compile(
        engine: &Engine,
        component: &[u8],
        interfaces: Interfaces,
    ) -> wasmtime::Result<Self> {
        Ok(Self {
            code: Code::Memory(engine.precompile_component(component)?),
            interfaces,
            component: hash_bytes(component),
            component_bytes: component.len() as u64,
            made_by: format!(
                "spikard-wasm {} for {} {}",
                env!("CARGO_PKG_VERSION"),
                std::env::consts::ARCH,
                std::env::consts::OS
            ),
        })
    }

    /// Opens a file: reads its metadata and checks its hash. The code stays in the file.
    pub(crate) fn open(path: &Path) -> Result<Self, ArtifactError> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let body = length
            .checked_sub(FOOTER as u64)
            .ok_or(ArtifactError::Foreign)?;
        let mut footer = [0; FOOTER];
        file.seek(SeekFrom::Start(body))?;
        file.read_exact(&mut footer)?;
        let (length, rest) = footer.split_at(NUMBER);
        let (hash, rest) = rest.split_at(HASH);
        let (version, magic) = rest.split_at(NUMBER);
        if magic != MAGIC {
            return Err(ArtifactError::Foreign);
        }
        let version = number(version);
        if version != FORMAT {
            return Err(ArtifactError::Version(version));
        }
        file.seek(SeekFrom::Start(0))?;
        let actual = hash_reader((&mut file).take(body + NUMBER as u64))?;
        if actual.as_bytes() != hash {
            return Err(ArtifactError::Damaged);
        }
        let length = u64::from(number(length));
        let start = body.checked_sub(length).ok_or(ArtifactError::Damaged)?;
        file.seek(SeekFrom::Start(start))?;
        let mut text = Vec::new();
        file.take(length).read_to_end(&mut text)?;
        let metadata = serde_json::from_slice(&text).map_err(|_| ArtifactError::Damaged)?;
        Self::from_metadata(&metadata, path).ok_or(ArtifactError::Damaged)
    }

    fn from_metadata(metadata: &Value, path: &Path) -> Option<Self> {
        let names = |name: &str| -> Option<Vec<String>> {
            let names = metadata.get(name)?.as_array()?.iter();
            names.map(|name| Some(name.as_str()?.to_owned())).collect()
        };
        Some(Self {
            interfaces: Interfaces {
                imports: names("imports")?,
                exports: names("exports")?,
            },
            component: blake3::Hash::from_hex(metadata.get("component")?.as_str()?).ok()?,
            component_bytes: metadata.get("component_bytes")?.as_u64()?,
            made_by: metadata.get("made_by")?.as_str()?.to_owned(),
            code: Code::File(path.to_owned()),
        })
    }

    /// Writes the artifact to a temporary file and renames it to `path`, so that no process
    /// reads an incomplete file. Returns the artifact with its code in the file.
    pub(crate) fn write(&self, path: &Path, is_private: bool) -> io::Result<Self> {
        let Code::Memory(code) = &self.code else {
            return Err(io::Error::other("the artifact is already in a file"));
        };
        let metadata = json!({
            "made_by": self.made_by,
            "component": self.component.to_hex().as_str(),
            "component_bytes": self.component_bytes,
            "imports": self.interfaces.imports,
            "exports": self.interfaces.exports,
        })
        .to_string();
        let length = u32::try_from(metadata.len()).map_err(io::Error::other)?;
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix("writing-");
        #[cfg(unix)]
        if !is_private {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        #[cfg(not(unix))]
        let _ = is_private;
        let mut file = builder.tempfile_in(folder)?;
        let mut hasher = blake3::Hasher::new();
        for part in [code, metadata.as_bytes(), &length.to_le_bytes()] {
            hasher.update_rayon(part);
            file.write_all(part)?;
        }
        file.write_all(hasher.finalize().as_bytes())?;
        file.write_all(&FORMAT.to_le_bytes())?;
        file.write_all(&MAGIC)?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(Self {
            interfaces: self.interfaces.clone(),
            made_by: self.made_by.clone(),
            component: self.component,
            component_bytes: self.component_bytes,
            code: Code::File(path.to_owned()),
        })
    }

    /// Loads the code into an engine. wasmtime checks that the engine has the settings that the
    /// code was compiled with. A file is mapped, so its pages are loaded on demand and shared
    /// between processes.
    pub(crate) fn component(&self, engine: &Engine) -> wasmtime::Result<Component> {
        // SAFETY: the bytes are wasmtime's output: those in memory come from the compiler, and
        // those of a file matched the hash that was written with them. Only the owner can write
        // to the cache folder, and `--allow-precompiled` declares other files trusted.
        #[allow(unsafe_code)]
        unsafe {
            match &self.code {
                Code::Memory(bytes) => Component::deserialize(engine, bytes),
                Code::File(path) => Component::deserialize_file(engine, path),
            }
        }
    }
}

/// Hashes bytes in memory.
pub(crate) fn hash_bytes(bytes: &[u8]) -> blake3::Hash {
    blake3::Hasher::new().update_rayon(bytes).finalize()
}

/// Hashes the content of a reader in chunks.
pub(crate) fn hash_reader(mut reader: impl Read) -> io::Result<blake3::Hash> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = Vec::with_capacity(CHUNK);
    loop {
        buffer.clear();
        reader
            .by_ref()
            .take(CHUNK as u64)
            .read_to_end(&mut buffer)?;
        if buffer.is_empty() {
            return Ok(hasher.finalize());
        }
        hasher.update_rayon(&buffer);
    }
}

fn number(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .rev()
        .fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// Returns true if a file is an ELF file, which may be a compiled component.
#[must_use]
pub fn is_precompiled(path: &Path) -> bool {
    let mut head = [0; 4];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head == *b"\x7fELF"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, Runtime};
    use std::fs;

    fn compiled() -> (Runtime, Artifact) {
        let runtime = Runtime::new(Limits {
            instances: 1,
            ..Limits::default()
        })
        .unwrap();
        let bytes = wat::parse_str("(component (core module))").unwrap();
        let interfaces = Interfaces {
            imports: vec!["a:b/c".into()],
            exports: vec![],
        };
        let artifact = Artifact::compile(runtime.compiler(false), &bytes, interfaces).unwrap();
        (runtime, artifact)
    }

    #[test]
    fn a_written_file_can_be_opened() {
        let (runtime, artifact) = compiled();
        assert!(artifact.component(runtime.compiler(false)).is_ok());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.cwasm");
        artifact.write(&path, false).unwrap();
        let read = Artifact::open(&path).unwrap();
        assert_eq!(read.interfaces, artifact.interfaces);
        assert_eq!(read.component, artifact.component);
        assert_eq!(read.component_bytes, artifact.component_bytes);
        assert!(read.made_by.starts_with("spikard-wasm "));
        assert!(read.component(runtime.compiler(false)).is_ok());
        assert!(is_precompiled(&path) && !is_precompiled(folder.path()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn damage_is_detected_anywhere() {
        let (_, artifact) = compiled();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.cwasm");
        artifact.write(&path, true).unwrap();
        let whole = fs::read(&path).unwrap();
        let end = whole.len();
        for at in [
            0,
            end / 2,
            end - FOOTER - 1,
            end - FOOTER,
            end - 50,
            end - 20,
            end - 1,
        ] {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            fs::write(&path, bytes).unwrap();
            assert!(Artifact::open(&path).is_err(), "{at}");
        }
        for length in [0, 10, FOOTER, end / 2, end - 1] {
            fs::write(&path, &whole[..length]).unwrap();
            assert!(Artifact::open(&path).is_err(), "{length}");
        }
        fs::write(&path, whole).unwrap();
        assert!(Artifact::open(&path).is_ok());
    }
}
