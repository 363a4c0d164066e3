//! History, schema 1: as named-field JSON, since it is evidence for people.

use serde::{Deserialize, Serialize};

use super::{Codec, Flaw, Kind, Record, damaged, from_json, to_json, v1};
use crate::history::{Happened, History, Past, Trial};
use crate::id::{ItemIndex, UnixMillis};

#[derive(Serialize, Deserialize)]
struct HistoryV1 {
    commands: Vec<TrialV1>,
    events: Vec<PastV1>,
}

#[derive(Serialize, Deserialize)]
struct TrialV1 {
    index: u32,
    attempts: u32,
    losses: u32,
    at: u64,
    cause: String,
    error: String,
}

#[derive(Serialize, Deserialize)]
struct PastV1 {
    at: u64,
    fence: u64,
    attempt: u32,
    commands: Vec<u32>,
    /// Of these three exactly one is there; neither failed nor lost: redriven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failed: Option<FailedV1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lost: Option<LostV1>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    redriven: bool,
}

#[derive(Serialize, Deserialize)]
struct FailedV1 {
    cause: String,
    error: String,
}

#[derive(Serialize, Deserialize)]
struct LostV1 {
    worker: String,
    began: u64,
    started: Vec<u32>,
}

fn numbers(indices: &[ItemIndex]) -> Vec<u32> {
    indices.iter().map(|index| index.0).collect()
}

fn indices(numbers: Vec<u32>) -> Vec<ItemIndex> {
    numbers.into_iter().map(ItemIndex).collect()
}

impl PastV1 {
    fn of(past: &Past) -> PastV1 {
        let (mut failed, mut lost, mut redriven) = (None, None, false);
        match &past.what {
            Happened::Failed { cause, error } => {
                let (cause, error) = (cause.clone(), error.clone());
                failed = Some(FailedV1 { cause, error });
            }
            Happened::Lost {
                worker,
                began,
                started,
            } => {
                lost = Some(LostV1 {
                    worker: worker.clone(),
                    began: began.get(),
                    started: numbers(started),
                });
            }
            Happened::Redriven => redriven = true,
        }
        PastV1 {
            at: past.at.get(),
            fence: past.fence,
            attempt: past.attempt,
            commands: numbers(&past.commands),
            failed,
            lost,
            redriven,
        }
    }

    fn into_past(self) -> Result<Past, Flaw> {
        let what = match (self.failed, self.lost, self.redriven) {
            (Some(FailedV1 { cause, error }), None, false) => Happened::Failed { cause, error },
            (None, Some(lost), false) => Happened::Lost {
                worker: lost.worker,
                began: UnixMillis::new(lost.began),
                started: indices(lost.started),
            },
            (None, None, true) => Happened::Redriven,
            _ => return Err(damaged("an event is not one of failed, lost and redriven")),
        };
        Ok(Past {
            at: UnixMillis::new(self.at),
            fence: self.fence,
            attempt: self.attempt,
            what,
            commands: indices(self.commands),
        })
    }
}

impl Record for History {
    const KIND: Kind = Kind::History;
    const CODEC: Codec = Codec::Json;
    const SCHEMA: u16 = v1::V1;

    fn to_body(&self) -> Result<Vec<u8>, Flaw> {
        let trial = |trial: &Trial| TrialV1 {
            index: trial.index.0,
            attempts: trial.attempts,
            losses: trial.losses,
            at: trial.at.get(),
            cause: trial.cause.clone(),
            error: trial.error.clone(),
        };
        to_json(&HistoryV1 {
            commands: self.commands.iter().map(trial).collect(),
            events: self.events.iter().map(PastV1::of).collect(),
        })
    }

    fn from_body(schema: u16, body: &[u8]) -> Result<Self, Flaw> {
        v1::only_v1(schema)?;
        let HistoryV1 { commands, events } = from_json(body)?;
        let trial = |trial: TrialV1| Trial {
            index: ItemIndex(trial.index),
            attempts: trial.attempts,
            losses: trial.losses,
            at: UnixMillis::new(trial.at),
            cause: trial.cause,
            error: trial.error,
        };
        let events = events.into_iter().map(PastV1::into_past);
        Ok(History {
            commands: commands.into_iter().map(trial).collect(),
            events: events.collect::<Result<_, _>>()?,
        })
    }
}
