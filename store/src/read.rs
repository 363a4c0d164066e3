//! Reading. What is read may be a moment ahead of the disk: a verb that another caller is still waiting for.

use crate::Store;
use crate::error::StoreError;
use crate::id::{JobId, UnixMillis};
use crate::job::{Counts, Job};
use crate::jobs::JobRecord;
use crate::key;
use crate::leases::LeaseRecord;
use crate::record::v1::{CANCELLED, COMPLETED, DISCARDED, RETRYABLE, Spec};
use crate::record::{Flaw, Parts};
use crate::trees::Name;

impl Store {
    /// The job, unless it never was or was pruned.
    pub fn job(&self, id: JobId) -> Result<Option<Job>, StoreError> {
        let _quiet = self.quiet();
        let trees = &self.inner.trees;
        let Some(job) = trees.get::<JobRecord>(Name::Jobs, &id.0)? else {
            return Ok(None);
        };
        let lease = trees
            .get::<LeaseRecord>(Name::Leases, &id.0)?
            .map(|record| record.lease);
        let mut parts = Parts::<Spec>::new();
        for pair in trees.scan_prefix(Name::Specs, &id.0) {
            let (key, value) = pair?;
            if let Some(spec) = parts
                .push(&value)
                .map_err(|flaw| Name::Specs.flaw(&key, flaw))?
            {
                return Ok(Some(job.into_job(lease, spec.spec)));
            }
        }
        Err(Name::Specs.flaw(&id.0, Flaw::Damaged("it is missing".to_owned())))
    }

    /// Up to `limit` jobs after that one, in the order of submission.
    pub fn jobs(&self, after: Option<JobId>, limit: usize) -> Result<Vec<Job>, StoreError> {
        let mut jobs = Vec::new();
        for id in self.inner.trees.jobs_after(after).take(limit) {
            // Gone when it was pruned since.
            jobs.extend(self.job(id?)?);
        }
        Ok(jobs)
    }

    /// The jobs that were given up, longest ago first.
    pub fn discarded(&self) -> Result<Vec<JobId>, StoreError> {
        let mut jobs = Vec::new();
        for pair in self.inner.trees.scan(Name::Finished) {
            let (key, state) = pair?;
            if state.first() == Some(&DISCARDED) {
                let found = key::read_job_at(&key);
                jobs.push(found.ok_or_else(|| Name::Finished.bad_key(&key))?.1);
            }
        }
        Ok(jobs)
    }

    /// How many jobs stand where. Looks at every job's index entry, without stopping the queue: a job that moves
    /// meanwhile may count twice or not at all.
    pub fn counts(&self) -> Result<Counts, StoreError> {
        let trees = &self.inner.trees;
        let mut counts = Counts::default();
        for pair in trees.scan(Name::Due).chain(trees.scan(Name::Finished)) {
            let (_, state) = pair?;
            match state.first() {
                Some(&RETRYABLE) => counts.retryable += 1,
                Some(&COMPLETED) => counts.completed += 1,
                Some(&CANCELLED) => counts.cancelled += 1,
                Some(&DISCARDED) => counts.discarded += 1,
                _ => counts.scheduled += 1,
            }
        }
        counts.available = trees.count(Name::Ready)?;
        counts.running = trees.count(Name::Leases)?;
        counts.deliveries_due = trees.count(Name::OutboxDue)?;
        Ok(counts)
    }

    /// When there is next something to do: a job or a delivery comes due, or a lease runs out. May lie in the past.
    pub fn next_wakeup(&self) -> Result<Option<UnixMillis>, StoreError> {
        let writer = self.quiet();
        let trees = &self.inner.trees;
        let due = trees.scan(Name::Due).next().transpose()?;
        let delivery = trees.scan(Name::OutboxDue).next().transpose()?;
        let message = trees.scan(Name::MessagesDue).next().transpose()?;
        let gone = trees.scan(Name::Gone).next().transpose()?;
        let expiry = self.expiries(&writer).next().transpose()?;
        let first = [
            due.and_then(|(key, _)| key::read_job_at(&key))
                .map(|(at, _)| at),
            delivery
                .and_then(|(key, _)| key::read_delivery_at(&key))
                .map(|(at, _)| at),
            gone.and_then(|(key, _)| key::read_object_at(&key).map(|(at, _)| at)),
            message.and_then(|(key, _)| key::read_message_at(&key).map(|(at, _)| at)),
            expiry.map(|(at, _)| at),
        ];
        Ok(first.into_iter().flatten().min())
    }
}
