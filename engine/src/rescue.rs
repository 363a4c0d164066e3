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
