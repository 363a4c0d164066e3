//! Uploads in blocks (wire.md 2.3): `mkblk`, `bput`, `mkfile`.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use axum::Json;
use axum::body::Body;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures::StreamExt as _;
use opmill_engine::storage::{Batch, Chunk, PutOptions};
use serde_json::{Value, json};

use super::answer::{Stored, Way};
use super::error::Refusal;
use super::form::decode;
use super::manage::after_days;
use super::token::{self, Denied};
use super::upload::{Allowed, check, entry};
use super::{App, request};

/// Who uploads, by the token in a header.
async fn allowed<'a>(app: &'a App, headers: &HeaderMap) -> Result<Allowed<'a>, Refusal> {
    let token = text(headers, "authorization").ok_or(Denied::Missing)?;
    let (account, policy) = token::upload(app.accounts(), token, app.engine().now())?;
    check(app, Allowed { account, policy }).await
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The client's own name for this upload keeps its blocks apart from those of others.
fn batch(seen: &Allowed<'_>, headers: &HeaderMap) -> Batch {
    Batch {
        account: seen.account.pair.access_key.clone(),
        name: text(headers, "uploadbatch").unwrap_or_default().to_owned(),
    }
}

pub async fn make(
    State(app): State<App>,
    Path((size, order)): Path<(u64, u64)>,
    request: Request,
) -> Result<Json<Value>, Refusal> {
    let (parts, body) = request.into_parts();
    let seen = allowed(&app, &parts.headers).await?;
    let batch = batch(&seen, &parts.headers);
    let chunk = app
        .storage()
        .make_block(&batch, (order, size), bytes(body))
        .await?;
    Ok(taken(&chunk))
}

pub async fn add(
    State(app): State<App>,
    Path((context, offset)): Path<(String, u64)>,
    request: Request,
) -> Result<Json<Value>, Refusal> {
    let (parts, body) = request.into_parts();
    let seen = allowed(&app, &parts.headers).await?;
    let batch = batch(&seen, &parts.headers);
    let chunk = app
        .storage()
        .add_chunk(&batch, &context, offset, bytes(body))
        .await?;
    Ok(taken(&chunk))
}

fn bytes(body: Body) -> impl futures::Stream<Item = io::Result<Bytes>> + Unpin {
    body.into_data_stream()
        .map(|bytes| bytes.map_err(io::Error::other))
}

fn taken(chunk: &Chunk) -> Json<Value> {
    Json(json!({
        "ctx": chunk.context,
        "checksum": chunk.sum.md5,
        "crc32": chunk.sum.crc32,
        "offset": chunk.offset,
    }))
}

/// What the path of `mkfile` says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Target {
    size: u64,
    key: Option<String>,
    custom: BTreeMap<String, String>,
}

impl Target {
    /// `<size>[/key/<b64u>][/x:<name>/<b64u>]…`; what nobody knows is passed over.
    fn read(path: &str) -> Result<Self, Refusal> {
        let mut segments = path.trim_matches('/').split('/');
        let size = segments.next().unwrap_or_default();
        let mut target = Self {
            size: size.parse().map_err(|_| {
                Refusal::bad(format!(
                    "the size of the file is {size:?}; it is a number of bytes"
                ))
            })?,
            ..Self::default()
        };
        while let (Some(name), Some(value)) = (segments.next(), segments.next()) {
            match name {
                "key" => target.key = Some(decode("key", value)?),
                name if name.starts_with("x:") => {
                    target.custom.insert(name.to_owned(), decode(name, value)?);
                }
                _ => {}
            }
        }
        Ok(target)
    }
}

pub async fn finish(
    State(app): State<App>,
    Path(path): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let began = Instant::now();
    let (parts, body) = request.into_parts();
    let headers = &parts.headers;
    let seen = allowed(&app, headers).await?;
    let batch = batch(&seen, headers);
    let target = Target::read(&path)?;
    /// Contexts of more blocks than any file has.
    const LIST: usize = 4 << 20;
    let list = axum::body::to_bytes(body, LIST).await;
    let list = list.map_err(|_| Refusal::bad("the list of contexts cannot be read"))?;
    let list = std::str::from_utf8(&list)
        .map_err(|_| Refusal::bad("the list of contexts is not UTF-8"))?;
    let list = list.trim();
    if let Some(answer) = app.storage().concluded(&batch, list).await? {
        return Ok(([(header::CONTENT_TYPE, "application/json")], answer).into_response());
    }
    let Allowed { account, policy } = seen;
    // Large files come in blocks for a reason: only the policy limits them.
    let most = policy.size_limit.unwrap_or(u64::MAX);
    if target.size > most {
        return Err(Refusal::new(
            413,
            format!("the file is larger than the {most} bytes that are allowed"),
        ));
    }
    let contexts: Vec<&str> = list
        .split(',')
        .map(str::trim)
        .filter(|one| !one.is_empty())
        .collect();
    let hashed = app
        .storage()
        .assemble(&batch, target.size, &contexts)
        .await?;
    let in_header = text(headers, "key").filter(|key| !key.is_empty());
    let in_header = in_header.map(|key| decode("Key", key)).transpose()?;
    let key = policy.key.clone().or(target.key).or(in_header);
    let entry = entry(&policy, &key.unwrap_or_else(|| hashed.hash().to_owned()))?;
    let deadline = text(headers, "deadline").filter(|days| !days.is_empty());
    let expires = deadline
        .map(|days| after_days(app.engine().now(), days))
        .transpose()?;
    let options = PutOptions {
        overwrite: policy.overwrite,
        mime: text(headers, "mimetype")
            .filter(|mime| !mime.is_empty())
            .map(str::to_owned),
        expires: expires.flatten(),
        modified: policy.last_modified,
    };
    let object = app.storage().put_hashed(hashed, &entry, options).await?;
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let stored = Stored {
        object,
        policy,
        signer: account.pair.clone(),
        file_name: None,
        custom: target.custom,
        client: request::client(&app, headers, peer),
        began,
    };
    let answer = stored.answer(&app, Way::Blocks).await?;
    let (head, body) = answer.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await;
    let body = body.map_err(|_| Refusal::new(500, "Internal Error"))?;
    if head.status.is_success() {
        let text = String::from_utf8_lossy(&body);
        app.storage().conclude(&batch, list, &text).await?;
    }
    Ok(Response::from_parts(head, Body::from(body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_size_key_and_variables() {
        let custom = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect()
        };
        for (path, expected) in [
            (
                "5242880",
                Target {
                    size: 5_242_880,
                    ..Target::default()
                },
            ),
            (
                "7/key/ZGlyL2EudHh0/x:a/MQ==/other/x/x:b/",
                Target {
                    size: 7,
                    key: Some("dir/a.txt".to_owned()),
                    custom: custom(&[("x:a", "1")]),
                },
            ),
        ] {
            assert_eq!(Target::read(path).unwrap(), expected, "{path}");
        }
        assert!(Target::read("x").is_err() && Target::read("1/key/%").is_err());
    }
}
