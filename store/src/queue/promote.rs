//! promote: what came due becomes available.

use crate::Store;
use crate::error::StoreError;
use crate::id::{JobId, UnixMillis};
use crate::key;
use crate::queue::BATCH;
use crate::state::Event;
use crate::trees::{Name, TxResult};
use crate::tx::Tx;

/// What a promotion did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promotion {
    /// Jobs that came due and are available now.
    pub promoted: usize,
    /// When the next one comes due.
    pub next_due: Option<UnixMillis>,
}

fn make_available(tx: &Tx<'_>, id: JobId, now: UnixMillis) -> TxResult<()> {
    let job = tx.job(id)?.ok_or(StoreError::NotFound { job: id })?;
    let available = job
        .clone()
        .apply(Event::CameDue, now)
        .map_err(StoreError::from)?;
    tx.replace_job(&job, &available)
}

impl Store {
    /// Makes every scheduled or retryable job available whose time has come.
    pub fn promote(&self) -> Result<Promotion, StoreError> {
        let now = self.now();
        let mut promoted = 0;
        loop {
            let writer = self.writer()?;
            let mut came_due = Vec::new();
            let mut next_due = None;
            for pair in self.inner.trees.scan(Name::Due) {
                let (key, _) = pair?;
                let (at, job) = key::read_job_at(&key).ok_or_else(|| Name::Due.bad_key(&key))?;
                if at > now || came_due.len() == BATCH {
                    next_due = Some(at);
                    break;
                }
                came_due.push(job);
            }
            if !came_due.is_empty() {
                self.apply(&writer, |tx| {
                    came_due
                        .iter()
                        .try_for_each(|job| make_available(tx, *job, now))
                })?;
            }
            drop(writer);
            promoted += came_due.len();
            if next_due.is_none_or(|at| at > now) {
                if promoted > 0 {
                    self.inner.commit.durable()?;
                }
                return Ok(Promotion { promoted, next_due });
            }
        }
    }
}
