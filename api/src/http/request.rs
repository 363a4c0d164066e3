//! Around every request: an id, a line in the log, headers for browsers, and an answer even to a bug.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use axum::body::HttpBody as _;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument as _;

use super::App;
use super::error::Refusal;

/// The protocol's spelling: one of the SDKs compares it letter by letter.
const REQUEST_ID: &str = "X-Reqid";

/// On a response that somebody else gave and that goes back as it is, whatever its status.
#[derive(Debug, Clone, Copy)]
pub struct AsItIs;

/// Wraps a request.
pub async fn wrap(request: Request, next: Next) -> Response {
    let (id, began) = (request_id(), Instant::now());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let span = tracing::info_span!("request", id);
    async {
        let mut response = match method {
            Method::OPTIONS => StatusCode::NO_CONTENT.into_response(),
            // A task of its own, so that a panic is one answer and not a connection.
            _ => match tokio::spawn(next.run(request).in_current_span()).await {
                Ok(response) => response,
                Err(error) => {
                    tracing::error!(%error, "a handler panicked");
                    Refusal::new(500, "Internal Error").into_response()
                }
            },
        };
        if is_bare_refusal(&response) {
            response = refusal_of(response).await;
        }
        let headers = response.headers_mut();
        if let Ok(value) = HeaderValue::from_str(&id) {
            headers.insert(REQUEST_ID, value);
        }
        for_browsers(headers);
        tracing::info!(
            %method,
            path,
            status = response.status().as_u16(),
            millis = began.elapsed().as_millis() as u64,
            "answered"
        );
        response
    }
    .instrument(span)
    .await
}

/// An error that the router or an extractor answers in words of its own.
fn is_bare_refusal(response: &Response) -> bool {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_json = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let has_body = response.body().size_hint().exact() != Some(0) || status == 405;
    let is_ours = response.extensions().get::<AsItIs>().is_none();
    (status.is_client_error() || status.is_server_error()) && is_ours && !is_json && has_body
}

/// The same in the words of the protocol, whose clients read every error as JSON.
async fn refusal_of(response: Response) -> Response {
    /// Longer than any such sentence.
    const LONGEST: usize = 4096;
    let status = response.status();
    let allow = response.headers().get(header::ALLOW).cloned();
    let said = axum::body::to_bytes(response.into_body(), LONGEST).await;
    let said = said
        .ok()
        .and_then(|said| String::from_utf8(said.to_vec()).ok());
    let usual = || status.canonical_reason().unwrap_or("Error").to_owned();
    let message = said.filter(|said| !said.is_empty()).unwrap_or_else(usual);
    let mut response = Refusal::new(status.as_u16(), message).into_response();
    if let Some(allow) = allow {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}

fn for_browsers(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (
            header::ACCESS_CONTROL_ALLOW_METHODS,
            "GET, HEAD, POST, PUT, DELETE, OPTIONS",
        ),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Authorization, uploadBatch, Key, MimeType, Deadline, Content-Type, Range, X-Requested-With",
        ),
        (
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            "X-Reqid, ETag, Content-Length, Content-Range",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// 96 random bits.
fn request_id() -> String {
    let mut bytes = [0; 12];
    match getrandom::fill(&mut bytes) {
        Ok(()) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        Err(_) => "0".repeat(24),
    }
}

/// Who asks, as `$(ip)` says it.
pub fn client(app: &App, headers: &HeaderMap, peer: Option<&ConnectInfo<SocketAddr>>) -> String {
    let forwarded = headers
        .get("x-forwarded-for")
        .filter(|_| app.options().behind_proxy);
    let first = forwarded.and_then(|value| {
        value
            .to_str()
            .ok()?
            .split(',')
            .next()?
            .trim()
            .parse::<IpAddr>()
            .ok()
    });
    let address = first.or(peer.map(|ConnectInfo(peer)| peer.ip()));
    address.map_or_else(String::new, |address| address.to_canonical().to_string())
}
