//! A cable between the public port and tiny_http, for two things that tiny_http cannot do.
//!
//! It has no way to end a connection without an answer, which the fault `drop` needs: the cable can be pulled.
//! And of connections that come in the same instant it may leave one without a thread for as long as the others
//! last (its pool counts a thread that was just woken as free), so that a browser's silent spare connection
//! stops a page from loading. Here a connection reaches tiny_http only once the client has said something, and
//! while an answer is due tiny_http is nudged: a connection that ends at once frees a thread, which then takes
//! up what was left.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write, copy};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// Connections at the same time; more are closed.
const LINES: usize = 256;
/// How long an answer may take before the first nudge; doubled for each further one.
const FIRST_PATIENCE: Duration = Duration::from_millis(20);
/// Nudges an answer, so that a late one is not nudged for ever.
const NUDGES: u32 = 10;

/// A client's connection.
struct Line {
    client: TcpStream,
    /// Port that tiny_http sees as the client's, once there is a connection to it.
    seen_as: Option<u16>,
}

/// The client connections by number. What ends them from outside.
#[derive(Clone, Default)]
pub(super) struct Plug {
    lines: Arc<Mutex<BTreeMap<u64, Line>>>,
}

impl Plug {
    fn lines(&self) -> MutexGuard<'_, BTreeMap<u64, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the connection of the client that tiny_http sees under that port. When the client has left,
    /// nothing happens.
    pub(super) fn pull(&self, port: u16) {
        let lines = self.lines();
        for line in lines.values().filter(|line| line.seen_as == Some(port)) {
            // It fails only when the client is gone, which is what is wanted.
            let _ = line.client.shutdown(Shutdown::Both);
        }
    }
}

/// Carries connections until dropped; then they end, and the port is free.
pub(super) struct Cable {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    plug: Plug,
    thread: Option<JoinHandle<()>>,
}

impl Cable {
    /// Takes the public listener; tiny_http listens on `server_port` of loopback.
    pub(super) fn lay(listener: TcpListener, server_port: u16, plug: Plug) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let stop = Arc::new(AtomicBool::new(false));
        let (stop_inside, plug_inside) = (Arc::clone(&stop), plug.clone());
        let thread = Builder::new().name("sandbox cable".to_owned()).spawn(move || {
            let mut number = 0;
            while !stop_inside.load(Ordering::SeqCst) {
                // It fails for a client that left again, or for want of descriptors; neither is the end.
                match listener.accept() {
                    Ok((client, _)) if !stop_inside.load(Ordering::SeqCst) => {
                        number += 1;
                        connect(client, number, server_port, &plug_inside);
                    }
                    Ok(_) => {}
                    #[expect(
                        clippy::disallowed_methods,
                        reason = "nothing tells when descriptors are to be had again"
                    )]
                    Err(_) => std::thread::sleep(FIRST_PATIENCE),
                }
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
        for line in self.plug.lines().values() {
            let _ = line.client.shutdown(Shutdown::Both);
        }
    }
}

/// Gives the client a thread of its own. A client that cannot be carried is closed by being dropped.
fn connect(client: TcpStream, number: u64, server_port: u16, plug: &Plug) {
    let Ok(handle) = client.try_clone() else {
        return;
    };
    {
        let mut lines = plug.lines();
        if lines.len() >= LINES {
            return;
        }
        lines.insert(number, Line { client: handle, seen_as: None });
    }
    let plug_inside = plug.clone();
    let spawned = Builder::new().name("sandbox cable, out".to_owned()).spawn(move || {
        // However it ends, it ends for both sides.
        let _ = carry(&client, number, server_port, &plug_inside);
        let _ = client.shutdown(Shutdown::Both);
        plug_inside.lines().remove(&number);
    });
    if spawned.is_err() {
        plug.lines().remove(&number);
    }
}

fn carry(mut client: &TcpStream, number: u64, server_port: u16, plug: &Plug) -> io::Result<()> {
    let mut buffer = [0; 8 * 1024];
    let count = client.read(&mut buffer)?;
    if count == 0 {
        return Ok(());
    }
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, server_port))?;
    if let Some(line) = plug.lines().get_mut(&number) {
        line.seen_as = Some(server.local_addr()?.port());
    }
    server.write_all(&buffer[..count])?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    Builder::new().name("sandbox cable, in".to_owned()).spawn(move || {
        let _ = copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Both);
    })?;
    let count = first_answer(&mut server, &mut buffer, server_port)?;
    client.write_all(&buffer[..count])?;
    copy(&mut server, &mut client)?;
    Ok(())
}

/// Waits for the first bytes of the answer and nudges tiny_http meanwhile.
fn first_answer(server: &mut TcpStream, buffer: &mut [u8], server_port: u16) -> io::Result<usize> {
    let mut patience = FIRST_PATIENCE;
    for _ in 0..NUDGES {
        server.set_read_timeout(Some(patience))?;
        match server.read(buffer) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                drop(TcpStream::connect((Ipv4Addr::LOCALHOST, server_port))?);
                patience *= 2;
            }
            answer => {
                server.set_read_timeout(None)?;
                return answer;
            }
        }
    }
    server.set_read_timeout(None)?;
    server.read(buffer)
}
