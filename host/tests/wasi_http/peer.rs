//! A server that guests send requests to.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// A server on loopback that records request heads. Its thread ends with the test process.
pub(crate) struct Peer {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Peer {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let noted = heads.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let noted = noted.clone();
                thread::spawn(move || serve(stream, &noted));
            }
        });
        Self { address, heads }
    }

    /// Returns its origin as in an allow list.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the guest's path that requests a path of this server.
    pub(crate) fn through(&self, path: &str) -> String {
        let url = crate::support::encode(&format!("{}{path}", self.origin()));
        format!("/outgoing?url={url}")
    }

    /// Returns the heads of all requests so far.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Answers the requests of a connection in order.
fn serve(stream: TcpStream, noted: &Mutex<Vec<String>>) {
    let Ok(mut writer) = stream.try_clone() else {
        return;
    };
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            match reader.read_line(&mut head) {
                Ok(1..) => {}
                _ => return,
            }
        }
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut heads = noted.lock().unwrap_or_else(PoisonError::into_inner);
        heads.push(head);
        drop(heads);
        if answer(&mut writer, &path).is_err() {
            return;
        }
    }
}

fn answer(writer: &mut TcpStream, path: &str) -> std::io::Result<()> {
    let (status, body) = match path {
        "/plain?a=b" => ("200 OK", "from elsewhere"),
        "/teapot" => ("418 I'm a teapot", "short and stout"),
        "/slow" => {
            // A body in two pieces with a pause.
            writer.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
            writer.write_all(b"6\r\nfirst\n\r\n")?;
            thread::sleep(Duration::from_millis(300));
            return writer.write_all(b"7\r\nsecond\n\r\n0\r\n\r\n");
        }
        "/gone" => return Err(std::io::ErrorKind::ConnectionAborted.into()),
        _ => ("404 Not Found", "not here"),
    };
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n");
    writer.write_all(head.as_bytes())?;
    writer.write_all(body.as_bytes())
}
