//! What the stories in `tests/` need and nobody else: accidents that cannot be had through the public door.

use opmill_store::JobId;

use crate::engine::Engine;

/// From now on the attempt at this job is that of a stopped process: this one no longer answers for it.
pub fn disown(engine: &Engine, job: JobId) {
    engine.shared().running.forget(job);
}
