//! Group commit: the only caller of flush and fdatasync.
//!
//! A verb writes its transaction, then waits here until a flush and an fdatasync that *began after* the transaction
//! have ended. Whoever finds nobody syncing leads and syncs for all who wrote before; the others wait. A leader first
//! lets those finish who are writing at that moment, for no longer than a sync takes, so that they share this one.
//! One client alone waits for nobody and pays one sync a verb.
//!
//! `flush()` of sled 0.34.7 ends in `sync_file_range`, which neither empties the disk's cache nor records a file's
//! new length, so it is followed by an fdatasync on a descriptor of our own: the kernel reports a failed write-back
//! once to each descriptor, and what sled's flusher thread sees on its own it only logs. `flush_async` hangs.
//!
//! After a failure nothing is retried, since the kernel may have dropped the pages it could not write, or keep them as if
//! they were written: the store refuses every further write and leaves a mark, and the next process that finds it reads
//! the disk and not the kernel's memory (open.rs).

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::StoreError;
use crate::options::SyncData;
use crate::promised::Promised;

/// Left in the directory of a store that stopped, for the next start.
pub(crate) const STOPPED: &str = "stopped";
/// A slow disk must not make its syncs rarer still.
const LONGEST_WAIT: Duration = Duration::from_millis(10);

pub(crate) struct Commit {
    /// None when the store is on its way out.
    db: Option<sled::Db>,
    dir: PathBuf,
    /// `<dir>/db`, opened by us.
    file: File,
    promised: Promised,
    sync_data: SyncData,
    progress: Mutex<Progress>,
    /// A sync ended.
    moved: Condvar,
    /// Nobody is writing at the moment.
    settled: Condvar,
    syncs: AtomicU64,
}

#[derive(Default)]
struct Progress {
    /// Transactions ended so far.
    written: u64,
    /// The number of the latest of them, by the store's own count (promised.rs).
    change: u64,
    /// How many of them are on disk.
    synced: u64,
    /// Verbs between asking for the right to write and the end of their transaction.
    writing: usize,
    /// Someone is syncing, or about to.
    led: bool,
    /// How long the latest sync took.
    pace: Duration,
    failed: Option<String>,
    /// Files in `blobs/` known to be on disk.
    blobs: HashSet<OsString>,
}

impl Commit {
    pub(crate) fn new(
        db: sled::Db,
        dir: &Path,
        file: File,
        promised: Promised,
        sync_data: SyncData,
    ) -> Commit {
        Commit {
            db: Some(db),
            dir: dir.to_owned(),
            file,
            promised,
            sync_data,
            progress: Mutex::default(),
            moved: Condvar::new(),
            settled: Condvar::new(),
            syncs: AtomicU64::new(0),
        }
    }

    /// The storage engine, to be dropped.
    pub(crate) fn let_go(&mut self) -> Option<sled::Db> {
        self.db.take()
    }

    /// fdatasyncs issued so far.
    pub(crate) fn syncs(&self) -> u64 {
        self.syncs.load(Ordering::Relaxed)
    }

    /// Refuses when an earlier write or sync failed.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        self.refuse_failed(&self.progress())
    }

    /// Counts a verb as writing until the guard is dropped.
    pub(crate) fn writing(&self) -> Writing<'_> {
        self.progress().writing += 1;
        Writing { commit: self }
    }

    /// How much was acknowledged in all.
    pub(crate) fn promised(&self) -> &Promised {
        &self.promised
    }

    /// A transaction ended, the one of that number: the next sync covers it.
    pub(crate) fn wrote(&self, change: u64) {
        let mut progress = self.progress();
        progress.written += 1;
        progress.change = progress.change.max(change);
    }

    /// Something was written outside a transaction.
    pub(crate) fn wrote_aside(&self) {
        self.progress().written += 1;
    }

    /// What is in memory may no longer be what was meant: no more writes.
    pub(crate) fn fail(&self, cause: &str) -> StoreError {
        let mut progress = self.progress();
        let is_first = progress.failed.is_none();
        let cause = progress
            .failed
            .get_or_insert_with(|| cause.to_owned())
            .clone();
        drop(progress);
        if is_first {
            tracing::error!(dir = %self.dir.display(), cause, "the store takes no more writes");
            // The disk may refuse this as well; then the next start does without.
            let _ = fs::write(self.dir.join(STOPPED), &cause);
        }
        self.moved.notify_all();
        StoreError::Failed {
            dir: self.dir.clone(),
            cause,
        }
    }

    /// Returns when everything written before this call is on disk.
    pub(crate) fn durable(&self) -> Result<(), StoreError> {
        let mut progress = self.progress();
        let mine = progress.written;
        loop {
            self.refuse_failed(&progress)?;
            if progress.synced >= mine {
                return Ok(());
            }
            if progress.led {
                progress = self
                    .moved
                    .wait(progress)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            progress.led = true;
            progress = self.let_writers_finish(progress);
            let (covered, change) = (progress.written, progress.change);
            let mut blobs = std::mem::take(&mut progress.blobs);
            drop(progress);
            // Steps down if sled panics, or the others would wait for ever.
            let leader = Leader { commit: self };
            let started = Instant::now();
            let outcome = self.sync(&mut blobs);
            if outcome.is_ok() {
                self.promised.note(change);
            }
            std::mem::forget(leader);
            progress = self.progress();
            progress.pace = started.elapsed();
            progress.led = false;
            progress.blobs = blobs;
            match outcome {
                Ok(()) => progress.synced = covered,
                Err(cause) => {
                    drop(progress);
                    return Err(self.fail(&cause));
                }
            }
            self.moved.notify_all();
        }
    }

    fn let_writers_finish<'a>(
        &self,
        progress: MutexGuard<'a, Progress>,
    ) -> MutexGuard<'a, Progress> {
        let patience = progress.pace.min(LONGEST_WAIT);
        let settled = self
            .settled
            .wait_timeout_while(progress, patience, |progress| progress.writing > 0);
        settled.unwrap_or_else(PoisonError::into_inner).0
    }

    fn sync(&self, blobs: &mut HashSet<OsString>) -> Result<(), String> {
        self.db
            .iter()
            .try_for_each(|db| db.flush().map(drop))
            .map_err(|error| format!("writing the log failed: {error}"))?;
        self.sync_blobs(blobs)
            .map_err(|error| format!("syncing blobs failed: {error}"))?;
        self.sync_data("db", &self.file)
            .map_err(|error| format!("fdatasync of the log failed: {error}"))
    }

    /// sled moves a page above 128 kB to a file of its own and never syncs it. Records are cut small so that this
    /// does not happen; should it, the page must be on disk before the log that points to it counts as durable.
    fn sync_blobs(&self, known: &mut HashSet<OsString>) -> std::io::Result<()> {
        let folder = self.dir.join("blobs");
        let mut grew = false;
        for entry in fs::read_dir(&folder)? {
            let name = entry?.file_name();
            if known.contains(&name) {
                continue;
            }
            match File::open(folder.join(&name)) {
                Ok(blob) => self.sync_data(Path::new("blobs").join(&name), &blob)?,
                // Garbage collection was faster: nothing points to it any more.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            }
            known.insert(name);
            grew = true;
        }
        if grew {
            File::open(&folder)?.sync_all()
        } else {
            Ok(())
        }
    }

    fn sync_data(&self, name: impl AsRef<Path>, file: &File) -> std::io::Result<()> {
        self.syncs.fetch_add(1, Ordering::Relaxed);
        (self.sync_data)(&self.dir.join(name), file)
    }

    fn refuse_failed(&self, progress: &Progress) -> Result<(), StoreError> {
        match &progress.failed {
            Some(cause) => Err(StoreError::Failed {
                dir: self.dir.clone(),
                cause: cause.clone(),
            }),
            None => Ok(()),
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        // No code that can panic runs under this lock, so a poisoned one still holds true counts.
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A verb that is writing.
pub(crate) struct Writing<'a> {
    commit: &'a Commit,
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        let mut progress = self.commit.progress();
        progress.writing -= 1;
        if progress.writing == 0 && progress.led {
            self.commit.settled.notify_one();
        }
    }
}

struct Leader<'a> {
    commit: &'a Commit,
}

impl Drop for Leader<'_> {
    fn drop(&mut self) {
        self.commit.progress().led = false;
        self.commit
            .fail("the storage engine panicked during a sync");
    }
}
