//! begin: an attempt says which commands it is about to run, so that should its worker be lost it is known with which.

use crate::Store;
use crate::activity::Activity;
use crate::error::StoreError;
use crate::id::ItemIndex;
use crate::state::Lease;

impl Store {
    /// Notes that the attempt under `lease` begins these commands, and is done with those it began before. An attempt
    /// that never says so is taken to have begun all commands without a result.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`].
    pub fn begin(&self, lease: &Lease, commands: Vec<ItemIndex>) -> Result<(), StoreError> {
        let now = self.now();
        let writer = self.writer()?;
        self.commit(writer, |tx| {
            let job = tx.held(lease)?;
            let activity = Activity {
                fence: lease.fence,
                at: now,
                started: Some(commands.clone()),
                progress: None,
            };
            tx.put_activity(job.id, &activity)
        })
    }
}
