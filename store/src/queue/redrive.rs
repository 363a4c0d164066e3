//! redrive: a final job runs again, for the commands whose results are dropped.

use crate::Store;
use crate::error::StoreError;
use crate::id::{ItemIndex, JobId};
use crate::state::{Event, JobState};

impl Store {
    /// Makes a final job available again, with fresh attempts, and drops the results of the commands in `forget`:
    /// those run again, the others keep theirs. It queues behind the jobs that are due already.
    pub fn redrive(&self, id: JobId, forget: &[ItemIndex]) -> Result<JobState, StoreError> {
        let now = self.now();
        let writer = self.writer()?;
        self.commit(writer, |tx| {
            let job = tx.job(id)?.ok_or(StoreError::NotFound { job: id })?;
            let available = job
                .clone()
                .apply(Event::Redriven, now)
                .map_err(StoreError::from)?;
            for index in forget {
                tx.remove_item(id, *index)?;
            }
            tx.replace_job(&job, &available)?;
            Ok(available.state)
        })
    }
}
