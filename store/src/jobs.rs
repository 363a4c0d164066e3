//! Jobs as their trees hold them: the record, the index entry that follows from it, and the puts that keep both in
//! step. Called by the queue verbs inside their transactions.

use crate::error::StoreError;
use crate::id::{JobId, Priority, UnixMillis};
use crate::job::{Job, NewJob};
use crate::key::{self, ReadyKey, Turn};
use crate::queue::may_lead;
use crate::record;
use crate::record::v1::{Spec, state_number};
use crate::state::{Event, IllegalTransition, JobState, Lease, Next};
use crate::trees::{Name, TxResult};
use crate::tx::Tx;

/// A job as its tree holds it: without the spec, which never changes and so is not rewritten with every step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JobRecord {
    pub(crate) id: JobId,
    pub(crate) state: JobState,
    pub(crate) priority: Priority,
    pub(crate) lane: String,
    /// Its place among the available ones of its priority.
    pub(crate) due: UnixMillis,
    pub(crate) submitted: UnixMillis,
    pub(crate) updated: UnixMillis,
    pub(crate) finished: Option<UnixMillis>,
    pub(crate) attempts: u32,
    pub(crate) rescues: u32,
    pub(crate) fence: u64,
    pub(crate) commands: u32,
    pub(crate) cancel_requested: bool,
    pub(crate) last_error: Option<String>,
    pub(crate) idempotency_key: Option<String>,
    /// What it does, as a text that jobs which do the same share.
    pub(crate) work: Option<String>,
    /// The job whose results it waits for, or took over.
    pub(crate) follows: Option<JobId>,
}

impl JobRecord {
    /// A job just handed in.
    pub(crate) fn new(id: JobId, job: &NewJob, now: UnixMillis) -> JobRecord {
        JobRecord {
            id,
            state: match job.due {
                Some(at) if at > now => JobState::Scheduled { at },
                _ => JobState::Available,
            },
            priority: job.priority,
            lane: job.lane.clone(),
            due: job.due.unwrap_or(now),
            submitted: now,
            updated: now,
            finished: None,
            attempts: 0,
            rescues: 0,
            fence: 0,
            commands: job.commands,
            cancel_requested: false,
            last_error: None,
            idempotency_key: job.idempotency_key.clone(),
            work: job.work.clone(),
            follows: None,
        }
    }

    /// The job after `event`: the lifecycle table decides the state, and the counts follow from the step.
    pub(crate) fn apply(
        mut self,
        event: Event,
        now: UnixMillis,
    ) -> Result<JobRecord, IllegalTransition> {
        match &event {
            Event::Claimed(lease) => {
                self.attempts += 1;
                self.fence = lease.fence;
            }
            Event::Failed(Next::RetryAt(at)) => self.due = *at,
            Event::Interrupted => self.attempts = self.attempts.saturating_sub(1),
            Event::Rescued => self.rescues += 1,
            Event::Redriven => {
                self.attempts = 0;
                self.rescues = 0;
                self.cancel_requested = false;
                self.follows = None;
                // It queues again from here; the place it had long ago would put it before everyone.
                self.due = now;
            }
            Event::CameDue
            | Event::Answered
            | Event::Succeeded
            | Event::Failed(Next::GiveUp)
            | Event::Cancelled => {}
        }
        self.state = self.state.apply(event)?;
        self.finished = self.state.is_final().then_some(now);
        self.updated = now;
        Ok(self)
    }

    /// The lease, if `presented` is the one the job is running under.
    pub(crate) fn is_held_by(&self, presented: &Lease) -> bool {
        matches!(&self.state, JobState::Running(lease) if lease.fence == presented.fence)
    }

    /// The job for callers. `lease` is the one on record, which heartbeats moved on since the claim.
    pub(crate) fn into_job(self, lease: Option<Lease>, spec: String) -> Job {
        let state = match (self.state, lease) {
            (JobState::Running(claimed), Some(current)) if current.fence == claimed.fence => {
                JobState::Running(current)
            }
            (state, _) => state,
        };
        Job {
            id: self.id,
            state,
            priority: self.priority,
            lane: self.lane,
            submitted: self.submitted,
            updated: self.updated,
            finished: self.finished,
            attempts: self.attempts,
            rescues: self.rescues,
            fence: self.fence,
            commands: self.commands,
            cancel_requested: self.cancel_requested,
            follows: self.follows,
            last_error: self.last_error,
            spec,
        }
    }
}

/// Where a job is found by its state: tree, key, value. A running one is found by its lease instead, and one that
/// follows another by that one.
pub(crate) fn index_entry(job: &JobRecord) -> Option<(Name, Vec<u8>, Vec<u8>)> {
    let state = vec![state_number(&job.state)];
    match &job.state {
        JobState::Scheduled { at } | JobState::Retryable { at } => {
            Some((Name::Due, key::job_at(*at, job.id).to_vec(), state))
        }
        JobState::Available if job.follows.is_some() => {
            let leader = job.follows?;
            Some((Name::Following, key::following(leader, job.id), Vec::new()))
        }
        JobState::Available => {
            let key = ReadyKey {
                lane: &job.lane,
                turn: Turn::of(job.priority, job.due),
                job: job.id,
            };
            Some((Name::Ready, key.encode(), Vec::new()))
        }
        JobState::Running(_) => None,
        JobState::Completed | JobState::Cancelled | JobState::Discarded => {
            let since = job.finished.unwrap_or(job.updated);
            Some((Name::Finished, key::job_at(since, job.id).to_vec(), state))
        }
    }
}

impl Tx<'_> {
    pub(crate) fn job(&self, id: JobId) -> TxResult<Option<JobRecord>> {
        self.get(Name::Jobs, &id.0)
    }

    /// The job that runs under `lease`; aborts when it does not, or no longer.
    pub(crate) fn held(&self, lease: &Lease) -> TxResult<JobRecord> {
        let job = self.job(lease.job)?.filter(|job| job.is_held_by(lease));
        Ok(job.ok_or(StoreError::LeaseLost {
            job: lease.job,
            fence: lease.fence,
        })?)
    }

    /// Puts a job that is not there yet, with its spec.
    pub(crate) fn add_job(&self, job: &JobRecord, new: &NewJob) -> TxResult<()> {
        if let Some(key) = &job.idempotency_key {
            self.put_raw(Name::Keys, key.as_bytes(), job.id.0.to_vec())?;
        }
        self.put_document(
            Name::Specs,
            &job.id.0,
            &Spec {
                spec: new.spec.clone(),
            },
        )?;
        // The newest leads: whoever comes next waits for what is done from the latest source.
        if let Some(work) = job.work.as_ref().filter(|_| may_lead(job)) {
            self.put_raw(Name::Flights, work.as_bytes(), job.id.0.to_vec())?;
        }
        self.put_job(job)
    }

    /// Puts the job as it is after a step, and moves its index entry.
    pub(crate) fn replace_job(&self, before: &JobRecord, after: &JobRecord) -> TxResult<()> {
        if let Some((tree, key, _)) = index_entry(before) {
            self.remove(tree, &key)?;
        }
        self.lead_or_land(before, after)?;
        self.put_job(after)
    }

    fn put_job(&self, job: &JobRecord) -> TxResult<()> {
        if let Some((tree, key, value)) = index_entry(job) {
            self.put_raw(tree, &key, value)?;
        }
        self.put(Name::Jobs, &job.id.0, job)
    }

    /// Removes a job with its spec, key and index entry. Items and deliveries are the caller's.
    pub(crate) fn remove_job(&self, job: &JobRecord) -> TxResult<()> {
        if let Some((tree, key, _)) = index_entry(job) {
            self.remove(tree, &key)?;
        }
        if let Some(key) = &job.idempotency_key {
            self.remove(Name::Keys, key.as_bytes())?;
        }
        self.remove_document(Name::Specs, &job.id.0)?;
        self.remove_document(Name::History, &job.id.0)?;
        self.remove_document(Name::Activity, &job.id.0)?;
        self.remove(Name::Jobs, &job.id.0)
    }

    pub(crate) fn by_key(&self, idempotency_key: &str) -> TxResult<Option<JobId>> {
        let Some(value) = self.tree(Name::Keys).get(idempotency_key)? else {
            return Ok(None);
        };
        let id = JobId::from_bytes(&value)
            .ok_or_else(|| Name::Keys.bad_key(idempotency_key.as_bytes()))?;
        Ok(Some(id))
    }

    pub(crate) fn spec(&self, id: JobId) -> TxResult<String> {
        let spec: Option<Spec> = self.document(Name::Specs, &id.0)?;
        let missing = || Name::Specs.flaw(&id.0, record::Flaw::Damaged("it is missing".to_owned()));
        Ok(spec.ok_or_else(missing)?.spec)
    }
}
