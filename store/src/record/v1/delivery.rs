//! Delivery, schema 1.

use serde::{Deserialize, Serialize};

use super::{V1, only_v1};
use crate::id::{DeliveryId, ItemIndex, JobId, UnixMillis};
use crate::outbox::{Delivery, DeliveryState, OwedScope};
use crate::record::{Codec, Flaw, Kind, Record, damaged, from_bincode, to_bincode};

#[derive(Serialize, Deserialize)]
struct DeliveryV1 {
    id: u64,
    job: [u8; JobId::LEN],
    /// The command it is about; none: the whole job.
    command: Option<u32>,
    code: u8,
    attempts: u32,
    /// 1 due, 2 delivered, 3 given up.
    state: u8,
    state_at: u64,
    created: u64,
    last_error: Option<String>,
}

impl Record for Delivery {
    const KIND: Kind = Kind::Delivery;
    const CODEC: Codec = Codec::Bincode;
    const SCHEMA: u16 = V1;

    fn to_body(&self) -> Result<Vec<u8>, Flaw> {
        let (state, at) = match self.state {
            DeliveryState::Due { at } => (1, at),
            DeliveryState::Delivered { at } => (2, at),
            DeliveryState::GivenUp { at } => (3, at),
        };
        to_bincode(&DeliveryV1 {
            id: self.id.0,
            job: self.job.0,
            command: match self.scope {
                OwedScope::All => None,
                OwedScope::Command(index) => Some(index.0),
            },
            code: self.code,
            attempts: self.attempts,
            state,
            state_at: at.get(),
            created: self.created.get(),
            last_error: self.last_error.clone(),
        })
    }

    fn from_body(schema: u16, body: &[u8]) -> Result<Self, Flaw> {
        only_v1(schema)?;
        let delivery: DeliveryV1 = from_bincode(body)?;
        let at = UnixMillis::new(delivery.state_at);
        Ok(Delivery {
            id: DeliveryId(delivery.id),
            job: JobId(delivery.job),
            scope: delivery
                .command
                .map_or(OwedScope::All, |index| OwedScope::Command(ItemIndex(index))),
            code: delivery.code,
            attempts: delivery.attempts,
            state: match delivery.state {
                1 => DeliveryState::Due { at },
                2 => DeliveryState::Delivered { at },
                3 => DeliveryState::GivenUp { at },
                unknown => return Err(damaged(format!("there is no delivery state {unknown}"))),
            },
            created: UnixMillis::new(delivery.created),
            last_error: delivery.last_error,
        })
    }
}
