//! What can go wrong, by name. Each message says what happened to which thing and what the user can do about it.

use std::io;
use std::path::{Path, PathBuf};

use crate::id::{DeliveryId, ItemIndex, JobId};
use crate::state::IllegalTransition;

/// An error of the store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// One process per directory: its lock is taken.
    #[error("another opmill process is using {}; stop it, or point --data at another directory", dir.display())]
    InUse {
        /// The store's directory.
        dir: PathBuf,
    },
    /// The lease ended: it ran out and the job was taken back, or the attempt is over.
    #[error(
        "the lease on job {job} (fence {fence}) was lost; another worker may have the job, so this attempt's results are not kept"
    )]
    LeaseLost {
        /// The job.
        job: JobId,
        /// The fence that was presented.
        fence: u64,
    },
    /// A command's result is recorded once.
    #[error("job {job} already has a result for command {index}; the first one stands")]
    AlreadyRecorded {
        /// The job.
        job: JobId,
        /// The command.
        index: ItemIndex,
    },
    /// No such job, or it was pruned.
    #[error("there is no job {job}; it may have been removed when its retention ended")]
    NotFound {
        /// The id that was asked for.
        job: JobId,
    },
    /// No such delivery, or it was pruned with its job.
    #[error("there is no delivery {id}; it may have been removed together with its job")]
    NoSuchDelivery {
        /// The id that was asked for.
        id: DeliveryId,
    },
    /// Nothing is there to be examined or exported.
    #[error("there is no store in {}; name the directory that opmill worked on", dir.display())]
    NoStore {
        /// The directory.
        dir: PathBuf,
    },
    /// An import fills a directory of its own.
    #[error("there is something in {} already; import into a directory that is empty or not there", dir.display())]
    NotEmpty {
        /// The directory.
        dir: PathBuf,
    },
    /// A line of an export does not read.
    #[error("line {line} of the export cannot be imported: {reason}; nothing was imported")]
    BadLine {
        /// Counted from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// An export cannot be written or read.
    #[error("the export cannot be {action}: {source}")]
    Stream {
        /// `written` or `read`.
        action: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The lifecycle has no such step.
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    /// An attempt cannot be ended by the very thread that is publishing under its lease.
    #[error(
        "job {job} cannot be finished from inside while_held; return from the publication first"
    )]
    Publishing {
        /// The job.
        job: JobId,
    },
    /// Too long for the store.
    #[error("{what} has {size} bytes; the store takes at most {limit}")]
    TooLarge {
        /// What it is.
        what: &'static str,
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// A lane is a part of keys.
    #[error("the lane {lane:?} holds a NUL; a lane is a plain name, such as that of a bucket")]
    BadLane {
        /// The name that was given.
        lane: String,
    },
    /// A record does not read as what was written.
    #[error(
        "the record {key} in {tree} is damaged ({reason}); copy the data directory, then let `opmill doctor` look at all of it, and with --repair mend it"
    )]
    Corrupt {
        /// The tree it is in.
        tree: &'static str,
        /// Its key, as text.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The storage files do not open, even without their snapshot.
    #[error("the store in {} does not open ({reason}); nothing was deleted: copy it, then try `opmill doctor` and `opmill export`, which open more than this, or go on with a backup", dir.display())]
    Damaged {
        /// The store's directory.
        dir: PathBuf,
        /// What the storage engine said.
        reason: String,
    },
    /// The log ends before what was acknowledged: its file was cut short, or is another one.
    #[error("the store in {} lacks the last {missing} changes that were acknowledged: its file was cut short or replaced. Keep a copy of it, and bring back what is missing from a backup; to go on without it, remove {}", dir.display(), note.display())]
    CutShort {
        /// The store's directory.
        dir: PathBuf,
        /// How many changes are missing.
        missing: u64,
        /// The file that says how many there were.
        note: PathBuf,
    },
    /// Written by a newer opmill; nothing was changed.
    #[error(
        "{what} has format {found}; this opmill reads up to {supported}: upgrade opmill (nothing was changed)"
    )]
    Newer {
        /// What it is.
        what: String,
        /// Its format.
        found: u16,
        /// The newest format this program knows.
        supported: u16,
    },
    /// The file system refused.
    #[error("cannot use {}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Less room on the disk than new work is taken with. Work that is there goes on, and new work is taken again as soon as
    /// there is room.
    #[error("the disk of {} has {free} bytes free, less than the low-water mark of {low_water} (disk.low_water_bytes): new jobs are refused until some space is freed; jobs that run go on", dir.display())]
    LowSpace {
        /// The store's directory.
        dir: PathBuf,
        /// Bytes that may still be written.
        free: u64,
        /// The mark.
        low_water: u64,
    },
    /// Not enough room on the disk, the reserve included; nothing was written.
    #[error("the disk of {} is full: {free} bytes are free, and {needed} have to be before anything is written; free some space and try again", dir.display())]
    DiskFull {
        /// The store's directory.
        dir: PathBuf,
        /// Bytes that may still be written.
        free: u64,
        /// Bytes that must be free, so that a write that is begun also ends.
        needed: u64,
    },
    /// A write or sync failed earlier, so what is on disk is unknown: the store takes no more writes.
    #[error("the store in {} stopped taking writes after: {cause}; check the disk, then restart opmill", dir.display())]
    Failed {
        /// The store's directory.
        dir: PathBuf,
        /// The first failure.
        cause: String,
    },
    /// The storage engine failed to read.
    #[error(
        "the storage engine failed: {0}; start again, and if it happens again copy the data directory and let `opmill doctor` look at it"
    )]
    Sled(String),
}

/// What an attempt should make of an error. Decided here, where the cause is known; the retry loop only obeys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// It may go away: try again later.
    Retry,
    /// It will not: report it.
    Fail,
    /// This attempt or this process is over, and that is not the job's fault: stop, record nothing.
    Interrupted,
}

impl StoreError {
    /// What an attempt should make of it.
    pub fn disposition(&self) -> Disposition {
        match self {
            Self::InUse { .. }
            | Self::Io { .. }
            | Self::LowSpace { .. }
            | Self::DiskFull { .. }
            | Self::Sled(_) => Disposition::Retry,
            Self::LeaseLost { .. } | Self::Failed { .. } => Disposition::Interrupted,
            Self::AlreadyRecorded { .. }
            | Self::NotFound { .. }
            | Self::NoSuchDelivery { .. }
            | Self::NoStore { .. }
            | Self::NotEmpty { .. }
            | Self::BadLine { .. }
            | Self::Stream { .. }
            | Self::Illegal(_)
            | Self::Publishing { .. }
            | Self::TooLarge { .. }
            | Self::BadLane { .. }
            | Self::Corrupt { .. }
            | Self::Damaged { .. }
            | Self::CutShort { .. }
            | Self::Newer { .. } => Disposition::Fail,
        }
    }

    /// For `map_err` on calls to the file system.
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> StoreError + '_ {
        move |source| StoreError::Io {
            path: path.to_owned(),
            source,
        }
    }
}
