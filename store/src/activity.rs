//! What an attempt is at: which commands it began, and how far they are. Beside the job and its lease, because it is
//! rewritten often and is worth nothing once the job is final.

use crate::Store;
use crate::error::StoreError;
use crate::id::{ItemIndex, JobId, UnixMillis};
use crate::trees::{Name, TxResult};
use crate::tx::Tx;

/// What the latest attempt that told was at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// The fence of the attempt.
    pub fence: u64,
    /// When it told.
    pub at: UnixMillis,
    /// The commands it began; `None` while it did not say: all of them.
    pub started: Option<Vec<ItemIndex>>,
    /// How far they are: the engine's JSON.
    pub progress: Option<String>,
}

impl Store {
    /// What the latest attempt at a job was at; `None` when it did not tell, or the job is final.
    pub fn activity(&self, id: JobId) -> Result<Option<Activity>, StoreError> {
        let _quiet = self.quiet();
        self.inner.trees.document(Name::Activity, &id.0)
    }
}

impl Tx<'_> {
    /// What the attempt with this fence was at.
    pub(crate) fn activity(&self, job: JobId, fence: u64) -> TxResult<Option<Activity>> {
        let activity: Option<Activity> = self.document(Name::Activity, &job.0)?;
        Ok(activity.filter(|activity| activity.fence == fence))
    }

    pub(crate) fn put_activity(&self, job: JobId, activity: &Activity) -> TxResult<()> {
        self.remove_document(Name::Activity, &job.0)?;
        self.put_document(Name::Activity, &job.0, activity)
    }
}
