//! A job in words and numbers: a row of the list, its state, its age, its notifications.

use std::time::Duration;

use opmill_engine::ops::BucketName;
use opmill_engine::processor::Phase;
use opmill_engine::{
    Cause, Delivery, DeliveryState, Happened, Item, ItemIndex, ItemStatus, Job, JobState, Past,
    UnixMillis,
};

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

/// Job, cause, attempts, age, source, error of one that was given up.
pub fn dead(job: &Job) -> [String; 6] {
    let set_aside = job.failures().any(|item| item.cause == Some(Cause::Poison));
    let cause = match set_aside {
        true => Some(Cause::Poison),
        false => job.cause,
    };
    let attempts = job.items.iter().map(|item| item.attempts).max();
    [
        job.id.to_string(),
        cause.unwrap_or(Cause::Other).to_string(),
        attempts.unwrap_or(job.attempts).to_string(),
        age(job.finished.unwrap_or(job.updated)),
        source(job),
        job.last_error.clone().unwrap_or_default(),
    ]
}

/// An error, and what kind it is of.
pub fn because(cause: Option<Cause>, error: &str) -> String {
    match cause {
        Some(cause) => format!("{error} ({cause})"),
        None => error.to_owned(),
    }
}

/// How far a command is that has no result.
pub fn progress(item: &Item) -> Option<String> {
    let progress = item.progress?;
    let mut parts = vec![match progress.phase {
        Phase::Finalising => "finalising".to_owned(),
        _ => "running".to_owned(),
    }];
    parts.extend(progress.percent.map(|percent| format!("{percent:.0} %")));
    parts.extend(progress.speed.map(|speed| format!("{speed:.1}x")));
    parts.extend(progress.eta.map(|eta| format!("{} left", text::clock(eta))));
    Some(format!("last heard of: {}", parts.join(", ")))
}

/// What went wrong with a command on the way; what is its result stands with the results.
pub fn trials(item: &Item) -> Option<String> {
    let error = item.last_error.as_deref()?;
    let attempts = text::count(item.attempts as usize, "attempt");
    Some(format!(
        "{attempts}, last error: {}",
        because(item.cause, error)
    ))
}

/// Something that went wrong with a job, or that it was run again.
pub fn past(past: &Past) -> String {
    let (when, fence) = (age(past.at), past.fence);
    let commands = commands(&past.commands);
    match &past.what {
        Happened::Failed { cause, error } => {
            format!(
                "{when}: attempt {} (fence {fence}) failed at {commands}: {error} ({cause})",
                past.attempt
            )
        }
        Happened::Lost {
            worker,
            began,
            started,
        } => {
            let ran = past.at.get().saturating_sub(began.get());
            let ran = text::clock(Duration::from_millis(ran));
            let at = self::commands(started);
            format!(
                "{when}: worker {worker} was lost (fence {fence}) {ran} after it began, at {at}; no result then: {commands}"
            )
        }
        Happened::Redriven => format!("{when}: run again: {commands}"),
    }
}

/// `command 2`, `commands 1, 3`.
fn commands(indices: &[ItemIndex]) -> String {
    let numbers: Vec<_> = indices
        .iter()
        .map(|index| (index.0 + 1).to_string())
        .collect();
    match &numbers[..] {
        [] => "no command".to_owned(),
        [one] => format!("command {one}"),
        all => format!("commands {}", all.join(", ")),
    }
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
