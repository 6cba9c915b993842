//! HTTP/1.1 connection on which a test controls every byte that it sends.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// Timeout of connecting, of each read and of each write.
const TIMEOUT: Duration = Duration::from_secs(30);

/// An HTTP/1.1 connection.
#[derive(Debug)]
pub struct Wire {
    reader: BufReader<TcpStream>,
}

/// A response.
#[derive(Debug, Clone)]
pub struct WireResponse {
    /// The status.
    pub status: u16,
    /// The headers, with names in lowercase.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Wire {
    /// Connects to a server.
    ///
    /// # Errors
    /// Fails if the connection is refused or times out.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            reader: BufReader::new(stream),
        })
    }

    /// Sends bytes. Ignores write errors: if the server closes the connection early,
    /// the next read shows it.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.reader.get_mut().write_all(bytes.as_ref());
    }

    /// Shuts down the write half of the connection.
    pub fn finish(&mut self) {
        let _ = self.reader.get_mut().shutdown(Shutdown::Write);
    }

    /// Sends a request without a body and reads the response. Pass `head` without its
    /// final line breaks.
    ///
    /// # Panics
    /// Panics if no valid response arrives.
    pub fn ask(&mut self, head: &str) -> WireResponse {
        self.send(format!("{head}\r\n\r\n"));
        self.response()
    }

    /// Like [`Wire::ask`], but returns an error instead of panicking.
    ///
    /// # Errors
    /// Fails if no response arrives, or it is not HTTP.
    pub fn try_ask(&mut self, head: &str) -> io::Result<WireResponse> {
        self.send(format!("{head}\r\n\r\n"));
        self.read(true)
    }

    /// Like [`Wire::response`], but returns an error instead of panicking.
    ///
    /// # Errors
    /// Fails if no response arrives, or it is not HTTP.
    pub fn try_response(&mut self) -> io::Result<WireResponse> {
        self.read(true)
    }

    /// Reads all bytes until the server closes the connection.
    ///
    /// # Panics
    /// Panics if the server does not close the connection in time.
    pub fn rest(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let read = self.reader.read_to_end(&mut bytes);
        read.expect("the server closes the connection");
        bytes
    }

    /// Reads a response, including its body.
    ///
    /// # Panics
    /// Panics if no response arrives, or it is not HTTP.
    pub fn response(&mut self) -> WireResponse {
        self.read(true).expect("a response")
    }

    /// Reads the head of a response but no body. A response to HEAD has no body, even
    /// if it has a `content-length`.
    ///
    /// # Panics
    /// Panics if no response arrives, or it is not HTTP.
    pub fn head_response(&mut self) -> WireResponse {
        self.read(false).expect("a response")
    }

    /// Returns true if the server has closed the connection and no bytes are left to read.
    pub fn is_closed(&mut self) -> bool {
        match self.reader.fill_buf() {
            Ok(bytes) => bytes.is_empty(),
            Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
        }
    }

    /// Returns true if the server closes the connection without a response, or sends a
    /// response with this status.
    pub fn is_closed_or(&mut self, status: u16) -> bool {
        match self.is_closed() {
            true => true,
            false => self
                .read(true)
                .is_ok_and(|response| response.status == status),
        }
    }

    /// Returns the local address of the connection.
    ///
    /// # Panics
    /// Panics if the system does not return the address.
    #[must_use]
    pub fn local_address(&self) -> SocketAddr {
        self.reader.get_ref().local_addr().expect("a connection")
    }

    /// Reads the next chunk of a chunked body, or returns `None` after the last one. Call
    /// [`Wire::head_response`] first, and [`Wire::trailers`] after the last chunk.
    ///
    /// # Panics
    /// Panics if the body is truncated.
    pub fn chunk(&mut self) -> Option<Vec<u8>> {
        self.try_chunk().expect("a chunk")
    }

    /// Like [`Wire::chunk`], but returns an error instead of panicking.
    ///
    /// # Errors
    /// Fails if the body is truncated.
    pub fn try_chunk(&mut self) -> io::Result<Option<Vec<u8>>> {
        let line = self.line()?;
        let size = usize::from_str_radix(line.split(';').next().unwrap_or_default(), 16);
        let size = size.map_err(|_| io::Error::other(format!("not a chunk: `{line}`")))?;
        if size == 0 {
            return Ok(None);
        }
        let mut piece = vec![0; size];
        self.reader.read_exact(&mut piece)?;
        self.line()?;
        Ok(Some(piece))
    }

    /// Reads the trailers of a chunked body, after its last chunk.
    ///
    /// # Panics
    /// Panics if the trailers are truncated.
    pub fn trailers(&mut self) -> Vec<(String, String)> {
        self.fields().expect("trailers")
    }

    /// Reads header fields up to the first line without a colon, such as the empty line
    /// at their end. The names are in lowercase.
    fn fields(&mut self) -> io::Result<Vec<(String, String)>> {
        let mut fields = Vec::new();
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else {
                return Ok(fields);
            };
            fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        self.reader.read_until(b'\n', &mut line)?;
        let line = String::from_utf8_lossy(&line);
        let line = line.strip_suffix("\r\n");
        line.map(str::to_owned)
            .ok_or_else(|| io::Error::other("the connection ended before the end of a line"))
    }

    fn read(&mut self, with_body: bool) -> io::Result<WireResponse> {
        let first = self.line()?;
        let status = first
            .strip_prefix("HTTP/1.1 ")
            .and_then(|rest| rest.get(..3));
        let status = status.and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("not HTTP/1.1: `{first}`")))?;
        let mut response = WireResponse {
            status,
            headers: self.fields()?,
            body: Vec::new(),
        };
        if !with_body || status < 200 || status == 204 || status == 304 {
            return Ok(response);
        }
        if response.header("transfer-encoding") == Some("chunked") {
            while let Some(piece) = self.try_chunk()? {
                response.body.extend(piece);
            }
            self.fields()?;
            return Ok(response);
        }
        let length = response
            .header("content-length")
            .and_then(|text| text.parse().ok());
        let length: usize =
            length.ok_or_else(|| io::Error::other("the response has no content-length"))?;
        response.body = vec![0; length];
        self.reader.read_exact(&mut response.body)?;
        Ok(response)
    }
}

impl WireResponse {
    /// Returns the first value of a header; `name` must be in lowercase.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(known, _)| known == name);
        found.next().map(|(_, value)| value.as_str())
    }

    /// Returns the body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
