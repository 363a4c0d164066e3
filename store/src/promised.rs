//! How many changes were acknowledged, in a small file beside the log. sled takes a log that ends early for one that
//! was never longer, and a missing one for a new store: without this number a file that was cut short would cost jobs
//! without a word.
//!
//! Every transaction counts itself (trees.rs). The count is written here after the sync that covers it and before
//! anyone hears of it, and is not synced itself, so it costs no disk time: after a power cut the file may say less than
//! was acknowledged, never more than is in the log.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::Store;
use crate::error::StoreError;
use crate::record::v1::Counter;
use crate::trees::Name;

pub(crate) const FILE: &str = "acknowledged";
/// Key in `meta` of the number of changes so far.
pub(crate) const CHANGES: &[u8] = b"changes";
/// The number, big-endian, and its checksum.
const LENGTH: usize = 8 + 4;

pub(crate) struct Promised {
    path: PathBuf,
    file: File,
    /// What the file says.
    number: AtomicU64,
}

impl Promised {
    pub(crate) fn open(dir: &Path) -> Result<Promised, StoreError> {
        let path = dir.join(FILE);
        let open = || -> io::Result<(File, u64)> {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)?;
            let mut bytes = [0; LENGTH];
            let number = match file.read_exact_at(&mut bytes, 0) {
                Ok(()) => read(&bytes),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => None,
                Err(error) => return Err(error),
            };
            if number.is_none() && file.metadata()?.len() > 0 {
                tracing::warn!(path = %path.display(), "it does not say how much was acknowledged");
            }
            Ok((file, number.unwrap_or(0)))
        };
        let (file, number) = open().map_err(StoreError::io(&path))?;
        Ok(Promised {
            number: AtomicU64::new(number),
            path,
            file,
        })
    }

    /// What was acknowledged in all.
    pub(crate) fn number(&self) -> u64 {
        self.number.load(Ordering::Relaxed)
    }

    /// How many acknowledged changes a log lacks that has so many.
    pub(crate) fn missing(&self, found: u64) -> u64 {
        self.number().saturating_sub(found)
    }

    /// Takes the word for it that the log is what it is, and keeps the old one beside.
    pub(crate) fn put_aside(&self) -> Result<(), StoreError> {
        let aside = self.path.with_file_name(format!("aside.{FILE}"));
        match std::fs::rename(&self.path, aside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::io(&self.path)(error))
            }
            _ => Ok(()),
        }
    }

    /// So many changes are on disk, and are going to be acknowledged.
    pub(crate) fn note(&self, number: u64) {
        if self.number.fetch_max(number, Ordering::Relaxed) >= number {
            return;
        }
        let mut bytes = [0; LENGTH];
        let (count, checksum) = bytes.split_at_mut(8);
        count.copy_from_slice(&number.to_be_bytes());
        checksum.copy_from_slice(&crc32c::crc32c(count).to_be_bytes());
        if let Err(error) = self.file.write_all_at(&bytes, 0) {
            // It says less than it could; what is acknowledged is in the log all the same.
            tracing::warn!(path = %self.path.display(), %error, "cannot note how much was acknowledged");
        }
    }
}

fn read(bytes: &[u8; LENGTH]) -> Option<u64> {
    let (count, checksum) = bytes.split_first_chunk::<8>()?;
    let is_whole = crc32c::crc32c(count).to_be_bytes() == checksum;
    is_whole.then_some(u64::from_be_bytes(*count))
}

impl Store {
    /// Refuses a log that has less than was acknowledged, before anything is built upon it.
    pub(crate) fn check_promised(&self, promised: &Promised) -> Result<(), StoreError> {
        let counter = self.inner.trees.get::<Counter>(Name::Meta, CHANGES)?;
        let found = counter.map_or(0, |counter| counter.next);
        match promised.missing(found) {
            0 => Ok(()),
            missing => Err(StoreError::CutShort {
                dir: self.inner.dir.clone(),
                missing,
                note: promised.path.clone(),
            }),
        }
    }
}
