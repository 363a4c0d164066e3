//! Reads a job back from the store: record, spec and items put together as callers see them.

use std::collections::HashMap;

use opmill_store::{ItemIndex, JobId, JobState, Store};

use crate::error::EngineError;
use crate::item::{Item, ItemBody, ItemStatus};
use crate::job::Job;
use crate::spec::Spec;
use crate::target;

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
    let items = items(store, &job, &spec)?;
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
        items,
        priority: job.priority,
        attempts: job.attempts,
        rescues: job.rescues,
        submitted: job.submitted,
        updated: job.updated,
        finished: job.finished,
        cancel_requested: job.cancel_requested,
        last_error: job.last_error,
    })
}

/// One item per command: the recorded ones, and for the others what the job's state says of them.
fn items(store: &Store, job: &opmill_store::Job, spec: &Spec) -> Result<Vec<Item>, EngineError> {
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
    let of_command = |(index, command): (u32, opmill_ops::Command)| {
        let index = ItemIndex(index);
        match recorded.remove(&index) {
            Some(item) => {
                let body =
                    serde_json::from_str(&item.body).map_err(|error| EngineError::Damaged {
                        job: job.id,
                        reason: format!("item {index}: {error}"),
                    })?;
                Ok(Item {
                    index,
                    status: item.outcome.into(),
                    attempt: item.attempt,
                    body,
                })
            }
            None => {
                let target = target::shown(&command, spec);
                let body = ItemBody::unfinished(&command.text, target.as_ref(), unfinished);
                Ok(Item {
                    index,
                    status: unfinished,
                    attempt: 0,
                    body,
                })
            }
        }
    };
    (0..).zip(spec.commands(job.id)?).map(of_command).collect()
}
