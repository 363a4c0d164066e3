//! Trees that follow from others: an entry that nothing asks for is removed. That none is missing was seen with what it
//! follows from (truth.rs).

use super::documents::BAD_KEY;
use super::{Cure, Examiner};
use crate::error::StoreError;
use crate::id::JobId;
use crate::jobs::index_entry;
use crate::key;
use crate::leases::LeaseRecord;
use crate::messages::Message;
use crate::objects::StoredObject;
use crate::outbox::{Delivery, DeliveryState};
use crate::queue::may_lead;
use crate::record;
use crate::state::JobState;
use crate::trees::Name;

impl Examiner<'_> {
    /// An entry of `ready`, `due` or `finished`.
    pub(super) fn job_index(
        &mut self,
        name: Name,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), StoreError> {
        let id = match name {
            Name::Following => key::read_following(key).map(|(_, id)| id),
            Name::Ready => key.last_chunk().copied().map(JobId),
            _ => key::read_job_at(key).map(|(_, id)| id),
        };
        let right = |id| {
            let job = self.salvage.job(id)?;
            let entry = index_entry(&job)?;
            let of_old = key::ready_without_lanes(job.priority, job.due, id);
            let is_it = entry.1 == key && entry.2 == value;
            Some(entry.0 == name && (is_it || name == Name::Ready && of_old == key))
        };
        self.belongs(name, key, id.map(|id| right(id) == Some(true)))
    }

    pub(super) fn key(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let owner = |id| {
            let job = self.salvage.job(id);
            job.is_some_and(|job| job.idempotency_key.is_some_and(|own| own.as_bytes() == key))
        };
        self.belongs(Name::Keys, key, JobId::from_bytes(value).map(owner))
    }

    /// Which job does a work. That one is missing is no damage: the work is done twice, at worst.
    pub(super) fn flight(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let leads = |id| {
            let job = self.salvage.job(id).filter(may_lead);
            job.is_some_and(|job| job.work.is_some_and(|work| work.as_bytes() == key))
        };
        self.belongs(Name::Flights, key, JobId::from_bytes(value).map(leads))
    }

    pub(super) fn lease(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let name = Name::Leases;
        let record: LeaseRecord = match record::decode(value) {
            Ok(record) => record,
            Err(flaw) => return self.flawed(name, key, &flaw),
        };
        let job = JobId::from_bytes(key).and_then(|id| self.salvage.job(id));
        let runs = |state: &JobState| match state {
            JobState::Running(claimed) => claimed.fence == record.lease.fence,
            _ => false,
        };
        if record.lease.job.0 != key || !job.is_some_and(|job| runs(&job.state)) {
            let what = "no job runs under it".to_owned();
            return self.found(name, key, what, Cure::remove(name, key));
        }
        let expiry = key::job_at(record.lease.expires, record.lease.job);
        let subject = format!("the entry of the lease on job {}", record.lease.job);
        self.entry(Name::Expiry, &expiry, &[], &subject)
    }

    pub(super) fn expiry(&mut self, key: &[u8], _: &[u8]) -> Result<(), StoreError> {
        let right = key::read_job_at(key).map(|(at, id)| {
            let lease = self.salvage.get::<LeaseRecord>(Name::Leases, &id.0);
            lease.is_ok_and(|lease| lease.is_some_and(|record| record.lease.expires == at))
        });
        self.belongs(Name::Expiry, key, right)
    }

    pub(super) fn delivery_due(&mut self, key: &[u8], _: &[u8]) -> Result<(), StoreError> {
        let right = key::read_delivery_at(key).map(|(at, id)| {
            let delivery = self
                .salvage
                .get::<Delivery>(Name::Outbox, &key::delivery(id));
            let due = DeliveryState::Due { at };
            delivery.is_ok_and(|delivery| delivery.is_some_and(|delivery| delivery.state == due))
        });
        self.belongs(Name::OutboxDue, key, right)
    }

    pub(super) fn owed(&mut self, key: &[u8], _: &[u8]) -> Result<(), StoreError> {
        let right = key::read_owed(key).map(|id| {
            let delivery = self
                .salvage
                .get::<Delivery>(Name::Outbox, &key::delivery(id));
            let owed = |delivery: Delivery| key::owed(delivery.job, id) == key;
            delivery.is_ok_and(|delivery| delivery.is_some_and(owed))
        });
        self.belongs(Name::Owed, key, right)
    }

    pub(super) fn gone(&mut self, key: &[u8], _: &[u8]) -> Result<(), StoreError> {
        let right = key::read_object_at(key).map(|(at, entry)| {
            let object = self
                .salvage
                .get::<StoredObject>(Name::Objects, entry.as_bytes());
            object.is_ok_and(|object| object.is_some_and(|object| object.expires == Some(at)))
        });
        self.belongs(Name::Gone, key, right)
    }

    pub(super) fn message_due(&mut self, key: &[u8], _: &[u8]) -> Result<(), StoreError> {
        let right = key::read_message_at(key).map(|(at, id)| {
            let message = self
                .salvage
                .document::<Message>(Name::Messages, &key::message(id));
            message.is_ok_and(|message| message.is_some_and(|message| message.due == at))
        });
        self.belongs(Name::MessagesDue, key, right)
    }

    /// `right`: the entry follows from something; `None` when not even its key reads.
    fn belongs(&mut self, name: Name, key: &[u8], right: Option<bool>) -> Result<(), StoreError> {
        let what = match right {
            Some(true) => return Ok(()),
            Some(false) => "nothing asks for this entry",
            None => BAD_KEY,
        };
        self.found(name, key, what.to_owned(), Cure::remove(name, key))
    }
}
