//! rescue: a job whose worker fell silent is taken back.

use crate::Store;
use crate::error::StoreError;
use crate::id::{JobId, UnixMillis};
use crate::key;
use crate::queue::BATCH;
use crate::state::Event;
use crate::trees::{Name, TxResult};
use crate::tx::Tx;
use crate::writer::Writer;

/// What a rescue did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rescued {
    /// Jobs whose lease had run out and that are available again.
    pub jobs: Vec<JobId>,
    /// When the next lease runs out.
    pub next_expiry: Option<UnixMillis>,
}

/// Ends the lease on a running job, for want of a worker, and keeps the evidence.
pub(crate) fn take_back(tx: &Tx<'_>, id: JobId, now: UnixMillis) -> TxResult<()> {
    let job = tx.job(id)?.ok_or(StoreError::NotFound { job: id })?;
    let available = job
        .clone()
        .apply(Event::Rescued, now)
        .map_err(StoreError::from)?;
    let worker = tx.lease(id)?.map(|lease| lease.worker).unwrap_or_default();
    let started = tx
        .activity(id, job.fence)?
        .and_then(|activity| activity.started);
    let mut history = tx.history(id)?;
    history.lost(&job, worker, tx.open_commands(&job)?, started, now);
    tx.put_history(id, &history)?;
    tx.remove_lease(id)?;
    tx.replace_job(&job, &available)
}

impl Store {
    /// Makes every job available again whose lease has run out, counting a rescue. Leaves alone a job under whose
    /// lease something is being published ([`while_held`](Store::while_held)).
    pub fn rescue(&self) -> Result<Rescued, StoreError> {
        let now = self.now();
        let mut jobs = Vec::new();
        loop {
            let writer = self.writer()?;
            let mut silent = Vec::new();
            let mut next_expiry = None;
            for lease in self.expiries(&writer) {
                let (at, job) = lease?;
                if at > now || silent.len() == BATCH {
                    next_expiry = Some(at);
                    break;
                }
                silent.push(job);
            }
            if !silent.is_empty() {
                self.apply(&writer, |tx| {
                    silent.iter().try_for_each(|job| take_back(tx, *job, now))
                })?;
            }
            drop(writer);
            jobs.append(&mut silent);
            if next_expiry.is_none_or(|at| at > now) {
                if !jobs.is_empty() {
                    self.inner.commit.durable()?;
                }
                return Ok(Rescued { jobs, next_expiry });
            }
        }
    }

    /// When which lease runs out, soonest first, except those that a publication holds.
    pub(crate) fn expiries<'a>(
        &'a self,
        writer: &'a Writer,
    ) -> impl Iterator<Item = Result<(UnixMillis, JobId), StoreError>> + 'a {
        let leases = self.inner.trees.scan(Name::Expiry).map(|pair| {
            let (key, _) = pair?;
            key::read_job_at(&key).ok_or_else(|| Name::Expiry.bad_key(&key))
        });
        leases.filter(|lease| !matches!(lease, Ok((_, job)) if writer.publishing.contains_key(job)))
    }
}
