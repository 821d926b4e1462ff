//! The public port: binding it, and what is known when it cannot be had.

use crate::ports::{BoundPort, ListenFailure, PortProblem, PortReason};
use socket2::{Domain, Protocol, Socket, Type};
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// Connections that the system holds ready for `accept`. The standard library's 128 overflow in a burst, and
/// then a browser has to try again after a second.
const BACKLOG: i32 = 1024;

/// Binds 127.0.0.1: the first of the ports that can be had, or any free one if none is named.
pub(super) fn bind(ports: &[u16]) -> Result<(TcpListener, BoundPort), ListenFailure> {
    let bound = |port| open(port).and_then(|listener| Ok((listener.local_addr()?.port(), listener)));
    if ports.is_empty() {
        let (port, listener) = bound(0).map_err(|error| ListenFailure::Other {
            detail: format!("no free port on 127.0.0.1: {error}"),
        })?;
        return Ok((listener, BoundPort { port, passed_over: Vec::new() }));
    }
    let mut passed_over = Vec::new();
    for &port in ports {
        match bound(port) {
            Ok((port, listener)) => return Ok((listener, BoundPort { port, passed_over })),
            Err(error) => passed_over.push(PortProblem { port, reason: reason(&error, port) }),
        }
    }
    Err(ListenFailure::NoPort { problems: passed_over })
}

fn open(port: u16) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    // As the standard library does: on Unix a port whose old connections are still in TIME_WAIT may be had,
    // one with a listener may not. On Windows the option would allow the latter.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// The reason behind an error of the system.
fn reason(error: &io::Error, port: u16) -> PortReason {
    let kind = error.kind();
    if kind == ErrorKind::AddrInUse {
        PortReason::InUse { holder: holder(port) }
    } else if kind == ErrorKind::PermissionDenied {
        PortReason::NotAllowed { detail: not_allowed(error, port) }
    } else {
        PortReason::Other { detail: error.to_string() }
    }
}

fn not_allowed(error: &io::Error, port: u16) -> String {
    let advice = if cfg!(windows) {
        // Hyper-V, WSL and Docker reserve ranges; the error is then WSAEACCES, not "in use".
        "Windows may have reserved a range around it; `netsh interface ipv4 show excludedportrange \
         protocol=tcp` lists the ranges. Choose another port below 49152"
    } else if port < 1024 {
        "ports below 1024 need special rights. Choose one from 1024 to 49151"
    } else {
        "a security policy forbids it. Choose another port from 1024 to 49151, or paste the final address"
    };
    format!("{error}: {advice}")
}

/// Who holds a port, as far as this user may know: `nginx (process 1234)`. Best effort.
#[cfg(target_os = "linux")]
fn holder(port: u16) -> Option<String> {
    // The second table only if need be, and each in as few reads as can be: the kernel goes through all of its
    // buckets for every read, which takes milliseconds.
    let sockets = ["/proc/net/tcp", "/proc/net/tcp6"]
        .into_iter()
        .map(|table| listening_sockets(&kernel_table(table).unwrap_or_default(), port))
        .find(|sockets| !sockets.is_empty())?;
    let user = sockets.first()?.user;
    Some(process_with_socket(&sockets).unwrap_or_else(|| format!("a process of user id {user}")))
}

#[cfg(not(target_os = "linux"))]
fn holder(_port: u16) -> Option<String> {
    None
}

/// The text of a file that has no length.
#[cfg(target_os = "linux")]
fn kernel_table(path: &str) -> io::Result<String> {
    let mut text = String::with_capacity(64 * 1024);
    io::Read::read_to_string(&mut std::fs::File::open(path)?, &mut text)?;
    Ok(text)
}

/// A listening socket in a table of `/proc/net`.
#[cfg(target_os = "linux")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ListeningSocket {
    user: u32,
    inode: u64,
}

/// The sockets that listen on `port` (proc_net_tcp of the kernel's documentation: local address in
/// field 1, state 0A is LISTEN in field 3, user in field 7, inode in field 9).
#[cfg(target_os = "linux")]
fn listening_sockets(table: &str, port: u16) -> Vec<ListeningSocket> {
    let socket = |line: &str| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let (_, local_port) = fields.get(1)?.rsplit_once(':')?;
        let listens = *fields.get(3)? == "0A" && u16::from_str_radix(local_port, 16).ok()? == port;
        let (user, inode) = (fields.get(7)?.parse().ok()?, fields.get(9)?.parse().ok()?);
        listens.then_some(ListeningSocket { user, inode })
    };
    table.lines().skip(1).filter_map(socket).collect()
}

/// The first process that has one of the sockets open, by name and number.
#[cfg(target_os = "linux")]
fn process_with_socket(sockets: &[ListeningSocket]) -> Option<String> {
    let links: Vec<String> = sockets.iter().map(|socket| format!("socket:[{}]", socket.inode)).collect();
    for process in std::fs::read_dir("/proc").ok()?.flatten() {
        let name = process.file_name();
        let Some(id) = name.to_str().filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())) else {
            continue;
        };
        // Other users' processes cannot be read; they are passed over.
        let Ok(open) = std::fs::read_dir(process.path().join("fd")) else { continue };
        let holds = open
            .flatten()
            .filter_map(|entry| std::fs::read_link(entry.path()).ok())
            .any(|target| target.to_str().is_some_and(|target| links.iter().any(|link| link == target)));
        if holds {
            let command = std::fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            let command = crate::secret::printable(command.trim(), 40);
            return Some(if command.is_empty() {
                format!("process {id}")
            } else {
                format!("{command} (process {id})")
            });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_comes_with_advice() {
        let error = io::Error::from(ErrorKind::PermissionDenied);
        let PortReason::NotAllowed { detail } = reason(&error, 80) else { panic!("not allowed") };
        assert!(detail.contains("Choose"), "{detail}");
        let PortReason::NotAllowed { detail } = reason(&error, 50000) else { panic!("not allowed") };
        assert!(detail.contains("Choose another port"), "{detail}");
        let error = io::Error::from(ErrorKind::AddrNotAvailable);
        assert!(matches!(reason(&error, 1), PortReason::Other { .. }));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn tables_of_the_kernel_are_understood() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            \x20  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4242 1 0 100 0 0 10 0\n\
            \x20  1: 0100007F:1F90 0100007F:9999 01 00000000:00000000 00:00000000 00000000  1000        0 77 1 0 100 0 0 10 0\n\
            \x20  2: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 88 1 0 100 0 0 10 0\n\
            junk\n";
        assert_eq!(listening_sockets(table, 8080), [ListeningSocket { user: 1000, inode: 4242 }]);
        assert_eq!(listening_sockets(table, 22), [ListeningSocket { user: 0, inode: 88 }]);
        assert_eq!(listening_sockets(table, 1), []);
        let wide = "head\n 0: 00000000000000000000000000000000:1F90 0:0 0A 0:0 0:0 0 5 0 99 1\n";
        assert_eq!(listening_sockets(wide, 8080), [ListeningSocket { user: 5, inode: 99 }]);
    }
}
