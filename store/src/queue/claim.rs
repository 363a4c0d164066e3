//! claim: one worker gets the next job, and that is on disk before the work begins.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use crate::Store;
use crate::error::StoreError;
use crate::id::{JobId, WorkerId};
use crate::job::Job;
use crate::jobs::JobRecord;
use crate::key::{self, ReadyKey};
use crate::leases::LeaseRecord;
use crate::limits::short;
use crate::queue::Paused;
use crate::state::{Event, JobState, Lease};
use crate::trees::Name;
use crate::writer::Turn;

/// How many jobs of a lane may run at the same time; lanes that are not named have no limit.
pub type Limits = BTreeMap<String, usize>;

/// Lanes that may have no job now.
struct Blocked {
    paused: Paused,
    full: BTreeSet<String>,
}

impl Blocked {
    fn now(store: &Store, limits: &Limits) -> Result<Blocked, StoreError> {
        let trees = &store.inner.trees;
        let mut full: BTreeSet<String> = BTreeSet::new();
        if !limits.is_empty() {
            let mut running = BTreeMap::<String, usize>::new();
            for pair in trees.scan(Name::Leases) {
                let (key, _) = pair?;
                if let Some(job) = trees.get::<JobRecord>(Name::Jobs, &key)? {
                    *running.entry(job.lane).or_default() += 1;
                }
            }
            let is_full = |(lane, limit): (&String, &usize)| {
                (running.get(lane).copied().unwrap_or(0) >= *limit).then(|| lane.clone())
            };
            full.extend(limits.iter().filter_map(is_full));
        }
        Ok(Blocked {
            paused: store.paused()?,
            full,
        })
    }

    fn holds(&self, lane: &str) -> bool {
        self.paused.holds(lane) || self.full.contains(lane)
    }
}

impl Store {
    /// Gives the worker the job whose turn it is, for `lease_for` or until the next heartbeat. `None` when none is
    /// available. The fence is higher than that of any claim before.
    ///
    /// Turns go by the time due, moved back by a minute for each rank of [`Priority`](crate::Priority), then by order of
    /// submission. Lanes that are paused have none.
    pub fn claim(
        &self,
        worker: &WorkerId,
        lease_for: Duration,
    ) -> Result<Option<(Lease, Job)>, StoreError> {
        self.claim_within(worker, lease_for, &Limits::new())
    }

    /// As [`Store::claim`], leaving out lanes of which as many jobs run as `limits` allows.
    pub fn claim_within(
        &self,
        worker: &WorkerId,
        lease_for: Duration,
        limits: &Limits,
    ) -> Result<Option<(Lease, Job)>, StoreError> {
        let writer = self.writer()?;
        match self.whose_turn(limits, &HashSet::new())? {
            Some(id) => self.claim_under(writer, id, worker, lease_for).map(Some),
            None => Ok(None),
        }
    }

    /// The job whose turn it is when those in `passed` are passed over, without claiming it: for callers who must know
    /// what a job needs before they take it on ([`Store::claim_job`]).
    pub fn next_in_turn(
        &self,
        limits: &Limits,
        passed: &HashSet<JobId>,
    ) -> Result<Option<Job>, StoreError> {
        let turn = {
            let _quiet = self.quiet();
            self.whose_turn(limits, passed)?
        };
        match turn {
            Some(id) => self.job(id),
            None => Ok(None),
        }
    }

    /// As [`Store::claim_within`], of this job; `None` when it may not be claimed now.
    pub fn claim_job(
        &self,
        id: JobId,
        worker: &WorkerId,
        lease_for: Duration,
        limits: &Limits,
    ) -> Result<Option<(Lease, Job)>, StoreError> {
        let writer = self.writer()?;
        let job: Option<JobRecord> = self.inner.trees.get(Name::Jobs, &id.0)?;
        let ready = |job: &JobRecord| job.state == JobState::Available && job.follows.is_none();
        match job.filter(ready) {
            Some(job) if !Blocked::now(self, limits)?.holds(&job.lane) => {
                self.claim_under(writer, id, worker, lease_for).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn claim_under(
        &self,
        writer: Turn<'_>,
        id: JobId,
        worker: &WorkerId,
        lease_for: Duration,
    ) -> Result<(Lease, Job), StoreError> {
        let now = self.now();
        let worker = short(worker.as_str().to_owned());
        self.commit(writer, |tx| {
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
        })
    }

    /// The first available job of all lanes that may have one. Called under the right to write, so that it stays so.
    fn whose_turn(
        &self,
        limits: &Limits,
        passed: &HashSet<JobId>,
    ) -> Result<Option<JobId>, StoreError> {
        let trees = &self.inner.trees;
        let mut from = Vec::new();
        let mut first: Option<(key::Turn, JobId)> = None;
        let mut blocked = None;
        while let Some((key, _)) = trees.first_from(Name::Ready, &from)? {
            let ready = ReadyKey::decode(&key).ok_or_else(|| Name::Ready.bad_key(&key))?;
            let blocked = match &blocked {
                Some(blocked) => blocked,
                None => blocked.insert(Blocked::now(self, limits)?),
            };
            if passed.contains(&ready.job) {
                from = [&key[..], &[0]].concat();
                continue;
            }
            let turn = (ready.turn, ready.job);
            if !blocked.holds(ready.lane) && first.is_none_or(|first| turn < first) {
                first = Some(turn);
            }
            from = ready.after_lane();
        }
        Ok(first.map(|(_, job)| job))
    }
}
