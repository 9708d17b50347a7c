//! Answers: the edge's own pages, which bear `cf-ray` alone, and what an answer of Auth0's application bears besides.

use http::header::{
    CACHE_CONTROL, CONTENT_TYPE, HeaderName, SERVER, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Bytes;
use serde_json::Value;

use super::assumed::Assumptions;
use super::gate::Refusal;

pub(super) type Answer = Response<Full<Bytes>>;

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json; charset=utf-8";

/// How the edge says no.
pub(super) fn refused(refusal: Refusal, assumed: &Assumptions) -> Answer {
    match refusal {
        Refusal::Prohibited => cloudflare(assumed.prohibited_status, 1000, "DNS points to prohibited IP"),
        Refusal::HeadTooLarge => edge_page(400, "Request Header Or Cookie Too Large"),
        Refusal::UnknownHost => edge_page(assumed.unknown_host_status, "Forbidden"),
        Refusal::Key => new(assumed.key_status, assumed.key_content_type, assumed.key_body.clone()),
    }
}

/// One of Cloudflare's 1xxx pages.
pub(super) fn cloudflare(status: u16, number: u16, title: &str) -> Answer {
    let body = format!(
        "<!DOCTYPE html>\n<html><head><title>{title}</title></head>\
         <body><h1>Error {number}</h1><h2>{title}</h2></body></html>\n"
    );
    new(status, HTML, body)
}

/// A page of the edge itself.
pub(super) fn edge_page(status: u16, title: &str) -> Answer {
    let body = format!(
        "<html>\n<head><title>{status} {title}</title></head>\n<body>\n<center><h1>{status} {title}</h1></center>\n\
         <hr><center>cloudflare</center>\n</body>\n</html>\n"
    );
    new(status, HTML, body)
}

/// A bot challenge, as Cloudflare marks it.
pub(super) fn challenge() -> Answer {
    let body = "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body></body></html>\n";
    with(new(403, HTML, body.to_owned()), "cf-mitigated", "challenge")
}

/// The page that a tenant access control list blocks with.
pub(super) fn block_page() -> Answer {
    let body =
        "<!DOCTYPE html><html><head><title>Access denied</title></head><body><h1>Access denied</h1></body></html>\n";
    new(403, HTML, body.to_owned())
}

/// HTML with this status.
pub(super) fn html(status: u16, body: &str) -> Answer {
    new(status, HTML, body.to_owned())
}

/// JSON with this status.
pub(super) fn json(status: u16, body: &Value) -> Answer {
    new(status, JSON, body.to_string())
}

/// Another kind of body with this status.
pub(super) fn new(status: u16, content_type: &'static str, body: String) -> Answer {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// The same with one header field more.
pub(super) fn with(mut answer: Answer, name: &'static str, value: &str) -> Answer {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().append(HeaderName::from_static(name), value);
    }
    answer
}

/// What every answer that passes Cloudflare bears.
pub(super) fn from_edge(answer: Answer, number: u64) -> Answer {
    let mut answer = with(answer, "cf-ray", &format!("{:016x}-LAB", ray(number)));
    answer.headers_mut().insert(SERVER, HeaderValue::from_static("cloudflare"));
    answer
}

/// What every answer of Auth0's application bears besides.
pub(super) fn from_application(answer: Answer, number: u64) -> Answer {
    let mut answer = with(answer, "x-auth0-requestid", &format!("{:020x}", ray(number)));
    answer = with(answer, "cf-cache-status", "DYNAMIC");
    let headers = answer.headers_mut();
    headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store, max-age=0, no-transform"));
    }
    answer
}

/// Not the next of the last, as ids are, but the same for a number each time.
const fn ray(number: u64) -> u64 {
    number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
