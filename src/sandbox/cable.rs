//! A cable in front of the server that can be pulled.
//!
//! tiny_http has no way to end a connection without an answer, which is what the fault `drop` needs. With that
//! fault the sandbox listens itself, passes bytes to and from the server, and shuts a connection when told to.

use std::collections::BTreeMap;
use std::io::{self, copy};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

/// Outer connections by the port that the server sees as the client's.
type Lines = Arc<Mutex<BTreeMap<u16, TcpStream>>>;

/// The end of the cable that can be pulled.
#[derive(Clone, Default)]
pub(super) struct Plug {
    lines: Lines,
}

impl Plug {
    /// Ends the client's connection at once. Without a cable, or when the client has left, nothing happens.
    pub(super) fn pull(&self, port_seen_by_server: u16) {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = lines.get(&port_seen_by_server) {
            // It fails only when the client is gone, which is what is wanted.
            let _ = client.shutdown(Shutdown::Both);
        }
    }

    fn pull_all(&self) {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        for client in lines.values() {
            let _ = client.shutdown(Shutdown::Both);
        }
    }
}

/// Carries connections from a listener to the server until dropped.
pub(super) struct Cable {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    plug: Plug,
    thread: Option<JoinHandle<()>>,
}

impl Cable {
    /// Takes the listener; the server listens on `server_port` of loopback.
    pub(super) fn lay(listener: TcpListener, server_port: u16, plug: Plug) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let stop = Arc::new(AtomicBool::new(false));
        let (stop_inside, plug_inside) = (Arc::clone(&stop), plug.clone());
        let thread = Builder::new().name("sandbox cable".to_owned()).spawn(move || {
            while let Ok((client, _)) = listener.accept() {
                if stop_inside.load(Ordering::SeqCst) {
                    return;
                }
                // A connection that cannot be carried is closed by being dropped here.
                let _ = carry(client, server_port, &plug_inside.lines);
            }
        })?;
        Ok(Self { address, stop, plug, thread: Some(thread) })
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the accepting thread.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        self.plug.pull_all();
    }
}

fn carry(client: TcpStream, server_port: u16, lines: &Lines) -> io::Result<()> {
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, server_port))?;
    let key = server.local_addr()?.port();
    let handle = client.try_clone()?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    Builder::new().name("sandbox cable, in".to_owned()).spawn(move || {
        let _ = copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Both);
    })?;
    lines.lock().unwrap_or_else(PoisonError::into_inner).insert(key, handle);
    let lines = Arc::clone(lines);
    let (mut from_server, mut to_client) = (server, client);
    Builder::new().name("sandbox cable, out".to_owned()).spawn(move || {
        let _ = copy(&mut from_server, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Both);
        lines.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
    })?;
    Ok(())
}
