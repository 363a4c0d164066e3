//! What a command may write, counted over all its renditions, which are made on threads of their own.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Limits, OpsError};

/// Bytes and files there may be, and how many there are.
#[derive(Debug)]
pub(crate) struct Budget {
    bytes: AtomicU64,
    files: AtomicU64,
    most_bytes: u64,
    most_files: u64,
}

impl Budget {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            bytes: AtomicU64::new(0),
            files: AtomicU64::new(0),
            most_bytes: limits.output_bytes,
            most_files: limits.files,
        }
    }

    /// One file more.
    pub(super) fn take_file(&self) -> Result<(), OpsError> {
        let before = self.files.fetch_add(1, Ordering::Relaxed);
        match before < self.most_files {
            true => Ok(()),
            false => Err(OpsError::TooManyFiles {
                limit: self.most_files,
            }),
        }
    }

    /// So many bytes more.
    pub(super) fn take_bytes(&self, bytes: u64) -> Result<(), OpsError> {
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        match before.saturating_add(bytes) <= self.most_bytes {
            true => Ok(()),
            false => Err(OpsError::OutputTooLarge {
                limit: self.most_bytes,
            }),
        }
    }
}
