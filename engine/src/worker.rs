//! A worker: claims a job, keeps its lease while the executor works on it, and comes back for the next one. As many
//! of them run as jobs may run at the same time.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use opmill_store::{Job, Lease, StoreError, WorkerId};
use tracing::Instrument as _;

use crate::admission::{self, Grant};
use crate::attempt::{Attempt, Stop};
use crate::error::EngineError;
use crate::events::EngineEvent;
use crate::shared::Shared;
use crate::shutdown::Stage;
use crate::{executor, telemetry};

/// Pause after a claim that failed: the store has trouble, and asking faster does not help.
const AFTER_TROUBLE: Duration = Duration::from_secs(1);
/// A lease is renewed this many times before it would run out, so that one lost heartbeat costs nothing.
const BEATS_PER_LEASE: u32 = 3;

/// Works until the engine drains.
pub(crate) async fn run(shared: Arc<Shared>, number: usize) {
    let id = WorkerId::new(format!("{}/{number}", std::process::id()));
    while let Some((lease, job, grant)) = next_job(&shared, &id).await {
        // There may be more: one bell wakes one worker, and that one wakes the next.
        shared.ready.notify_one();
        let span = telemetry::attempt(&lease, &job);
        // A task of its own, so that a panic in the engine's own code costs this attempt and not the worker.
        let attempt =
            tokio::spawn(attempt(Arc::clone(&shared), lease, job, grant).instrument(span));
        if let Err(error) = attempt.await {
            tracing::error!(%error, "an attempt ended by a panic; its job comes back when its lease runs out");
        }
    }
}

/// Waits for a job and claims it; `None` when the engine drains. The bell is listened to in here only: a worker that
/// is busy must not be the one it wakes.
async fn next_job(shared: &Shared, worker: &WorkerId) -> Option<(Lease, Job, Grant)> {
    loop {
        // Heard from here on, so that a job that comes between the claim and the wait is not missed.
        let mut ready = std::pin::pin!(shared.ready.notified());
        ready.as_mut().enable();
        if shared.stage() >= Stage::Draining {
            return None;
        }
        let trouble = match claim(shared, worker).await {
            Ok(Some(claimed)) => return Some(claimed),
            Ok(None) => None,
            Err(EngineError::Closed) => return None,
            Err(error) => {
                tracing::error!(error = error.report(), "cannot claim a job");
                Some(shared.clock.sleep_until(shared.now().plus(AFTER_TROUBLE)))
            }
        };
        let wait = async {
            match trouble {
                Some(pause) => pause.await,
                None => ready.await,
            }
        };
        tokio::select! {
            () = wait => {}
            () = shared.reached(Stage::Draining) => return None,
        }
    }
}

async fn claim(
    shared: &Shared,
    worker: &WorkerId,
) -> Result<Option<(Lease, Job, Grant)>, EngineError> {
    let claimed = admission::claim(shared, worker).await?;
    shared.claimed(claimed.is_some());
    if let Some((lease, ..)) = &claimed {
        shared.timetable.comes_due(lease.expires);
    }
    Ok(claimed)
}

/// One attempt: the executor works while the lease is kept. What it was granted of the machine is given back with its end.
async fn attempt(shared: Arc<Shared>, lease: Lease, job: Job, grant: Grant) {
    let attempt = Arc::new(Attempt::new(lease, grant.company()));
    let _entered = shared.running.enter(job.id, Arc::clone(&attempt));
    if shared.stage() >= Stage::Interrupting {
        attempt.stop(Stop::Interrupted);
    }
    shared.events.send(EngineEvent::Started {
        job: job.id,
        attempt: job.attempts,
    });
    shared.watchers.changed(job.id);
    tokio::select! {
        () = executor::run(&shared, &attempt, &job) => {}
        never = keep_lease(&shared, &attempt) => match never {},
    }
    drop(grant);
}

/// Renews the lease until the attempt is over, and passes on what it hears meanwhile.
async fn keep_lease(shared: &Shared, attempt: &Attempt) -> Infallible {
    let lease_for = shared.config.workers.lease;
    let mut renewed = shared.now();
    loop {
        shared
            .clock
            .sleep_until(renewed.plus(lease_for / BEATS_PER_LEASE))
            .await;
        if !shared.running.lists(attempt) {
            return std::future::pending().await;
        }
        // Counted from before the renewal, so that time which passes in it is not lost.
        renewed = shared.now();
        let (lease, progress) = (attempt.lease(), attempt.progress.to_json());
        match shared
            .store(move |store| store.heartbeat_with(&lease, lease_for, progress))
            .await
        {
            Ok(verdict) => attempt.heard(verdict),
            Err(EngineError::Store(StoreError::LeaseLost { .. })) => {
                attempt.stop(Stop::LeaseLost);
                return std::future::pending().await;
            }
            // The lease outlasts this; if the trouble lasts longer, the job is taken back, and publishing is refused.
            Err(error) => tracing::warn!(error = error.report(), "cannot renew the lease"),
        }
    }
}
