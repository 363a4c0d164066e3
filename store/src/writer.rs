//! One verb at a time. sled runs one transaction at a time in any case; taking a lock of our own first means that
//! what a verb scans is still so when its transaction runs, and that reads of several keys see no verb half done.
//! Nobody holds the lock while waiting for the disk, except that sled makes a transaction wait for a flush.

use std::collections::HashMap;
use std::ops::{Deref, DerefMut};
use std::sync::{MutexGuard, PoisonError};
use std::thread::ThreadId;

use sled::transaction::TransactionError;

use crate::Store;
use crate::commit::Writing;
use crate::error::StoreError;
use crate::id::JobId;
use crate::trees::TxResult;
use crate::tx::Tx;

/// What the writing verbs share in memory.
#[derive(Default)]
pub(crate) struct Writer {
    /// The id handed out last; the next one is above it.
    pub(crate) last_id: Option<JobId>,
    /// Jobs under whose lease something is being published, and the threads that do (queue/hold.rs).
    pub(crate) publishing: HashMap<JobId, Vec<ThreadId>>,
}

/// The right to write, held by one verb at a time.
pub(crate) struct Turn<'a> {
    writer: MutexGuard<'a, Writer>,
    _writing: Writing<'a>,
}

impl<'a> Turn<'a> {
    /// Goes on looking without meaning to write, so that nobody waits for the transaction.
    pub(crate) fn give_up(self) -> MutexGuard<'a, Writer> {
        self.writer
    }
}

impl Deref for Turn<'_> {
    type Target = Writer;

    fn deref(&self) -> &Writer {
        &self.writer
    }
}

impl DerefMut for Turn<'_> {
    fn deref_mut(&mut self) -> &mut Writer {
        &mut self.writer
    }
}

impl Store {
    /// The right to write, unless an earlier write failed or there is no room.
    pub(crate) fn writer(&self) -> Result<Turn<'_>, StoreError> {
        self.writer_of(0)
    }

    /// As [`Store::writer`], for a verb that puts down a text of that many bytes.
    pub(crate) fn writer_of(&self, text: usize) -> Result<Turn<'_>, StoreError> {
        self.inner.commit.check()?;
        self.inner.disk.room(text as u64)?;
        let writing = self.inner.commit.writing();
        let writer = self
            .inner
            .writer
            .lock()
            .map_err(|_| self.inner.commit.fail("a write panicked"))?;
        Ok(Turn {
            writer,
            _writing: writing,
        })
    }

    /// Keeps verbs out while several keys are read. Reading goes on after a failed write.
    pub(crate) fn quiet(&self) -> MutexGuard<'_, Writer> {
        self.inner
            .writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs one transaction and leaves it to a later commit to make it durable.
    pub(crate) fn apply<T>(
        &self,
        _turn: &Turn<'_>,
        write: impl Fn(&Tx<'_>) -> TxResult<T>,
    ) -> Result<T, StoreError> {
        match self.inner.trees.transaction(write) {
            Ok((value, change)) => {
                if let Some(change) = change {
                    self.inner.commit.wrote(change);
                }
                Ok(value)
            }
            Err(TransactionError::Abort(error)) => Err(error),
            // Part of the transaction may be in memory: nothing may be built on that.
            Err(TransactionError::Storage(error)) => {
                Err(self.inner.commit.fail(&error.to_string()))
            }
        }
    }

    /// Runs one transaction and returns when it is on disk. A refusal, too, is told only when what it rests on is.
    pub(crate) fn commit<T>(
        &self,
        turn: Turn<'_>,
        write: impl Fn(&Tx<'_>) -> TxResult<T>,
    ) -> Result<T, StoreError> {
        let outcome = self.apply(&turn, write);
        drop(turn);
        self.inner.commit.durable()?;
        outcome
    }
}
