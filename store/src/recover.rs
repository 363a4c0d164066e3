//! What opening repairs: jobs whose process is gone, and trees that follow from other trees.
//!
//! Transactions keep the trees in step, so after a crash there should be nothing to repair; sled's recovery has had
//! bugs, though, and an index that misses a job would hide it for ever. `jobs` and `outbox` are the truth.

use std::collections::BTreeMap;
use std::path::Path;

use crate::Store;
use crate::error::StoreError;
use crate::id::JobId;
use crate::jobs::{JobRecord, index_entry};
use crate::key;
use crate::outbox::{Delivery, DeliveryState};
use crate::queue::take_back;
use crate::record;
use crate::record::v1::Format;
use crate::state::JobState;
use crate::tally::{Tallier, Tally};
use crate::trees::Name;

pub(crate) const FORMAT: &[u8] = b"format";
/// The format of the store as a whole: raised when a tree or a key changes its meaning.
pub(crate) const CURRENT: u16 = 1;
pub(crate) const CREATED_BY: &str = concat!("opmill ", env!("CARGO_PKG_VERSION"));

/// The format that this program writes.
pub(crate) fn current() -> Format {
    Format {
        format: CURRENT,
        min_reader: CURRENT,
        min_writer: CURRENT,
        created_by: CREATED_BY.to_owned(),
    }
}

/// Refuses a store that this program may not read or not write.
pub(crate) fn check(format: &Format, dir: &Path) -> Result<(), StoreError> {
    let needed = format.min_reader.max(format.min_writer);
    match needed > CURRENT {
        true => Err(StoreError::Newer {
            what: format!("the store in {}", dir.display()),
            found: needed,
            supported: CURRENT,
        }),
        false => Ok(()),
    }
}

/// The trees that follow from `jobs`, and those that follow from `outbox`.
const OF_JOBS: [Name; 5] = [
    Name::Ready,
    Name::Due,
    Name::Finished,
    Name::Keys,
    Name::Following,
];
const OF_OUTBOX: [Name; 2] = [Name::OutboxDue, Name::Owed];

/// What a tree should hold.
type Expected = BTreeMap<Vec<u8>, Vec<u8>>;

impl Store {
    pub(crate) fn recover(&self) -> Result<(), StoreError> {
        self.check_promised(self.inner.commit.promised())?;
        self.check_format()?;
        let orphans = self.repair_job_indexes()?;
        self.repair_outbox_indexes()?;
        self.end_attempts(&orphans)?;
        self.quiet().last_id = self.inner.trees.last_job()?;
        // Also what a killed process left in the log without a sync: from here on it is built upon.
        self.inner.commit.wrote_aside();
        self.inner.commit.durable()
    }

    /// Refuses a store that a newer program has changed, before reading anything else; marks a new one.
    fn check_format(&self) -> Result<(), StoreError> {
        let trees = &self.inner.trees;
        match trees.get::<Format>(Name::Meta, FORMAT)? {
            Some(format) => check(&format, &self.inner.dir),
            None if trees.is_empty(Name::Jobs)? && trees.is_empty(Name::Outbox)? => {
                let format = current();
                self.apply(&self.writer()?, |tx| tx.put(Name::Meta, FORMAT, &format))
            }
            None => Err(Name::Meta.flaw(FORMAT, record::Flaw::Damaged("it is missing".to_owned()))),
        }
    }

    /// Reads every job, which also finds damaged ones. Returns those that are running, by a process that is gone.
    fn repair_job_indexes(&self) -> Result<Vec<JobId>, StoreError> {
        let mut orphans = Vec::new();
        self.repair_indexes(&OF_JOBS, |entry| {
            orphans.clear();
            for pair in self.inner.trees.scan(Name::Jobs) {
                let (key, value) = pair?;
                let job: JobRecord =
                    record::decode(&value).map_err(|flaw| Name::Jobs.flaw(&key, flaw))?;
                if *key != job.id.0 {
                    return Err(Name::Jobs.flaw(
                        &key,
                        record::Flaw::Damaged(format!("it is that of job {}", job.id)),
                    ));
                }
                if let JobState::Running(_) = job.state {
                    orphans.push(job.id);
                }
                if let Some((tree, key, value)) = index_entry(&job) {
                    entry(tree, key, value);
                }
                if let Some(key) = job.idempotency_key {
                    entry(Name::Keys, key.into_bytes(), job.id.0.to_vec());
                }
            }
            Ok(())
        })?;
        Ok(orphans)
    }

    fn repair_outbox_indexes(&self) -> Result<(), StoreError> {
        self.repair_indexes(&OF_OUTBOX, |entry| {
            for pair in self.inner.trees.scan(Name::Outbox) {
                let (key, value) = pair?;
                let delivery: Delivery =
                    record::decode(&value).map_err(|flaw| Name::Outbox.flaw(&key, flaw))?;
                if let DeliveryState::Due { at } = delivery.state {
                    let due = key::delivery_at(at, delivery.id).to_vec();
                    entry(Name::OutboxDue, due, Vec::new());
                }
                let owed = key::owed(delivery.job, delivery.id).to_vec();
                entry(Name::Owed, owed, Vec::new());
            }
            Ok(())
        })
    }

    /// Makes these trees hold what `entries` tells, which it may be asked for several times: first all is only summed up,
    /// and only what a tree should hold that does not agree is gathered in memory.
    fn repair_indexes(
        &self,
        names: &[Name],
        mut entries: impl FnMut(&mut dyn FnMut(Name, Vec<u8>, Vec<u8>)) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let tallier = Tallier::new();
        let mut wanted = vec![Tally::default(); names.len()];
        entries(&mut |tree, key, value| {
            if let Some(place) = names.iter().position(|name| *name == tree) {
                tallier.add(&mut wanted[place], &key, &value);
            }
        })?;
        for (name, wanted) in names.iter().copied().zip(wanted) {
            let mut found = Tally::default();
            for pair in self.inner.trees.scan(name) {
                let (key, value) = pair?;
                tallier.add(&mut found, &key, &value);
            }
            if found != wanted {
                let mut expected = Expected::new();
                entries(&mut |tree, key, value| {
                    if tree == name {
                        expected.insert(key, value);
                    }
                })?;
                self.reconcile(name, expected)?;
            }
        }
        Ok(())
    }

    /// One process has the directory at a time, so a job that is running now belongs to one that is gone: its lease
    /// need not be waited for. Counts as a rescue, so that a job that kills its process is noticed.
    fn end_attempts(&self, orphans: &[JobId]) -> Result<(), StoreError> {
        let now = self.now();
        let writer = self.writer()?;
        for batch in orphans.chunks(crate::queue::BATCH) {
            self.apply(&writer, |tx| {
                batch.iter().try_for_each(|job| take_back(tx, *job, now))
            })?;
        }
        drop(writer);
        if !orphans.is_empty() {
            tracing::info!(
                jobs = orphans.len(),
                "jobs whose process is gone are available again"
            );
        }
        self.reconcile(Name::Leases, Expected::new())?;
        self.reconcile(Name::Expiry, Expected::new())
    }

    /// Makes a tree hold what it should. Not one transaction: what is interrupted here is done again at the next start.
    fn reconcile(&self, name: Name, mut expected: Expected) -> Result<(), StoreError> {
        let trees = &self.inner.trees;
        let mut stale = Vec::new();
        for pair in trees.scan(name) {
            let (key, value) = pair?;
            if expected.get(&*key).is_some_and(|wanted| **wanted == *value) {
                expected.remove(&*key);
            } else {
                stale.push(key);
            }
        }
        if !stale.is_empty() || !expected.is_empty() {
            tracing::warn!(
                tree = name.text(),
                stale = stale.len(),
                missing = expected.len(),
                "repaired an index"
            );
        }
        stale
            .iter()
            .try_for_each(|key| trees.remove_raw(name, key))?;
        expected
            .iter()
            .try_for_each(|(key, value)| trees.put_raw(name, key, value))
    }
}
