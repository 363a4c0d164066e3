//! Resource management (wire.md 2.5): objects looked at, listed, copied, moved, deleted, given a time to go; buckets.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::{AppendHeaders, IntoResponse};
use opmill_engine::UnixMillis;
use opmill_engine::ops::{BucketName, Entry};
use opmill_engine::storage::{ListQuery, Order};
use serde_json::{Value, json};

use super::error::Refusal;
use super::form::{Pairs, decode};
use super::token::{self, Account, Denied};
use super::{App, wire};

type Answer = Result<Json<Value>, Refusal>;

/// Most names on a page of a list.
const PAGE: usize = 1000;
const DAY_MILLIS: u64 = 24 * 3600 * 1000;

/// Who signed a management request: its target as it was sent, and all of its body.
pub fn signed<'a>(
    app: &'a App,
    headers: &HeaderMap,
    uri: &Uri,
    body: &[u8],
) -> Result<&'a Account, Refusal> {
    let token = headers.get(header::AUTHORIZATION);
    let token = token.map(|value| value.to_str()).transpose();
    let token = token.map_err(|_| Denied::Format)?;
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    Ok(token::management(app.accounts(), token, target, body)?)
}

/// Fails unless the bucket is there and the account may use it.
pub fn allowed(app: &App, account: &Account, bucket: &BucketName) -> Result<(), Refusal> {
    app.storage().check_bucket(bucket)?;
    match account.may_use(bucket.as_str()) {
        true => Ok(()),
        false => Err(Denied::Bucket.into()),
    }
}

/// An entry in a path.
fn entry(text: &str) -> Result<Entry, Refusal> {
    let name = "the name of the object";
    let text = decode(name, text)?;
    text.parse()
        .map_err(|error| Refusal::bad(format!("{name} is {text:?}: {error}")))
}

fn bucket_name(text: &str) -> Result<BucketName, Refusal> {
    text.parse()
        .map_err(|error| Refusal::bad(format!("`bucket` is {text:?}: {error}")))
}

pub async fn stat(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<impl IntoResponse, Refusal> {
    let account = signed(&app, &headers, &uri, b"")?;
    let entry = entry(&name)?;
    allowed(&app, account, &entry.bucket)?;
    match app.storage().stat(&entry).await? {
        Some(object) => Ok((
            AppendHeaders(wire::growth(&object)),
            Json(wire::stat(&object)),
        )),
        None => Err(Refusal::new(404, "File Not Found")),
    }
}

pub async fn delete(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
    uri: Uri,
    body: Bytes,
) -> Answer {
    let account = signed(&app, &headers, &uri, &body)?;
    let entry = entry(&name)?;
    allowed(&app, account, &entry.bucket)?;
    app.storage().delete(&entry).await?;
    Ok(Json(wire::done()))
}

pub async fn copy(
    State(app): State<App>,
    Path((from, to)): Path<(String, String)>,
    headers: HeaderMap,
    uri: Uri,
    body: Bytes,
) -> Answer {
    let (from, to) = both(&app, (&from, &to), &headers, &uri, &body)?;
    app.storage().copy(&from, &to, false).await?;
    Ok(Json(wire::done()))
}

pub async fn rename(
    State(app): State<App>,
    Path((from, to)): Path<(String, String)>,
    headers: HeaderMap,
    uri: Uri,
    body: Bytes,
) -> Answer {
    let (from, to) = both(&app, (&from, &to), &headers, &uri, &body)?;
    app.storage().rename(&from, &to, false).await?;
    Ok(Json(wire::done()))
}

/// The two objects of a request that may touch both.
fn both(
    app: &App,
    (from, to): (&str, &str),
    headers: &HeaderMap,
    uri: &Uri,
    body: &[u8],
) -> Result<(Entry, Entry), Refusal> {
    let account = signed(app, headers, uri, body)?;
    let (from, to) = (entry(from)?, entry(to)?);
    allowed(app, account, &from.bucket)?;
    allowed(app, account, &to.bucket)?;
    Ok((from, to))
}

/// When an object will be gone that is kept for so many days; -1: never.
pub fn after_days(now: UnixMillis, days: &str) -> Result<Option<UnixMillis>, Refusal> {
    let wrong = || {
        Refusal::bad(format!(
            "`deadline` is {days}; it is a number of days, or -1 for ever"
        ))
    };
    match days.trim().parse::<i64>() {
        Ok(-1) => Ok(None),
        Ok(days) => {
            let days = u64::try_from(days).map_err(|_| wrong())?;
            let at = now.get().saturating_add(days.saturating_mul(DAY_MILLIS));
            Ok(Some(UnixMillis::new(at)))
        }
        Err(_) => Err(wrong()),
    }
}

pub async fn set_deadline(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
    body: Bytes,
) -> Answer {
    let account = signed(&app, &headers, &uri, &body)?;
    let pairs = Pairs::of(&body)?;
    let bucket = bucket_name(&pairs.required("bucket")?)?;
    let key = pairs.required("key")?;
    let entry: Entry = format!("{bucket}:{key}")
        .parse()
        .map_err(|error| Refusal::bad(format!("`key` is {key:?}: {error}")))?;
    let days = pairs.plain("deadline");
    let days = days.ok_or_else(|| Refusal::bad("`deadline` is missing"))?;
    let expires = after_days(app.engine().now(), days)?;
    allowed(&app, account, &bucket)?;
    // Segments go with their playlist unless that is not wanted.
    let with_segments = pairs.plain("relevance") != Some("0");
    let segments = match with_segments {
        true => app.storage().segments(&entry).await?,
        false => Vec::new(),
    };
    app.storage().set_expiry(&entry, expires).await?;
    for segment in segments {
        match app.storage().set_expiry(&segment, expires).await {
            Ok(()) | Err(opmill_engine::EngineError::ObjectNotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Json(wire::done()))
}

pub async fn list(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    uri: Uri,
) -> Answer {
    let account = signed(&app, &headers, &uri, b"")?;
    let query = percent_encoding::percent_decode_str(&query.unwrap_or_default())
        .decode_utf8_lossy()
        .into_owned();
    let pairs = Pairs::of(query.as_bytes())?;
    let bucket = bucket_name(pairs.plain("bucket").unwrap_or_default())?;
    allowed(&app, account, &bucket)?;
    let number = |name: &'static str| -> Result<Option<u64>, Refusal> {
        let parse = |text: &str| {
            text.parse()
                .map_err(|_| Refusal::bad(format!("`{name}` is {text}; it is a whole number")))
        };
        pairs.plain(name).map(parse).transpose()
    };
    let limit = match number("limit")? {
        None => PAGE,
        Some(limit) if (1..=PAGE as u64).contains(&limit) => limit as usize,
        Some(limit) => {
            return Err(Refusal::bad(format!(
                "`limit` is {limit}; it is 1 to {PAGE}"
            )));
        }
    };
    let order = match pairs.plain("mode") {
        None | Some("3") => Order::Flat,
        Some("0") => Order::FilesFirst,
        Some("1") => Order::FoldersFirst,
        Some(mode) => return Err(Refusal::bad(format!("`mode` is {mode}; it is 0 or 1"))),
    };
    let prefix = pairs.decoded("prefix")?.unwrap_or_default();
    let is_folder = prefix.is_empty() || prefix.ends_with('/');
    if order != Order::Flat && !is_folder {
        return Err(Refusal::bad(format!(
            "`prefix` is {prefix:?}; with `mode` it names a folder and ends with a slash"
        )));
    }
    let marker = pairs.plain("marker").map(|text| decode("marker", text));
    let listing = app
        .storage()
        .list(ListQuery {
            bucket,
            prefix,
            order,
            after: marker.transpose()?.unwrap_or_default(),
            limit,
            from: number("startTime")?.map(UnixMillis::new),
            until: number("endTime")?.map(UnixMillis::new),
        })
        .await?;
    let as_text = app.options().sizes_as_text;
    let items: Vec<Value> = listing
        .objects
        .iter()
        .map(|object| wire::listed(object, as_text))
        .collect();
    let folders = listing
        .folders
        .iter()
        .map(|folder| folder.trim_end_matches('/'));
    Ok(Json(json!({
        "marker": listing.next.map_or_else(String::new, opmill_engine::ops::b64u::encode),
        "commonPrefixes": folders.collect::<Vec<_>>(),
        "items": items,
    })))
}

pub async fn buckets(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Answer {
    let account = signed(&app, &headers, &uri, b"")?;
    let names = app.storage().buckets();
    let own = names.iter().filter(|name| account.may_use(name.as_str()));
    let own: Vec<Value> = own.map(|name| json!({"name": name.as_str()})).collect();
    Ok(Json(json!({"buckets": own})))
}

/// How much is in buckets: what is there now, as no history is kept.
pub async fn usage(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    uri: Uri,
) -> Answer {
    let account = signed(&app, &headers, &uri, b"")?;
    let query = percent_encoding::percent_decode_str(&query.unwrap_or_default())
        .decode_utf8_lossy()
        .into_owned();
    let pairs = Pairs::of(query.as_bytes())?;
    let names = pairs.required("name")?;
    let mut all = Vec::new();
    for name in names.split('|').filter(|name| !name.is_empty()) {
        let bucket = bucket_name(name)?;
        allowed(&app, account, &bucket)?;
        let (count, bytes) = app.storage().usage(&bucket).await?;
        all.push(json!({"name": name, "count": count, "storage": bytes}));
    }
    Ok(Json(json!({"buckets": all})))
}

/// There is no mirror behind these buckets: whatever is asked for is here, or nowhere.
pub async fn prefetch(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
    uri: Uri,
    body: Bytes,
) -> Answer {
    let account = signed(&app, &headers, &uri, &body)?;
    let text = decode("the names of the objects", &name)?;
    let bucket = bucket_name(text.split(':').next().unwrap_or_default())?;
    allowed(&app, account, &bucket)?;
    Err(Refusal::new(404, "Bucket Not Binding Mirror"))
}

/// What this server does not do, said as it says everything.
pub async fn out_of_scope(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
    body: Bytes,
) -> Answer {
    signed(&app, &headers, &uri, &body)?;
    let path = uri.path();
    Err(Refusal::new(
        501,
        format!("{path} is not a service of this server"),
    ))
}
