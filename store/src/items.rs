//! The result of each command, recorded once.

use serde::{Deserialize, Serialize};

use crate::Store;
use crate::error::StoreError;
use crate::id::{ItemIndex, JobId, UnixMillis};
use crate::key;
use crate::limits::{LONGEST_TEXT, fits};
use crate::outbox::Owed;
use crate::record::Parts;
use crate::state::Lease;
use crate::trees::{Name, TxResult};
use crate::tx::Tx;
use crate::writer::Writer;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ItemOutcome {
    /// Its output is stored.
    Succeeded,
    /// It cannot succeed: a bad parameter, an undecodable input.
    Failed,
    /// It might have succeeded, but its retries were used up; a redrive may help.
    FailedTransient,
}

/// A command's result, to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewItem {
    /// The command.
    pub index: ItemIndex,
    /// How it ended.
    pub outcome: ItemOutcome,
    /// The details: the engine's JSON, which the store never reads. At most 4 MiB.
    pub body: String,
}

/// A command's result, as recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The command.
    pub index: ItemIndex,
    /// How it ended.
    pub outcome: ItemOutcome,
    /// The attempt that recorded it, counted from 1.
    pub attempt: u32,
    /// When.
    pub recorded: UnixMillis,
    /// The details: the engine's JSON.
    pub body: String,
}

impl Item {
    pub(crate) fn new(item: &NewItem, attempt: u32, now: UnixMillis) -> Item {
        Item {
            index: item.index,
            outcome: item.outcome,
            attempt,
            recorded: now,
            body: item.body.clone(),
        }
    }
}

impl Store {
    /// Records the result of one command while others of the job still run, and the notification that is now owed:
    /// one transaction, since a crash between two would lose the notification.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`]; [`StoreError::AlreadyRecorded`] when the command has a result: it stands.
    pub fn record_item(
        &self,
        lease: &Lease,
        item: NewItem,
        owed: Option<Owed>,
    ) -> Result<(), StoreError> {
        fits("the item's body", &item.body, LONGEST_TEXT)?;
        let now = self.now();
        let writer = self.writer_of(item.body.len())?;
        self.commit(writer, |tx| {
            let job = tx.held(lease)?;
            tx.add_item(job.id, &Item::new(&item, job.attempts, now))?;
            owed.iter().try_for_each(|owed| tx.owe(job.id, owed, now))
        })
    }

    /// The results recorded so far, by command. Empty for a job that does not exist.
    pub fn items(&self, id: JobId) -> Result<Vec<Item>, StoreError> {
        self.items_of(&self.quiet(), id)
    }

    pub(crate) fn items_of(&self, _quiet: &Writer, id: JobId) -> Result<Vec<Item>, StoreError> {
        let (mut items, mut parts) = (Vec::new(), Parts::new());
        for pair in self.inner.trees.scan_prefix(Name::Items, &id.0) {
            let (key, value) = pair?;
            items.extend(
                parts
                    .push(&value)
                    .map_err(|flaw| Name::Items.flaw(&key, flaw))?,
            );
        }
        Ok(items)
    }
}

impl Tx<'_> {
    /// Records a result; aborts when the command has one.
    pub(crate) fn add_item(&self, job: JobId, item: &Item) -> TxResult<()> {
        let document = key::item(job, item.index);
        if self
            .tree(Name::Items)
            .get(key::part(&document, 0))?
            .is_some()
        {
            return Err(StoreError::AlreadyRecorded {
                job,
                index: item.index,
            }
            .into());
        }
        self.put_document(Name::Items, &document, item)
    }

    pub(crate) fn remove_item(&self, job: JobId, index: ItemIndex) -> TxResult<()> {
        self.remove_document(Name::Items, &key::item(job, index))
    }
}
