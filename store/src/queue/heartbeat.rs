//! heartbeat: a worker says that it lives, and hears whether to go on.

use std::time::Duration;

use crate::Store;
use crate::activity::Activity;
use crate::error::StoreError;
use crate::leases::LeaseRecord;
use crate::limits::{LONGEST_TEXT, fits};
use crate::state::Lease;

/// What a heartbeat hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Go on; here is the lease with its new expiry.
    Held(Lease),
    /// Stop and finish as cancelled; the lease is held meanwhile.
    CancelRequested(Lease),
}

impl Store {
    /// Moves the lease's expiry to `lease_for` from now. A lease that ran out and was not yet taken back is held on.
    ///
    /// The one verb that is not synced, since it is the one that comes often: a crash that loses a heartbeat only
    /// shortens a lease, and the next durable verb carries it along.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when the job was taken back or the attempt is over; a lost lease stays lost.
    pub fn heartbeat(&self, lease: &Lease, lease_for: Duration) -> Result<Verdict, StoreError> {
        self.heartbeat_with(lease, lease_for, None)
    }

    /// As [`Store::heartbeat`], and keeps how far the attempt is (the engine's JSON), as little synced as the rest.
    pub fn heartbeat_with(
        &self,
        lease: &Lease,
        lease_for: Duration,
        progress: Option<String>,
    ) -> Result<Verdict, StoreError> {
        fits(
            "the progress",
            progress.as_deref().unwrap_or_default(),
            LONGEST_TEXT,
        )?;
        let now = self.now();
        let expires = now.plus(lease_for);
        let writer = self.writer()?;
        self.apply(&writer, |tx| {
            let record = tx
                .lease(lease.job)?
                .filter(|record| record.lease.fence == lease.fence);
            let record = record.ok_or(StoreError::LeaseLost {
                job: lease.job,
                fence: lease.fence,
            })?;
            let renewed = Lease {
                expires,
                ..record.lease
            };
            let verdict = match record.cancel_requested {
                true => Verdict::CancelRequested(renewed.clone()),
                false => Verdict::Held(renewed.clone()),
            };
            if progress.is_some() {
                let before = tx.activity(lease.job, lease.fence)?;
                let activity = Activity {
                    fence: lease.fence,
                    at: now,
                    started: before.and_then(|before| before.started),
                    progress: progress.clone(),
                };
                tx.put_activity(lease.job, &activity)?;
            }
            tx.put_lease(&LeaseRecord {
                lease: renewed,
                ..record
            })?;
            Ok(verdict)
        })
    }
}
