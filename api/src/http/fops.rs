//! Persistent operations (wire.md 5): submitted, and asked about.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Uri};
use opmill_engine::ops::Entry;
use opmill_engine::{JobId, JobSpec};
use serde_json::{Value, json};

use super::App;
use super::error::Refusal;
use super::form::Pairs;
use super::manage::{allowed, signed};

pub async fn submit(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let account = signed(&app, &headers, &uri, &body)?;
    let pairs = Pairs::of(&body)?;
    let (bucket, key) = (pairs.required("bucket")?, pairs.required("key")?);
    let source: Entry = format!("{bucket}:{key}")
        .parse()
        .map_err(|error| Refusal::bad(format!("`bucket` and `key` name no object: {error}")))?;
    let ops = pairs.required("fops")?;
    let notify = pairs.decoded("notifyURL")?;
    let (force, separate) = (pairs.flag("force")?, pairs.flag("separate")?);
    allowed(&app, account, &source.bucket)?;
    if app.storage().stat(&source).await?.is_none() {
        return Err(Refusal::new(404, "File Not Found"));
    }
    let spec = JobSpec::object(source, &ops)
        .force(force)
        .separate(separate)
        .signed_by(&account.pair.access_key);
    let spec = match notify {
        Some(url) => spec.notify(url),
        None => spec,
    };
    let submitted = app.engine().submit(spec).await?;
    Ok(Json(json!({"persistentId": submitted.id.to_string()})))
}

/// No token: who knows the id may know the rest.
pub async fn status(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Refusal> {
    let id = asked_for(query.as_deref())?;
    let status = app.engine().status(id).await?;
    let status = serde_json::to_value(status).map_err(|_| Refusal::new(500, "Internal Error"))?;
    Ok(Json(status))
}

/// The job that a query is about.
pub fn asked_for(query: Option<&str>) -> Result<JobId, Refusal> {
    let pairs = Pairs::of(query.unwrap_or_default().as_bytes())?;
    let id = pairs.plain("persistentId").and_then(|id| id.parse().ok());
    id.ok_or_else(|| Refusal::new(404, "persistentId not found"))
}
