//! [`Bounded`]: a stream from which no more than so many bytes are read.
//!
//! A body is cut where it is read, but a server may send without end what never becomes a body: interim answers, pings,
//! settings, the size of a chunk. Who understands them works for it, and keeps some; here it ends, whatever they are.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream with a bound on what is read from it.
#[derive(Debug)]
pub(super) struct Bounded<S> {
    inner: S,
    most: usize,
    left: usize,
}

/// More came than may come.
#[derive(Debug, thiserror::Error)]
#[error("more than {} KiB came, and no end", .0 / 1024)]
struct TooMuch(usize);

impl<S> Bounded<S> {
    /// Reads so many bytes of the stream, and then fails.
    pub(super) const fn new(inner: S, most: usize) -> Self {
        Self { inner, most, left: most }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Bounded<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.left == 0 {
            return Poll::Ready(Err(io::Error::other(TooMuch(self.most))));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        self.left = self.left.saturating_sub(buf.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Bounded<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, repeat};

    use super::*;

    #[tokio::test]
    async fn what_ends_in_time_is_read_whole_and_what_does_not_fails() {
        let mut read = Vec::new();
        Bounded::new(&[7; 100][..], 100 + 1).read_to_end(&mut read).await.unwrap();
        assert_eq!(read, [7; 100]);
        let error = Bounded::new(repeat(7), 4096).read_to_end(&mut Vec::new()).await.unwrap_err();
        assert_eq!(error.to_string(), "more than 4 KiB came, and no end");
    }

    #[tokio::test]
    async fn what_is_written_is_not_counted() {
        let (ours, mut theirs) = tokio::io::duplex(64);
        let mut bounded = Bounded::new(ours, 4);
        bounded.write_all(&[1; 50]).await.unwrap();
        bounded.shutdown().await.unwrap();
        let mut read = Vec::new();
        theirs.read_to_end(&mut read).await.unwrap();
        assert_eq!(read, [1; 50]);
    }
}
