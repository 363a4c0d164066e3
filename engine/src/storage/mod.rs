//! Stored objects as callers see them: put, looked at, read, listed, copied, renamed, deleted, and gone when their time is
//! over. What uploads, downloads and resource management stand on.
//!
//! A bucket's own files are the truth about which objects there are; the store adds what a file does not say: its hash,
//! its type, when it expires. A file that somebody put into the folder of a bucket is an object like any other: what the
//! store does not know of it yet is found out when it is first asked for.

mod append;
mod blocks;
mod change;
mod expire;
mod incoming;
mod list;
mod look;
mod peek;
mod put;
mod read;
mod walk;

use std::sync::Arc;

use opmill_ops::{BucketName, Entry};
use opmill_store::UnixMillis;

pub use blocks::{Batch, Chunk, LARGEST_BLOCK};
pub use incoming::{Hashed, Incoming};
pub use list::{ListQuery, Listing, Order};
pub use put::PutOptions;
pub use read::{Body, Opened};

pub(crate) use expire::sweep as expire;
pub(crate) use incoming::sweep as sweep_uploads;
pub(crate) use look::millis;

use crate::error::EngineError;
use crate::shared::Shared;

/// What is known of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Where it is.
    pub entry: Entry,
    /// The hash of its content (wire.md 3.1).
    pub hash: String,
    /// Bytes.
    pub size: u64,
    /// Its media type.
    pub mime: String,
    /// When it was stored here.
    pub stored: UnixMillis,
    /// When its content last changed.
    pub modified: UnixMillis,
    /// When it will be gone; `None`: never.
    pub expires: Option<UnixMillis>,
}

/// The objects of an engine's buckets; see [`Engine::storage`](crate::Engine::storage).
#[derive(Clone)]
pub struct Storage {
    shared: Arc<Shared>,
}

impl Storage {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// The buckets of the configuration, by name.
    pub fn buckets(&self) -> Vec<BucketName> {
        self.shared.buckets.names()
    }

    /// The address of an object.
    pub fn url(&self, entry: &Entry) -> String {
        self.shared.buckets.url(entry, None)
    }

    /// The bucket that a `Host` header stands for: one bound to it in the configuration.
    pub fn bucket_of_host(&self, host: &str) -> Option<BucketName> {
        self.shared.buckets.of_host(host)
    }

    /// Fails unless the bucket is one of the configuration.
    ///
    /// # Errors
    /// [`EngineError::BucketNotFound`].
    pub fn check_bucket(&self, bucket: &BucketName) -> Result<(), EngineError> {
        match self.shared.buckets.is_named(bucket) {
            true => Ok(()),
            false => Err(EngineError::BucketNotFound {
                bucket: bucket.clone(),
            }),
        }
    }
}

impl std::fmt::Debug for Storage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Storage").finish_non_exhaustive()
    }
}
