//! What stands between two replicas in a test: it passes bytes on until it is told to cut them, or to refuse whoever comes.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// One way from one replica to another.
pub struct Proxy {
    pub address: SocketAddr,
    open: Arc<AtomicBool>,
    held: Arc<Mutex<Vec<TcpStream>>>,
    thread: Mutex<Option<thread::JoinHandle<()>>>,
}

impl Proxy {
    pub fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let open = Arc::new(AtomicBool::new(true));
        let held = Arc::new(Mutex::new(Vec::new()));
        let (going, kept) = (Arc::clone(&open), Arc::clone(&held));
        let thread = thread::spawn(move || {
            while going.load(Ordering::SeqCst) {
                match listener.accept() {
                    Ok((near, _)) => join(near, target, &kept),
                    Err(_) => thread::sleep(Duration::from_millis(1)),
                }
            }
        });
        Self {
            address,
            open,
            held,
            thread: Mutex::new(Some(thread)),
        }
    }

    /// Ends every connection that goes through here.
    pub fn cut(&self) {
        for stream in self.held.lock().unwrap().drain(..) {
            // It may have ended by itself.
            drop(stream.shutdown(Shutdown::Both));
        }
    }

    /// From now on the port refuses connections, as if nobody were there; those that exist are cut.
    pub fn refuse(&self) {
        self.open.store(false, Ordering::SeqCst);
        if let Some(thread) = self.thread.lock().unwrap().take() {
            thread.join().unwrap();
        }
        self.cut();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.refuse();
    }
}

fn join(near: TcpStream, target: SocketAddr, held: &Mutex<Vec<TcpStream>>) {
    let Ok(far) = TcpStream::connect(target) else {
        return;
    };
    near.set_nonblocking(false).unwrap();
    for stream in [&near, &far] {
        stream.set_nodelay(true).unwrap();
        held.lock().unwrap().push(stream.try_clone().unwrap());
    }
    let ways = [
        (near.try_clone().unwrap(), far.try_clone().unwrap()),
        (far, near),
    ];
    for (mut from, mut to) in ways {
        thread::spawn(move || {
            // However the one way ends, the other learns it.
            drop(io::copy(&mut from, &mut to));
            drop(to.shutdown(Shutdown::Both));
            drop(from.shutdown(Shutdown::Both));
        });
    }
}
