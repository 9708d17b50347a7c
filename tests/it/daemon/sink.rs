//! Small servers in our own process: [`Sink`] takes mail, [`Switch`] is the wire before a proxy that can be cut.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use super::wait_until;

/// A relay that takes every mail, in plain SMTP.
#[derive(Debug)]
pub(super) struct Sink {
    address: SocketAddr,
    mails: Arc<Mutex<Vec<String>>>,
    /// Conversations under way.
    talking: Arc<AtomicUsize>,
}

impl Sink {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let sink = Self {
            address: listener.local_addr().expect("an address"),
            mails: Arc::default(),
            talking: Arc::default(),
        };
        let (mails, talking) = (Arc::clone(&sink.mails), Arc::clone(&sink.talking));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (mails, talking) = (Arc::clone(&mails), Arc::clone(&talking));
                talking.fetch_add(1, Ordering::SeqCst);
                thread::spawn(move || {
                    // Whoever mails may be killed at any moment.
                    drop(take_mails(&stream, &mails));
                    talking.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        sink
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many mails were taken, once nobody mails any more.
    pub(super) fn settled(&self) -> usize {
        wait_until("the end of the conversations", || self.talking.load(Ordering::SeqCst) == 0);
        self.mails().len()
    }

    /// All mails taken so far, oldest first.
    pub(super) fn mails(&self) -> Vec<String> {
        self.mails.lock().expect("no panic in the sink").clone()
    }
}

fn take_mails(mut stream: &TcpStream, mails: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    stream.write_all(b"220 sink\r\n")?;
    while let Some(line) = lines.next().transpose()? {
        let answer = match line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase().as_str() {
            "DATA" => {
                stream.write_all(b"354 go on\r\n")?;
                let mut mail = String::new();
                loop {
                    let line = lines.next().transpose()?.ok_or(io::ErrorKind::UnexpectedEof)?;
                    if line == "." {
                        break;
                    }
                    mail += line.strip_prefix('.').unwrap_or(&line);
                    mail.push('\n');
                }
                // Taken is what we have taken, whether or not the other side lives to hear of it.
                mails.lock().expect("no panic in the sink").push(mail);
                "250 taken"
            }
            "QUIT" => return stream.write_all(b"221 bye\r\n"),
            _ => "250 fine",
        };
        write!(stream, "{answer}\r\n")?;
    }
    Ok(())
}

/// A wire to a server: everything passes, or every connection is cut at once.
#[derive(Debug)]
pub(super) struct Switch {
    address: SocketAddr,
    is_on: Arc<AtomicBool>,
}

impl Switch {
    /// A wire to this server, switched on.
    pub(super) fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let switch = Self { address: listener.local_addr().expect("an address"), is_on: Arc::new(true.into()) };
        let is_on = Arc::clone(&switch.is_on);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if is_on.load(Ordering::Relaxed) {
                    thread::spawn(move || drop(forward(&stream, server)));
                }
            }
        });
        switch
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Switches it on or off for connections from now on.
    pub(super) fn set(&self, on: bool) {
        self.is_on.store(on, Ordering::Relaxed);
    }
}

fn forward(client: &TcpStream, server: SocketAddr) -> io::Result<()> {
    let server = TcpStream::connect(server)?;
    let (mut there, mut back) = (server.try_clone()?, client.try_clone()?);
    let answers =
        thread::spawn(move || drop(io::copy(&mut there, &mut back).and_then(|_| back.shutdown(Shutdown::Write))));
    let copied = io::copy(&mut &*client, &mut &server);
    drop(server.shutdown(Shutdown::Write));
    drop(answers.join());
    copied.map(drop)
}
