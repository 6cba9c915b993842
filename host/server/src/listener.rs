//! Listening socket.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

use socket2::{Domain, Protocol, Socket, Type};

use crate::error::ServeError;

/// How many connections the kernel keeps until they are accepted.
const BACKLOG: i32 = 1024;

/// A socket that is bound, but not accepted from yet.
#[derive(Debug)]
pub struct Listener {
    pub(crate) socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Binds to a host name or address. Port 0 takes any that is free.
    ///
    /// # Errors
    /// Says why the address cannot be had.
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
            // A port whose last connections are still closing may be had again.
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

    /// The address it is bound to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_zero_is_some_port() {
        assert_ne!(Listener::bind("127.0.0.1", 0).unwrap().address().port(), 0);
    }

    #[test]
    fn says_what_is_in_the_way() {
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
