//! The floor: a handshake by rustls and one request over it, with nothing around them.

use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::scene::{DISCOVERY, NAME, Scene};

/// A client that does what it must.
pub(crate) struct Bare {
    connector: TlsConnector,
    address: SocketAddr,
    request: String,
}

impl Bare {
    /// One that verifies the whole chain at every handshake.
    pub(crate) fn verifying(scene: &Scene) -> Self {
        Self::by(verifier(scene), scene)
    }

    /// One that verifies a chain once: later it is enough that it is the same, as it is to us.
    pub(crate) fn remembering(scene: &Scene) -> Self {
        Self::by(Arc::new(Remembering { verifier: verifier(scene), known: Mutex::default() }), scene)
    }

    fn by(verifier: Arc<dyn ServerCertVerifier>, scene: &Scene) -> Self {
        let builder = ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into());
        let builder = builder.with_safe_default_protocol_versions().expect("versions").dangerous();
        let mut config = builder.with_custom_certificate_verifier(verifier).with_no_client_auth();
        config.resumption = Resumption::disabled();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let request = format!("GET {DISCOVERY} HTTP/1.1\r\nHost: {NAME}\r\nAccept: application/json\r\n\r\n");
        Self { connector: Arc::new(config).into(), address: scene.address, request }
    }

    /// A handshake, and so many requests after it.
    pub(crate) async fn look(&self, requests: usize) -> io::Result<()> {
        let tcp = TcpStream::connect(self.address).await?;
        tcp.set_nodelay(true)?;
        let name = ServerName::try_from(NAME).map_err(io::Error::other)?;
        let mut stream = self.connector.connect(name, tcp).await?;
        for _ in 0..requests {
            stream.write_all(self.request.as_bytes()).await?;
            let mut answer = Vec::with_capacity(4096);
            while !is_whole(&answer) {
                if stream.read_buf(&mut answer).await? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
        }
        Ok(())
    }
}

/// Whether these are a head and as much body as it promises; it must be one of a 200.
fn is_whole(answer: &[u8]) -> bool {
    const LENGTH: &str = "\r\nContent-Length: ";
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&answer[..end]);
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let after = head.split_once(LENGTH).map(|(_, rest)| rest.split('\r').next().unwrap_or_default());
    let length: usize = after.and_then(|digits| digits.parse().ok()).expect("a length");
    answer.len() >= end + 4 + length
}

fn verifier(scene: &Scene) -> Arc<WebPkiServerVerifier> {
    let mut roots = RootCertStore::empty();
    roots.add(scene.root().clone()).expect("a root");
    let builder = WebPkiServerVerifier::builder_with_provider(roots.into(), aws_lc_rs::default_provider().into());
    builder.build().expect("a verifier")
}

/// Asks the other the first time.
#[derive(Debug)]
struct Remembering {
    verifier: Arc<WebPkiServerVerifier>,
    known: Mutex<HashSet<Vec<u8>>>,
}

impl ServerCertVerifier for Remembering {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain = std::iter::once(end_entity).chain(intermediates).flat_map(|der| der.iter().copied()).collect();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.contains(&chain) {
            return Ok(ServerCertVerified::assertion());
        }
        let verified = self.verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)?;
        known.insert(chain);
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}
