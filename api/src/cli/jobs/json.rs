//! A job as scripts read it: one line of JSON.

use opmill_engine::processor::Phase;
use opmill_engine::{
    Cause, Delivery, DeliveryState, Happened, History, Item, ItemBody, ItemIndex, Job, Past,
    Progress, UnixMillis,
};
use serde::Serialize;

use super::describe;
use crate::cli::items;

/// Names and order of the members are part of the command line's promise; times are milliseconds since 1970.
#[derive(Serialize)]
struct JsonJob<'a> {
    id: String,
    state: &'static str,
    source: String,
    ops: &'a str,
    submitted: u64,
    finished: Option<u64>,
    attempts: u32,
    items: Vec<JsonItem<'a>>,
    /// Notifications not delivered yet.
    owed: usize,
    /// How often its worker was lost.
    rescues: u32,
    /// The job that does the same work, whose results it waits for or took over.
    follows: Option<String>,
    /// Why the latest attempt failed, and the kind of reason.
    error: Option<&'a str>,
    cause: Option<Cause>,
    /// What went wrong so far, oldest first.
    history: Vec<JsonPast<'a>>,
}

/// `what` is `failed` (with error and cause), `lost` (with worker, began and started) or `redriven`; commands count from 1.
#[derive(Serialize)]
struct JsonPast<'a> {
    at: u64,
    what: &'static str,
    fence: u64,
    attempt: u32,
    commands: Vec<u32>,
    error: Option<&'a str>,
    cause: Option<&'a str>,
    worker: Option<&'a str>,
    began: Option<u64>,
    started: Option<Vec<u32>>,
}

impl<'a> From<&'a Past> for JsonPast<'a> {
    fn from(past: &'a Past) -> Self {
        let numbers = |indices: &[ItemIndex]| indices.iter().map(|index| index.0 + 1).collect();
        let bare = Self {
            at: past.at.get(),
            what: "redriven",
            fence: past.fence,
            attempt: past.attempt,
            commands: numbers(&past.commands),
            error: None,
            cause: None,
            worker: None,
            began: None,
            started: None,
        };
        match &past.what {
            Happened::Failed { cause, error } => Self {
                what: "failed",
                error: Some(error),
                cause: Some(cause),
                ..bare
            },
            Happened::Lost {
                worker,
                began,
                started,
            } => Self {
                what: "lost",
                worker: Some(worker),
                began: Some(began.get()),
                started: Some(numbers(started)),
                ..bare
            },
            Happened::Redriven => bare,
        }
    }
}

#[derive(Serialize)]
struct JsonItem<'a> {
    status: &'static str,
    /// The attempt that recorded the result; 0 without one.
    attempt: u32,
    #[serde(flatten)]
    body: &'a ItemBody,
    /// Attempts at it in all.
    attempts: u32,
    last_error: Option<&'a str>,
    cause: Option<Cause>,
    /// How far it was when last heard of.
    progress: Option<JsonProgress>,
}

#[derive(Serialize)]
struct JsonProgress {
    stage: &'static str,
    percent: Option<f64>,
    speed: Option<f64>,
    /// Seconds.
    eta: Option<f64>,
}

impl From<Progress> for JsonProgress {
    fn from(progress: Progress) -> Self {
        Self {
            stage: match progress.phase {
                Phase::Finalising => "finalising",
                _ => "running",
            },
            percent: progress.percent,
            speed: progress.speed,
            eta: progress.eta.map(|eta| eta.as_secs_f64()),
        }
    }
}

impl<'a> From<&'a Item> for JsonItem<'a> {
    fn from(item: &'a Item) -> Self {
        Self {
            status: items::word(item.status),
            attempt: item.attempt,
            body: &item.body,
            attempts: item.attempts,
            last_error: item.last_error.as_deref(),
            cause: item.cause,
            progress: item.progress.map(JsonProgress::from),
        }
    }
}

/// The line, without its end.
pub fn line(job: &Job, deliveries: &[Delivery], history: &History) -> serde_json::Result<String> {
    let is_owed = |delivery: &&Delivery| matches!(delivery.state, DeliveryState::Due { .. });
    serde_json::to_string(&JsonJob {
        id: job.id.to_string(),
        state: describe::state(&job.state),
        source: describe::source(job),
        ops: &job.ops,
        submitted: job.submitted.get(),
        finished: job.finished.map(UnixMillis::get),
        attempts: job.attempts,
        items: job.items.iter().map(JsonItem::from).collect(),
        owed: deliveries.iter().filter(is_owed).count(),
        rescues: job.rescues,
        follows: job.follows.map(|leader| leader.to_string()),
        error: job.last_error.as_deref(),
        cause: job.cause,
        history: history.events.iter().map(JsonPast::from).collect(),
    })
}
