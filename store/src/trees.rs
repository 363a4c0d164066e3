//! The trees by name, and reading and scanning them outside transactions. [`Tx`] writes them.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `meta` | `format`, `next-delivery`, `changes`, `paused`, `paused/` lane | format record, counters, pauses |
//! | `jobs` | job | job record: the truth about every job |
//! | `specs` | job, part | what the job is to do |
//! | `items` | job, command, part | results |
//! | `keys` | idempotency key | job |
//! | `ready` | lane, turn (when due, moved back by rank), job | – |
//! | `due` | when, job | its state's number |
//! | `leases` | job | lease record |
//! | `expiry` | when, job | – |
//! | `finished` | when, job | its state's number |
//! | `outbox` | delivery | delivery record: the truth about every delivery |
//! | `outbox_due` | when, delivery | – |
//! | `owed` | job, delivery | – |
//! | `objects` | entry (`bucket:key`) | object record |
//! | `history` | job, part | what went wrong with it so far |
//! | `activity` | job, part | what its attempt is at |
//! | `flights` | work | the job that does it, while others may follow it |
//! | `following` | leader, job | – |
//! | `gone` | when, entry | – |
//! | `messages` | message, part | messages owed on their own |
//! | `messages_due` | when, message | – |
//!
//! `keys`, `ready`, `due`, `leases`, `expiry`, `finished`, `outbox_due`, `owed` and `following` follow from the others:
//! opening checks them against `jobs` and `outbox` and repairs them (recover.rs).

use std::iter;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};

use sled::transaction::{ConflictableTransactionError, TransactionError, Transactional};

use crate::error::StoreError;
use crate::id::JobId;
use crate::key;
use crate::promised::CHANGES;
use crate::record::v1::Counter;
use crate::record::{self, Flaw, Parts, Record};
use crate::tx::Tx;

/// What a transaction's closure returns. `?` on a [`StoreError`] aborts: nothing of the transaction is kept.
pub(crate) type TxResult<T> = Result<T, ConflictableTransactionError<StoreError>>;

impl From<StoreError> for ConflictableTransactionError<StoreError> {
    fn from(error: StoreError) -> Self {
        Self::Abort(error)
    }
}

/// A tree. The numbers are places in a list, not on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    Meta,
    Jobs,
    Specs,
    Items,
    Keys,
    Ready,
    Due,
    Leases,
    Expiry,
    Finished,
    Outbox,
    OutboxDue,
    Owed,
    Objects,
    History,
    Activity,
    Flights,
    Following,
    Gone,
    Messages,
    MessagesDue,
}

impl Name {
    /// What others follow from comes before them.
    pub(crate) const ALL: [Name; 21] = {
        use Name::*;
        [
            Meta,
            Jobs,
            Specs,
            Items,
            Keys,
            Ready,
            Due,
            Leases,
            Expiry,
            Finished,
            Outbox,
            OutboxDue,
            Owed,
            Objects,
            History,
            Activity,
            Flights,
            Following,
            Gone,
            Messages,
            MessagesDue,
        ]
    };

    /// The name on disk.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Jobs => "jobs",
            Self::Specs => "specs",
            Self::Items => "items",
            Self::Keys => "keys",
            Self::Ready => "ready",
            Self::Due => "due",
            Self::Leases => "leases",
            Self::Expiry => "expiry",
            Self::Finished => "finished",
            Self::Outbox => "outbox",
            Self::OutboxDue => "outbox_due",
            Self::Owed => "owed",
            Self::Objects => "objects",
            Self::History => "history",
            Self::Activity => "activity",
            Self::Flights => "flights",
            Self::Following => "following",
            Self::Gone => "gone",
            Self::Messages => "messages",
            Self::MessagesDue => "messages_due",
        }
    }

    /// Names tree and key in an error about a value.
    pub(crate) fn flaw(self, key: &[u8], flaw: Flaw) -> StoreError {
        match flaw {
            Flaw::Damaged(reason) => StoreError::Corrupt {
                tree: self.text(),
                key: self.show(key),
                reason,
            },
            Flaw::Newer(found) => {
                let what = format!("the record {} in {}", self.show(key), self.text());
                StoreError::Newer {
                    what,
                    found,
                    supported: record::NEWEST_SCHEMA,
                }
            }
        }
    }

    /// The error for a key that does not read as this tree's keys do.
    pub(crate) fn bad_key(self, key: &[u8]) -> StoreError {
        self.flaw(key, Flaw::Damaged("its key is malformed".to_owned()))
    }

    /// A key of this tree, as people read it.
    pub(crate) fn show(self, key: &[u8]) -> String {
        match self {
            Self::Meta | Self::Keys | Self::Objects | Self::Flights => {
                String::from_utf8_lossy(key).into_owned()
            }
            _ => key.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}

/// All trees of an open store.
#[derive(Default)]
pub(crate) struct Trees {
    trees: Vec<sled::Tree>,
}

/// A key and its value.
pub(crate) type Pair = (sled::IVec, sled::IVec);

impl Trees {
    pub(crate) fn open(db: &sled::Db) -> Result<Trees, StoreError> {
        let trees = Name::ALL.iter().map(|name| db.open_tree(name.text()));
        Ok(Trees {
            trees: trees.collect::<Result<_, _>>().map_err(unreadable)?,
        })
    }

    /// Runs a transaction over all trees: everything `write` puts is kept, or nothing. If it put anything, says which
    /// change that is, counted over the life of the store.
    ///
    /// sled may run `write` again, so it must touch trees alone; and it must touch them through its argument alone,
    /// since sled's lock is not reentrant.
    pub(crate) fn transaction<T>(
        &self,
        write: impl Fn(&Tx<'_>) -> TxResult<T>,
    ) -> Result<(T, Option<u64>), TransactionError<StoreError>> {
        self.trees.as_slice().transaction(|trees| {
            let tx = Tx::new(trees);
            let value = write(&tx)?;
            let change = tx.wrote().then(|| count_change(&tx)).transpose()?;
            Ok((value, change))
        })
    }

    pub(crate) fn tree(&self, name: Name) -> &sled::Tree {
        &self.trees[name as usize]
    }

    pub(crate) fn get<R: Record>(&self, name: Name, key: &[u8]) -> Result<Option<R>, StoreError> {
        let value = guarded(|| self.tree(name).get(key))?;
        value
            .map(|value| record::decode(&value).map_err(|flaw| name.flaw(key, flaw)))
            .transpose()
    }

    pub(crate) fn get_raw(&self, name: Name, key: &[u8]) -> Result<Option<sled::IVec>, StoreError> {
        guarded(|| self.tree(name).get(key))
    }

    /// A document, of which `document` is the key without the part.
    pub(crate) fn document<R: Record>(
        &self,
        name: Name,
        document: &[u8],
    ) -> Result<Option<R>, StoreError> {
        let mut parts = Parts::new();
        for number in 0..=u16::MAX {
            let key = key::part(document, number);
            let Some(value) = self.get_raw(name, &key)? else {
                break;
            };
            if let Some(record) = parts.push(&value).map_err(|flaw| name.flaw(&key, flaw))? {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// How many keys; looks at each.
    pub(crate) fn count(&self, name: Name) -> Result<usize, StoreError> {
        self.scan(name)
            .try_fold(0, |count, pair| pair.map(|_| count + 1))
    }

    pub(crate) fn is_empty(&self, name: Name) -> Result<bool, StoreError> {
        Ok(self.scan(name).next().transpose()?.is_none())
    }

    /// Outside a transaction: for recovery, which is alone with the store and may be repeated.
    pub(crate) fn put_raw(&self, name: Name, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.tree(name)
            .insert(key, value)
            .map(drop)
            .map_err(unreadable)
    }

    /// As [`put_raw`](Self::put_raw).
    pub(crate) fn remove_raw(&self, name: Name, key: &[u8]) -> Result<(), StoreError> {
        self.tree(name).remove(key).map(drop).map_err(unreadable)
    }

    /// Every pair, in key order. Not a snapshot: each step sees the tree as it is then.
    pub(crate) fn scan(&self, name: Name) -> impl Iterator<Item = Result<Pair, StoreError>> {
        steps(self.tree(name).iter())
    }

    /// The pairs whose key begins with `prefix`.
    pub(crate) fn scan_prefix(
        &self,
        name: Name,
        prefix: &[u8],
    ) -> impl Iterator<Item = Result<Pair, StoreError>> {
        steps(self.tree(name).scan_prefix(prefix))
    }

    /// The first pair at `from` or after it.
    pub(crate) fn first_from(&self, name: Name, from: &[u8]) -> Result<Option<Pair>, StoreError> {
        guarded(|| self.tree(name).range(from..).next().transpose())
    }

    /// The jobs after that one.
    pub(crate) fn jobs_after(
        &self,
        after: Option<JobId>,
    ) -> impl Iterator<Item = Result<JobId, StoreError>> {
        let from = after
            .as_ref()
            .map_or(Bound::Unbounded, |job| Bound::Excluded(&job.0[..]));
        let keys = self
            .tree(Name::Jobs)
            .range::<&[u8], _>((from, Bound::Unbounded))
            .keys();
        steps(keys).map(|key| {
            let key = key?;
            JobId::from_bytes(&key).ok_or_else(|| Name::Jobs.bad_key(&key))
        })
    }

    /// The last job handed in.
    pub(crate) fn last_job(&self) -> Result<Option<JobId>, StoreError> {
        let last = guarded(|| self.tree(Name::Jobs).last())?;
        last.map(|(key, _)| JobId::from_bytes(&key).ok_or_else(|| Name::Jobs.bad_key(&key)))
            .transpose()
    }
}

fn count_change(tx: &Tx<'_>) -> TxResult<u64> {
    let changes = tx.get::<Counter>(Name::Meta, CHANGES)?;
    let next = changes.map_or(0, |changes| changes.next) + 1;
    tx.put(Name::Meta, CHANGES, &Counter { next })?;
    Ok(next)
}

/// sled reports some damage by panicking.
fn guarded<T>(read: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(read) => read.map_err(unreadable),
        Err(_) => Err(StoreError::Sled("it panicked over its file".to_owned())),
    }
}

/// The same for what is read step by step; a panic is the last step.
fn steps<T>(
    mut read: impl Iterator<Item = sled::Result<T>>,
) -> impl Iterator<Item = Result<T, StoreError>> {
    let mut is_over = false;
    iter::from_fn(move || {
        if is_over {
            return None;
        }
        let step = guarded(|| read.next().transpose()).transpose();
        is_over = !matches!(step, Some(Ok(_)));
        step
    })
}

fn unreadable(error: sled::Error) -> StoreError {
    StoreError::Sled(error.to_string())
}
