//! Takes jobs back from workers that fell silent. In one process that is rare (an attempt that panicked), since opening
//! the store already takes back what a dead process left.

use opmill_store::UnixMillis;

use crate::error::EngineError;
use crate::shared::Shared;

/// Makes the jobs of expired leases available again; when the next lease runs out.
pub(crate) async fn rescue(shared: &Shared) -> Result<Option<UnixMillis>, EngineError> {
    renew_own(shared).await;
    let rescued = shared.store(|store| store.rescue()).await?;
    for job in &rescued.jobs {
        tracing::warn!(%job, "its worker fell silent; the job is available again");
        shared.watchers.changed(*job);
    }
    shared.available(rescued.jobs.len());
    Ok(rescued.next_expiry)
}

/// A machine that slept, or whose clock was set, finds every lease expired at once. The attempts of this process are
/// alive whatever the clock says, and their own heartbeats may come a moment too late.
async fn renew_own(shared: &Shared) {
    let (now, lease_for) = (shared.now(), shared.config.workers.lease);
    for attempt in shared.running.all() {
        let lease = attempt.lease();
        if lease.expires <= now
            && let Ok(verdict) = shared
                .store(move |store| store.heartbeat(&lease, lease_for))
                .await
        {
            attempt.heard(verdict);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use opmill_store::{JobState, NewJob, Options, Store, WorkerId};

    use super::*;
    use crate::attempt::Attempt;
    use crate::buckets::Buckets;
    use crate::clock::{Clock as _, Manual};
    use crate::config::Config;
    use crate::notify::Http;
    use crate::processor::Media;
    use crate::shared::Ingredients;

    const LEASE: Duration = Duration::from_secs(30);

    /// Claims a job, lets its lease run out, and rescues. `listed`: the attempt is alive in this process.
    async fn after_its_lease(listed: bool) -> opmill_store::Job {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(Manual::new(UnixMillis::new(1_000_000)));
        let now = Arc::clone(&clock);
        let options = Options {
            clock: Arc::new(move || now.now()),
            ..Options::default()
        };
        let store = Store::open(&dir.path().join("store"), options).unwrap();
        let config = Config::at(dir.path());
        let shared = Shared::new(Ingredients {
            data: dir.path().to_owned(),
            clock: Arc::clone(&clock) as _,
            processor: Arc::new(Media),
            transport: Arc::new(Http::new(&config.notify).unwrap()),
            web: crate::web::Web::new(&config.notify).unwrap(),
            buckets: Buckets::open(&config, dir.path()).unwrap(),
            store: store.clone(),
            config,
        });
        let id = store.enqueue(NewJob::default()).unwrap().id;
        let (lease, _) = store.claim(&WorkerId::new("w"), LEASE).unwrap().unwrap();
        let attempt = Arc::new(Attempt::new(lease, 1));
        let _entered = shared.running.enter(id, Arc::clone(&attempt));
        if !listed {
            shared.running.forget(id);
        }
        clock.advance(100 * LEASE);
        rescue(&shared).await.unwrap();
        store.job(id).unwrap().unwrap()
    }

    #[tokio::test]
    async fn a_silent_worker_loses_its_job() {
        let job = after_its_lease(false).await;
        assert_eq!((job.state, job.rescues), (JobState::Available, 1));
    }

    #[tokio::test]
    async fn an_attempt_of_this_process_keeps_its_job_whatever_the_clock_says() {
        let job = after_its_lease(true).await;
        assert!(
            matches!(job.state, JobState::Running(_)) && job.rescues == 0,
            "{job:?}"
        );
    }
}
