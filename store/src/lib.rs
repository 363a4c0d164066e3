//! What is still true after a power cut: opmill's durable job queue on sled.
//!
//! A [`Store`] is a directory. Its verbs block, and when one returns, what it did is on disk: written, flushed and
//! fdatasynced. Many callers share a sync (group commit), so call it from as many threads as there is work; from
//! async code, through `spawn_blocking`.
//!
//! ```
//! use opmill_store::{Event, JobState, NewItem, NewJob, Options, Store, WorkerId};
//! use opmill_store::{ItemIndex, ItemOutcome, Owed, OwedScope};
//! use std::time::Duration;
//!
//! # fn main() -> Result<(), opmill_store::StoreError> {
//! # let dir = tempfile::tempdir().expect("a temporary directory");
//! let store = Store::open(dir.path(), Options::default())?;
//! let job = store.enqueue(NewJob { commands: 1, spec: "{}".into(), ..NewJob::default() })?;
//!
//! let claimed = store.claim(&WorkerId::new("worker-1"), Duration::from_secs(30))?;
//! let (lease, claimed) = claimed.expect("a job is available");
//! assert_eq!(claimed.id, job.id);
//!
//! let done = NewItem { index: ItemIndex(0), outcome: ItemOutcome::Succeeded, body: "{}".into() };
//! let owed = Owed { scope: OwedScope::All, code: 3 };
//! let state = store.finish(&lease, Event::Succeeded, vec![done], vec![owed], None)?;
//! assert_eq!(state, JobState::Completed);
//! store.close()
//! # }
//! ```
//!
//! # Where to find what
//!
//! | file | what it decides |
//! |---|---|
//! | `state.rs` | the lifecycle: which event leads from which state to which |
//! | `queue/…` | the verbs, one a file, each one transaction |
//! | `jobs.rs`, `leases.rs`, `items.rs`, `outbox.rs`, `objects.rs`, `history.rs`, `activity.rs` | what is kept of each, and what keeps their trees in step |
//! | `prune.rs`, `read.rs` | retention, reading |
//! | `commit.rs` | when a verb may be acknowledged |
//! | `disk.rs` | when there is no room for it |
//! | `writer.rs` | one writing verb at a time |
//! | `tx.rs`, `trees.rs`, `key.rs`, `record.rs` | which tree holds what, under which key, in which bytes |
//! | `open.rs`, `log.rs`, `recover.rs`, `tally.rs` | what opening a directory repairs |
//! | `export.rs`, `import.rs` | a store as JSON lines, and back |
//! | `doctor/…`, `salvage/…` | what is wrong with a store, also with one that does not open |
//! | `promised.rs` | how a log that was cut short is noticed |
//! | `id.rs`, `job.rs`, `limits.rs`, `options.rs`, `error.rs` | the types of the above |
//!
//! # One process a directory
//!
//! The directory is locked while a store is open. So a job that is running when the store opens belongs to a
//! process that is gone, and opening gives it back at once, counting a rescue, without waiting for its lease.
#![forbid(unsafe_code)]

mod activity;
mod commit;
mod disk;
mod doctor;
mod error;
mod export;
mod history;
mod id;
mod import;
mod items;
mod job;
mod jobs;
mod key;
mod leases;
mod limits;
mod log;
mod messages;
mod objects;
mod open;
mod options;
mod outbox;
mod promised;
mod prune;
mod queue;
mod read;
mod record;
mod recover;
mod salvage;
mod state;
mod tally;
mod trees;
mod tx;
mod writer;

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

pub use activity::Activity;
pub use doctor::{Diagnosis, Finding, Remedy};
pub use error::{Disposition, StoreError};
pub use export::Exported;
pub use history::{Happened, History, Mishap, Past, Trial};
pub use id::{
    DeliveryId, ItemIndex, JobId, MessageId, ParseIdError, Priority, UnixMillis, WorkerId,
};
pub use items::{Item, ItemOutcome, NewItem};
pub use job::{Counts, Enqueued, Job, NewJob};
pub use messages::Message;
pub use objects::StoredObject;
pub use options::{Clock, DiskPolicy, Options, Space, SyncData};
pub use outbox::{Delivery, DeliveryState, Owed, OwedScope};
pub use queue::{CancelOutcome, Limits, Paused, Promotion, Rescued, Verdict};
pub use state::{Event, IllegalTransition, JobState, Lease, Next};

use commit::Commit;
use disk::Disk;
use trees::Trees;
use writer::Writer;

/// A durable job queue in a directory. Clones share it; the last one dropped releases the directory.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

// Fields drop in this order: sled must be gone before the directory is unlocked.
struct Inner {
    clock: Clock,
    trees: Trees,
    commit: Commit,
    disk: Disk,
    writer: Mutex<Writer>,
    /// A publication under a lease ended (queue/hold.rs).
    published: Condvar,
    dir: PathBuf,
    _lock: File,
}

impl Store {
    /// Opens the store in `dir`, creating both when they are missing, and repairs what the last process left.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process has it; [`StoreError::Newer`] when a newer opmill wrote it;
    /// [`StoreError::Damaged`], [`StoreError::CutShort`] or [`StoreError::Corrupt`] when it does not read back.
    pub fn open(dir: &Path, options: Options) -> Result<Store, StoreError> {
        let started = Instant::now();
        let opened = open::open(dir, &options)?;
        let trees = Trees::open(&opened.db)?;
        let commit = Commit::new(opened.db, dir, opened.file, opened.promised, options.sync);
        let inner = Inner {
            clock: options.clock,
            trees,
            commit,
            disk: opened.disk,
            writer: Mutex::default(),
            published: Condvar::new(),
            dir: dir.to_owned(),
            _lock: opened.lock,
        };
        let store = Store {
            inner: Arc::new(inner),
        };
        store.recover()?;
        tracing::debug!(dir = %dir.display(), took = ?started.elapsed(), "opened the store");
        Ok(store)
    }

    /// The time by the store's clock.
    pub fn now(&self) -> UnixMillis {
        (self.inner.clock)()
    }

    /// fdatasyncs issued since the store was opened: divided by jobs done, the price of durability.
    pub fn syncs(&self) -> u64 {
        self.inner.commit.syncs()
    }

    /// Returns when everything that can be read by now is on disk: what was read before may then be told to others.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when it never will be, as far as this process can know.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.inner.commit.durable()
    }

    /// Refuses as [`enqueue`](Store::enqueue) would for want of room.
    ///
    /// # Errors
    /// [`StoreError::LowSpace`].
    pub fn admit(&self) -> Result<(), StoreError> {
        self.inner.disk.admit()
    }

    /// Refuses as every writing verb does once a write or a sync has failed. Reading goes on.
    pub fn check(&self) -> Result<(), StoreError> {
        self.inner.commit.check()
    }

    /// Commits what is not acknowledged yet (heartbeats) and lets go of the store. The directory is released when
    /// the last clone is gone. Dropping does the same without reporting.
    pub fn close(self) -> Result<(), StoreError> {
        self.inner.commit.durable()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // An error was logged when it arose, and nothing acknowledged is at stake.
        let _ = self.commit.durable();
        let sled = (std::mem::take(&mut self.trees), self.commit.let_go());
        // It syncs once more as it goes, and panics when the disk refuses that too.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(sled)));
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("dir", &self.inner.dir)
            .finish_non_exhaustive()
    }
}
