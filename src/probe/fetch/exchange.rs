//! One GET over a connection that stands, by HTTP/1.1: every server that hands out small documents speaks it.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_LENGTH, HOST, RETRY_AFTER, USER_AGENT};
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::task::AbortOnDropHandle;

use super::{Document, FetchError, Wanted};
use crate::observation::bounded;
use crate::probe::http::{causes, user_agent};
use crate::probe::sockets::is_caused_by_shortage;

/// Characters kept of a Retry-After.
const MAX_RETRY_AFTER: usize = 100;

pub(super) async fn get(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    uri: &Uri,
    wanted: Wanted<'_>,
    contact: Option<&str>,
) -> Result<Document, FetchError> {
    let handshake = http1::Builder::new().max_headers(128).handshake(TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.map_err(broken)?;
    // However this ends, be it that nobody waits any longer, the connection ends with it.
    let _driver = AbortOnDropHandle::new(tokio::spawn(connection));
    let response = sender.send_request(request(uri, wanted, contact)?).await.map_err(broken)?;
    let (head, body) = response.into_parts();
    if head.status != StatusCode::OK {
        let retry_after = head.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.map(|text| bounded(text.to_owned(), MAX_RETRY_AFTER));
        return Err(FetchError::Status { status: head.status.as_u16(), retry_after });
    }
    let announced = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > wanted.most_bytes as u64) {
        return Err(FetchError::TooLong(wanted.most_bytes));
    }
    Ok(Document { headers: head.headers, body: read(body, wanted.most_bytes).await? })
}

fn request(uri: &Uri, wanted: Wanted<'_>, contact: Option<&str>) -> Result<Request<Empty<Bytes>>, FetchError> {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let request = Request::get(path)
        .header(HOST, authority)
        .header(USER_AGENT, user_agent(contact))
        .header(ACCEPT, wanted.accept)
        .body(Empty::new());
    request.map_err(|_| FetchError::Url("it cannot be asked for"))
}

async fn read(mut body: Incoming, most: usize) -> Result<Vec<u8>, FetchError> {
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(broken)?.into_data() {
            if data.len() > most - read.len() {
                return Err(FetchError::TooLong(most));
            }
            read.extend_from_slice(&data);
        }
    }
    Ok(read)
}

fn broken(error: hyper::Error) -> FetchError {
    if is_caused_by_shortage(&error) { FetchError::OutOfResources } else { FetchError::Broken(causes(&error)) }
}
