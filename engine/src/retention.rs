//! Forgets jobs that ended long ago, by the limits of the configuration: age, number, bytes. Outputs are not touched.

use std::sync::Arc;
use std::time::Duration;

use opmill_store::UnixMillis;

use crate::error::EngineError;
use crate::shared::Shared;
use crate::shutdown::Stage;

/// Time between two looks.
const EVERY: Duration = Duration::from_secs(600);
/// Jobs forgotten before the queue gets its turn again.
const BATCH: usize = 1000;

/// Looks now and then until the engine is interrupted.
pub(crate) async fn run(shared: Arc<Shared>) {
    if shared.config.retention.is_unlimited() {
        return;
    }
    loop {
        match sweep(&shared).await {
            Ok(0) => {}
            Ok(forgotten) => tracing::info!(forgotten, "forgot jobs that ended long ago"),
            Err(EngineError::Closed) => return,
            Err(error) => tracing::warn!(error = error.report(), "cannot forget old jobs"),
        }
        tokio::select! {
            () = shared.clock.sleep_until(shared.now().plus(EVERY)) => {}
            () = shared.reached(Stage::Interrupting) => return,
        }
    }
}

/// Forgets what is over a limit now; how many jobs.
async fn sweep(shared: &Shared) -> Result<usize, EngineError> {
    let limits = shared.config.retention.clone();
    let now = shared.now();
    let mut forgotten = 0;
    if let Some(age) = limits.age {
        let before = now.get().saturating_sub(age.as_millis() as u64);
        forgotten += prune(shared, UnixMillis::new(before), usize::MAX).await?;
    }
    if limits.count.is_some() || limits.bytes.is_some() {
        let (count, bytes) = (limits.count, limits.bytes);
        let excess = shared
            .store(move |store| store.excess(count, bytes))
            .await?;
        forgotten += prune(shared, now.plus(Duration::from_millis(1)), excess).await?;
    }
    Ok(forgotten)
}

async fn prune(shared: &Shared, before: UnixMillis, most: usize) -> Result<usize, EngineError> {
    let mut pruned = 0;
    while pruned < most {
        let batch = BATCH.min(most - pruned);
        let gone = shared
            .store(move |store| store.prune(before, batch))
            .await?;
        pruned += gone;
        if gone < batch {
            break;
        }
    }
    Ok(pruned)
}
