//! The accept loop: bounded in connections, in the time a header or an idle connection may take, and in the time a
//! whole connection may last.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Out of file descriptors, say: accepting at once again would only burn a core.
const PAUSE: Duration = Duration::from_millis(100);

/// How much strangers get of us.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    /// Connections at once; more wait in the listener's queue.
    connections: usize,
    /// How long a header may take, the wait for its first byte included: a connection that is idle for so long ends.
    header: Duration,
    /// How long a connection may last, whoever reads however slowly.
    connection: Duration,
    /// How long requests under way have when we end.
    drain: Duration,
}

const BOUNDS: Bounds = Bounds {
    connections: 256,
    header: Duration::from_secs(20),
    connection: Duration::from_secs(300),
    drain: Duration::from_secs(5),
};

/// Serves HTTP/1.1 until told to stop; requests under way are finished.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    serve_within(BOUNDS, listener, router, stop).await;
}

async fn serve_within(bounds: Bounds, listener: TcpListener, router: Router, stop: CancellationToken) {
    let graceful = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(bounds.connections));
    while let Some((stream, permit)) = next(&listener, &room, &stop).await {
        let stream = match stream {
            Ok(stream) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(bounds.header).max_headers(64);
        let service = TowerToHyperService::new(router.clone());
        let connection = graceful.watch(builder.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            let _permit = permit;
            match timeout(bounds.connection, connection).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!(%error, "a connection ended early"),
                Err(_) => tracing::debug!("a connection lasted too long"),
            }
        });
    }
    let _ = timeout(bounds.drain, graceful.shutdown()).await;
}

/// The next connection, once there is room for one; `None` when told to stop.
async fn next(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
    stop: &CancellationToken,
) -> Option<(io::Result<TcpStream>, OwnedSemaphorePermit)> {
    let accepted = async {
        let permit = Arc::clone(room).acquire_owned().await.ok()?;
        let stream = listener.accept().await.map(|(stream, _)| stream);
        Some((stream, permit))
    };
    tokio::select! {
        () = stop.cancelled() => None,
        accepted = accepted => accepted,
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const FEW: Bounds = Bounds {
        connections: 4,
        header: Duration::from_millis(200),
        connection: Duration::from_secs(30),
        drain: Duration::from_secs(1),
    };

    async fn serving(bounds: Bounds) -> (SocketAddr, CancellationToken) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let router = Router::new().route("/", get(|| async { "here" }));
        tokio::spawn(serve_within(bounds, listener, router, stop.clone()));
        (address, stop)
    }

    async fn ask(address: SocketAddr) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn connections_that_say_nothing_keep_nobody_out() {
        let (address, _stop) = serving(FEW).await;
        let mut silent = Vec::new();
        for _ in 0..FEW.connections {
            silent.push(TcpStream::connect(address).await.unwrap());
        }
        let answer = timeout(Duration::from_secs(10), ask(address)).await.expect("an answer once they are shown out");
        assert!(answer.ends_with("here"), "{answer}");
    }

    #[tokio::test]
    async fn a_connection_ends_whoever_reads_however_slowly() {
        let bounds = Bounds { header: Duration::from_secs(30), connection: Duration::from_millis(200), ..FEW };
        let (address, _stop) = serving(bounds).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        let mut rest = Vec::new();
        let ended = timeout(Duration::from_secs(10), stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "still open");
    }
}
