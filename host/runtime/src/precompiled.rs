//! A component compiled ahead of time, in memory or in a file.
//!
//! A file is what wasmtime wrote, an ELF file that is mapped as it stands, and behind
//! it what the host must know of the component without having it:
//!
//! ```text
//! ELF | facts, as JSON | length of the facts, 4 bytes | BLAKE3 of all this, 32 bytes
//!     | version of this format, 4 bytes | the magic, 16 bytes
//! ```
//!
//! Numbers are little-endian. The hash finds damage, not malice: the file is machine
//! code, and whoever may write it decides what this process does.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::world::Interfaces;

const MAGIC: [u8; 16] = *b"spikard-wasm-aot";

/// The version of the format.
pub(crate) const FORMAT: u32 = 2;

/// The length and the version.
const NUMBER: usize = 4;
const HASH: usize = blake3::OUT_LEN;
const FOOTER: usize = NUMBER + HASH + NUMBER + MAGIC.len();

/// How much of a file is hashed at a time, in parallel.
const PIECE: usize = 1 << 20;

/// A component that is compiled.
#[derive(Debug)]
pub(crate) struct Artifact {
    pub(crate) interfaces: Interfaces,
    /// The BLAKE3 hash of the component it was compiled from.
    pub(crate) component: blake3::Hash,
    /// The length of the component it was compiled from.
    pub(crate) component_bytes: u64,
    /// Which host compiled it, for errors.
    pub(crate) made_by: String,
    code: Code,
}

#[derive(Debug)]
enum Code {
    Memory(Vec<u8>),
    File(PathBuf),
}

/// Why a file is not used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("it does not end as such a file does")]
    Foreign,
    #[error("it has version {0} of the format, not {FORMAT}")]
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
            component: hash_of_bytes(component),
            component_bytes: component.len() as u64,
            made_by: format!(
                "spikard-wasm {} for {} {}",
                env!("CARGO_PKG_VERSION"),
                std::env::consts::ARCH,
                std::env::consts::OS
            ),
        })
    }

    /// Reads what a file holds, and checks that it holds what was written. Its code
    /// is not kept in memory.
    pub(crate) fn open(path: &Path) -> Result<Self, Unusable> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let body = length.checked_sub(FOOTER as u64).ok_or(Unusable::Foreign)?;
        let mut footer = [0; FOOTER];
        file.seek(SeekFrom::Start(body))?;
        file.read_exact(&mut footer)?;
        let (facts, rest) = footer.split_at(NUMBER);
        let (hash, rest) = rest.split_at(HASH);
        let (version, magic) = rest.split_at(NUMBER);
        if magic != MAGIC {
            return Err(Unusable::Foreign);
        }
        let version = number(version);
        if version != FORMAT {
            return Err(Unusable::Version(version));
        }
        file.seek(SeekFrom::Start(0))?;
        let found = hash_of((&mut file).take(body + NUMBER as u64))?;
        if found.as_bytes() != hash {
            return Err(Unusable::Damaged);
        }
        let facts = u64::from(number(facts));
        let start = body.checked_sub(facts).ok_or(Unusable::Damaged)?;
        file.seek(SeekFrom::Start(start))?;
        let mut text = Vec::new();
        file.take(facts).read_to_end(&mut text)?;
        let facts = serde_json::from_slice(&text).map_err(|_| Unusable::Damaged)?;
        Self::of_facts(&facts, path).ok_or(Unusable::Damaged)
    }

    fn of_facts(facts: &Value, path: &Path) -> Option<Self> {
        let names = |name: &str| -> Option<Vec<String>> {
            let names = facts.get(name)?.as_array()?.iter();
            names.map(|name| Some(name.as_str()?.to_owned())).collect()
        };
        Some(Self {
            interfaces: Interfaces {
                imports: names("imports")?,
                exports: names("exports")?,
            },
            component: blake3::Hash::from_hex(facts.get("component")?.as_str()?).ok()?,
            component_bytes: facts.get("component_bytes")?.as_u64()?,
            made_by: facts.get("made_by")?.as_str()?.to_owned(),
            code: Code::File(path.to_owned()),
        })
    }

    /// Writes it to a file beside `path`, and gives it that name: nobody ever meets
    /// half a file. Gives the artifact that is there.
    pub(crate) fn write(&self, path: &Path, is_private: bool) -> io::Result<Self> {
        let Code::Memory(code) = &self.code else {
            return Err(io::Error::other("it is in a file already"));
        };
        let facts = json!({
            "made_by": self.made_by,
            "component": self.component.to_hex().as_str(),
            "component_bytes": self.component_bytes,
            "imports": self.interfaces.imports,
            "exports": self.interfaces.exports,
        })
        .to_string();
        let length = u32::try_from(facts.len()).map_err(io::Error::other)?;
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
        for piece in [code, facts.as_bytes(), &length.to_le_bytes()] {
            hasher.update_rayon(piece);
            file.write_all(piece)?;
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

    /// Makes it ready to run by an engine of the settings that it was compiled with,
    /// which wasmtime checks. A file is mapped, so that pages come when they are
    /// touched, and are shared among the processes that run it.
    pub(crate) fn component(&self, engine: &Engine) -> wasmtime::Result<Component> {
        // SAFETY: the bytes are what a host wrote: those in memory come from the
        // compiler, and those of a file had the hash that was written with them. That
        // nobody else writes to it is for the cache the owner of its folder to see to,
        // and for other files what `--allow-precompiled` says.
        #[allow(unsafe_code)]
        unsafe {
            match &self.code {
                Code::Memory(bytes) => Component::deserialize(engine, bytes),
                Code::File(path) => Component::deserialize_file(engine, path),
            }
        }
    }
}

/// The hash of bytes in memory.
pub(crate) fn hash_of_bytes(bytes: &[u8]) -> blake3::Hash {
    blake3::Hasher::new().update_rayon(bytes).finalize()
}

/// The hash of all that a reader gives, which is never in memory as a whole.
pub(crate) fn hash_of(mut reader: impl Read) -> io::Result<blake3::Hash> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = Vec::with_capacity(PIECE);
    loop {
        buffer.clear();
        reader
            .by_ref()
            .take(PIECE as u64)
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

/// Whether a file holds machine code, ours or another's.
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
    fn what_is_written_can_be_read() {
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
    fn damage_is_found_wherever_it_is() {
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
