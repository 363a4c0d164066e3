//! Job and lease, schema 1.

use serde::{Deserialize, Serialize};

use super::{V1, only_v1};
use crate::id::{JobId, Priority, UnixMillis};
use crate::jobs::JobRecord;
use crate::leases::LeaseRecord;
use crate::record::{Codec, Flaw, Kind, Record, damaged, from_bincode, to_bincode};
use crate::state::{JobState, Lease};

/// The numbers of the states on disk. Append-only.
const SCHEDULED: u8 = 1;
const AVAILABLE: u8 = 2;
const RUNNING: u8 = 3;
pub(crate) const RETRYABLE: u8 = 4;
pub(crate) const COMPLETED: u8 = 5;
pub(crate) const CANCELLED: u8 = 6;
pub(crate) const DISCARDED: u8 = 7;

#[derive(Serialize, Deserialize)]
struct JobV1 {
    id: [u8; JobId::LEN],
    state: u8,
    /// Scheduled, retryable: when it comes due. Running: when the lease ran out as claimed. Else 0.
    state_at: u64,
    priority: u8,
    due: u64,
    submitted: u64,
    updated: u64,
    finished: Option<u64>,
    attempts: u32,
    rescues: u32,
    fence: u64,
    commands: u32,
    cancel_requested: bool,
    last_error: Option<String>,
    idempotency_key: Option<String>,
}

/// The number a state has on disk, in the job's record and as the value of its index entries.
pub(crate) fn state_number(state: &JobState) -> u8 {
    match state {
        JobState::Scheduled { .. } => SCHEDULED,
        JobState::Available => AVAILABLE,
        JobState::Running(_) => RUNNING,
        JobState::Retryable { .. } => RETRYABLE,
        JobState::Completed => COMPLETED,
        JobState::Cancelled => CANCELLED,
        JobState::Discarded => DISCARDED,
    }
}

impl Record for JobRecord {
    const KIND: Kind = Kind::Job;
    const CODEC: Codec = Codec::Bincode;
    const SCHEMA: u16 = V1;

    fn to_body(&self) -> Result<Vec<u8>, Flaw> {
        let state_at = match &self.state {
            JobState::Scheduled { at } | JobState::Retryable { at } => at.get(),
            JobState::Running(lease) => lease.expires.get(),
            _ => 0,
        };
        to_bincode(&JobV1 {
            id: self.id.0,
            state: state_number(&self.state),
            state_at,
            priority: self.priority.rank(),
            due: self.due.get(),
            submitted: self.submitted.get(),
            updated: self.updated.get(),
            finished: self.finished.map(UnixMillis::get),
            attempts: self.attempts,
            rescues: self.rescues,
            fence: self.fence,
            commands: self.commands,
            cancel_requested: self.cancel_requested,
            last_error: self.last_error.clone(),
            idempotency_key: self.idempotency_key.clone(),
        })
    }

    fn from_body(schema: u16, body: &[u8]) -> Result<Self, Flaw> {
        only_v1(schema)?;
        let job: JobV1 = from_bincode(body)?;
        let (id, at) = (JobId(job.id), UnixMillis::new(job.state_at));
        let state = match job.state {
            SCHEDULED => JobState::Scheduled { at },
            AVAILABLE => JobState::Available,
            RUNNING => JobState::Running(Lease {
                job: id,
                fence: job.fence,
                expires: at,
            }),
            RETRYABLE => JobState::Retryable { at },
            COMPLETED => JobState::Completed,
            CANCELLED => JobState::Cancelled,
            DISCARDED => JobState::Discarded,
            unknown => return Err(damaged(format!("there is no job state {unknown}"))),
        };
        Ok(JobRecord {
            id,
            state,
            priority: Priority::new(job.priority),
            due: UnixMillis::new(job.due),
            submitted: UnixMillis::new(job.submitted),
            updated: UnixMillis::new(job.updated),
            finished: job.finished.map(UnixMillis::new),
            attempts: job.attempts,
            rescues: job.rescues,
            fence: job.fence,
            commands: job.commands,
            cancel_requested: job.cancel_requested,
            last_error: job.last_error,
            idempotency_key: job.idempotency_key,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct LeaseV1 {
    job: [u8; JobId::LEN],
    fence: u64,
    expires: u64,
    worker: String,
    cancel_requested: bool,
}

impl Record for LeaseRecord {
    const KIND: Kind = Kind::Lease;
    const CODEC: Codec = Codec::Bincode;
    const SCHEMA: u16 = V1;

    fn to_body(&self) -> Result<Vec<u8>, Flaw> {
        to_bincode(&LeaseV1 {
            job: self.lease.job.0,
            fence: self.lease.fence,
            expires: self.lease.expires.get(),
            worker: self.worker.clone(),
            cancel_requested: self.cancel_requested,
        })
    }

    fn from_body(schema: u16, body: &[u8]) -> Result<Self, Flaw> {
        only_v1(schema)?;
        let LeaseV1 {
            job,
            fence,
            expires,
            worker,
            cancel_requested,
        } = from_bincode(body)?;
        let lease = Lease {
            job: JobId(job),
            fence,
            expires: UnixMillis::new(expires),
        };
        Ok(LeaseRecord {
            lease,
            worker,
            cancel_requested,
        })
    }
}
