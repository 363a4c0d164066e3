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
pub(in crate::record) struct JobV1 {
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

impl JobV1 {
    /// Everything of a job that schema 1 keeps: all but its lane.
    pub(in crate::record) fn of(job: &JobRecord) -> JobV1 {
        let state_at = match &job.state {
            JobState::Scheduled { at } | JobState::Retryable { at } => at.get(),
            JobState::Running(lease) => lease.expires.get(),
            _ => 0,
        };
        JobV1 {
            id: job.id.0,
            state: state_number(&job.state),
            state_at,
            priority: job.priority.rank(),
            due: job.due.get(),
            submitted: job.submitted.get(),
            updated: job.updated.get(),
            finished: job.finished.map(UnixMillis::get),
            attempts: job.attempts,
            rescues: job.rescues,
            fence: job.fence,
            commands: job.commands,
            cancel_requested: job.cancel_requested,
            last_error: job.last_error.clone(),
            idempotency_key: job.idempotency_key.clone(),
        }
    }

    /// The job, in the lane that has no name.
    pub(in crate::record) fn into_job(self) -> Result<JobRecord, Flaw> {
        let (id, at) = (JobId(self.id), UnixMillis::new(self.state_at));
        let state = match self.state {
            SCHEDULED => JobState::Scheduled { at },
            AVAILABLE => JobState::Available,
            RUNNING => JobState::Running(Lease {
                job: id,
                fence: self.fence,
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
            priority: Priority::new(self.priority),
            lane: String::new(),
            due: UnixMillis::new(self.due),
            submitted: UnixMillis::new(self.submitted),
            updated: UnixMillis::new(self.updated),
            finished: self.finished.map(UnixMillis::new),
            attempts: self.attempts,
            rescues: self.rescues,
            fence: self.fence,
            commands: self.commands,
            cancel_requested: self.cancel_requested,
            last_error: self.last_error,
            idempotency_key: self.idempotency_key,
            work: None,
            follows: None,
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
