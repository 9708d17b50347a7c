//! `/metrics`: the snapshot for Prometheus, sent piece by piece as it is written, and compressed on the way where that is
//! asked for. What is held for it is one snapshot and a few pieces, however large the fleet is and however slowly
//! somebody reads; and that not for ever.

use std::io::{self, Write};
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, VARY};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::stream;
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};
use tokio::time::timeout;

use super::Shared;
use crate::metrics::{self, Page};

/// Pages written at once; who asks meanwhile waits.
static ROOM: Semaphore = Semaphore::const_new(2);

/// Who has not read the page by then reads no more of it. Prometheus gives up after ten seconds by default.
const DEADLINE: Duration = Duration::from_secs(60);
/// Pieces that may wait for the reader.
const AHEAD: usize = 2;

pub(super) async fn page(State(shared): State<Shared>, headers: HeaderMap) -> axum::response::Response {
    let Ok(room) = ROOM.acquire().await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let page = Page::new(shared.snapshot.borrow().clone());
    let compressed = accepts_gzip(&headers);
    let (pieces, written) = mpsc::channel(AHEAD);
    tokio::spawn(write(page, compressed, pieces, room, DEADLINE));
    let mut response = Response::new(Body::from_stream(stream::unfold(written, read)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(metrics::CONTENT_TYPE));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if compressed {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// A piece on its way to the reader.
#[derive(Debug)]
enum Piece {
    Part(Bytes),
    /// There is no more. Without it the page is not whole, and the reader must not take it for that.
    End,
}

/// Writes the page, as fast as it is read.
async fn write(
    page: impl Iterator<Item = Vec<u8>>,
    compressed: bool,
    pieces: mpsc::Sender<Piece>,
    _room: SemaphorePermit<'static>,
    deadline: Duration,
) {
    let all = async {
        let mut compressor = compressed.then(|| GzEncoder::new(Vec::new(), Compression::fast()));
        for part in page {
            let part = match &mut compressor {
                Some(compressor) => compress(compressor, &part)?,
                None => part,
            };
            if !part.is_empty() {
                pieces.send(Piece::Part(part.into())).await.map_err(io::Error::other)?;
            }
            // A piece is a millisecond's work; looks come between any two.
            tokio::task::yield_now().await;
        }
        if let Some(compressor) = compressor {
            pieces.send(Piece::Part(compressor.finish()?.into())).await.map_err(io::Error::other)?;
        }
        pieces.send(Piece::End).await.map_err(io::Error::other)
    };
    match timeout(deadline, all).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "the metrics were not read to their end"),
        Err(_) => tracing::warn!(?deadline, "the metrics were read so slowly that we have stopped"),
    }
}

/// The next of the compressed bytes; none as long as there are few.
fn compress(compressor: &mut GzEncoder<Vec<u8>>, part: &[u8]) -> io::Result<Vec<u8>> {
    compressor.write_all(part)?;
    Ok(std::mem::take(compressor.get_mut()))
}

/// The next piece of a page; an error where its writer has stopped before its end.
async fn read(mut written: mpsc::Receiver<Piece>) -> Option<(io::Result<Bytes>, mpsc::Receiver<Piece>)> {
    match written.recv().await {
        Some(Piece::Part(part)) => Some((Ok(part), written)),
        Some(Piece::End) => None,
        None => Some((Err(io::ErrorKind::TimedOut.into()), written)),
    }
}

/// Whether the reader takes gzip (RFC 9110 §12.5.3): it names it, or anything, and not with a weight of zero.
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let said = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let codings = said.flat_map(|value| value.split(',')).map(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let refused = parts.filter_map(|part| part.strip_prefix("q=")).any(|q| q.parse() == Ok(0.0));
        (name, !refused)
    });
    let codings: Vec<(String, bool)> = codings.collect();
    let of = |wanted: &str| codings.iter().find(|(name, _)| name == wanted).map(|(_, taken)| *taken);
    of("gzip").or_else(|| of("x-gzip")).or_else(|| of("*")).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use flate2::read::GzDecoder;

    use super::*;

    /// So many pieces of a kilobyte each, counted as they are taken.
    fn pieces(count: usize, taken: &Arc<AtomicUsize>) -> impl Iterator<Item = Vec<u8>> + use<> {
        let taken = Arc::clone(taken);
        (0..count).map(move |number| {
            taken.fetch_add(1, Ordering::Relaxed);
            vec![u8::try_from(number % 251).unwrap(); 1024]
        })
    }

    async fn read_all(mut written: mpsc::Receiver<Piece>) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        while let Some((piece, rest)) = read(written).await {
            all.extend(piece?);
            written = rest;
        }
        Ok(all)
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_does_not_read_holds_a_few_pieces_and_that_not_for_ever() {
        let (taken, room) = (Arc::default(), Box::leak(Box::new(Semaphore::new(1))));
        let (sender, mut written) = mpsc::channel(AHEAD);
        let permit = room.acquire().await.unwrap();
        let writer = tokio::spawn(write(pieces(10_000, &taken), false, sender, permit, DEADLINE));
        let first = written.recv().await;
        assert!(matches!(first, Some(Piece::Part(_))), "{first:?}");
        tokio::time::sleep(DEADLINE - Duration::from_secs(1)).await;
        assert!(taken.load(Ordering::Relaxed) <= AHEAD + 2, "{taken:?} pieces for a reader of one");
        assert_eq!(room.available_permits(), 0, "it may still be read");
        writer.await.unwrap();
        assert_eq!(room.available_permits(), 1, "and nobody waits for ever");
        let rest = read_all(written).await;
        assert_eq!(rest.unwrap_err().kind(), io::ErrorKind::TimedOut, "a page that is not whole must not seem so");
    }

    #[tokio::test]
    async fn what_is_compressed_is_the_same() {
        let room = Box::leak(Box::new(Semaphore::new(2)));
        let mut read = Vec::new();
        for compressed in [false, true] {
            let (sender, written) = mpsc::channel(AHEAD);
            let permit = room.acquire().await.unwrap();
            tokio::spawn(write(pieces(300, &Arc::default()), compressed, sender, permit, DEADLINE));
            read.push(read_all(written).await.unwrap());
        }
        let mut unpacked = Vec::new();
        GzDecoder::new(&read[1][..]).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, read[0]);
        assert!(read[1].len() < read[0].len() / 10, "{} bytes", read[1].len());
    }

    #[test]
    fn gzip_is_for_those_who_take_it() {
        for (said, taken) in [
            (None, false),
            (Some("gzip"), true),
            (Some("br;q=1.0, GZIP;q=0.8"), true),
            (Some("gzip;q=0"), false),
            (Some("gzip; q=0.000"), false),
            (Some("*"), true),
            (Some("*, gzip;q=0"), false),
            (Some("identity"), false),
            (Some(""), false),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(said) = said {
                headers.insert(ACCEPT_ENCODING, HeaderValue::from_str(said).unwrap());
            }
            assert_eq!(accepts_gzip(&headers), taken, "{said:?}");
        }
    }
}
