//! Room on the disk, asked for before a verb writes: sled takes a write that found no room for the end of everything, so
//! it must never come to that. Called by writer.rs before every write and by enqueue.rs before new work.
//!
//! ```text
//! free space   ── low-water mark ──── what a verb needs ──── 0
//!   all work         no new jobs          from the reserve, slice by slice, then DiskFull
//! ```
//!
//! The reserve is a file beside the store that holds blocks and nothing else. It is given out in slices, since whatever
//! else fills the disk would take the rest of it at once, and made again when there is room above the mark.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{FallocateFlags, fallocate};

use crate::error::StoreError;
use crate::options::{DiskPolicy, Options, Space};

/// What any verb may make sled write: a segment of its log, and pages that are moved because of it.
const FOR_A_VERB: u64 = 4 << 20;
/// A text up to this length is among that.
const SMALL_TEXT: u64 = 64 << 10;
/// Bytes written for each byte of a longer one: its parts, and the pages they are merged into.
const PER_BYTE: u64 = 4;
/// Share of the log that a snapshot at the next start may take.
const SNAPSHOT_SHARE: u64 = 32;
const RESERVE: &str = "reserve";

pub(crate) struct Disk {
    dir: PathBuf,
    policy: DiskPolicy,
    space: Space,
    /// Bytes that the reserve holds now.
    held: Mutex<u64>,
}

impl Disk {
    /// Looks at the disk, and makes room for what opening writes.
    pub(crate) fn new(dir: &Path, options: &Options) -> Disk {
        let path = dir.join(RESERVE);
        let held = path.metadata().map_or(0, |file| file.len());
        let disk = Disk {
            dir: dir.to_owned(),
            policy: options.disk,
            space: options.space.clone(),
            held: Mutex::new(held),
        };
        let log = dir.join("db").metadata().map_or(0, |file| file.len());
        // Without enough of it sled may still do with less, and says so if it does not.
        let _ = disk.room(log / SNAPSHOT_SHARE);
        disk
    }

    /// Refuses a verb that writes a text of that length if it may not fit.
    pub(crate) fn room(&self, text: u64) -> Result<(), StoreError> {
        let long = text.saturating_sub(SMALL_TEXT);
        let needed = FOR_A_VERB.saturating_add(long.saturating_mul(PER_BYTE));
        let mut free = self.free();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if free < needed && *held > 0 {
            let slice = (needed - free).next_multiple_of(FOR_A_VERB);
            let left = held.saturating_sub(slice);
            self.resize(&mut held, left);
            free = self.free();
            tracing::warn!(dir = %self.dir.display(), free, reserve = *held, "the disk is full; writing from the reserve");
        }
        let missing = self.policy.reserve_bytes.saturating_sub(*held);
        if missing > 0 && free >= self.policy.low_water_bytes.saturating_add(missing) {
            self.resize(&mut held, self.policy.reserve_bytes);
        }
        match free < needed {
            true => Err(StoreError::DiskFull {
                dir: self.dir.clone(),
                free,
                needed,
            }),
            false => Ok(()),
        }
    }

    /// Refuses new work below the low-water mark.
    pub(crate) fn admit(&self) -> Result<(), StoreError> {
        let (free, low_water) = (self.free(), self.policy.low_water_bytes);
        match free < low_water {
            true => Err(StoreError::LowSpace {
                dir: self.dir.clone(),
                free,
                low_water,
            }),
            false => Ok(()),
        }
    }

    /// Bytes that this user may still write. A disk that does not say is taken to have room: sled will find out.
    fn free(&self) -> u64 {
        (self.space)(&self.dir).unwrap_or(u64::MAX)
    }

    /// Not having a reserve is no reason to stop.
    fn resize(&self, held: &mut u64, bytes: u64) {
        match set_size(&self.dir.join(RESERVE), bytes) {
            Ok(()) => *held = bytes,
            Err(error) => {
                tracing::warn!(dir = %self.dir.display(), %error, bytes, "cannot keep a reserve on the disk");
                *held = 0;
            }
        }
    }
}

/// Makes the file hold that many bytes of the disk; on an error, none.
fn set_size(path: &Path, bytes: u64) -> io::Result<()> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    let sized = grow_or_shrink(&file, bytes);
    if sized.is_err() {
        file.set_len(0)?;
    }
    sized
}

fn grow_or_shrink(file: &File, bytes: u64) -> io::Result<()> {
    if file.metadata()?.len() >= bytes {
        return file.set_len(bytes);
    }
    Ok(fallocate(file, FallocateFlags::empty(), 0, bytes)?)
}
