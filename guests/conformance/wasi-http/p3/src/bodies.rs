//! Bodies: byte streams, written by a task that continues after the head is sent.

use wasip3::http::types::{ErrorCode, Fields, Request, Response};
use wasip3::wit_bindgen::{StreamReader, StreamResult, StreamWriter};
use wasip3::{spawn_local, wit_future, wit_stream};

use crate::Reply;

/// The size of a piece in bytes.
const PIECE: usize = 64 << 10;

/// Replies with a body from `write`, at the speed of the reader.
pub(crate) fn reply(
    status: u16,
    headers: Fields,
    write: impl AsyncFnOnce(&mut StreamWriter<u8>) + 'static,
) -> Reply {
    let (mut sink, stream) = wit_stream::new();
    let (_, no_trailers) = wit_future::new(|| Ok(None));
    let (response, _) = Response::new(headers, Some(stream), no_trailers);
    response.set_status_code(status).expect("a status");
    spawn_local(async move { write(&mut sink).await });
    Ok(response)
}

/// Replies with one byte repeated this many times.
pub(crate) fn repeat(byte: u8, mut left: u64) -> Reply {
    reply(200, crate::plain(), async move |sink| {
        while left > 0 {
            let now = usize::try_from(left).map_or(PIECE, |left| left.min(PIECE));
            if !sink.write_all(vec![byte; now]).await.is_empty() {
                return;
            }
            left -= now as u64;
        }
    })
}

/// Returns the next bytes of a body, or `None` at its end.
async fn next(stream: &mut StreamReader<u8>) -> Option<Vec<u8>> {
    match stream.read(Vec::with_capacity(PIECE)).await {
        (StreamResult::Complete(_), bytes) => Some(bytes),
        _ => None,
    }
}

/// Copies `from` to `to`.
pub(crate) async fn copy(from: &mut StreamReader<u8>, to: &mut StreamWriter<u8>) {
    while let Some(bytes) = next(from).await {
        if !to.write_all(bytes).await.is_empty() {
            break;
        }
    }
}

/// Returns the headers of a request with these names.
fn same(request: &Request, names: &[&str]) -> Fields {
    let entries = request.get_headers().copy_all();
    let same = entries
        .into_iter()
        .filter(|(name, _)| names.contains(&&**name));
    Fields::from_list(&same.collect::<Vec<_>>()).expect("headers that came")
}

/// Replies with the request's body by returning the stream itself, without touching its bytes.
pub(crate) fn echo(request: Request) -> Reply {
    let headers = same(&request, &["content-type"]);
    let (_, result) = wit_future::new(|| Ok(()));
    let (stream, trailers) = Request::consume_body(request, result);
    let (response, _) = Response::new(headers, Some(stream), trailers);
    Ok(response)
}

/// Replies with the request's body and trailers, which the app reads and writes.
pub(crate) fn echo_with_trailers(request: Request) -> Reply {
    // HTTP/1.1 requires an announcement of trailer names.
    let headers = same(&request, &["content-type", "trailer"]);
    let (_, result) = wit_future::new(|| Ok(()));
    let (mut from, trailers) = Request::consume_body(request, result);
    let (mut to, stream) = wit_stream::new();
    let (send, sent) = wit_future::new(|| Ok(None));
    let (response, _) = Response::new(headers, Some(stream), sent);
    spawn_local(async move {
        copy(&mut from, &mut to).await;
        drop(to);
        // A client that has disconnected does not read them.
        let _ = send.write(trailers.await).await;
    });
    Ok(response)
}

/// Returns the size of a request's body in bytes.
pub(crate) async fn count(request: Request) -> Result<usize, ErrorCode> {
    let (_, result) = wit_future::new(|| Ok(()));
    let (mut stream, trailers) = Request::consume_body(request, result);
    let mut bytes = 0;
    while let Some(piece) = next(&mut stream).await {
        bytes += piece.len();
    }
    trailers.await?;
    Ok(bytes)
}
