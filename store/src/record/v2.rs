//! Schema 2: jobs have lanes. All other records are as in schema 1. Frozen.

use serde::{Deserialize, Serialize};

use super::v1::{JobV1, V1};
use super::{Codec, Flaw, Kind, Record, damaged, from_bincode, to_bincode};
use crate::jobs::JobRecord;

pub(super) const V2: u16 = 2;

#[derive(Serialize, Deserialize)]
struct JobV2 {
    job: JobV1,
    lane: String,
}

impl Record for JobRecord {
    const KIND: Kind = Kind::Job;
    const CODEC: Codec = Codec::Bincode;
    const SCHEMA: u16 = V2;

    fn to_body(&self) -> Result<Vec<u8>, Flaw> {
        to_bincode(&JobV2 {
            job: JobV1::of(self),
            lane: self.lane.clone(),
        })
    }

    fn from_body(schema: u16, body: &[u8]) -> Result<Self, Flaw> {
        match schema {
            V1 => from_bincode::<JobV1>(body)?.into_job(),
            V2 => {
                let JobV2 { job, lane } = from_bincode(body)?;
                Ok(JobRecord {
                    lane,
                    ..job.into_job()?
                })
            }
            other => Err(damaged(format!("there is no schema {other}"))),
        }
    }
}
