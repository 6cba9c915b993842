//! Bodies of requests that are sent while they are produced.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use futures_util::{Stream, StreamExt};
use serde::Serialize;

use crate::task::{Completed, perform};
use crate::{Content, OperationError};

/// A chunk of a body: bytes, text, or a `Result` of these.
///
/// The error of a `Result` converts to an [`OperationError`], such as
/// `OperationError::new("failed", "the file ends early")`.
pub trait Chunk {
    /// Returns the bytes.
    ///
    /// # Errors
    /// The chunk could not be produced: the request fails.
    fn into_bytes(self) -> Result<Vec<u8>, OperationError>;
}

macro_rules! chunks {
    ($($ty:ty),*) => {
        $(impl Chunk for $ty {
            fn into_bytes(self) -> Result<Vec<u8>, OperationError> {
                Ok(self.into())
            }
        })*
    };
}

chunks!(Vec<u8>, &[u8], String, &str);

impl<T: Chunk, E: Into<OperationError>> Chunk for Result<T, E> {
    fn into_bytes(self) -> Result<Vec<u8>, OperationError> {
        self.map_err(Into::into)?.into_bytes()
    }
}

#[derive(Serialize)]
struct WriteHead {
    upload: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    end: bool,
}

/// Returns a number for an upload, unique in the instance.
pub(super) fn next_number() -> u64 {
    thread_local! {
        static NEXT: Cell<u64> = const { Cell::new(1) };
    }
    NEXT.replace(NEXT.get() + 1)
}

/// Runs a request and sends the chunks of its body meanwhile. A response that begins before the end
/// of the body ends the upload.
pub(super) async fn send<C: Chunk>(
    request: impl Future<Output = Result<Completed, OperationError>>,
    upload: u64,
    chunks: impl Stream<Item = C>,
) -> Result<Completed, OperationError> {
    let mut request = pin!(request);
    let mut writing = pin!(write(upload, chunks));
    let mut is_writing = true;
    poll_fn(|context| {
        // First the request, whose operation begins the upload.
        if let Poll::Ready(result) = request.as_mut().poll(context) {
            return Poll::Ready(result);
        }
        if is_writing && let Poll::Ready(written) = writing.as_mut().poll(context) {
            is_writing = false;
            if let Err(Fault::Chunk(error)) = written {
                return Poll::Ready(Err(error));
            }
        }
        Poll::Pending
    })
    .await
}

/// Why an upload has ended early.
enum Fault {
    /// A chunk could not be produced.
    Chunk(OperationError),
    /// The host takes no more. The request tells why.
    Write,
}

async fn write<C: Chunk>(upload: u64, chunks: impl Stream<Item = C>) -> Result<(), Fault> {
    let mut chunks = pin!(chunks);
    while let Some(chunk) = chunks.next().await {
        let bytes = chunk.into_bytes().map_err(Fault::Chunk)?;
        if !bytes.is_empty() {
            write_bytes(upload, false, bytes).await?;
        }
    }
    write_bytes(upload, true, Vec::new()).await
}

async fn write_bytes(upload: u64, end: bool, bytes: Vec<u8>) -> Result<(), Fault> {
    let head = WriteHead { upload, end };
    let written = perform("fetch.write", &head, Content::Bytes(bytes)).await;
    written.map(drop).map_err(|_| Fault::Write)
}
