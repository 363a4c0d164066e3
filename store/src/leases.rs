//! Leases as their tree holds them: narrow records, so that a heartbeat rewrites a hundred bytes and no job.

use crate::id::JobId;
use crate::key;
use crate::state::Lease;
use crate::trees::{Name, TxResult};
use crate::tx::Tx;

/// The lease under which a job runs. One exists exactly while the job's record says it is running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeaseRecord {
    pub(crate) lease: Lease,
    /// For people.
    pub(crate) worker: String,
    /// Kept here too, so that a heartbeat hears of it without reading the job.
    pub(crate) cancel_requested: bool,
}

impl Tx<'_> {
    pub(crate) fn lease(&self, job: JobId) -> TxResult<Option<LeaseRecord>> {
        self.get(Name::Leases, &job.0)
    }

    /// Puts a lease, in place of the one before it.
    pub(crate) fn put_lease(&self, lease: &LeaseRecord) -> TxResult<()> {
        self.remove_lease(lease.lease.job)?;
        self.put_raw(
            Name::Expiry,
            &key::job_at(lease.lease.expires, lease.lease.job),
            Vec::new(),
        )?;
        self.put(Name::Leases, &lease.lease.job.0, lease)
    }

    pub(crate) fn remove_lease(&self, job: JobId) -> TxResult<()> {
        let Some(lease) = self.lease(job)? else {
            return Ok(());
        };
        self.remove(Name::Expiry, &key::job_at(lease.lease.expires, job))?;
        self.remove(Name::Leases, &job.0)
    }
}
