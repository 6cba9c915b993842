//! Listening socket.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

use socket2::{Domain, Protocol, Socket, Type};

use crate::error::ServeError;

/// The kernel's queue of connections that are not accepted yet.
const BACKLOG: i32 = 1024;

/// A bound socket that does not accept connections yet.
#[derive(Debug)]
pub struct Listener {
    pub(crate) socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Binds to a host name or address. Port 0 selects a free port.
    ///
    /// # Errors
    /// The name has no address, or the address cannot be bound.
    pub fn bind(host: &str, port: u16) -> Result<Self, ServeError> {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let mut addresses = (host, port)
            .to_socket_addrs()
            .map_err(|error| ServeError::Host(host.to_owned(), error))?;
        let address = addresses.next().ok_or_else(|| {
            ServeError::Host(host.to_owned(), io::Error::other("the name has no address"))
        })?;
        let listen = || -> io::Result<Self> {
            let domain = Domain::for_address(address);
            let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
            // Allows a restart while old connections are in TIME_WAIT.
            #[cfg(unix)]
            socket.set_reuse_address(true)?;
            socket.bind(&address.into())?;
            socket.listen(BACKLOG)?;
            socket.set_nonblocking(true)?;
            let socket = TcpListener::from(socket);
            let address = socket.local_addr()?;
            Ok(Self { socket, address })
        };
        listen().map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => ServeError::PortInUse(port),
            io::ErrorKind::PermissionDenied => ServeError::PortDenied(port),
            _ => ServeError::Listen(address.to_string(), error),
        })
    }

    /// Returns the bound address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_zero_selects_a_free_port() {
        assert_ne!(Listener::bind("127.0.0.1", 0).unwrap().address().port(), 0);
    }

    #[test]
    fn errors_name_their_cause() {
        let first = Listener::bind("127.0.0.1", 0).unwrap();
        let port = first.address().port();
        let error = Listener::bind("127.0.0.1", port).unwrap_err();
        assert!(matches!(error, ServeError::PortInUse(taken) if taken == port));
        assert!(matches!(
            Listener::bind("no such host", 0),
            Err(ServeError::Host(..))
        ));
    }
}
