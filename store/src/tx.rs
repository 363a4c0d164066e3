//! Typed gets and puts inside a transaction. What keeps two trees in step stands with its subject: a job and its index
//! entry (jobs.rs), a lease and its expiry (leases.rs), a delivery and its due time (outbox.rs).

use std::cell::Cell;

use sled::transaction::TransactionalTree;

use crate::key;
use crate::record::{self, Parts, Record};
use crate::trees::{Name, TxResult};

/// The trees inside a transaction.
pub(crate) struct Tx<'a> {
    trees: &'a [TransactionalTree],
    wrote: Cell<bool>,
}

impl<'a> Tx<'a> {
    pub(crate) fn new(trees: &'a [TransactionalTree]) -> Tx<'a> {
        Tx {
            trees,
            wrote: Cell::new(false),
        }
    }

    /// Something was put or removed.
    pub(crate) fn wrote(&self) -> bool {
        self.wrote.get()
    }

    pub(crate) fn get<R: Record>(&self, name: Name, key: &[u8]) -> TxResult<Option<R>> {
        let Some(value) = self.tree(name).get(key)? else {
            return Ok(None);
        };
        Ok(Some(
            record::decode(&value).map_err(|flaw| name.flaw(key, flaw))?,
        ))
    }

    pub(crate) fn put<R: Record>(&self, name: Name, key: &[u8], record: &R) -> TxResult<()> {
        self.put_raw(
            name,
            key,
            record::encode(record).map_err(|flaw| name.flaw(key, flaw))?,
        )
    }

    pub(crate) fn document<R: Record>(&self, name: Name, document: &[u8]) -> TxResult<Option<R>> {
        let mut parts = Parts::new();
        for number in 0..=u16::MAX {
            let key = key::part(document, number);
            let Some(value) = self.tree(name).get(&key)? else {
                break;
            };
            if let Some(record) = parts.push(&value).map_err(|flaw| name.flaw(&key, flaw))? {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    pub(crate) fn put_document<R: Record>(
        &self,
        name: Name,
        document: &[u8],
        record: &R,
    ) -> TxResult<()> {
        let parts = record::encode_parts(record).map_err(|flaw| name.flaw(document, flaw))?;
        for (number, part) in (0..=u16::MAX).zip(parts) {
            self.put_raw(name, &key::part(document, number), part)?;
        }
        Ok(())
    }

    pub(crate) fn remove_document(&self, name: Name, document: &[u8]) -> TxResult<()> {
        for number in 0..=u16::MAX {
            let key = key::part(document, number);
            if self.tree(name).get(&key)?.is_none() {
                break;
            }
            self.remove(name, &key)?;
        }
        Ok(())
    }

    pub(crate) fn tree(&self, name: Name) -> &TransactionalTree {
        &self.trees[name as usize]
    }

    pub(crate) fn put_raw(&self, name: Name, key: &[u8], value: Vec<u8>) -> TxResult<()> {
        self.wrote.set(true);
        self.tree(name).insert(key, value)?;
        Ok(())
    }

    pub(crate) fn remove(&self, name: Name, key: &[u8]) -> TxResult<()> {
        self.wrote.set(true);
        self.tree(name).remove(key)?;
        Ok(())
    }
}
