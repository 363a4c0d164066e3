//! Equal work is done once. A job names its work: a hash of the source as it is now, the commands in canonical form
//! with their targets, and the objects they read. While a job is queued or runs, others that come with the same work
//! follow it, each with its own id, items and notifications. [`land`] is called when a job is final: it gives the
//! followers of one that completed its results, and sets those of any other free to do the work themselves.

use std::path::Path;

use opmill_ops::{Command, Entry};
use opmill_store::{JobId, JobState, NewItem, Owed, Store};
use sha1::{Digest as _, Sha1};

use crate::error::EngineError;
use crate::events::EngineEvent;
use crate::item::{Item, Kept};
use crate::notify::sign::hex;
use crate::objects;
use crate::place::Stamp;
use crate::shared::Shared;
use crate::spec::Spec;
use crate::target;
use crate::verdict::{Decided, owed_at_end};
use crate::view;

/// What a job does, as a text that equal jobs share. `None` when that cannot be told now: an object that a command
/// reads is not there, say. Then the job does as no other does, and fails by itself.
pub(crate) async fn work(
    shared: &Shared,
    spec: &Spec,
    commands: &[Command],
    source: &Stamp,
) -> Option<String> {
    let mut work = Sha1::new();
    // A length before each part, so that no two lists of parts read the same.
    let mut add = |part: &str| {
        work.update((part.len() as u64).to_be_bytes());
        work.update(part);
    };
    add(&format!("{} {} {}", spec.source, source.size, source.tag));
    add(spec
        .out
        .as_deref()
        .and_then(Path::to_str)
        .unwrap_or_default());
    add(&format!("{} {}", spec.lenient, spec.explain));
    for command in commands {
        let Ok(pipeline) = &command.pipeline else {
            add(&command.text);
            continue;
        };
        add(&pipeline.to_string());
        add(&target::of(command, pipeline, spec).ok()?.to_string());
        for name in pipeline.objects() {
            let entry = objects::entry(name, &spec.source).ok()?;
            let stamp = stamp(shared, spec, &entry).await?;
            add(&format!("{entry} {} {}", stamp.size, stamp.tag));
        }
    }
    Some(hex(&work.finalize()))
}

async fn stamp(shared: &Shared, spec: &Spec, entry: &Entry) -> Option<Stamp> {
    let place = shared.buckets.place(entry, spec.out.as_deref()).ok()?;
    place.stamp(entry).await.ok()?
}

/// Looks after the followers of every job that was final when the engine was opened.
pub(crate) async fn land_all(shared: &Shared) {
    match shared.store(|store| store.landed()).await {
        Ok(leaders) => {
            for leader in leaders {
                land(shared, leader).await;
            }
        }
        Err(error) => tracing::error!(error = error.report(), "cannot look after followers"),
    }
}

/// Looks after the followers of a job, should it be final. What fails is done at the next start.
pub(crate) async fn land(shared: &Shared, job: JobId) {
    // An answered follower may have followers of its own, which came before it.
    let mut landed = vec![job];
    while let Some(leader) = landed.pop() {
        match look_after(shared, leader).await {
            Ok(answered) => landed.extend(answered),
            Err(EngineError::Closed) => {}
            Err(error) => {
                tracing::error!(%leader, error = error.report(), "cannot look after followers");
            }
        }
    }
}

/// Answers or frees the followers of a job; those that are final now.
async fn look_after(shared: &Shared, leader: JobId) -> Result<Vec<JobId>, EngineError> {
    let followers = shared.store(move |store| store.followers(leader)).await?;
    let mut answered = Vec::new();
    for follower in followers {
        let job = shared
            .blocking(move |store| view::job(store, leader))
            .await?;
        match job.map(|job| job.state) {
            Some(JobState::Completed) => {
                if shared
                    .blocking(move |store| answer(store, follower, leader))
                    .await?
                {
                    tracing::info!(job = %follower, %leader, "took over the results of equal work");
                    tell(shared, follower).await?;
                    answered.push(follower);
                }
            }
            Some(state) if !state.is_final() => break,
            _ => {
                if shared
                    .store(move |store| store.release(follower, leader))
                    .await?
                {
                    tracing::info!(job = %follower, %leader, "does the work itself");
                    shared.available(1);
                    shared.watchers.changed(follower);
                }
            }
        }
    }
    Ok(answered)
}

/// The results of the leader as those of the follower, whose commands may be written differently.
fn answer(store: &Store, follower: JobId, leader: JobId) -> Result<bool, EngineError> {
    let Some(job) = store.job(follower)? else {
        return Ok(false);
    };
    let spec = Spec::of(&job)?;
    let commands = spec.commands(follower)?;
    let mut decided = Vec::with_capacity(commands.len());
    for item in store.items(leader)? {
        let kept: Result<Kept, _> = serde_json::from_str(&item.body);
        let Kept { mut body, cause } = kept.map_err(|error| EngineError::Damaged {
            job: leader,
            reason: format!("item {}: {error}", item.index),
        })?;
        let index = item.index.0 as usize;
        if let Some(command) = commands.get(index) {
            body.cmd.clone_from(&command.text);
        }
        decided.push(Decided {
            index,
            outcome: item.outcome,
            body,
            cause,
        });
    }
    let items: Vec<NewItem> = decided.iter().map(Decided::to_new).collect();
    let owed: Vec<Owed> = owed_at_end(&spec, &decided);
    Ok(store.answer(follower, leader, items, owed)?)
}

/// Events as if the job had run.
async fn tell(shared: &Shared, job: JobId) -> Result<(), EngineError> {
    let items: Vec<Item> = shared
        .blocking(move |store| Ok(view::known(store, job)?.items))
        .await?;
    for item in items {
        let item = Box::new(item);
        shared.events.send(EngineEvent::Item { job, item });
    }
    shared.finished(job, JobState::Completed);
    Ok(())
}
