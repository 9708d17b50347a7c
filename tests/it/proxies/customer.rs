//! A customer of a proxy: one request, over TLS or in the clear, with any header fields.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use notafter::lab::ca::Authority;
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// What is asked. `Host` is the custom domain unless a field says otherwise.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask {
    pub(super) method: &'static str,
    pub(super) target: &'static str,
    pub(super) fields: &'static [(&'static str, &'static str)],
    /// So many bytes of a form.
    pub(super) body: usize,
    /// A cookie of so many bytes.
    pub(super) cookie: usize,
}

/// A request for this, as a browser makes it.
pub(super) const fn get(target: &'static str) -> Ask {
    Ask { method: "GET", target, fields: &[], body: 0, cookie: 0 }
}

impl Ask {
    pub(super) const fn with(self, fields: &'static [(&'static str, &'static str)]) -> Self {
        Self { fields, ..self }
    }

    pub(super) const fn posting(self, body: usize) -> Self {
        Self { method: "POST", body, ..self }
    }

    pub(super) const fn with_cookie(self, cookie: usize) -> Self {
        Self { cookie, ..self }
    }
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

/// Over TLS, with a certificate that must verify.
pub(super) async fn over_tls(address: SocketAddr, name: &str, root: &Authority, ask: &Ask) -> Result<Answer, String> {
    let mut roots = RootCertStore::empty();
    roots.add(root.root_certificate().clone()).map_err(|error| error.to_string())?;
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
    let config = builder.with_root_certificates(roots).with_no_client_auth();
    let tcp = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    let server = ServerName::try_from(name.to_owned()).map_err(|error| error.to_string())?;
    let tls = TlsConnector::from(Arc::new(config)).connect(server, tcp).await.map_err(|error| error.to_string())?;
    over(tls, name, ask).await.map_err(|error| error.to_string())
}

/// Over a connection in the clear.
pub(super) async fn in_the_clear(address: SocketAddr, name: &str, ask: &Ask) -> Result<Answer, String> {
    let tcp = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    over(tcp, name, ask).await.map_err(|error| error.to_string())
}

async fn over<S>(stream: S, name: &str, ask: &Ask) -> Result<Answer, hyper::Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let (parts, body) = sender.send_request(request(name, ask)).await?.into_parts();
    let body = body.collect().await?.to_bytes();
    driver.abort();
    let body = String::from_utf8_lossy(&body).into_owned();
    Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
}

fn request(name: &str, ask: &Ask) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(Bytes::from("x".repeat(ask.body))));
    *request.method_mut() = ask.method.parse().expect("a method");
    *request.uri_mut() = ask.target.parse().expect("a target");
    let cookie = format!("auth0={}", "c".repeat(ask.cookie));
    let mut fields = vec![("host", name)];
    fields.extend(ask.fields);
    if ask.cookie > 0 {
        fields.push(("cookie", &cookie));
    }
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        request.headers_mut().append(name, HeaderValue::from_str(value).expect("a value"));
    }
    request
}
