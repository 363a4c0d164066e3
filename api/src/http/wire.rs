//! The shapes of answers about objects (wire.md 2.5), and how engine types become them.

use axum::http::{HeaderName, HeaderValue};
use opmill_engine::UnixMillis;
use opmill_engine::storage::Object;
use serde_json::{Value, json};

/// Times of objects are in tenths of microseconds.
const TICKS: u64 = 10_000;

/// An object, as `stat` tells it.
pub fn stat(object: &Object) -> Value {
    json!({
        "result": true,
        "code": 200,
        "name": object.entry.key.as_str(),
        "message": "",
        "fsize": object.size,
        "hash": object.hash,
        "mimeType": object.mime,
        "putTime": object.stored.get() * TICKS,
        "expirationDate": expiration(object.expires),
        "storageClass": "Standard",
    })
}

/// An object in a list.
pub fn listed(object: &Object, size_as_text: bool) -> Value {
    let size = match size_as_text {
        true => Value::from(object.size.to_string()),
        false => Value::from(object.size),
    };
    json!({
        "key": object.entry.key.as_str(),
        "putTime": object.stored.get() * TICKS,
        "hash": object.hash,
        "fsize": size,
        "mimeType": object.mime,
        "expirationDate": expiration(object.expires),
        "storageClass": "Standard",
    })
}

fn expiration(expires: Option<UnixMillis>) -> String {
    expires.map_or_else(String::new, |at| at.get().to_string())
}

/// What HEAD and `stat` say in their headers of an object that can be appended to, as every one here can.
pub fn growth(object: &Object) -> [(HeaderName, HeaderValue); 2] {
    [
        (
            HeaderName::from_static("x-wcs-object-type"),
            HeaderValue::from_static("Appendable"),
        ),
        // The protocol's own spelling.
        (
            HeaderName::from_static("x-wcs-next-append-positon"),
            HeaderValue::from(object.size),
        ),
    ]
}

/// The answer to what was done.
pub fn done() -> Value {
    json!({"code": 200, "message": "ok"})
}
