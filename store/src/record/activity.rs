//! Activity, schema 1: as named-field JSON, since the progress in it is.

use serde::{Deserialize, Serialize};

use super::{Codec, Flaw, Kind, Record, from_json, to_json, v1};
use crate::activity::Activity;
use crate::id::{ItemIndex, UnixMillis};

#[derive(Serialize, Deserialize)]
struct ActivityV1 {
    fence: u64,
    at: u64,
    started: Option<Vec<u32>>,
    progress: Option<String>,
}

impl Record for Activity {
    const KIND: Kind = Kind::Activity;
    const CODEC: Codec = Codec::Json;
    const SCHEMA: u16 = v1::V1;

    fn to_body(&self) -> Result<Vec<u8>, Flaw> {
        let started = self.started.as_ref();
        to_json(&ActivityV1 {
            fence: self.fence,
            at: self.at.get(),
            started: started.map(|started| started.iter().map(|index| index.0).collect()),
            progress: self.progress.clone(),
        })
    }

    fn from_body(schema: u16, body: &[u8]) -> Result<Self, Flaw> {
        v1::only_v1(schema)?;
        let activity: ActivityV1 = from_json(body)?;
        let started = activity.started;
        Ok(Activity {
            fence: activity.fence,
            at: UnixMillis::new(activity.at),
            started: started.map(|started| started.into_iter().map(ItemIndex).collect()),
            progress: activity.progress,
        })
    }
}
