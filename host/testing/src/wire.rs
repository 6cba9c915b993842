//! A connection whose every byte is the test's.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// The longest to wait for bytes.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A connection of HTTP/1.1.
#[derive(Debug)]
pub struct Wire {
    reader: BufReader<TcpStream>,
}

/// A response as it came.
#[derive(Debug, Clone)]
pub struct WireResponse {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Wire {
    /// Connects.
    ///
    /// # Errors
    /// Nobody listens there.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            reader: BufReader::new(stream),
        })
    }

    /// Sends bytes. A server that hangs up early is for what is read next to show.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.reader.get_mut().write_all(bytes.as_ref());
    }

    /// Says that nothing more comes.
    pub fn finish(&mut self) {
        let _ = self.reader.get_mut().shutdown(Shutdown::Write);
    }

    /// Sends a whole request of this head, without its last line break, and reads
    /// the response.
    ///
    /// # Panics
    /// There is no response.
    pub fn ask(&mut self, head: &str) -> WireResponse {
        self.send(format!("{head}\r\n\r\n"));
        self.response()
    }

    /// As [`Wire::ask`], where there may be no response.
    ///
    /// # Errors
    /// There is none, or it is not HTTP.
    pub fn try_ask(&mut self, head: &str) -> io::Result<WireResponse> {
        self.send(format!("{head}\r\n\r\n"));
        self.read(true)
    }

    /// As [`Wire::response`], where there may be none.
    ///
    /// # Errors
    /// There is none, or it is not HTTP.
    pub fn try_response(&mut self) -> io::Result<WireResponse> {
        self.read(true)
    }

    /// Reads all bytes until the server closes the connection.
    ///
    /// # Panics
    /// It does not close it.
    pub fn rest(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let read = self.reader.read_to_end(&mut bytes);
        read.expect("the server closes the connection");
        bytes
    }

    /// Reads a response that has a body, if it says so.
    ///
    /// # Panics
    /// There is none, or it is not HTTP.
    pub fn response(&mut self) -> WireResponse {
        self.read(true).expect("a response")
    }

    /// Reads a response to HEAD, which has no body whatever it says.
    ///
    /// # Panics
    /// There is none, or it is not HTTP.
    pub fn head_response(&mut self) -> WireResponse {
        self.read(false).expect("a response")
    }

    /// Whether the server has closed the connection, with nothing more to read.
    pub fn is_closed(&mut self) -> bool {
        match self.reader.fill_buf() {
            Ok(bytes) => bytes.is_empty(),
            Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
        }
    }

    /// Whether the server closes the connection, with no response or one of this
    /// status.
    pub fn is_closed_or(&mut self, status: u16) -> bool {
        match self.is_closed() {
            true => true,
            false => self
                .read(true)
                .is_ok_and(|response| response.status == status),
        }
    }

    /// The address of this end of the connection.
    ///
    /// # Panics
    /// The connection is gone.
    #[must_use]
    pub fn local_address(&self) -> SocketAddr {
        self.reader.get_ref().local_addr().expect("a connection")
    }

    /// The next piece of a chunked body, after its head was read with
    /// [`Wire::head_response`]; none at its end, where [`Wire::trailers`] go on.
    ///
    /// # Panics
    /// The body is broken off.
    pub fn chunk(&mut self) -> Option<Vec<u8>> {
        self.try_chunk().expect("a chunk")
    }

    /// As [`Wire::chunk`], where the body may be broken off.
    ///
    /// # Errors
    /// It is.
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

    /// The trailers of a chunked body, after its last piece.
    ///
    /// # Panics
    /// They are broken off.
    pub fn trailers(&mut self) -> Vec<(String, String)> {
        self.fields().expect("trailers")
    }

    /// Names, in lower case, and values, up to an empty line.
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
            .ok_or_else(|| io::Error::other("the connection ended in the head"))
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
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(known, _)| known == name);
        found.next().map(|(_, value)| value.as_str())
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
