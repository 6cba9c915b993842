//! Sandboxed folder of static files.
//!
//! The crate `cap-std` keeps every access inside the folder: no `..` and no symbolic link leads
//! out of it, and there is no race between check and use. Hidden files are not found.

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

/// A sandboxed folder.
#[derive(Debug, Clone)]
pub(super) struct SandboxedDir(Arc<Dir>);

type IoFuture<'a, T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send + 'a>>;

impl SandboxedDir {
    pub(super) fn new(folder: Dir) -> Self {
        Self(Arc::new(folder))
    }

    /// Runs a blocking operation on a path of the folder.
    fn run_blocking<T: Send + 'static>(
        &self,
        path: &Path,
        operation: impl FnOnce(&Dir, &Path) -> io::Result<T> + Send + 'static,
    ) -> IoFuture<'static, T> {
        let folder = self.0.clone();
        let path = visible_path(path);
        Box::pin(async move {
            let path = path?;
            let result = tokio::task::spawn_blocking(move || operation(&folder, &path)).await;
            result.map_err(io::Error::other)?
        })
    }
}

/// Returns the path inside the folder, or an error if a part of it is hidden. `.well-known`
/// (RFC 8615) is not hidden.
fn visible_path(path: &Path) -> io::Result<PathBuf> {
    let mut visible = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::Normal(name) if !is_hidden(name) => visible.push(name),
            _ => return Err(io::ErrorKind::NotFound.into()),
        }
    }
    if visible.as_os_str().is_empty() {
        visible.push(".");
    }
    Ok(visible)
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".") && name != ".well-known"
}

/// Metadata of a file or folder.
#[derive(Debug)]
pub(super) struct FileMetadata {
    is_dir: bool,
    modified: Option<SystemTime>,
    len: u64,
}

impl Metadata for FileMetadata {
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

/// An open file.
#[derive(Debug)]
pub(super) struct OpenFile(tokio::fs::File);

impl Backend for SandboxedDir {
    type File = OpenFile;
    type Metadata = FileMetadata;
    type OpenFuture = IoFuture<'static, OpenFile>;
    type MetadataFuture = IoFuture<'static, FileMetadata>;

    fn open(&self, path: PathBuf) -> Self::OpenFuture {
        self.run_blocking(&path, |folder, path| {
            // Opening a pipe would block.
            if !folder.metadata(path)?.is_file() {
                return Err(io::ErrorKind::NotFound.into());
            }
            let file = folder.open(path)?.into_std();
            Ok(OpenFile(tokio::fs::File::from_std(file)))
        })
    }

    fn metadata(&self, path: PathBuf) -> Self::MetadataFuture {
        self.run_blocking(&path, |folder, path| {
            let metadata = folder.metadata(path)?;
            let modified = metadata.modified().ok();
            Ok(FileMetadata {
                is_dir: metadata.is_dir(),
                modified: modified.map(cap_std::time::SystemTime::into_std),
                len: metadata.len(),
            })
        })
    }
}

impl File for OpenFile {
    type Metadata = FileMetadata;
    type MetadataFuture<'a> = IoFuture<'a, FileMetadata>;

    fn metadata(&self) -> Self::MetadataFuture<'_> {
        Box::pin(async move {
            let metadata = self.0.metadata().await?;
            Ok(FileMetadata {
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
