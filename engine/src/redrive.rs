//! Runs parts of a final job again. What is run again is what a look at the items says; the rest keeps its results.

use opmill_ops::Entry;
use opmill_store::{ItemIndex, JobId, Mishap};

use crate::cause::Cause;
use crate::error::EngineError;
use crate::item::{Item, ItemStatus};
use crate::job::Job;
use crate::shared::Shared;
use crate::view;

/// What running a job again came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redriven {
    /// The job is not final: it runs, or will.
    Underway,
    /// There is nothing to run again.
    Complete,
    /// The job runs again, for these commands.
    Commands(Vec<ItemIndex>),
}

/// Everything that did not succeed.
pub(crate) async fn retry(shared: &Shared, id: JobId) -> Result<Redriven, EngineError> {
    let job = shared.blocking(move |store| view::known(store, id)).await?;
    if !job.is_final() {
        return Err(EngineError::NotFinal {
            job: id,
            state: Box::new(job.state),
        });
    }
    let again = job.failures().map(|item| item.index).collect();
    redrive(shared, &job, again).await
}

/// Everything whose result is missing and may be had.
pub(crate) async fn resume(shared: &Shared, id: JobId) -> Result<Redriven, EngineError> {
    let job = shared.blocking(move |store| view::known(store, id)).await?;
    if !job.is_final() {
        return Ok(Redriven::Underway);
    }
    let mut again = Vec::new();
    for item in &job.items {
        let missing = match item.status {
            ItemStatus::Succeeded => !is_whole(shared, &job, item).await,
            ItemStatus::Failed => false,
            ItemStatus::FailedTransient
            | ItemStatus::Cancelled
            | ItemStatus::Pending
            | ItemStatus::Running => true,
        };
        if missing {
            again.push(item.index);
        }
    }
    redrive(shared, &job, again).await
}

async fn redrive(
    shared: &Shared,
    job: &Job,
    again: Vec<ItemIndex>,
) -> Result<Redriven, EngineError> {
    if again.is_empty() {
        return Ok(Redriven::Complete);
    }
    let again = with_successors(&job.items, again);
    let has_result = |index: &ItemIndex| {
        job.items
            .iter()
            .any(|item| item.index == *index && item.attempt > 0)
    };
    let (id, forget) = (
        job.id,
        again.iter().copied().filter(has_result).collect::<Vec<_>>(),
    );
    let failed = |item: &Item| {
        let kept = forget.contains(&item.index) && item.status.is_failure();
        kept.then(|| Mishap {
            index: item.index,
            cause: item.cause.map(Cause::word).unwrap_or_default().to_owned(),
            error: item.error().unwrap_or_default().to_owned(),
            lost: false,
        })
    };
    let past: Vec<Mishap> = job.items.iter().filter_map(failed).collect();
    shared
        .store(move |store| store.redrive_with(id, &forget, &past))
        .await?;
    shared.available(1);
    shared.watchers.changed(id);
    Ok(Redriven::Commands(again))
}

/// A later command with the same target must win again, so it runs again after an earlier one that does.
fn with_successors(items: &[Item], again: Vec<ItemIndex>) -> Vec<ItemIndex> {
    let is_again = |item: &Item| again.contains(&item.index);
    let follows = |item: &Item| {
        let earlier = items
            .iter()
            .take_while(|earlier| earlier.index < item.index);
        !item.body.key.is_empty()
            && earlier
                .filter(|earlier| is_again(earlier))
                .any(|earlier| earlier.body.key == item.body.key)
    };
    items
        .iter()
        .filter(|item| is_again(item) || follows(item))
        .map(|item| item.index)
        .collect()
}

/// True when every output of a command is where it was put, as large as it was.
async fn is_whole(shared: &Shared, job: &Job, item: &Item) -> bool {
    // Outputs that share a target with a later command were replaced by it; that one answers for them.
    let replaced = |entry: &Entry| {
        let key = entry.to_string();
        let later = job
            .items
            .iter()
            .filter(|later| later.index > item.index && later.status == ItemStatus::Succeeded);
        later
            .flat_map(|later| &later.body.detail)
            .any(|output| output.key == key)
    };
    for output in &item.body.detail {
        let Some(entry) = output.entry() else {
            return false;
        };
        if !replaced(&entry) && !is_in_place(shared, job, &entry, output.fsize).await {
            return false;
        }
    }
    true
}

/// True when an output is where it was put, as large as it was.
async fn is_in_place(shared: &Shared, job: &Job, entry: &Entry, size: u64) -> bool {
    match shared.buckets.place(entry, job.out.as_deref()) {
        Ok(place) => matches!(place.size(entry).await, Ok(Some(found)) if found == size),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::ItemBody;

    #[test]
    fn what_an_earlier_command_would_overwrite_runs_again_after_it() {
        let item = |index: u32, key: &str| {
            let target = key.parse().ok();
            let body = ItemBody::failed("avthumb/mp4", target.as_ref(), "x".to_owned());
            Item::new(ItemIndex(index), ItemStatus::Failed, body)
        };
        let items = [
            item(0, "b:x"),
            item(1, "b:y"),
            item(2, "b:x"),
            item(3, ""),
            item(4, ""),
        ];
        for (row, again, expected) in [
            ("the earlier takes the later along", &[0][..], &[0, 2][..]),
            ("the later alone", &[2], &[2]),
            ("no target, no company", &[3], &[3]),
        ] {
            let index = |numbers: &[u32]| numbers.iter().map(|n| ItemIndex(*n)).collect::<Vec<_>>();
            assert_eq!(
                with_successors(&items, index(again)),
                index(expected),
                "{row}"
            );
        }
    }
}
