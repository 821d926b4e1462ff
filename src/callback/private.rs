//! The private way between the guard and `tiny_http`.
//!
//! On Unix a socket in a directory of its own with mode 0700, which no other user and no web page can
//! reach. Where that cannot be made (Windows, no temporary directory), a second port on 127.0.0.1; a
//! request that comes there without the guard's pass gets no answer.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// Both ways of a stream, whatever its kind.
pub(super) trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

/// Where `tiny_http` listens.
pub(super) enum Private {
    #[cfg(unix)]
    Socket(std::path::PathBuf),
    Port(SocketAddr),
}

/// The way, opened.
pub(super) struct Opened {
    pub private: Private,
    /// For `tiny_http`.
    pub listener: tiny_http::Listener,
    /// Holds the socket; removed on drop, which must come after that of the `tiny_http` server: the
    /// server connects to its own socket to end.
    pub directory: Option<tempfile::TempDir>,
}

impl Private {
    pub(super) fn open() -> io::Result<Opened> {
        #[cfg(unix)]
        if let Ok(opened) = Self::open_socket() {
            return Ok(opened);
        }
        Self::open_port()
    }

    #[cfg(unix)]
    fn open_socket() -> io::Result<Opened> {
        use std::os::unix::fs::PermissionsExt;
        // `tempfile` leaves the mode of a directory to the umask unless told.
        let private = std::fs::Permissions::from_mode(0o700);
        let directory = tempfile::Builder::new().prefix("zoom-setup-").permissions(private).tempdir()?;
        let path = directory.path().join("callback");
        let listener = tiny_http::Listener::Unix(std::os::unix::net::UnixListener::bind(&path)?);
        Ok(Opened { private: Self::Socket(path), listener, directory: Some(directory) })
    }

    fn open_port() -> io::Result<Opened> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let private = Self::Port(listener.local_addr()?);
        Ok(Opened { private, listener: tiny_http::Listener::Tcp(listener), directory: None })
    }

    /// A connection to `tiny_http`; a read on it ends after `limit` without a byte.
    pub(super) fn connect(&self, limit: Duration) -> io::Result<Box<dyn Stream>> {
        match self {
            #[cfg(unix)]
            Self::Socket(path) => {
                let stream = std::os::unix::net::UnixStream::connect(path)?;
                stream.set_read_timeout(Some(limit))?;
                Ok(Box::new(stream))
            }
            Self::Port(address) => {
                let stream = TcpStream::connect(address)?;
                stream.set_read_timeout(Some(limit))?;
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carries_a_request(opened: Opened) {
        let server = tiny_http::Server::from_listener(opened.listener, None).unwrap();
        let mut stream = opened.private.connect(Duration::from_secs(10)).unwrap();
        stream.write_all(b"GET /x HTTP/1.1\r\nConnection: close\r\n\r\n").unwrap();
        let request = server.recv().unwrap();
        assert_eq!(request.url(), "/x");
        request.into_writer().write_all(b"answer").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, "answer");
        drop(server);
        drop(opened.directory);
    }

    #[test]
    fn the_port_carries_a_request() {
        carries_a_request(Private::open_port().unwrap());
    }

    #[cfg(unix)]
    #[test]
    fn the_socket_carries_a_request_and_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let opened = Private::open_socket().unwrap();
        let directory = opened.directory.as_ref().unwrap().path().to_owned();
        let mode = std::fs::metadata(&directory).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        carries_a_request(opened);
        assert!(!directory.exists());
    }
}
