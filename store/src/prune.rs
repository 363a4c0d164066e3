//! Retention: removes jobs that ended long ago, with everything that is theirs.

use crate::Store;
use crate::error::StoreError;
use crate::id::{JobId, UnixMillis};
use crate::key;
use crate::outbox::DeliveryState;
use crate::trees::Name;

impl Store {
    /// Removes up to `limit` jobs that became final before `finished_before`, longest ago first, with their specs,
    /// items, histories, deliveries and idempotency keys. Never one with a delivery still due. Returns how many.
    ///
    /// One transaction a job: a job is there whole or not at all, and the queue goes on in between.
    pub fn prune(&self, finished_before: UnixMillis, limit: usize) -> Result<usize, StoreError> {
        let mut pruned = 0;
        for pair in self.inner.trees.scan(Name::Finished) {
            let (key, _) = pair?;
            let (finished, id) =
                key::read_job_at(&key).ok_or_else(|| Name::Finished.bad_key(&key))?;
            if finished >= finished_before || pruned >= limit {
                break;
            }
            pruned += usize::from(self.prune_one(id, finished_before)?);
        }
        if pruned > 0 {
            self.inner.commit.durable()?;
        }
        Ok(pruned)
    }

    /// How many jobs that ended, oldest first, would have to go so that no more than `count` of them are left with no
    /// more than `bytes` of specs, results and histories. Looks at each of them.
    pub fn excess(&self, count: Option<usize>, bytes: Option<u64>) -> Result<usize, StoreError> {
        let trees = &self.inner.trees;
        let mut sizes = Vec::new();
        for pair in trees.scan(Name::Finished) {
            let (key, _) = pair?;
            let (_, id) = key::read_job_at(&key).ok_or_else(|| Name::Finished.bad_key(&key))?;
            let mut size = 0;
            if bytes.is_some() {
                let parts = trees.scan_prefix(Name::Specs, &id.0);
                let parts = parts.chain(trees.scan_prefix(Name::Items, &id.0));
                for part in parts.chain(trees.scan_prefix(Name::History, &id.0)) {
                    size += part?.1.len() as u64;
                }
            }
            sizes.push(size);
        }
        let by_count = count.map_or(0, |count| sizes.len().saturating_sub(count));
        let mut left: u64 = sizes.iter().sum();
        let over = |size: &&u64| {
            let is_over = bytes.is_some_and(|bytes| left > bytes);
            left -= **size;
            is_over
        };
        let by_bytes = sizes.iter().take_while(over).count();
        Ok(by_count.max(by_bytes))
    }

    fn prune_one(&self, id: JobId, finished_before: UnixMillis) -> Result<bool, StoreError> {
        let writer = self.writer()?;
        let deliveries = self.deliveries_of(&writer, id)?;
        if deliveries
            .iter()
            .any(|delivery| matches!(delivery.state, DeliveryState::Due { .. }))
        {
            return Ok(false);
        }
        let items = self.items_of(&writer, id)?;
        self.apply(&writer, |tx| {
            // Redriven, or pruned, since the scan.
            let Some(job) = tx
                .job(id)?
                .filter(|job| job.finished.is_some_and(|at| at < finished_before))
            else {
                return Ok(false);
            };
            deliveries
                .iter()
                .try_for_each(|delivery| tx.remove_delivery(delivery))?;
            items
                .iter()
                .try_for_each(|item| tx.remove_item(id, item.index))?;
            tx.remove_job(&job)?;
            Ok(true)
        })
    }
}
