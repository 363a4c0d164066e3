//! What users supplied, schema 1: specs, items, objects and messages, as named-field JSON.

use serde::{Deserialize, Serialize};

use super::{V1, only_v1};
use crate::id::{ItemIndex, MessageId, UnixMillis};
use crate::items::{Item, ItemOutcome};
use crate::messages::Message;
use crate::objects::StoredObject;
use crate::record::{Codec, Flaw, Kind, Record, damaged, from_json, to_json};

/// What a job is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Spec {
    pub(crate) spec: String,
}

impl Record for Spec {
    const KIND: Kind = Kind::Spec;
    const CODEC: Codec = Codec::Json;
    const SCHEMA: u16 = V1;

    fn to_body(&self) -> Result<Vec<u8>, Flaw> {
        to_json(self)
    }

    fn from_body(schema: u16, body: &[u8]) -> Result<Self, Flaw> {
        only_v1(schema)?;
        from_json(body)
    }
}

#[derive(Serialize, Deserialize)]
struct MessageV1 {
    id: u64,
    text: String,
    attempts: u32,
    due: u64,
    created: u64,
    last_error: Option<String>,
}

impl Record for Message {
    const KIND: Kind = Kind::Message;
    const CODEC: Codec = Codec::Json;
    const SCHEMA: u16 = V1;

    fn to_body(&self) -> Result<Vec<u8>, Flaw> {
        to_json(&MessageV1 {
            id: self.id.0,
            text: self.text.clone(),
            attempts: self.attempts,
            due: self.due.get(),
            created: self.created.get(),
            last_error: self.last_error.clone(),
        })
    }

    fn from_body(schema: u16, body: &[u8]) -> Result<Self, Flaw> {
        only_v1(schema)?;
        let message: MessageV1 = from_json(body)?;
        Ok(Message {
            id: MessageId(message.id),
            text: message.text,
            attempts: message.attempts,
            due: UnixMillis::new(message.due),
            created: UnixMillis::new(message.created),
            last_error: message.last_error,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct ItemV1 {
    index: u32,
    /// "succeeded", "failed" or "failed-transient".
    outcome: String,
    attempt: u32,
    recorded: u64,
    body: String,
}

impl Record for Item {
    const KIND: Kind = Kind::Item;
    const CODEC: Codec = Codec::Json;
    const SCHEMA: u16 = V1;

    fn to_body(&self) -> Result<Vec<u8>, Flaw> {
        let outcome = match self.outcome {
            ItemOutcome::Succeeded => "succeeded",
            ItemOutcome::Failed => "failed",
            ItemOutcome::FailedTransient => "failed-transient",
        };
        to_json(&ItemV1 {
            index: self.index.0,
            outcome: outcome.to_owned(),
            attempt: self.attempt,
            recorded: self.recorded.get(),
            body: self.body.clone(),
        })
    }

    fn from_body(schema: u16, body: &[u8]) -> Result<Self, Flaw> {
        only_v1(schema)?;
        let item: ItemV1 = from_json(body)?;
        Ok(Item {
            index: ItemIndex(item.index),
            outcome: match item.outcome.as_str() {
                "succeeded" => ItemOutcome::Succeeded,
                "failed" => ItemOutcome::Failed,
                "failed-transient" => ItemOutcome::FailedTransient,
                unknown => return Err(damaged(format!("there is no outcome {unknown:?}"))),
            },
            attempt: item.attempt,
            recorded: UnixMillis::new(item.recorded),
            body: item.body,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct ObjectV1 {
    hash: String,
    size: u64,
    mime: Option<String>,
    modified: u64,
    stored: u64,
    expires: Option<u64>,
}

impl Record for StoredObject {
    const KIND: Kind = Kind::Object;
    const CODEC: Codec = Codec::Json;
    const SCHEMA: u16 = V1;

    fn to_body(&self) -> Result<Vec<u8>, Flaw> {
        to_json(&ObjectV1 {
            hash: self.hash.clone(),
            size: self.size,
            mime: self.mime.clone(),
            modified: self.modified.get(),
            stored: self.stored.get(),
            expires: self.expires.map(UnixMillis::get),
        })
    }

    fn from_body(schema: u16, body: &[u8]) -> Result<Self, Flaw> {
        only_v1(schema)?;
        let object: ObjectV1 = from_json(body)?;
        Ok(StoredObject {
            hash: object.hash,
            size: object.size,
            mime: object.mime,
            modified: UnixMillis::new(object.modified),
            stored: UnixMillis::new(object.stored),
            expires: object.expires.map(UnixMillis::new),
        })
    }
}
