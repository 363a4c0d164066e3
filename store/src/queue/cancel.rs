//! cancel: calls a job off; at once when nobody runs it, else by asking the one who does.

use crate::Store;
use crate::error::StoreError;
use crate::id::JobId;
use crate::leases::LeaseRecord;
use crate::outbox::Owed;
use crate::state::{Event, JobState};
use crate::trees::Name;

/// What a cancellation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancelOutcome {
    /// The job was not running and is cancelled.
    Cancelled,
    /// The job runs; its worker hears at its next heartbeat.
    Requested,
    /// Too late.
    AlreadyFinal(JobState),
}

impl Store {
    /// Calls a job off. One that is not running is cancelled at once, and owes the notifications in `owed`; for one
    /// that runs the wish is noted, and its worker finishes it as cancelled, with what is then owed.
    pub fn cancel(&self, id: JobId, owed: Vec<Owed>) -> Result<CancelOutcome, StoreError> {
        let now = self.now();
        let writer = self.writer()?;
        self.commit(writer, |tx| {
            let job = tx.job(id)?.ok_or(StoreError::NotFound { job: id })?;
            if job.state.is_final() {
                return Ok(CancelOutcome::AlreadyFinal(job.state));
            }
            if let JobState::Running(_) = job.state {
                if let Some(lease) = tx.lease(id)?.filter(|lease| !lease.cancel_requested) {
                    tx.put_lease(&LeaseRecord {
                        cancel_requested: true,
                        ..lease
                    })?;
                    let mut asked = job.clone();
                    asked.cancel_requested = true;
                    asked.updated = now;
                    tx.replace_job(&job, &asked)?;
                }
                return Ok(CancelOutcome::Requested);
            }
            for owed in &owed {
                tx.owe(id, owed, now)?;
            }
            let cancelled = job
                .clone()
                .apply(Event::Cancelled, now)
                .map_err(StoreError::from)?;
            tx.remove_document(Name::Activity, &id.0)?;
            tx.replace_job(&job, &cancelled)?;
            Ok(CancelOutcome::Cancelled)
        })
    }
}
