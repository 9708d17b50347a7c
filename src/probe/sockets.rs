//! Our own sockets: how many looks may have open at once, and how to tell that we ran out of them (or of memory or
//! ports) from a fault of whom we look at.

use std::error::Error;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::LazyLock;

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Files that all else may have open: the store, the web server's connections, mail, the runtime.
const RESERVED: u64 = 64;
/// However few files we may open, so many sockets are tried at once.
const LEAST: u64 = 16;
/// More than the looks in flight have together.
const MOST: u64 = 8192;
/// So many open files allow for all that.
const ENOUGH: u64 = 2 * MOST + RESERVED;

/// Sized once, by the limit of open files when the first look begins.
static SOCKETS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(at_once(open_files())));

/// How many looks may be under way at once, by the files that this process may open: each has one socket at a time, and now
/// and then another for a question.
pub fn looks_at_once() -> usize {
    const MOST_LOOKS: usize = 2048;
    at_once(open_files()).min(MOST_LOOKS)
}

/// How many local ports there are for connections to one address and port; `None` where the system does not say.
pub fn local_ports() -> Option<u64> {
    port_range(&std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?)
}

/// Both ends are in the range.
fn port_range(text: &str) -> Option<u64> {
    let mut ends = text.split_whitespace().map(|end| end.parse::<u64>().ok());
    let (first, last) = (ends.next()??, ends.next()??);
    (last + 1).checked_sub(first)
}

/// Waits until so many more sockets may be opened; they may until the permit is dropped.
pub(super) async fn permit(sockets: u32) -> Option<SemaphorePermit<'static>> {
    // Nobody closes the semaphore.
    SOCKETS.acquire_many(sockets).await.ok()
}

/// Whether this machine has a route there. Only IPv6 may be missing without anybody's fault.
pub(super) fn has_route(address: SocketAddr) -> bool {
    if address.is_ipv4() {
        return true;
    }
    // Connecting a datagram socket looks the route up and sends nothing.
    match UdpSocket::bind("[::]:0") {
        Ok(socket) => socket.connect(address).is_ok(),
        // Nothing is known of the route; that we have no socket, the connection will tell.
        Err(error) => is_shortage(&error) && error.kind() != io::ErrorKind::AddrNotAvailable,
    }
}

/// Whether it is we who have no descriptor, buffer, memory or port left.
pub(super) fn is_shortage(error: &io::Error) -> bool {
    let ours = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM, Errno::ADDRNOTAVAIL];
    Errno::from_io_error(error).is_some_and(|errno| ours.contains(&errno))
}

/// Whether such a shortage is behind this error.
pub(super) fn is_caused_by_shortage(error: &(dyn Error + 'static)) -> bool {
    let mut causes = std::iter::successors(Some(error), |error: &&(dyn Error + 'static)| (*error).source());
    causes.any(|cause| cause.downcast_ref::<io::Error>().is_some_and(is_shortage))
}

/// How many files we may have open, once the soft limit was raised as far as it helps and the hard one allows.
fn open_files() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let soft = limit.current.unwrap_or(u64::MAX);
    let wanted = limit.maximum.unwrap_or(u64::MAX).min(ENOUGH);
    let raised = soft < wanted && setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), ..limit }).is_ok();
    if raised { wanted } else { soft }
}

/// How many sockets looks may have at once. Half of what is left: a question that is asked again takes another socket
/// while the first still waits.
fn at_once(open_files: u64) -> usize {
    let sockets = (open_files.saturating_sub(RESERVED) / 2).clamp(LEAST, MOST);
    usize::try_from(sockets).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a library tells what befell it.
    #[derive(Debug, thiserror::Error)]
    #[error("it broke")]
    struct Wrapped(#[source] io::Error);

    #[test]
    fn half_of_the_files_that_are_not_reserved_are_for_looks() {
        let cases = [(0, 16), (64, 16), (96, 16), (98, 17), (1024, 480), (ENOUGH, 8192), (u64::MAX, 8192)];
        for (files, sockets) in cases {
            assert_eq!(at_once(files), sockets, "{files}");
        }
    }

    #[test]
    fn local_ports_are_counted_from_the_first_to_the_last() {
        for (text, ports) in
            [("32768\t60999\n", Some(28_232)), ("1 1", Some(1)), ("9 7", None), ("", None), ("x 7", None)]
        {
            assert_eq!(port_range(text), ports, "{text:?}");
        }
    }

    #[test]
    fn a_shortage_is_told_from_what_the_network_says() {
        for ours in [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM, Errno::ADDRNOTAVAIL] {
            let error = io::Error::from(ours);
            assert!(is_shortage(&error), "{error}");
            assert!(is_caused_by_shortage(&Wrapped(error)));
        }
        for theirs in [Errno::CONNREFUSED, Errno::HOSTUNREACH, Errno::NETUNREACH, Errno::TIMEDOUT, Errno::CONNRESET] {
            let error = io::Error::from(theirs);
            assert!(!is_shortage(&error), "{error}");
        }
        assert!(!is_shortage(&io::Error::other("garbled")));
    }
}
