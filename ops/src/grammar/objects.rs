//! Values that hold other values: lists with `,` between, texts and names of objects in base64 (wire.md 5.1).

use super::kind::Kind;
use crate::b64u;
use crate::entry::ObjectRef;
use crate::op::List;

/// One object or several.
pub(super) const OBJECTS: Kind<List<ObjectRef>> = Kind::Other {
    name: "objects",
    range: "URL-safe base64 of `bucket:key`, or `bucket:key` in plain text; up to 32 of them with `,` between",
    read: |text| list(text, object),
    write: |objects| joined(objects, encoded),
};

/// The values between commas, if all of them are allowed.
pub(super) fn list<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<List<T>> {
    List::new(text.split(',').map(read).collect::<Option<_>>()?)
}

/// The canonical text of a list.
pub(super) fn joined<T>(values: &List<T>, write: impl Fn(&T) -> String) -> String {
    let texts: Vec<String> = values.as_slice().iter().map(write).collect();
    texts.join(",")
}

/// The text that is encoded in base64.
pub(super) fn decoded(text: &str) -> Option<String> {
    String::from_utf8(b64u::decode(text)?).ok()
}

/// An object. A `:` tells plain text from base64, which has none.
pub(super) fn object(text: &str) -> Option<ObjectRef> {
    if text.contains(':') {
        return ObjectRef::parse(text).ok();
    }
    ObjectRef::parse(&decoded(text)?).ok()
}

/// The canonical text of an object.
pub(super) fn encoded(object: &ObjectRef) -> String {
    b64u::encode(object.to_string())
}
