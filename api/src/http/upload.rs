//! Simple uploads (wire.md 2.2): a form in any order, its file streamed to the disk and hashed on the way.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Instant;

use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::header;
use axum::response::Response;
use bytes::Bytes;
use multer::{Field, Multipart};
use opmill_engine::ops::Entry;
use opmill_engine::storage::{Incoming, PutOptions};

use super::answer::{Stored, Way};
use super::error::Refusal;
use super::manage::{after_days, allowed};
use super::policy::Policy;
use super::token::{self, Account, Denied};
use super::{App, request, template};

/// Most bytes of a field that is not the file.
const FIELD: usize = 1 << 20;
/// Most fields of a form.
const FIELDS: usize = 200;
/// Bytes of a file kept in memory until the token has come that allows to write them down. Forms of browsers may have it
/// behind the file.
const HELD: usize = 4 << 20;

/// What a form says beside its file.
#[derive(Debug, Default)]
struct Fields {
    key: Option<String>,
    mime: Option<String>,
    /// Retention in days.
    deadline: Option<String>,
    /// Custom variables, under their names with `x:`.
    custom: BTreeMap<String, String>,
}

/// Who uploads, and what he may.
pub struct Allowed<'a> {
    pub account: &'a Account,
    pub policy: Policy,
}

/// The file of a form.
struct Received {
    name: Option<String>,
    incoming: Incoming,
}

pub async fn simple(State(app): State<App>, request: Request) -> Result<Response, Refusal> {
    form(app, request, Mode::Whole).await
}

/// The same form, whose file goes behind what is there (wire.md 2.4).
pub async fn append(
    State(app): State<App>,
    Path(position): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let position = position.parse().map_err(|_| {
        Refusal::bad(format!(
            "the position is {position:?}; it is a number of bytes"
        ))
    })?;
    form(app, request, Mode::Behind(position)).await
}

/// What becomes of the file of a form.
#[derive(Debug, Clone, Copy)]
enum Mode {
    /// It is the object.
    Whole,
    /// It goes behind so many bytes.
    Behind(u64),
}

async fn form(app: App, request: Request, mode: Mode) -> Result<Response, Refusal> {
    let began = Instant::now();
    let (parts, body) = request.into_parts();
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let client = request::client(&app, &parts.headers, peer);
    let kind = parts.headers.get(header::CONTENT_TYPE);
    let boundary = kind
        .and_then(|kind| multer::parse_boundary(kind.to_str().ok()?).ok())
        .ok_or_else(|| {
            Refusal::bad("an upload is a form: Content-Type: multipart/form-data with a boundary")
        })?;
    let mut form = Multipart::new(body.into_data_stream(), boundary);
    let (mut fields, mut allowed, mut file) = (Fields::default(), None, None);
    let mut held = Vec::new();
    let mut count = 0;
    while let Some(field) = form.next_field().await.map_err(malformed)? {
        count += 1;
        if count > FIELDS {
            return Err(Refusal::bad(format!(
                "the form has more than {FIELDS} fields"
            )));
        }
        match field.name().unwrap_or_default().to_owned().as_str() {
            "token" => {
                let token = text(field).await?;
                let (account, policy) = token::upload(app.accounts(), &token, app.engine().now())?;
                let mut seen = Allowed { account, policy };
                if let Mode::Behind(_) = mode {
                    // Nothing that is there is lost.
                    seen.policy.overwrite = true;
                }
                allowed = Some(check(&app, seen).await?);
            }
            "file" if file.is_none() => {
                let name = field.file_name().map(str::to_owned);
                let read = receive(&app, field, allowed.as_ref(), &mut held).await?;
                file = Some((name, read));
            }
            "key" => fields.key = Some(text(field).await?),
            "mimeType" => fields.mime = Some(text(field).await?),
            "deadline" => fields.deadline = Some(text(field).await?),
            name if name.starts_with("x:") => {
                fields.custom.insert(name.to_owned(), text(field).await?);
            }
            _ => drop(text(field).await),
        }
    }
    let Allowed { account, policy } = allowed.ok_or(Denied::NoToken)?;
    let (name, incoming) = file.ok_or_else(|| Refusal::bad("the form has no file"))?;
    let incoming = match incoming {
        Some(incoming) => incoming,
        // All of it was held back until the token came.
        None => {
            let mut incoming = app.storage().receive(limit(&app, &policy)).await?;
            for bytes in held {
                incoming.write(bytes).await?;
            }
            incoming
        }
    };
    let received = Received { name, incoming };
    let from = (client, began);
    let stored = store(&app, account, policy, fields, received, mode, from).await;
    match stored {
        Ok(stored) => stored.answer(&app, Way::Form).await,
        Err((refusal, return_url)) => match return_url {
            Some(url) => Ok(super::answer::returned_with(&url, &refusal)),
            None => Err(refusal),
        },
    }
}

/// What can be known to be wrong before a byte is written.
pub async fn check<'a>(app: &App, seen: Allowed<'a>) -> Result<Allowed<'a>, Refusal> {
    let Allowed { account, policy } = &seen;
    allowed(app, account, &policy.bucket)?;
    if let Some(ops) = &policy.ops {
        opmill_engine::ops::parse(ops)
            .map_err(|error| Refusal::bad(format!("`persistentOps` is malformed: {error}")))?;
    }
    if let Some(key) = &policy.key {
        let entry = entry(policy, key)?;
        if !policy.overwrite && app.storage().stat(&entry).await?.is_some() {
            return Err(Refusal::new(406, "File Already Exist"));
        }
    }
    Ok(seen)
}

fn limit(app: &App, policy: &Policy) -> u64 {
    let most = app.options().upload_bytes;
    policy.size_limit.map_or(most, |own| own.min(most))
}

/// Reads the file: to the disk once the token has been seen, and until then into `held`, if it is short.
async fn receive(
    app: &App,
    mut field: Field<'_>,
    allowed: Option<&Allowed<'_>>,
    held: &mut Vec<Bytes>,
) -> Result<Option<Incoming>, Refusal> {
    let most = match allowed {
        Some(allowed) => limit(app, &allowed.policy),
        None => app.options().upload_bytes,
    };
    let mut incoming = match allowed {
        Some(_) => Some(app.storage().receive(most).await?),
        None => None,
    };
    let mut waiting = 0;
    while let Some(bytes) = field.chunk().await.map_err(malformed)? {
        match &mut incoming {
            Some(incoming) => incoming.write(bytes).await?,
            None => {
                waiting += bytes.len();
                held.push(bytes);
                if waiting > HELD {
                    // Too much to hold; it is looked at before it becomes an object.
                    let mut spilled = app.storage().receive(most).await?;
                    for bytes in held.drain(..) {
                        spilled.write(bytes).await?;
                    }
                    incoming = Some(spilled);
                }
            }
        }
    }
    Ok(incoming)
}

async fn store(
    app: &App,
    account: &Account,
    policy: Policy,
    fields: Fields,
    received: Received,
    mode: Mode,
    (client, began): (String, Instant),
) -> Result<Stored, (Refusal, Option<String>)> {
    let return_url = policy.return_url.clone();
    let stored = async {
        let Received { name, incoming } = received;
        if incoming.size() > limit(app, &policy) {
            return Err(Refusal::new(
                413,
                "the file is larger than fsizeLimit allows",
            ));
        }
        let hashed = incoming.hashed().await?;
        let file_name = name.unwrap_or_default();
        let key = key(app, &policy, &fields, &file_name, hashed.hash());
        let entry = entry(&policy, &key)?;
        let now = app.engine().now();
        let deadline = fields.deadline.as_deref().filter(|days| !days.is_empty());
        let expires = deadline.map(|days| after_days(now, days)).transpose()?;
        let options = PutOptions {
            overwrite: policy.overwrite,
            mime: fields.mime.filter(|mime| !mime.is_empty()),
            expires: expires.flatten(),
            modified: policy.last_modified,
        };
        let storage = app.storage();
        let object = match mode {
            Mode::Whole => storage.put_hashed(hashed, &entry, options).await?,
            Mode::Behind(position) => storage.append(hashed, &entry, position, options).await?,
        };
        Ok(Stored {
            object,
            policy,
            signer: account.pair.clone(),
            file_name: Some(file_name),
            custom: fields.custom,
            client,
            began,
        })
    };
    stored.await.map_err(|refusal| (refusal, return_url))
}

/// The first that is there of: the scope's key, the form's, that of `saveKey`, the file's own name, its hash.
fn key(app: &App, policy: &Policy, fields: &Fields, file_name: &str, hash: &str) -> String {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let own = || Some(file_name.to_owned()).filter(|name| !name.is_empty());
    given(&policy.key)
        .or_else(|| given(&fields.key))
        .or_else(|| given(&save_key(app, policy, fields, file_name, hash)))
        .or_else(own)
        .unwrap_or_else(|| hash.to_owned())
}

fn save_key(
    app: &App,
    policy: &Policy,
    fields: &Fields,
    file_name: &str,
    hash: &str,
) -> Option<String> {
    let (prefix, suffix) = template::split_name(file_name);
    let date = template::calendar(app.engine().now(), app.options().zone);
    let [year, month, day, hour, minute, second] = &date;
    Some(template::expand(
        policy.save_key.as_ref()?,
        |name| match name {
            "fname" => file_name.to_owned(),
            "fprefix" => prefix.to_owned(),
            "suffix" => suffix.to_owned(),
            "hash" => hash.to_owned(),
            "mimeType" => fields.mime.clone().unwrap_or_default(),
            "uuid" => uuid(),
            "year" => year.clone(),
            "month" => month.clone(),
            "day" => day.clone(),
            "hour" => hour.clone(),
            "min" => minute.clone(),
            "sec" => second.clone(),
            name => fields.custom.get(name).cloned().unwrap_or_default(),
        },
    ))
}

/// 32 random hexadecimal digits.
fn uuid() -> String {
    let mut bytes = [0_u8; 16];
    // Without chance the names are not unique; an object that is there is not overwritten by that.
    let _ = getrandom::fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn entry(policy: &Policy, key: &str) -> Result<Entry, Refusal> {
    let key = key
        .parse()
        .map_err(|error| Refusal::bad(format!("the key {key:?} cannot be used: {error}")))?;
    Ok(Entry {
        bucket: policy.bucket.clone(),
        key,
    })
}

async fn text(mut field: Field<'_>) -> Result<String, Refusal> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(malformed)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > FIELD {
            let name = field.name().unwrap_or_default();
            return Err(Refusal::new(
                413,
                format!("the field `{name}` is longer than {FIELD} bytes"),
            ));
        }
    }
    String::from_utf8(bytes).map_err(|_| Refusal::bad("a field of the form is not UTF-8"))
}

fn malformed(error: multer::Error) -> Refusal {
    match error {
        multer::Error::StreamReadFailed(_) => {
            Refusal::new(400, "the connection ended in the middle of the form")
        }
        error => Refusal::bad(format!("the form is malformed: {error}")),
    }
}
