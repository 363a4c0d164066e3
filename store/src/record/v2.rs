//! Schema 2: jobs have lanes. All other records are as in schema 1. Frozen.

use serde::{Deserialize, Serialize};

use super::Flaw;
use super::v1::JobV1;
use crate::jobs::JobRecord;

pub(super) const V2: u16 = 2;

#[derive(Serialize, Deserialize)]
pub(super) struct JobV2 {
    job: JobV1,
    lane: String,
}

impl JobV2 {
    /// Everything of a job that schema 2 keeps: all but its work and whom it follows.
    pub(super) fn of(job: &JobRecord) -> JobV2 {
        JobV2 {
            job: JobV1::of(job),
            lane: job.lane.clone(),
        }
    }

    /// The job, which does as no other does.
    pub(super) fn into_job(self) -> Result<JobRecord, Flaw> {
        Ok(JobRecord {
            lane: self.lane,
            ..self.job.into_job()?
        })
    }
}
