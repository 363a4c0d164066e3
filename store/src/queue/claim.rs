//! claim: one worker gets the next job, and that is on disk before the work begins.

use std::time::Duration;

use crate::Store;
use crate::error::StoreError;
use crate::id::WorkerId;
use crate::job::Job;
use crate::key::ReadyKey;
use crate::leases::LeaseRecord;
use crate::limits::short;
use crate::state::{Event, Lease};
use crate::trees::Name;

impl Store {
    /// Gives the worker the first available job by priority, time due and order of submission, for `lease_for` or
    /// until the next heartbeat. `None` when none is available. The fence is higher than that of any claim before.
    pub fn claim(
        &self,
        worker: &WorkerId,
        lease_for: Duration,
    ) -> Result<Option<(Lease, Job)>, StoreError> {
        let now = self.now();
        let worker = short(worker.as_str().to_owned());
        let writer = self.writer()?;
        let Some(first) = self.inner.trees.scan(Name::Ready).next() else {
            return Ok(None);
        };
        let (key, _) = first?;
        let id = ReadyKey::job(&key).ok_or_else(|| Name::Ready.bad_key(&key))?;
        let claimed = self.commit(writer, |tx| {
            let job = tx.job(id)?.ok_or(StoreError::NotFound { job: id })?;
            let lease = Lease {
                job: id,
                fence: job.fence + 1,
                expires: now.plus(lease_for),
            };
            let running = job
                .clone()
                .apply(Event::Claimed(lease.clone()), now)
                .map_err(StoreError::from)?;
            tx.replace_job(&job, &running)?;
            tx.put_lease(&LeaseRecord {
                lease: lease.clone(),
                worker: worker.clone(),
                cancel_requested: running.cancel_requested,
            })?;
            Ok((lease, running.into_job(None, tx.spec(id)?)))
        })?;
        Ok(Some(claimed))
    }
}
