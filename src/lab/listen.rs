//! What the lab's servers have in common: they listen on loopback, and end when their value is dropped.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Out of file descriptors, say: accepting at once again would only burn a core.
const PAUSE: Duration = Duration::from_millis(100);

/// A free port on loopback.
pub(super) const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Talks with whoever connects, each in a task of its own. Dropping the set ends them all.
pub(super) fn serve<T>(
    listener: TcpListener,
    mut talk: impl FnMut(TcpStream) -> T + Send + 'static,
) -> JoinSet<io::Result<()>>
where
    T: Future<Output = io::Result<()>> + Send + 'static,
{
    let mut all = JoinSet::new();
    all.spawn(async move {
        let mut talks = JoinSet::new();
        loop {
            match listener.accept().await {
                // What a talk came to is between the two who had it.
                Ok((stream, _)) => drop(talks.spawn(talk(stream))),
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
            while talks.try_join_next().is_some() {}
        }
    });
    all
}
