//! Objects managed in numbers (wire.md 2.6): submitted, and asked about.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, Uri};
use opmill_engine::manage::{ManageNotification, ManageSpec, Verb};
use serde_json::{Value, json};

use super::App;
use super::error::Refusal;
use super::fops;
use super::form::Pairs;
use super::manage::{allowed, signed};

pub async fn submit(
    State(app): State<App>,
    Path(verb): Path<String>,
    headers: HeaderMap,
    uri: Uri,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let account = signed(&app, &headers, &uri, &body)?;
    let verb: Verb = verb.parse().map_err(|_| {
        Refusal::new(
            404,
            format!("{} is not a service of this server", uri.path()),
        )
    })?;
    let pairs = Pairs::of(&body)?;
    // Its fields are encoded, and not the whole as in a request for ops.
    let items = pairs.plain("fops").unwrap_or_default();
    let spec = ManageSpec::read(verb, items)
        .map_err(|error| Refusal::bad(error.to_string()))?
        .force(pairs.flag("force")?)
        .separate(pairs.flag("separate")?)
        .signed_by(&account.pair.access_key);
    for bucket in spec.buckets() {
        allowed(&app, account, bucket)?;
    }
    let spec = match pairs.decoded("notifyURL")? {
        Some(url) => spec.notify(url),
        None => spec,
    };
    let submitted = app.engine().manage(spec).await?;
    Ok(Json(json!({"persistentId": submitted.id.to_string()})))
}

/// No token: who knows the id may know the rest.
pub async fn status(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Json<ManageNotification>, Refusal> {
    let id = fops::asked_for(query.as_deref())?;
    Ok(Json(app.engine().manage_status(id).await?))
}
