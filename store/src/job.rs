//! A job as callers hand it in and read it back.

use crate::id::{JobId, Priority, UnixMillis};
use crate::state::JobState;

/// A job to be put on disk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewJob {
    /// The same key gives the existing job back, until that job is pruned. At most 1024 bytes.
    pub idempotency_key: Option<String>,
    /// Which jobs go first.
    pub priority: Priority,
    /// What it belongs to (a bucket): lanes can be paused and limited. At most 255 bytes, without NUL.
    pub lane: String,
    /// When it may run; `None` or a past time: at once.
    pub due: Option<UnixMillis>,
    /// Jobs with the same text here do the same work: while one of them is queued or runs, another that comes follows
    /// it and takes over its results. `None` does as no other does. At most 1024 bytes.
    pub work: Option<String>,
    /// It does its work itself, even if another job is at it.
    pub anew: bool,
    /// How many items it will have.
    pub commands: u32,
    /// What is to be done: the engine's JSON, which the store never reads. At most 4 MiB.
    pub spec: String,
}

/// The answer to a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enqueued {
    /// The job.
    pub id: JobId,
    /// It was there before, under the same idempotency key.
    pub existing: bool,
    /// The job whose results it waits for, doing the same work.
    pub follows: Option<JobId>,
}

/// A job as the store knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// Where it stands.
    pub state: JobState,
    /// Which jobs go first.
    pub priority: Priority,
    /// What it belongs to.
    pub lane: String,
    /// When it was handed in.
    pub submitted: UnixMillis,
    /// When its state last changed.
    pub updated: UnixMillis,
    /// When it became final.
    pub finished: Option<UnixMillis>,
    /// Attempts begun and not given back.
    pub attempts: u32,
    /// How often a lease on it ran out.
    pub rescues: u32,
    /// The fence of its latest claim; 0 before the first.
    pub fence: u64,
    /// How many items it has when it is done.
    pub commands: u32,
    /// Someone asked for it to be called off while it ran.
    pub cancel_requested: bool,
    /// The job whose results it waits for, or took over.
    pub follows: Option<JobId>,
    /// Why the latest attempt that failed did so.
    pub last_error: Option<String>,
    /// What is to be done: the engine's JSON.
    pub spec: String,
}

/// How many jobs stand where, and how many notifications are still owed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Waiting for their time.
    pub scheduled: usize,
    /// Ready to be claimed.
    pub available: usize,
    /// Being run.
    pub running: usize,
    /// Waiting for another attempt.
    pub retryable: usize,
    /// Done.
    pub completed: usize,
    /// Called off.
    pub cancelled: usize,
    /// Given up.
    pub discarded: usize,
    /// Notifications neither delivered nor given up.
    pub deliveries_due: usize,
}
