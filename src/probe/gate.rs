//! The gate before everything secret: [`Verified`] says that the peer of a connection has shown who it is: chain, name and
//! date are good, by the real clock whatever time is judged by. A secret is sent to nobody else.

use std::time::{SystemTime, UNIX_EPOCH};

use super::wire;
use crate::domain::{DomainName, UnixTime};
use crate::observation::{Code, Failure, Presented};

/// The proof, made here alone.
#[derive(Debug)]
pub(super) struct Verified(());

/// Whether the chain that this connection's peer has presented shows now that it is this host.
pub(super) fn verify(presented: Option<&Presented>, host: &DomainName) -> Result<Verified, Failure> {
    verify_at(presented, host, wire::recorded_at().unwrap_or_else(real_now))
}

fn verify_at(presented: Option<&Presented>, host: &DomainName, now: UnixTime) -> Result<Verified, Failure> {
    let refused = |code, detail: String| Err(Failure::new(code, detail));
    let Some(presented) = presented else {
        return refused(Code::TlsUntrusted, "its certificate could not be verified".to_owned());
    };
    if presented.name_matches != Some(true) {
        return refused(Code::TlsNameMismatch, format!("its certificate is not for {host}"));
    }
    let mut paths = presented.complete_paths().peekable();
    if paths.peek().is_none() {
        let reason = presented.refusal.as_deref().unwrap_or("a certificate of the chain is not sent");
        return refused(Code::TlsUntrusted, format!("its certificate leads to no trusted root: {reason}"));
    }
    if !paths.any(|path| path.in_date(now)) {
        return refused(Code::TlsExpired, "its certificate, or one of its chain, is out of date".to_owned());
    }
    Ok(Verified(()))
}

/// The clock on the wall. What time a look is booked under is no concern of the gate's.
fn real_now() -> UnixTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixTime(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
