//! redrive: a final job runs again, for the commands whose results are dropped.

use crate::Store;
use crate::error::StoreError;
use crate::history::Mishap;
use crate::id::{ItemIndex, JobId};
use crate::key;
use crate::state::{Event, JobState};
use crate::trees::Name;

impl Store {
    /// Makes a final job available again, with fresh attempts, and drops the results of the commands in `forget`:
    /// those run again, the others keep theirs. It queues behind the jobs that are due already.
    pub fn redrive(&self, id: JobId, forget: &[ItemIndex]) -> Result<JobState, StoreError> {
        self.redrive_with(id, forget, &[])
    }

    /// As [`Store::redrive`]; `past` says why the commands failed whose results are dropped, for the job's
    /// [history](Store::history).
    pub fn redrive_with(
        &self,
        id: JobId,
        forget: &[ItemIndex],
        past: &[Mishap],
    ) -> Result<JobState, StoreError> {
        let now = self.now();
        let writer = self.writer()?;
        self.commit(writer, |tx| {
            let job = tx.job(id)?.ok_or(StoreError::NotFound { job: id })?;
            let available = job
                .clone()
                .apply(Event::Redriven, now)
                .map_err(StoreError::from)?;
            let mut again: Vec<_> = tx
                .open_commands(&job)?
                .into_iter()
                .map(|i| (i, None))
                .collect();
            for index in forget {
                again.push((*index, tx.document(Name::Items, &key::item(id, *index))?));
                tx.remove_item(id, *index)?;
            }
            again.sort_by_key(|(index, _)| *index);
            let mut history = tx.history(id)?;
            history.redriven(&job, &again, past, now);
            tx.put_history(id, &history)?;
            tx.replace_job(&job, &available)?;
            Ok(available.state)
        })
    }
}
