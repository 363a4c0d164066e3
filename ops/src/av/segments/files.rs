//! Where the bytes of a muxer go: one file after another. The muxer writes on without knowing.
//!
//! A muxer of libav reports a failed write by a number; the reason in full is kept here.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::budget::Budget;
use super::lock::Cipher;
use crate::OpsError;

/// The end of the muxer's bytes. Clones are the same.
#[derive(Clone)]
pub(super) struct Files(Arc<Mutex<Inner>>);

struct Inner {
    budget: Arc<Budget>,
    current: Option<Current>,
    /// Why writing failed.
    fault: Option<OpsError>,
}

struct Current {
    path: PathBuf,
    file: File,
    cipher: Option<Cipher>,
    bytes: u64,
}

impl Files {
    pub(super) fn new(budget: Arc<Budget>) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            budget,
            current: None,
            fault: None,
        })))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic while it was held costs the command, not the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From here on bytes go into the file `path`.
    pub(super) fn begin(&self, path: &Path, cipher: Option<Cipher>) -> Result<(), OpsError> {
        let mut inner = self.lock();
        inner.budget.take_file()?;
        let file = File::create(path).map_err(|error| OpsError::write_file(path, &error))?;
        inner.current = Some(Current {
            path: path.to_owned(),
            file,
            cipher,
            bytes: 0,
        });
        Ok(())
    }

    /// Closes the file; gives its bytes.
    pub(super) fn end(&self) -> Result<u64, OpsError> {
        let mut inner = self.lock();
        let padding = match &mut inner.current {
            Some(current) => current.cipher.take().map(Cipher::finish),
            None => None,
        };
        inner.put(&padding.unwrap_or_default())?;
        Ok(inner.current.take().map_or(0, |current| current.bytes))
    }

    /// Writes bytes that are not the muxer's.
    pub(super) fn put(&self, bytes: &[u8]) -> Result<(), OpsError> {
        self.lock().take(bytes)
    }

    /// Why writing failed, if it did.
    pub(super) fn fault(&self) -> Option<OpsError> {
        self.lock().fault.clone()
    }
}

impl Inner {
    /// Plain bytes.
    fn take(&mut self, bytes: &[u8]) -> Result<(), OpsError> {
        match self.current.as_mut().and_then(|now| now.cipher.as_mut()) {
            Some(cipher) => {
                let encrypted = cipher.update(bytes);
                self.put(&encrypted)
            }
            None => self.put(bytes),
        }
    }

    /// Bytes as they are to be on disk.
    fn put(&mut self, bytes: &[u8]) -> Result<(), OpsError> {
        // Between two files a muxer has nothing to say.
        let Some(current) = &mut self.current else {
            return Ok(());
        };
        self.budget.take_bytes(bytes.len() as u64)?;
        let written = current.file.write_all(bytes);
        written.map_err(|error| OpsError::write_file(&current.path, &error))?;
        current.bytes += bytes.len() as u64;
        Ok(())
    }
}

impl Write for Files {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut inner = self.lock();
        match inner.take(bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(error) => {
                inner.fault = Some(error);
                Err(io::ErrorKind::Other.into())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
