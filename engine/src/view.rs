//! Reads a job back from the store: record, spec and items put together as callers see them.

use std::collections::HashMap;

use opmill_store::{Happened, History, ItemIndex, ItemOutcome, JobId, JobState, Past, Store};

use crate::cause::Cause;
use crate::error::EngineError;
use crate::item::{Item, ItemBody, ItemStatus, Kept};
use crate::job::Job;
use crate::progress;
use crate::spec::{Shown, Spec};

/// The job of this id. Blocking.
pub(crate) fn job(store: &Store, id: JobId) -> Result<Option<Job>, EngineError> {
    // The record first: once it says final, every item is there.
    store.job(id)?.map(|job| whole(store, job)).transpose()
}

/// The job of this id, or the error that there is none.
pub(crate) fn known(store: &Store, id: JobId) -> Result<Job, EngineError> {
    job(store, id)?.ok_or(EngineError::UnknownJob { job: id })
}

/// Up to `limit` jobs after that one, in order of submission. Blocking.
pub(crate) fn jobs(
    store: &Store,
    after: Option<JobId>,
    limit: usize,
) -> Result<Vec<Job>, EngineError> {
    store
        .jobs(after, limit)?
        .into_iter()
        .map(|job| whole(store, job))
        .collect()
}

fn whole(store: &Store, job: opmill_store::Job) -> Result<Job, EngineError> {
    let spec = Spec::of(&job)?;
    let history = store.history(job.id)?;
    let items = items(store, &job, &spec, &history)?;
    let (last_error, cause) = last_trouble(&job, &history);
    let Spec {
        source,
        size,
        ops,
        out,
        notify,
        separate,
        lenient: _,
        explain: _,
        access_key: _,
        manage,
    } = spec;
    Ok(Job {
        id: job.id,
        state: job.state,
        source,
        size,
        ops,
        out,
        notify,
        separate,
        manages: manage.map(|managed| managed.verb),
        items,
        priority: job.priority,
        attempts: job.attempts,
        rescues: job.rescues,
        submitted: job.submitted,
        updated: job.updated,
        finished: job.finished,
        cancel_requested: job.cancel_requested,
        follows: job.follows,
        last_error,
        cause,
    })
}

/// What went wrong with the job last. That a worker was lost is known to the history alone.
fn last_trouble(job: &opmill_store::Job, history: &History) -> (Option<String>, Option<Cause>) {
    let bad = |past: &&Past| past.what != Happened::Redriven;
    match history.events.iter().rev().find(bad).map(|past| &past.what) {
        Some(Happened::Lost { worker, .. }) => {
            let lost = format!("its worker ({worker}) was lost");
            (Some(lost), Some(Cause::WorkerLost))
        }
        Some(Happened::Failed { cause, error }) => {
            let error = job.last_error.clone().or_else(|| Some(error.clone()));
            (error, Cause::read(cause))
        }
        Some(Happened::Redriven) | None => (job.last_error.clone(), None),
    }
}

/// One item per command: the recorded ones, and for the others what the job's state says of them.
fn items(
    store: &Store,
    job: &opmill_store::Job,
    spec: &Spec,
    history: &History,
) -> Result<Vec<Item>, EngineError> {
    let activity = match job.state.is_final() {
        true => None,
        false => store.activity(job.id)?,
    };
    let progress = progress::read(job.id, activity.as_ref());
    let runs = |index: ItemIndex| {
        let now = activity.as_ref().filter(|now| now.fence == job.fence);
        let started = now.and_then(|now| now.started.as_ref());
        matches!(job.state, JobState::Running(_)) && started.is_none_or(|all| all.contains(&index))
    };
    let recorded = store
        .items(job.id)?
        .into_iter()
        .map(|item| (item.index, item));
    let mut recorded: HashMap<_, _> = recorded.collect();
    let unfinished = match job.state {
        JobState::Running(_) => ItemStatus::Running,
        JobState::Completed | JobState::Cancelled | JobState::Discarded => ItemStatus::Cancelled,
        JobState::Scheduled { .. } | JobState::Available | JobState::Retryable { .. } => {
            ItemStatus::Pending
        }
    };
    let of_command = |(index, command): (u32, Shown)| {
        let index = ItemIndex(index);
        let trial = history.of(index);
        let before = trial.map_or(0, |trial| trial.attempts);
        let last_error = trial.map(|trial| trial.error.clone());
        let last_error = last_error.filter(|error| !error.is_empty());
        let cause = trial.and_then(|trial| Cause::read(&trial.cause));
        match recorded.remove(&index) {
            Some(item) => {
                let Kept { body, cause: why } =
                    serde_json::from_str(&item.body).map_err(|error| EngineError::Damaged {
                        job: job.id,
                        reason: format!("item {index}: {error}"),
                    })?;
                let attempts = match item.outcome {
                    _ if job.follows.is_some() => 0,
                    // Given up after attempts that all stand in the history.
                    ItemOutcome::FailedTransient => before.max(1),
                    ItemOutcome::Succeeded | ItemOutcome::Failed => before + 1,
                };
                Ok(Item {
                    attempt: item.attempt,
                    attempts,
                    last_error: body.error.clone().or(last_error),
                    cause: why.or(cause),
                    ..Item::new(index, item.outcome.into(), body)
                })
            }
            None => {
                let target = command.target.as_ref();
                let body = ItemBody::unfinished(&command.text, target, unfinished);
                Ok(Item {
                    attempts: before + u32::from(runs(index)),
                    last_error,
                    cause,
                    progress: progress.get(&index).copied(),
                    ..Item::new(index, unfinished, body)
                })
            }
        }
    };
    (0..).zip(spec.shown(job.id)?).map(of_command).collect()
}
