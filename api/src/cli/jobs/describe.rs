//! A job in words and numbers: a row of the list, its state, its age, its notifications.

use std::time::Duration;

use opmill_engine::ops::BucketName;
use opmill_engine::{Delivery, DeliveryState, ItemStatus, Job, JobState, UnixMillis};

use crate::cli::text;

/// Job, state, commands, age, source.
pub fn row(job: &Job) -> [String; 5] {
    let of = |status| {
        job.items
            .iter()
            .filter(|item| item.status == status)
            .count()
    };
    let failed = job.failures().count();
    let mut commands = format!("{}/{} ok", of(ItemStatus::Succeeded), job.items.len());
    if failed > 0 {
        commands += &format!(", {failed} failed");
    }
    [
        job.id.to_string(),
        state(&job.state).into(),
        commands,
        age(job.submitted),
        source(job),
    ]
}

/// The source as a file if it is one.
pub fn source(job: &Job) -> String {
    let entry = &job.source;
    if entry.bucket == BucketName::local() {
        format!("/{}", entry.key)
    } else {
        entry.to_string()
    }
}

/// Nothing runs while the directory is only looked at: what the queue holds as running was interrupted.
pub fn state(state: &JobState) -> &'static str {
    match state {
        JobState::Scheduled { .. } => "scheduled",
        JobState::Available => "waiting",
        JobState::Running(_) => "interrupted",
        JobState::Retryable { .. } => "to be retried",
        JobState::Completed => "completed",
        JobState::Cancelled => "cancelled",
        JobState::Discarded => "failed",
    }
}

/// How long ago that was.
pub fn age(then: UnixMillis) -> String {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    let age = now.saturating_sub(Duration::from_millis(then.get()));
    format!("{} ago", text::clock(age))
}

/// What became of a notification.
pub fn delivery(of: &Delivery) -> String {
    let reason = of
        .last_error
        .as_deref()
        .map(|error| format!(": {error}"))
        .unwrap_or_default();
    let attempts = text::count(of.attempts as usize, "failed attempt");
    match of.state {
        DeliveryState::Delivered { .. } => format!("code {} delivered", of.code),
        DeliveryState::Due { .. } => format!("code {} owed, {attempts}{reason}", of.code),
        DeliveryState::GivenUp { .. } => {
            format!("code {} given up after {attempts}{reason}", of.code)
        }
    }
}
