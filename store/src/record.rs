//! On-disk records: an envelope around every value, and the only place that knows bincode.
//!
//! ```text
//! [magic 1][codec 1][kind 1][schema 2, big-endian][flags 1][body …][crc32c 4, big-endian]
//! ```
//! The checksum covers everything before it. Hot structs of the engine's own are bincode; what users supplied is
//! named-field JSON, which people and repair tools can read. One frozen struct per schema lives in [`v1`]; a
//! changed record gets a new struct and a new number, and the old reader stays.
//!
//! JSON documents are cut into parts of [`PART`] bytes. sled splits a leaf by its number of keys (16), not by its
//! bytes, and moves a page above 128 kB to a file in `blobs/` that it never syncs: such a page would not survive a
//! power cut. With values this small a page never grows that large.

mod activity;
mod history;
pub(crate) mod v1;
mod v2;
mod v3;

use serde::Serialize;
use serde::de::DeserializeOwned;

const MAGIC: u8 = 0xa7;
const HEADER: usize = 6;
const CHECKSUM: usize = 4;
/// Flag: the document goes on under the next key.
const MORE: u8 = 1;
/// The newest schema of any record.
pub(crate) const NEWEST_SCHEMA: u16 = 3;
/// Bytes of a document kept under one key.
pub(crate) const PART: usize = 4096;

/// How a body is written. Numbers are append-only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Codec {
    Bincode = 1,
    Json = 2,
}

/// What a record is, so that one read from the wrong tree is noticed. Numbers are append-only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    Format = 1,
    Counter = 2,
    Job = 3,
    Lease = 4,
    Delivery = 5,
    Spec = 6,
    Item = 7,
    Object = 8,
    Pause = 9,
    History = 10,
    Activity = 11,
    Message = 12,
}

/// Why bytes are not a record. The caller adds tree and key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// Not what was written.
    Damaged(String),
    /// Written by a newer program, in this schema.
    Newer(u16),
}

fn damaged(reason: impl Into<String>) -> Flaw {
    Flaw::Damaged(reason.into())
}

/// Something kept in a tree.
pub(crate) trait Record: Sized {
    const KIND: Kind;
    const CODEC: Codec;
    /// The schema this program writes; it reads this one and all before it.
    const SCHEMA: u16;
    fn to_body(&self) -> Result<Vec<u8>, Flaw>;
    fn from_body(schema: u16, body: &[u8]) -> Result<Self, Flaw>;
}

/// The value to keep for `record`.
pub(crate) fn encode<R: Record>(record: &R) -> Result<Vec<u8>, Flaw> {
    Ok(seal::<R>(0, &record.to_body()?))
}

/// The record in a value that [`encode`] made.
pub(crate) fn decode<R: Record>(bytes: &[u8]) -> Result<R, Flaw> {
    let part = open::<R>(bytes)?;
    if part.more {
        return Err(damaged("it is the first part of several"));
    }
    R::from_body(part.schema, part.body)
}

/// The values to keep for a document, under consecutive keys.
pub(crate) fn encode_parts<R: Record>(record: &R) -> Result<Vec<Vec<u8>>, Flaw> {
    let body = record.to_body()?;
    let last = body.len().saturating_sub(1) / PART;
    let parts = body.chunks(PART).enumerate();
    Ok(parts
        .map(|(n, part)| seal::<R>(if n < last { MORE } else { 0 }, part))
        .collect())
}

/// Puts a document together again, part by part.
pub(crate) struct Parts<R> {
    body: Vec<u8>,
    record: std::marker::PhantomData<R>,
}

impl<R: Record> Parts<R> {
    pub(crate) fn new() -> Self {
        Self {
            body: Vec::new(),
            record: std::marker::PhantomData,
        }
    }

    /// Takes the next part; gives the record when it was the last.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Option<R>, Flaw> {
        let part = open::<R>(bytes)?;
        self.body.extend_from_slice(part.body);
        if part.more {
            Ok(None)
        } else {
            R::from_body(part.schema, &std::mem::take(&mut self.body)).map(Some)
        }
    }
}

/// What a value holds as text, if its body is text.
pub(crate) fn text(bytes: &[u8]) -> Option<String> {
    let body = bytes.get(HEADER..bytes.len().checked_sub(CHECKSUM)?)?;
    (bytes[1] == Codec::Json as u8).then(|| String::from_utf8_lossy(body).into_owned())
}

struct Part<'a> {
    schema: u16,
    more: bool,
    body: &'a [u8],
}

fn seal<R: Record>(flags: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + body.len() + CHECKSUM);
    bytes.extend_from_slice(&[MAGIC, R::CODEC as u8, R::KIND as u8]);
    bytes.extend_from_slice(&R::SCHEMA.to_be_bytes());
    bytes.push(flags);
    bytes.extend_from_slice(body);
    bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_be_bytes());
    bytes
}

fn open<R: Record>(bytes: &[u8]) -> Result<Part<'_>, Flaw> {
    let (content, checksum) = bytes
        .split_last_chunk::<CHECKSUM>()
        .ok_or_else(|| damaged("too short"))?;
    if crc32c::crc32c(content) != u32::from_be_bytes(*checksum) {
        return Err(damaged("its checksum does not match"));
    }
    let ([magic, codec, kind, high, low, flags], body) = content
        .split_first_chunk::<HEADER>()
        .ok_or_else(|| damaged("too short"))?;
    let schema = u16::from_be_bytes([*high, *low]);
    if *magic != MAGIC {
        return Err(damaged(format!("its first byte is {magic:#04x}")));
    }
    if *kind != R::KIND as u8 {
        return Err(damaged(format!(
            "it is of kind {kind}, expected {:?}",
            R::KIND
        )));
    }
    // Before codec and flags: a newer schema may use ones that this program has not heard of.
    if schema > R::SCHEMA {
        return Err(Flaw::Newer(schema));
    }
    if *codec != R::CODEC as u8 || flags & !MORE != 0 {
        return Err(damaged(format!(
            "schema {schema} has no codec {codec} with flags {flags:#04x}"
        )));
    }
    Ok(Part {
        schema,
        more: flags & MORE != 0,
        body,
    })
}

fn to_bincode<T: Serialize>(value: &T) -> Result<Vec<u8>, Flaw> {
    bincode::serde::encode_to_vec(value, bincode::config::standard())
        .map_err(|error| damaged(error.to_string()))
}

fn from_bincode<T: DeserializeOwned>(body: &[u8]) -> Result<T, Flaw> {
    let read = bincode::serde::decode_from_slice(body, bincode::config::standard());
    match read.map_err(|error| damaged(error.to_string()))? {
        (value, length) if length == body.len() => Ok(value),
        (_, length) => Err(damaged(format!(
            "{} bytes are left over",
            body.len() - length
        ))),
    }
}

fn to_json<T: Serialize>(value: &T) -> Result<Vec<u8>, Flaw> {
    serde_json::to_vec(value).map_err(|error| damaged(error.to_string()))
}

fn from_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Flaw> {
    serde_json::from_slice(body).map_err(|error| damaged(error.to_string()))
}

#[cfg(test)]
mod tests;
