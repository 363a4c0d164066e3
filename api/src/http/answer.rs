//! What the uploader hears, and what else comes of an upload: a job, an answer by template, a callback, a way back
//! (wire.md 4).

use std::collections::BTreeMap;
use std::time::Instant;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use opmill_engine::notify::{CALLBACK_TYPE, Callback, CallbackOutcome};
use opmill_engine::ops::b64u;
use opmill_engine::storage::Object;
use opmill_engine::{JobSpec, KeyPair};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::error::Refusal;
use super::policy::Policy;
use super::{App, template};

/// What stays as it is in an address.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// How an object came in; the answers differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// As a form.
    Form,
    /// In blocks.
    Blocks,
}

/// An object that was just stored, and all that is known of how.
pub struct Stored {
    pub object: Object,
    pub policy: Policy,
    /// The pair that signed the upload.
    pub signer: KeyPair,
    pub file_name: Option<String>,
    /// Custom variables, under their names with `x:`.
    pub custom: BTreeMap<String, String>,
    pub client: String,
    pub began: Instant,
}

/// Which kind of template a variable is for: some are written in another way there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum For {
    ReturnBody,
    CallbackBody,
}

impl Stored {
    /// Begins what the policy wants done, and answers.
    pub async fn answer(self, app: &App, way: Way) -> Result<Response, Refusal> {
        let job = self.submit(app).await?;
        let job = job.as_deref().unwrap_or_default();
        if let Some(url) = &self.policy.callback_url {
            return self.called_back(app, url, job).await;
        }
        let text = match self.policy.return_body.as_deref() {
            Some(template) => Some(self.expand(app, template, For::ReturnBody, job).await),
            None => None,
        };
        match (&self.policy.return_url, way) {
            (Some(url), Way::Form) => {
                let text = with_hash(text, &self.object.hash);
                Ok(redirect(&success(app, url, &text)))
            }
            (_, Way::Form) => {
                let text = b64u::encode(with_hash(text, &self.object.hash));
                Ok(([(header::CONTENT_TYPE, "text/plain; charset=UTF-8")], text).into_response())
            }
            (_, Way::Blocks) => Ok(Json(self.members(text)).into_response()),
        }
    }

    /// Tells the customer's own server, and passes on what that says.
    async fn called_back(&self, app: &App, url: &str, job: &str) -> Result<Response, Refusal> {
        let template = self.policy.callback_body.as_deref().unwrap_or_default();
        let text = self.expand(app, template, For::CallbackBody, job).await;
        let callback = Callback {
            url: url.to_owned(),
            text: text.clone(),
            raw: app.options().raw_callback,
            access_key: self.signer.access_key.clone(),
        };
        let hash = &self.object.hash;
        Ok(match app.engine().call_back(callback).await? {
            CallbackOutcome::Taken { answer } => {
                Json(json!({"hash": hash, "response": answer})).into_response()
            }
            CallbackOutcome::NotTaken {
                token,
                status,
                reason,
            } => {
                let error = json!({
                    "callbackUrl": url,
                    "callback_bodyType": CALLBACK_TYPE,
                    "callback_body": text,
                    "token": token,
                    "err_code": status.to_string(),
                    "error": reason,
                });
                let stored = StatusCode::from_u16(579).unwrap_or(StatusCode::BAD_GATEWAY);
                (stored, Json(json!({"hash": hash, "error": error}))).into_response()
            }
        })
    }

    /// The answer to a block upload: what the template says as members of an object.
    fn members(&self, text: Option<String>) -> Value {
        let mut members = Map::new();
        for (name, value) in text.as_deref().map(pairs).into_iter().flatten() {
            members.insert(name.to_owned(), value.into());
        }
        members.insert("key".to_owned(), self.object.entry.key.as_str().into());
        members.insert("hash".to_owned(), self.object.hash.as_str().into());
        Value::Object(members)
    }

    /// Submits the policy's operations; gives the id of the job.
    async fn submit(&self, app: &App) -> Result<Option<String>, Refusal> {
        let Some(ops) = &self.policy.ops else {
            return Ok(None);
        };
        let spec = JobSpec::object(self.object.entry.clone(), ops)
            .force(true)
            .separate(self.policy.separate)
            .signed_by(&self.signer.access_key);
        let spec = match &self.policy.notify_url {
            Some(url) => spec.notify(url),
            None => spec,
        };
        let submitted = app.engine().submit(spec).await?;
        Ok(Some(submitted.id.to_string()))
    }

    async fn expand(&self, app: &App, text: &str, kind: For, job: &str) -> String {
        // What costs a look into the object is found out only if it is asked for.
        let mut looked = BTreeMap::new();
        for name in template::names(text) {
            if let Some(value) = self.looked_up(app, name).await {
                // In a callback all of them are encoded, elsewhere only what media it is.
                let is_encoded = kind == For::CallbackBody || name == "avinfo";
                let value = if is_encoded {
                    b64u::encode(value)
                } else {
                    value
                };
                looked.insert(name, value);
            }
        }
        template::expand(text, |name| match looked.get(name) {
            Some(value) => value.clone(),
            None => self.variable(app, name, kind, job),
        })
    }

    /// JSON about the content of the object; `None` for other names, and where there is nothing to tell.
    async fn looked_up(&self, app: &App, name: &str) -> Option<String> {
        let (storage, entry) = (app.storage(), &self.object.entry);
        match name {
            "avinfo" => Some(storage.avinfo(entry, false).await.ok()?.to_string()),
            "imageInfo" => serde_json::to_string(&storage.image_info(entry).await.ok()?).ok(),
            "exif" => serde_json::to_string(&storage.exif(entry).await.ok()??).ok(),
            _ => None,
        }
    }

    fn variable(&self, app: &App, name: &str, kind: For, job: &str) -> String {
        let object = &self.object;
        match name {
            "persistentId" | "persistentID" => job.to_owned(),
            "bucket" => object.entry.bucket.to_string(),
            "key" => object.entry.key.to_string(),
            "fname" => self.file_name().to_owned(),
            "hash" => object.hash.clone(),
            "fsize" => object.size.to_string(),
            "mimeType" => object.mime.clone(),
            "url" if kind == For::CallbackBody => b64u::encode(app.storage().url(&object.entry)),
            "url" => app.storage().url(&object.entry),
            "ip" => self.client.clone(),
            "costTime" if kind == For::CallbackBody => self.began.elapsed().as_millis().to_string(),
            name => self.custom.get(name).cloned().unwrap_or_default(),
        }
    }

    /// The name the file had, or that of the object.
    fn file_name(&self) -> &str {
        let key = self.object.entry.key.as_str();
        let own = || key.rsplit_once('/').map_or(key, |(_, name)| name);
        self.file_name.as_deref().unwrap_or_else(own)
    }
}

/// The text of an answer: it says the hash, once.
fn with_hash(text: Option<String>, hash: &str) -> String {
    match text {
        None => format!("hash={hash}"),
        Some(text) if pairs(&text).any(|(name, _)| name == "hash") => text,
        Some(text) => format!("{text}&hash={hash}"),
    }
}

/// `name=value` pairs.
fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

fn success(app: &App, url: &str, text: &str) -> String {
    let query = match app.options().upload_ret {
        true => format!("upload_ret={}", b64u::encode(text)),
        false => {
            let encoded = pairs(text)
                .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, PLAIN)));
            encoded.collect::<Vec<_>>().join("&")
        }
    };
    joined(url, &query)
}

fn joined(url: &str, query: &str) -> String {
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}{query}")
}

/// The way back of a browser whose upload failed.
pub fn returned_with(url: &str, refusal: &Refusal) -> Response {
    let message = utf8_percent_encode(&refusal.message, PLAIN);
    let query = format!("code={}&message={message}", refusal.status.as_u16());
    redirect(&joined(url, &query))
}

fn redirect(url: &str) -> Response {
    match HeaderValue::from_str(url) {
        Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
        Err(_) => Refusal::bad("`returnUrl` is not an address").into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_43_the_hash_is_said_once() {
        for (text, expected) in [
            (None, "hash=H"),
            (Some("a=1&b=2"), "a=1&b=2&hash=H"),
            (Some("a=1&hash=h"), "a=1&hash=h"),
            (Some("nohash=1"), "nohash=1&hash=H"),
        ] {
            assert_eq!(with_hash(text.map(str::to_owned), "H"), expected);
        }
    }

    #[test]
    fn a_way_back_keeps_its_own_parameters() {
        for (url, expected) in [
            ("http://a/", "http://a/?code=413&message=too%20large"),
            (
                "http://a/?b=1",
                "http://a/?b=1&code=413&message=too%20large",
            ),
        ] {
            let response = returned_with(url, &Refusal::new(413, "too large"));
            assert_eq!(response.status(), StatusCode::SEE_OTHER);
            assert_eq!(response.headers()[header::LOCATION], expected);
        }
    }
}
