//! A job as scripts read it: one line of JSON.

use opmill_engine::{Delivery, DeliveryState, Item, ItemBody, Job, UnixMillis};
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
}

#[derive(Serialize)]
struct JsonItem<'a> {
    status: &'static str,
    /// The attempt that recorded the result; 0 without one.
    attempt: u32,
    #[serde(flatten)]
    body: &'a ItemBody,
}

impl<'a> From<&'a Item> for JsonItem<'a> {
    fn from(item: &'a Item) -> Self {
        Self {
            status: items::word(item.status),
            attempt: item.attempt,
            body: &item.body,
        }
    }
}

/// The line, without its end.
pub fn line(job: &Job, deliveries: &[Delivery]) -> serde_json::Result<String> {
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
    })
}
