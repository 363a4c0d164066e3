//! Apps of the configuration, asked in an object's own address (wire.md 8): `?ufop=<App>`. Their answer goes back as it is.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use opmill_engine::ops::Entry;

use super::App;
use super::error::Refusal;
use super::request::AsItIs;

/// Passes an object on to an app. Headers that are about one connection stay on it.
pub async fn forward(app: &App, name: &str, entry: &Entry) -> Result<Response, Refusal> {
    let answer = app.engine().forward(name, entry).await?;
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = (status, Body::from_stream(answer.body)).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    if let Some(kind) = answer
        .content_type
        .and_then(|kind| HeaderValue::from_str(&kind).ok())
    {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    if let Some(length) = answer.length {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    response.extensions_mut().insert(AsItIs);
    Ok(response)
}
