//! Apps that work on objects in ways of their own (wire.md 8): a service is told the address of an object, and its answer is
//! the answer.

use std::io;

use futures::stream;
use opmill_ops::Entry;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::error::{self, EngineError};
use crate::notify::sign::authorization;
use crate::shared::Shared;
use crate::storage::{Body, Storage};
use crate::web::WebError;

/// What stays as it is in a parameter: the unreserved characters of RFC 3986.
const PARAMETER: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// Most bytes of an answer; more is cut off, so that the one who asked sees that it is not whole.
const LONGEST: u64 = 4 << 30;

/// What an app answered.
pub struct Forwarded {
    /// The status.
    pub status: u16,
    /// `Content-Type`, if it says one.
    pub content_type: Option<String>,
    /// `Content-Length`, if it says one.
    pub length: Option<u64>,
    /// The body as it comes.
    pub body: Body,
}

/// Asks an app about an object.
pub(crate) async fn forward(
    shared: &std::sync::Arc<Shared>,
    name: &str,
    entry: &Entry,
) -> Result<Forwarded, EngineError> {
    let Some(app) = shared.config.apps.get(name) else {
        return Err(EngineError::AppNotFound {
            app: name.to_owned(),
        });
    };
    let storage = Storage::new(std::sync::Arc::clone(shared));
    if storage.stat(entry).await?.is_none() {
        return Err(EngineError::ObjectNotFound {
            entry: entry.clone(),
        });
    }
    let url = address(&app.address, name, &storage.url(entry));
    let pair = shared.config.keys.first().filter(|_| app.sign);
    let signed = pair.map(|pair| authorization(pair, &url, ""));
    let answer = shared.web.post(&url, signed, app.allow_private_address);
    let answer = answer.await.map_err(|error| match error {
        WebError::Timeout { wait } => EngineError::AppTimeout {
            app: name.to_owned(),
            seconds: wait.as_secs(),
        },
        error => EngineError::AppUnreachable {
            app: name.to_owned(),
            reason: error::report(&error),
        },
    })?;
    let content_type = answer.headers().get(reqwest::header::CONTENT_TYPE);
    Ok(Forwarded {
        status: answer.status().as_u16(),
        content_type: content_type.and_then(|value| Some(value.to_str().ok()?.to_owned())),
        length: answer.content_length(),
        body: body(answer),
    })
}

/// The app's address with what it is to work on. The object's address is escaped once as an address and once as a
/// parameter, so that an app which decodes its parameter has an address.
fn address(service: &str, name: &str, url: &str) -> String {
    let escape = |text| utf8_percent_encode(text, PARAMETER);
    let joint = if service.contains('?') { '&' } else { '?' };
    format!("{service}{joint}cmd={}&url={}", escape(name), escape(url))
}

fn body(answer: reqwest::Response) -> Body {
    let chunks = stream::try_unfold((answer, 0), |(mut answer, sent)| async move {
        let Some(chunk) = answer.chunk().await.map_err(io::Error::other)? else {
            return Ok(None);
        };
        let sent = sent + chunk.len() as u64;
        match sent > LONGEST {
            true => Err(io::Error::other("the answer is too long")),
            false => Ok(Some((chunk, (answer, sent)))),
        }
    });
    Box::pin(chunks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_65_the_address_is_escaped_twice() {
        for (service, url, expected) in [
            (
                "http://127.0.0.1:9100/svc",
                "http://127.0.0.1:8080/bkt/a%20b.jpg",
                "http://127.0.0.1:9100/svc?cmd=MyApp&url=http%3A%2F%2F127.0.0.1%3A8080%2Fbkt%2Fa%2520b.jpg",
            ),
            (
                "https://app.example/?v=2",
                "https://m.example/k-1_~.jpg",
                "https://app.example/?v=2&cmd=MyApp&url=https%3A%2F%2Fm.example%2Fk-1_~.jpg",
            ),
        ] {
            assert_eq!(address(service, "MyApp", url), expected);
        }
    }
}
