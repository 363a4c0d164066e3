//! follow, answer, release: of several jobs that do the same work one runs, and the others take over what it came to.
//!
//! `flights` names, for each work under way, the job that does it: its leader. Jobs that come meanwhile stand in
//! `following` and not among those to be claimed. When the leader has completed they are answered with its results;
//! when it ended in any other way they are released, and the first of them leads.

use crate::Store;
use crate::error::StoreError;
use crate::id::JobId;
use crate::items::{Item, NewItem};
use crate::jobs::JobRecord;
use crate::key::{self, Turn};
use crate::limits::{LONGEST_TEXT, fits};
use crate::outbox::Owed;
use crate::state::{Event, JobState};
use crate::trees::{Name, TxResult};
use crate::tx::Tx;

impl Tx<'_> {
    /// The job that does this work now, as far as is known.
    pub(crate) fn flight(&self, work: &str) -> TxResult<Option<JobId>> {
        let value = self.tree(Name::Flights).get(work)?;
        Ok(value.and_then(|value| JobId::from_bytes(&value)))
    }

    /// Whom a job that is being handed in follows, if anyone. It does not follow one whose turn comes later than its
    /// own; that one follows it.
    pub(crate) fn leader_for(&self, new: &JobRecord) -> TxResult<Option<JobId>> {
        let Some(work) = new
            .work
            .as_deref()
            .filter(|_| new.state == JobState::Available)
        else {
            return Ok(None);
        };
        let Some(leader) = self.flight(work)? else {
            return Ok(None);
        };
        // Not what was written, if it does other work: then nobody is followed, which costs a run and no result.
        let same = |job: &JobRecord| job.work == new.work && job.follows.is_none();
        let Some(leader) = self.job(leader)?.filter(same) else {
            return Ok(None);
        };
        let turn = |job: &JobRecord| Turn::of(job.priority, job.due);
        match leader.state {
            JobState::Running(_) | JobState::Retryable { .. } => Ok(Some(leader.id)),
            JobState::Available if turn(&leader) <= turn(new) => Ok(Some(leader.id)),
            JobState::Available => {
                let follower = JobRecord {
                    follows: Some(new.id),
                    ..leader.clone()
                };
                self.replace_job(&leader, &follower)?;
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    /// Keeps `flights` in step with a job that took a step: it leads when it may run and nobody else does, and no
    /// longer when it is final.
    pub(crate) fn lead_or_land(&self, before: &JobRecord, after: &JobRecord) -> TxResult<()> {
        let Some(work) = &after.work else {
            return Ok(());
        };
        match (may_lead(before), may_lead(after)) {
            (false, true) if self.flight(work)?.is_none() => {
                self.put_raw(Name::Flights, work.as_bytes(), after.id.0.to_vec())
            }
            (true, false) if self.flight(work)? == Some(after.id) => {
                self.remove(Name::Flights, work.as_bytes())
            }
            _ => Ok(()),
        }
    }

    fn follower(&self, id: JobId, leader: JobId) -> TxResult<Option<JobRecord>> {
        let job = self.job(id)?;
        Ok(job.filter(|job| job.follows == Some(leader) && job.state == JobState::Available))
    }
}

impl Store {
    /// Some job is at this work, or next in turn for it. A hint: only [`Store::enqueue_following`] decides.
    pub fn is_under_way(&self, work: &str) -> Result<bool, StoreError> {
        Ok(self
            .inner
            .trees
            .get_raw(Name::Flights, work.as_bytes())?
            .is_some())
    }

    /// Who follows this job and waits, in the order of submission.
    pub fn followers(&self, leader: JobId) -> Result<Vec<JobId>, StoreError> {
        let following = self.inner.trees.scan_prefix(Name::Following, &leader.0);
        following
            .map(|pair| Ok(read_following(&pair?.0)?.1))
            .collect()
    }

    /// The jobs that have followers and are final, or gone.
    pub fn landed(&self) -> Result<Vec<JobId>, StoreError> {
        let mut landed = Vec::new();
        let mut from = Vec::new();
        while let Some((key, _)) = self.inner.trees.first_from(Name::Following, &from)? {
            let (leader, _) = read_following(&key)?;
            let job: Option<JobRecord> = self.inner.trees.get(Name::Jobs, &leader.0)?;
            if job.is_none_or(|job| job.state.is_final()) {
                landed.push(leader);
            }
            from = [&leader.0[..], &[0xff; JobId::LEN], &[0]].concat();
        }
        Ok(landed)
    }

    /// Gives a follower the results of its leader, which has completed: the follower has then, too, and owes these
    /// notifications. False, and nothing is kept, when it does not follow that job any more, or the leader is not
    /// completed.
    pub fn answer(
        &self,
        follower: JobId,
        leader: JobId,
        items: Vec<NewItem>,
        owed: Vec<Owed>,
    ) -> Result<bool, StoreError> {
        items
            .iter()
            .try_for_each(|item| fits("the item's body", &item.body, LONGEST_TEXT))?;
        let now = self.now();
        self.commit(self.writer()?, |tx| {
            let led = tx
                .job(leader)?
                .filter(|job| job.state == JobState::Completed);
            let (Some(job), Some(led)) = (tx.follower(follower, leader)?, led) else {
                return Ok(false);
            };
            for item in &items {
                tx.add_item(job.id, &Item::new(item, led.attempts.max(1), now))?;
            }
            for owed in &owed {
                tx.owe(job.id, owed, now)?;
            }
            let answered = job
                .clone()
                .apply(Event::Answered, now)
                .map_err(StoreError::from)?;
            tx.replace_job(&job, &answered)?;
            Ok(true)
        })
    }

    /// Lets a follower of a job that ended without a result for it go: it follows whoever does the same work by now,
    /// or becomes available to do it itself. False when it does not follow that job any more.
    pub fn release(&self, follower: JobId, leader: JobId) -> Result<bool, StoreError> {
        let now = self.now();
        self.commit(self.writer()?, |tx| {
            let Some(job) = tx.follower(follower, leader)? else {
                return Ok(false);
            };
            let other = match &job.work {
                Some(work) => tx.flight(work)?.filter(|other| *other != leader),
                None => None,
            };
            let released = JobRecord {
                follows: other,
                updated: now,
                ..job.clone()
            };
            tx.replace_job(&job, &released)?;
            Ok(true)
        })
    }
}

fn read_following(key: &[u8]) -> Result<(JobId, JobId), StoreError> {
    key::read_following(key).ok_or_else(|| Name::Following.bad_key(key))
}

/// Others may wait for this job: it waits for nobody itself, nor for its time.
pub(crate) fn may_lead(job: &JobRecord) -> bool {
    job.follows.is_none()
        && !job.state.is_final()
        && !matches!(job.state, JobState::Scheduled { .. })
}
