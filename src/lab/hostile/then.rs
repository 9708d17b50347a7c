//! [`Then`]: how a server goes on that has said something.

use std::borrow::Cow;
use std::future::pending;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::sleep;

/// What happens when so many bytes were sent.
#[derive(Debug, Clone)]
pub enum Then {
    /// The connection is closed in good order.
    Close,
    /// The connection is reset. Of a conversation above TLS, that it ends without `close_notify` (RFC 8446 section 6.1).
    Reset,
    /// Nothing more is said, and the connection stays.
    Stall,
    /// These bytes follow, again and again, as fast as they are taken.
    Flood(Cow<'static, [u8]>),
    /// These bytes follow, again and again, one at a time with a pause before each.
    Drip(Cow<'static, [u8]>, Duration),
}

impl Then {
    /// Sends these again and again without end.
    pub fn flood(bytes: impl Into<Cow<'static, [u8]>>) -> Self {
        Self::Flood(bytes.into())
    }

    /// Sends these without end, a byte a second.
    pub fn drip(bytes: impl Into<Cow<'static, [u8]>>) -> Self {
        Self::Drip(bytes.into(), Duration::from_secs(1))
    }

    /// Does it to the stream; whoever closes or resets returns, and drops the stream, the others go on for as long as
    /// anybody listens.
    pub(super) async fn on(&self, stream: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        match self {
            Self::Close => stream.shutdown().await,
            Self::Reset => Ok(()),
            Self::Stall => pending().await,
            Self::Flood(bytes) => {
                // Many at once, so that the sender is no slower than who is to bear it.
                let many = bytes.repeat(1 + MANY / bytes.len().max(1));
                loop {
                    stream.write_all(&many).await?;
                }
            }
            Self::Drip(bytes, pause) => {
                for byte in bytes.iter().cycle() {
                    sleep(*pause).await;
                    stream.write_u8(*byte).await?;
                    stream.flush().await?;
                }
                pending().await
            }
        }
    }
}

const MANY: usize = 16 * 1024;
