//! A folder of files that nothing leads out of: no `..`, no link, no race between a
//! check and its use (the crate `cap-std`). Hidden files are not in it.

use std::ffi::OsStr;
use std::io::{self, SeekFrom};
use std::path::{Component, Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::SystemTime;

use cap_std::fs::Dir;
use tokio::io::{AsyncRead, AsyncSeek, ReadBuf};
use tower_http::services::fs::{Backend, File, Metadata};

/// A folder of files.
#[derive(Debug, Clone)]
pub(super) struct Contained(Arc<Dir>);

type Later<'a, T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send + 'a>>;

impl Contained {
    pub(super) fn new(folder: Dir) -> Self {
        Self(Arc::new(folder))
    }

    /// Does something with a path of the folder on a thread that may wait for a disk.
    fn with<T: Send + 'static>(
        &self,
        path: &Path,
        act: impl FnOnce(&Dir, &Path) -> io::Result<T> + Send + 'static,
    ) -> Later<'static, T> {
        let folder = self.0.clone();
        let path = plain(path);
        Box::pin(async move {
            let path = path?;
            let done = tokio::task::spawn_blocking(move || act(&folder, &path)).await;
            done.map_err(io::Error::other)?
        })
    }
}

/// The path below the folder, if no part of it is hidden. `.well-known` (RFC 8615) is
/// there to be found.
fn plain(path: &Path) -> io::Result<PathBuf> {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::Normal(name) if !is_hidden(name) => plain.push(name),
            _ => return Err(io::ErrorKind::NotFound.into()),
        }
    }
    if plain.as_os_str().is_empty() {
        plain.push(".");
    }
    Ok(plain)
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".") && name != ".well-known"
}

/// What is known of a file or folder.
#[derive(Debug)]
pub(super) struct Facts {
    is_dir: bool,
    modified: Option<SystemTime>,
    len: u64,
}

impl Metadata for Facts {
    fn is_dir(&self) -> bool {
        self.is_dir
    }

    fn modified(&self) -> io::Result<SystemTime> {
        self.modified
            .ok_or_else(|| io::ErrorKind::Unsupported.into())
    }

    fn len(&self) -> u64 {
        self.len
    }
}

/// A file that is open.
#[derive(Debug)]
pub(super) struct OpenFile(tokio::fs::File);

impl Backend for Contained {
    type File = OpenFile;
    type Metadata = Facts;
    type OpenFuture = Later<'static, OpenFile>;
    type MetadataFuture = Later<'static, Facts>;

    fn open(&self, path: PathBuf) -> Self::OpenFuture {
        self.with(&path, |folder, path| {
            // A pipe would be waited for.
            if !folder.metadata(path)?.is_file() {
                return Err(io::ErrorKind::NotFound.into());
            }
            let file = folder.open(path)?.into_std();
            Ok(OpenFile(tokio::fs::File::from_std(file)))
        })
    }

    fn metadata(&self, path: PathBuf) -> Self::MetadataFuture {
        self.with(&path, |folder, path| {
            let metadata = folder.metadata(path)?;
            let modified = metadata.modified().ok();
            Ok(Facts {
                is_dir: metadata.is_dir(),
                modified: modified.map(cap_std::time::SystemTime::into_std),
                len: metadata.len(),
            })
        })
    }
}

impl File for OpenFile {
    type Metadata = Facts;
    type MetadataFuture<'a> = Later<'a, Facts>;

    fn metadata(&self) -> Self::MetadataFuture<'_> {
        Box::pin(async move {
            let metadata = self.0.metadata().await?;
            Ok(Facts {
                is_dir: metadata.is_dir(),
                modified: metadata.modified().ok(),
                len: metadata.len(),
            })
        })
    }
}

impl AsyncRead for OpenFile {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_read(cx, buffer)
    }
}

impl AsyncSeek for OpenFile {
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        Pin::new(&mut self.get_mut().0).start_seek(position)
    }

    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Pin::new(&mut self.get_mut().0).poll_complete(cx)
    }
}
