//! Removes objects whose time is over. They are out of sight from that moment on; their files go when the scheduler comes
//! by.

use std::sync::Arc;

use super::Storage;
use crate::error::EngineError;
use crate::shared::Shared;

/// Objects removed at a time.
const BATCH: usize = 100;

/// Removes what is over.
pub(crate) async fn sweep(shared: &Arc<Shared>) -> Result<(), EngineError> {
    let storage = Storage::new(Arc::clone(shared));
    loop {
        let over = shared.store(|store| store.expired_objects(BATCH)).await?;
        if over.is_empty() {
            return Ok(());
        }
        for name in over {
            // Written by this engine, so that it reads as an entry; what does not is no object.
            let Ok(entry) = name.parse() else {
                shared
                    .store(move |store| store.remove_object(&name))
                    .await?;
                continue;
            };
            let _alone = shared.entries.lock(&entry).await;
            // It may have been put anew meanwhile.
            let known = storage.record(&entry).await?;
            if known.is_some_and(|known| storage.is_over(&known)) {
                tracing::debug!(%entry, "an object's time is over");
                storage.remove(&entry).await?;
            }
        }
    }
}
