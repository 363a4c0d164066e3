//! Schema 1 of every record: frozen. Plain numbers instead of enums, so that no reordering elsewhere changes bytes.
//!
//! Upgrading: add `v2.rs` with the changed struct, `From<V1> for V2`, and an arm for the new number; leave this be.

mod delivery;
mod document;
mod job;

use serde::{Deserialize, Serialize};

pub(crate) use document::Spec;
pub(super) use job::JobV1;
pub(crate) use job::{CANCELLED, COMPLETED, DISCARDED, RETRYABLE, state_number};

use super::{Codec, Flaw, Kind, Record, damaged, from_bincode, from_json, to_bincode, to_json};

pub(super) const V1: u16 = 1;

/// Refuses what no released program wrote; `open` has already refused what a newer one did.
pub(super) fn only_v1(schema: u16) -> Result<(), Flaw> {
    if schema == V1 {
        Ok(())
    } else {
        Err(damaged(format!("there is no schema {schema}")))
    }
}

/// Which programs may use this store. Checked before anything else is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Format {
    /// Format of the store as a whole.
    pub(crate) format: u16,
    /// Oldest format a program must know to read it.
    pub(crate) min_reader: u16,
    /// Oldest format a program must know to write to it.
    pub(crate) min_writer: u16,
    /// For people.
    pub(crate) created_by: String,
}

impl Record for Format {
    const KIND: Kind = Kind::Format;
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

/// A lane, or everything, that is not to be worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pause {
    /// Unix milliseconds.
    pub(crate) since: u64,
}

impl Record for Pause {
    const KIND: Kind = Kind::Pause;
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

/// The next number of a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counter {
    pub(crate) next: u64,
}

impl Record for Counter {
    const KIND: Kind = Kind::Counter;
    const CODEC: Codec = Codec::Bincode;
    const SCHEMA: u16 = V1;

    fn to_body(&self) -> Result<Vec<u8>, Flaw> {
        to_bincode(self)
    }

    fn from_body(schema: u16, body: &[u8]) -> Result<Self, Flaw> {
        only_v1(schema)?;
        from_bincode(body)
    }
}
