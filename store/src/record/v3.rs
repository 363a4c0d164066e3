//! Schema 3: jobs know what work they do and whom they follow. All other records are as before. Frozen.

use serde::{Deserialize, Serialize};

use super::v1::{JobV1, V1};
use super::v2::{JobV2, V2};
use super::{Codec, Flaw, Kind, Record, damaged, from_bincode, to_bincode};
use crate::id::JobId;
use crate::jobs::JobRecord;

const V3: u16 = 3;

#[derive(Serialize, Deserialize)]
struct JobV3 {
    job: JobV2,
    work: Option<String>,
    follows: Option<[u8; JobId::LEN]>,
}

impl Record for JobRecord {
    const KIND: Kind = Kind::Job;
    const CODEC: Codec = Codec::Bincode;
    const SCHEMA: u16 = V3;

    fn to_body(&self) -> Result<Vec<u8>, Flaw> {
        to_bincode(&JobV3 {
            job: JobV2::of(self),
            work: self.work.clone(),
            follows: self.follows.map(|leader| leader.0),
        })
    }

    fn from_body(schema: u16, body: &[u8]) -> Result<Self, Flaw> {
        match schema {
            V1 => from_bincode::<JobV1>(body)?.into_job(),
            V2 => from_bincode::<JobV2>(body)?.into_job(),
            V3 => {
                let JobV3 { job, work, follows } = from_bincode(body)?;
                Ok(JobRecord {
                    work,
                    follows: follows.map(JobId),
                    ..job.into_job()?
                })
            }
            other => Err(damaged(format!("there is no schema {other}"))),
        }
    }
}
