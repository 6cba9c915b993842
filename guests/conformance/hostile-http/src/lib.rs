//! Misbehaves as the path of a request demands: truncates bodies, lies about lengths, holds on to
//! resources, or never ends. `host/tests/hostile/http.rs` checks how the host reacts.

use std::mem::forget;

use wasip2::clocks::monotonic_clock;
use wasip2::http::types::{
    ErrorCode, Fields, IncomingBody, IncomingRequest, OutgoingBody, OutgoingResponse,
    ResponseOutparam,
};
use wasip2::io::streams::OutputStream;

wasip2::http::proxy::export!(App);

struct App;

impl wasip2::exports::http::incoming_handler::Guest for App {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let path = request.path_with_query().unwrap_or_default();
        match path.as_str() {
            "/fine" => reply(out, &[], b"fine"),
            "/nothing" => drop(out),
            "/error" => ResponseOutparam::set(out, Err(ErrorCode::LoopDetected)),
            "/twice" => {
                // Nothing waits between the two calls, so that the host has not yet sent the head.
                let responses = [0; 2].map(|_| OutgoingResponse::new(Fields::new()));
                // The guest owns the handle only until its first use.
                let handle = out.take_handle();
                for response in responses {
                    // SAFETY: the violation is intentional.
                    let out = unsafe { ResponseOutparam::from_handle(handle) };
                    ResponseOutparam::set(out, Ok(response));
                }
            }
            "/twice-after-a-pause" => {
                let handle = out.take_handle();
                // SAFETY: as above.
                reply(
                    unsafe { ResponseOutparam::from_handle(handle) },
                    &[],
                    b"once",
                );
                pause();
                // SAFETY: as above.
                reply(
                    unsafe { ResponseOutparam::from_handle(handle) },
                    &[],
                    b"twice",
                );
            }
            "/longer" => reply(out, &[("content-length", "3")], b"longer"),
            "/shorter" => reply(out, &[("content-length", "30")], b"shorter"),
            "/longer-later" => slow(out, &[("content-length", "8")], b"longer"),
            "/shorter-later" => slow(out, &[("content-length", "80")], b"shorter"),
            "/no-body-but-a-length" => {
                let headers = fields(&[("content-length", "5")]);
                ResponseOutparam::set(out, Ok(OutgoingResponse::new(headers)));
            }
            "/frames" => reply(
                out,
                &[("te", "trailers"), ("x-kept", "yes"), ("trailer", "x-none")],
                b"framed",
            ),
            "/informational" => {
                let response = OutgoingResponse::new(Fields::new());
                let _ = response.set_status_code(101);
                ResponseOutparam::set(out, Ok(response));
            }
            "/no-content" => {
                let response = OutgoingResponse::new(Fields::new());
                let _ = response.set_status_code(204);
                let body = response.body().expect("a body");
                ResponseOutparam::set(out, Ok(response));
                let stream = body.write().expect("a stream");
                let _ = stream.blocking_write_and_flush(b"HTTP/1.1 200 OK\r\n\r\n");
                drop(stream);
                let _ = OutgoingBody::finish(body, None);
            }
            "/many-headers" => {
                let fields = Fields::new();
                for number in 0..500 {
                    let _ = fields.append(&format!("x-{number}"), b"1");
                }
                ResponseOutparam::set(out, Ok(OutgoingResponse::new(fields)));
            }
            "/unfinished" => {
                let (body, stream) = begin(out, &[]);
                let _ = stream.blocking_write_and_flush(b"half");
                drop((stream, body));
            }
            "/forgotten" => {
                let (body, stream) = begin(out, &[]);
                let _ = stream.blocking_write_and_flush(b"half");
                forget((body, stream));
            }
            "/forgotten-later" => {
                let (body, stream) = begin(out, &[]);
                let _ = stream.blocking_write_and_flush(b"half");
                pause();
                forget((body, stream));
            }
            "/keeps-the-request" => {
                let body = request.consume().expect("a body");
                let stream = body.stream().expect("a stream");
                let _ = stream.blocking_read(1);
                forget((body, stream));
                reply(out, &[], b"kept");
            }
            "/reads-to-the-end" => {
                let body = request.consume().expect("a body");
                let read = read(&body);
                reply(out, &[], read.to_string().as_bytes());
            }
            "/traps-half-way" => {
                let (_body, stream) = begin(out, &[]);
                let _ = stream.blocking_write_and_flush(b"half");
                pause();
                panic!("half-way");
            }
            "/spins-half-way" => {
                let (_body, stream) = begin(out, &[]);
                let _ = stream.blocking_write_and_flush(b"half");
                spin();
            }
            "/spins-after" => {
                let (body, stream) = begin(out, &[]);
                let _ = stream.blocking_write_and_flush(b"whole");
                drop(stream);
                let _ = OutgoingBody::finish(body, None);
                spin();
            }
            "/endless" => {
                let (_body, stream) = begin(out, &[]);
                while stream.blocking_write_and_flush(&[b'x'; 4096]).is_ok() {}
            }
            "/hoards" => {
                for _ in 0..200_000 {
                    forget(Fields::new());
                }
                reply(out, &[], b"hoarded");
            }
            _ => reply(out, &[], b"no such harm"),
        }
    }
}

fn fields(entries: &[(&str, &str)]) -> Fields {
    let fields = Fields::new();
    for (name, value) in entries {
        let _ = fields.append(name, value.as_bytes());
    }
    fields
}

fn begin(out: ResponseOutparam, headers: &[(&str, &str)]) -> (OutgoingBody, OutputStream) {
    let response = OutgoingResponse::new(fields(headers));
    let body = response.body().expect("a body");
    ResponseOutparam::set(out, Ok(response));
    let stream = body.write().expect("a stream");
    (body, stream)
}

fn reply(out: ResponseOutparam, headers: &[(&str, &str)], text: &[u8]) {
    let (body, stream) = begin(out, headers);
    let _ = stream.blocking_write_and_flush(text);
    drop(stream);
    let _ = OutgoingBody::finish(body, None);
}

/// The same in two pieces.
fn slow(out: ResponseOutparam, headers: &[(&str, &str)], text: &[u8]) {
    let (body, stream) = begin(out, headers);
    let _ = stream.blocking_write_and_flush(text);
    pause();
    let _ = stream.blocking_write_and_flush(text);
    drop(stream);
    let _ = OutgoingBody::finish(body, None);
}

fn read(body: &IncomingBody) -> usize {
    let stream = body.stream().expect("a stream");
    let mut read = 0;
    while let Ok(bytes) = stream.blocking_read(1 << 16) {
        read += bytes.len();
    }
    read
}

fn pause() {
    monotonic_clock::subscribe_duration(100_000_000).block();
}

fn spin() -> ! {
    loop {
        std::hint::black_box(());
    }
}
