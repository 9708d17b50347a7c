//! The line between a client and an honest conversation: it carries so many bytes, and then it breaks.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, copy, sink, split};
use tokio::net::TcpStream;

use super::then::Then;

/// Carries all that the client says, and of what it is answered so many bytes; then does what shall be done. What ends by
/// itself before that ends in good order.
pub(super) async fn carry(mut stream: TcpStream, far: DuplexStream, bytes: u64, then: &Then) -> io::Result<()> {
    let _ = stream.set_nodelay(true);
    if bytes == 0 {
        // Else the connection might be over before the client knows that it stands.
        stream.peek(&mut [0]).await?;
    }
    let (mut from_server, mut to_server) = split(far);
    let (mut from_client, mut to_client) = stream.split();
    let down = async {
        if copy(&mut (&mut from_server).take(bytes), &mut to_client).await? < bytes {
            to_client.shutdown().await?;
            return Ok(false);
        }
        then.on(&mut to_client).await.map(|()| true)
    };
    let up = async {
        copy(&mut from_client, &mut to_server).await?;
        // Whoever has hung up waits for no answer.
        Err(io::Error::from(io::ErrorKind::BrokenPipe))
    };
    let is_cut: bool = tokio::select! {
        is_cut = down => is_cut?,
        gone = up => return gone,
    };
    if is_cut && matches!(then, Then::Reset) {
        return stream.set_zero_linger();
    }
    // With bytes unread the kernel would reset what was to be closed.
    copy(&mut stream, &mut sink()).await.map(drop)
}
