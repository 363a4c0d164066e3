//! Notifications owed. They come to be owed inside the transactions that give reason for them (tx.rs `owe`), stay
//! owed across restarts, and are delivered at least once, under the same id at every try.

use serde::{Deserialize, Serialize};

use crate::Store;
use crate::error::StoreError;
use crate::id::{DeliveryId, ItemIndex, JobId, UnixMillis};
use crate::key;
use crate::limits::short;
use crate::record::v1::Counter;
use crate::trees::{Name, TxResult};
use crate::tx::Tx;
use crate::writer::Writer;

/// Key in `meta` of the number the next delivery gets.
pub(crate) const NEXT_DELIVERY: &[u8] = b"next-delivery";

/// What a notification is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OwedScope {
    /// The whole job.
    All,
    /// One of its commands (`separate=1`).
    Command(ItemIndex),
}

/// A notification that a job owes. The engine renders it at delivery, from the job's spec and items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owed {
    /// What it is about.
    pub scope: OwedScope,
    /// The notification code of the wire: 1 in progress, 2 a command failed, 3 done.
    pub code: u8,
}

/// An owed notification and how far it got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id, the same at every try.
    pub id: DeliveryId,
    /// The job that owes it.
    pub job: JobId,
    /// What it is about.
    pub scope: OwedScope,
    /// The notification code of the wire.
    pub code: u8,
    /// Tries that failed so far.
    pub attempts: u32,
    /// How far it got.
    pub state: DeliveryState,
    /// When it came to be owed.
    pub created: UnixMillis,
    /// Why the latest try failed.
    pub last_error: Option<String>,
}

/// How far a notification got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// To be tried.
    Due {
        /// Not before.
        at: UnixMillis,
    },
    /// The receiver took it.
    Delivered {
        /// When.
        at: UnixMillis,
    },
    /// The receiver never took it.
    GivenUp {
        /// Since when.
        at: UnixMillis,
    },
}

impl Store {
    /// Deliveries whose time has come, longest due first, at most `limit`.
    pub fn due_deliveries(&self, limit: usize) -> Result<Vec<Delivery>, StoreError> {
        let now = self.now();
        let _quiet = self.quiet();
        let mut due = Vec::new();
        for pair in self.inner.trees.scan(Name::OutboxDue) {
            let (key, _) = pair?;
            let (at, id) =
                key::read_delivery_at(&key).ok_or_else(|| Name::OutboxDue.bad_key(&key))?;
            if at > now || due.len() >= limit {
                break;
            }
            due.extend(self.inner.trees.get(Name::Outbox, &key::delivery(id))?);
        }
        Ok(due)
    }

    /// Every notification the job ever owed, oldest first.
    pub fn deliveries(&self, job: JobId) -> Result<Vec<Delivery>, StoreError> {
        self.deliveries_of(&self.quiet(), job)
    }

    pub(crate) fn deliveries_of(
        &self,
        _quiet: &Writer,
        job: JobId,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut deliveries = Vec::new();
        for pair in self.inner.trees.scan_prefix(Name::Owed, &job.0) {
            let (key, _) = pair?;
            let id = key::read_owed(&key).ok_or_else(|| Name::Owed.bad_key(&key))?;
            deliveries.extend(self.inner.trees.get(Name::Outbox, &key::delivery(id))?);
        }
        Ok(deliveries)
    }

    /// The receiver took it. Says so once and for all: a failure reported later changes nothing.
    pub fn delivered(&self, id: DeliveryId) -> Result<(), StoreError> {
        let at = self.now();
        self.tried(id, |delivery| {
            delivery.state = DeliveryState::Delivered { at }
        })
    }

    /// A try failed: due again at `next`, or given up when there is no next. Counts the attempt.
    pub fn delivery_failed(
        &self,
        id: DeliveryId,
        error: String,
        next: Option<UnixMillis>,
    ) -> Result<(), StoreError> {
        let (now, error) = (self.now(), short(error));
        self.tried(id, |delivery| {
            delivery.attempts += 1;
            delivery.last_error = Some(error.clone());
            delivery.state = match next {
                Some(at) => DeliveryState::Due { at },
                None => DeliveryState::GivenUp { at: now },
            };
        })
    }

    /// Notes how a try went, if the delivery is still due.
    fn tried(&self, id: DeliveryId, outcome: impl Fn(&mut Delivery)) -> Result<(), StoreError> {
        let writer = self.writer()?;
        self.commit(writer, |tx| {
            let delivery = tx.delivery(id)?.ok_or(StoreError::NoSuchDelivery { id })?;
            if let DeliveryState::Due { .. } = delivery.state {
                let mut tried = delivery.clone();
                outcome(&mut tried);
                tx.replace_delivery(&delivery, &tried)?;
            }
            Ok(())
        })
    }
}

impl Tx<'_> {
    /// Notes that `job` owes a notification, due now.
    pub(crate) fn owe(&self, job: JobId, owed: &Owed, now: UnixMillis) -> TxResult<()> {
        let Counter { next } = self
            .get(Name::Meta, NEXT_DELIVERY)?
            .unwrap_or(Counter { next: 1 });
        self.put(Name::Meta, NEXT_DELIVERY, &Counter { next: next + 1 })?;
        let delivery = Delivery {
            id: DeliveryId(next),
            job,
            scope: owed.scope,
            code: owed.code,
            attempts: 0,
            state: DeliveryState::Due { at: now },
            created: now,
            last_error: None,
        };
        self.add_delivery(&delivery)
    }

    /// Puts a delivery that is not there yet.
    pub(crate) fn add_delivery(&self, delivery: &Delivery) -> TxResult<()> {
        let owed = key::owed(delivery.job, delivery.id);
        self.put_raw(Name::Owed, &owed, Vec::new())?;
        self.put_delivery(delivery)
    }

    pub(crate) fn delivery(&self, id: DeliveryId) -> TxResult<Option<Delivery>> {
        self.get(Name::Outbox, &key::delivery(id))
    }

    /// Puts the delivery as it is after a try, and moves its due time.
    pub(crate) fn replace_delivery(&self, before: &Delivery, after: &Delivery) -> TxResult<()> {
        if let DeliveryState::Due { at } = before.state {
            self.remove(Name::OutboxDue, &key::delivery_at(at, before.id))?;
        }
        self.put_delivery(after)
    }

    fn put_delivery(&self, delivery: &Delivery) -> TxResult<()> {
        if let DeliveryState::Due { at } = delivery.state {
            self.put_raw(
                Name::OutboxDue,
                &key::delivery_at(at, delivery.id),
                Vec::new(),
            )?;
        }
        self.put(Name::Outbox, &key::delivery(delivery.id), delivery)
    }

    pub(crate) fn remove_delivery(&self, delivery: &Delivery) -> TxResult<()> {
        if let DeliveryState::Due { at } = delivery.state {
            self.remove(Name::OutboxDue, &key::delivery_at(at, delivery.id))?;
        }
        self.remove(Name::Owed, &key::owed(delivery.job, delivery.id))?;
        self.remove(Name::Outbox, &key::delivery(delivery.id))
    }
}
