//! enqueue: a job is on disk before its id is told.

use crate::Store;
use crate::error::StoreError;
use crate::id::{JobId, UnixMillis};
use crate::job::{Enqueued, NewJob};
use crate::jobs::JobRecord;
use crate::limits::{LONGEST_TEXT, fits};
use crate::trees::{Name, TxResult};
use crate::tx::Tx;
use crate::writer::Writer;

const LONGEST_KEY: usize = 1024;
const LONGEST_LANE: usize = 255;

/// A job and the record it will have, unless its key is taken.
struct Draft {
    job: NewJob,
    record: JobRecord,
}

impl Draft {
    fn new(writer: &mut Writer, job: NewJob, now: UnixMillis) -> Result<Draft, StoreError> {
        let key = job.idempotency_key.as_deref().unwrap_or_default();
        fits("the idempotency key", key, LONGEST_KEY)?;
        fits(
            "the job's work",
            job.work.as_deref().unwrap_or_default(),
            LONGEST_KEY,
        )?;
        fits("the job's spec", &job.spec, LONGEST_TEXT)?;
        fits("the job's lane", &job.lane, LONGEST_LANE)?;
        if job.lane.contains('\0') {
            return Err(StoreError::BadLane { lane: job.lane });
        }
        // Drawn here and not in the transaction, whose closure may run again.
        let id = JobId::following(writer.last_id, now, random()?);
        writer.last_id = Some(id);
        Ok(Draft {
            record: JobRecord::new(id, &job, now),
            job,
        })
    }

    fn enqueue(&self, tx: &Tx<'_>) -> TxResult<Enqueued> {
        let enqueued = self.enqueue_if(tx, false)?;
        // Only a job that may do nothing but follow can be left out.
        Ok(enqueued.ok_or(StoreError::NotFound {
            job: self.record.id,
        })?)
    }

    fn enqueue_if(&self, tx: &Tx<'_>, only_following: bool) -> TxResult<Option<Enqueued>> {
        if let Some(key) = &self.job.idempotency_key
            && let Some(id) = tx.by_key(key)?
        {
            return Ok(Some(Enqueued {
                id,
                existing: true,
                follows: None,
            }));
        }
        let follows = match self.job.anew {
            true => None,
            false => tx.leader_for(&self.record)?,
        };
        if only_following && follows.is_none() {
            return Ok(None);
        }
        let record = JobRecord {
            follows,
            ..self.record.clone()
        };
        tx.add_job(&record, &self.job)?;
        Ok(Some(Enqueued {
            id: record.id,
            existing: false,
            follows,
        }))
    }
}

impl Store {
    /// Puts a job on disk. With an idempotency key that a kept job has, gives that job back instead.
    ///
    /// # Errors
    /// [`StoreError::LowSpace`] below the low-water mark of [`DiskPolicy`](crate::DiskPolicy): try again later.
    pub fn enqueue(&self, job: NewJob) -> Result<Enqueued, StoreError> {
        let now = self.now();
        if let Err(refusal) = self.admit() {
            return self.known(&job)?.ok_or(refusal);
        }
        let mut writer = self.writer_of(job.spec.len())?;
        let draft = Draft::new(&mut writer, job, now)?;
        self.commit(writer, |tx| draft.enqueue(tx))
    }

    /// As [`Store::enqueue`], but only if the job can follow one that does the same work, or exists already; else
    /// `None`, and nothing is kept.
    pub fn enqueue_following(&self, job: NewJob) -> Result<Option<Enqueued>, StoreError> {
        let now = self.now();
        if let Err(refusal) = self.admit() {
            return self.known(&job)?.map(Some).ok_or(refusal);
        }
        let mut writer = self.writer_of(job.spec.len())?;
        let draft = Draft::new(&mut writer, job, now)?;
        self.commit(writer, |tx| draft.enqueue_if(tx, true))
    }

    /// Puts all these jobs on disk, in this order, with one durable commit; or, on an error, none.
    pub fn enqueue_all(&self, jobs: Vec<NewJob>) -> Result<Vec<Enqueued>, StoreError> {
        let now = self.now();
        if let Err(refusal) = self.admit() {
            let known = jobs.iter().map(|job| self.known(job));
            let known = known.collect::<Result<Option<Vec<_>>, _>>()?;
            return known.ok_or(refusal);
        }
        let mut writer = self.writer_of(jobs.iter().map(|job| job.spec.len()).sum())?;
        let drafts = jobs
            .into_iter()
            .map(|job| Draft::new(&mut writer, job, now));
        let drafts = drafts.collect::<Result<Vec<_>, _>>()?;
        self.commit(writer, |tx| {
            drafts.iter().map(|draft| draft.enqueue(tx)).collect()
        })
    }

    /// The job that is there already under the key of this one.
    fn known(&self, job: &NewJob) -> Result<Option<Enqueued>, StoreError> {
        let Some(key) = &job.idempotency_key else {
            return Ok(None);
        };
        let known = self.find(key)?;
        Ok(known.map(|id| Enqueued {
            id,
            existing: true,
            follows: None,
        }))
    }

    /// The job that was enqueued under this key and is kept still. On disk by the time this returns, since whoever
    /// asked may take it for accepted.
    pub fn find(&self, idempotency_key: &str) -> Result<Option<JobId>, StoreError> {
        let key = idempotency_key.as_bytes();
        let Some(value) = self.inner.trees.get_raw(Name::Keys, key)? else {
            return Ok(None);
        };
        self.inner.commit.durable()?;
        JobId::from_bytes(&value)
            .ok_or_else(|| Name::Keys.bad_key(key))
            .map(Some)
    }
}

fn random() -> Result<u128, StoreError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| StoreError::Io {
        path: "/dev/urandom".into(),
        source: std::io::Error::other(error.to_string()),
    })?;
    Ok(u128::from_ne_bytes(bytes))
}
