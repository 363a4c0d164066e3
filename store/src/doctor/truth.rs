//! What nothing else tells: jobs, deliveries, objects, and what is known of the store as a whole. Each is looked at with the
//! entries that must follow from it.

use super::documents::BAD_KEY;
use super::{Cure, Examiner};
use crate::error::StoreError;
use crate::id::{DeliveryId, JobId};
use crate::jobs::{JobRecord, index_entry};
use crate::key;
use crate::leases::LeaseRecord;
use crate::objects::StoredObject;
use crate::outbox::{Delivery, DeliveryState, NEXT_DELIVERY};
use crate::promised::CHANGES;
use crate::queue::is_pause;
use crate::record::v1::{Counter, Format, Pause};
use crate::record::{self, Flaw, Record};
use crate::recover;
use crate::salvage::Step;
use crate::state::{Event, JobState};
use crate::trees::Name;

impl Examiner<'_> {
    pub(super) fn meta(&mut self) -> Result<(), StoreError> {
        self.each(Name::Meta, |this, key, value| {
            let read = match key {
                recover::FORMAT => record::decode::<Format>(value).map(drop),
                NEXT_DELIVERY => record::decode::<Counter>(value).map(drop),
                key if is_pause(key) => record::decode::<Pause>(value).map(drop),
                CHANGES => record::decode::<Counter>(value).map(drop),
                _ => Err(Flaw::Damaged("nothing of this name is known".to_owned())),
            };
            match read {
                Ok(()) => Ok(()),
                // Put right below, since their values are known.
                Err(Flaw::Damaged(_))
                    if matches!(key, recover::FORMAT | NEXT_DELIVERY | CHANGES) =>
                {
                    Ok(())
                }
                Err(flaw) => this.flawed(Name::Meta, key, &flaw),
            }
        })?;
        self.format()?;
        self.changes()?;
        self.next_delivery()
    }

    /// One that does not read is taken to be what was acknowledged.
    fn changes(&mut self) -> Result<(), StoreError> {
        match self.salvage.get::<Counter>(Name::Meta, CHANGES) {
            Ok(_) | Err(Flaw::Newer(_)) => Ok(()),
            Err(flaw) => {
                let next = self.salvage.commit.promised().number();
                self.put_right(CHANGES, flaw.to_string(), &Counter { next })
            }
        }
    }

    fn format(&mut self) -> Result<(), StoreError> {
        let flaw = match self.salvage.get::<Format>(Name::Meta, recover::FORMAT) {
            Ok(Some(_)) | Err(Flaw::Newer(_)) => return Ok(()),
            Ok(None) => "it is missing".to_owned(),
            Err(flaw) => flaw.to_string(),
        };
        self.put_right(recover::FORMAT, flaw, &recover::current())
    }

    /// The number of the next delivery is above every one that was given.
    fn next_delivery(&mut self) -> Result<(), StoreError> {
        let read = |step| match step {
            Step::Pair(key, value) => {
                let delivery: Delivery = record::decode(&value).ok()?;
                key::read_delivery(&key).filter(|id| *id == delivery.id)
            }
            Step::Gap { .. } => None,
        };
        let last = self.salvage.walk(Name::Outbox).filter_map(read).max();
        let last = last.map_or(0, |DeliveryId(last)| last);
        let next = match self.salvage.get::<Counter>(Name::Meta, NEXT_DELIVERY) {
            Ok(Some(counter)) => counter.next,
            Ok(None) => 1,
            Err(Flaw::Newer(_)) => return Ok(()),
            Err(flaw) => {
                let next = last.saturating_add(1);
                return self.put_right(NEXT_DELIVERY, flaw.to_string(), &Counter { next });
            }
        };
        match next > last {
            true => Ok(()),
            false => {
                let what = format!("it says {next}, but there is a delivery {last}");
                self.put_right(
                    NEXT_DELIVERY,
                    what,
                    &Counter {
                        next: last.saturating_add(1),
                    },
                )
            }
        }
    }

    fn put_right<R: Record>(
        &mut self,
        key: &[u8],
        what: String,
        right: &R,
    ) -> Result<(), StoreError> {
        let value = record::encode(right).map_err(|flaw| Name::Meta.flaw(key, flaw))?;
        let cure = Cure::Put(vec![(Name::Meta, key.to_vec(), value)]);
        self.found(Name::Meta, key, what, cure)
    }

    pub(super) fn job(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let name = Name::Jobs;
        let Some(id) = JobId::from_bytes(key) else {
            return self.found(name, key, BAD_KEY.to_owned(), Cure::remove(name, key));
        };
        let job: JobRecord = match record::decode(value) {
            Ok(job) => job,
            Err(flaw) => return self.flawed(name, key, &flaw),
        };
        if job.id != id {
            let what = format!("it is that of job {}", job.id);
            return self.found(name, key, what, Cure::remove(name, key));
        }
        match self.salvage.spec(id) {
            Ok(_) => {}
            // What it was to do is not known, so it can never run, and would be in the way of those that can.
            Err(flaw) => {
                let what = format!("its spec does not read ({flaw})");
                return self.found(name, key, what, Cure::of(&flaw, name, key));
            }
        }
        self.entries_of(&job)
    }

    /// What must follow from a job.
    fn entries_of(&mut self, job: &JobRecord) -> Result<(), StoreError> {
        if let Some((tree, key, value)) = index_entry(job).filter(|_| !self.is_as_of_old(job)) {
            self.entry(tree, &key, &value, &format!("the entry of job {}", job.id))?;
        }
        if let Some(text) = &job.idempotency_key {
            let of = self.salvage.get_raw(Name::Keys, text.as_bytes());
            let other = match &of {
                Ok(Some(id)) => JobId::from_bytes(id).filter(|id| *id != job.id),
                _ => None,
            };
            let owner = other.and_then(|id| self.salvage.job(id));
            if let Some(owner) = owner.filter(|owner| owner.idempotency_key == job.idempotency_key)
            {
                let what = format!("job {} has its idempotency key as well", owner.id);
                self.found(Name::Jobs, &job.id.0, what, Cure::Nothing)?;
            } else {
                let what = format!("the entry of job {}", job.id);
                self.entry(Name::Keys, text.as_bytes(), &job.id.0, &what)?;
            }
        }
        match &job.state {
            JobState::Running(claimed) => {
                let lease = self.salvage.get::<LeaseRecord>(Name::Leases, &job.id.0);
                match lease {
                    Ok(Some(record)) if record.lease.fence == claimed.fence => Ok(()),
                    Err(Flaw::Newer(_)) => Ok(()),
                    _ => self.taken_back(job),
                }
            }
            _ => Ok(()),
        }
    }

    /// Its entry is the one that a store from before there were lanes has.
    fn is_as_of_old(&self, job: &JobRecord) -> bool {
        let key = key::ready_without_lanes(job.priority, job.due, job.id);
        let is_there = || matches!(self.salvage.get_raw(Name::Ready, &key), Ok(Some(_)));
        job.state == JobState::Available && is_there()
    }

    /// A job that runs under no lease would run for ever: it is given back, as at a start after a crash.
    fn taken_back(&mut self, job: &JobRecord) -> Result<(), StoreError> {
        let now = job.updated;
        let available = job.clone().apply(Event::Rescued, now)?;
        let value = record::encode(&available).map_err(|flaw| Name::Jobs.flaw(&job.id.0, flaw))?;
        let mut entries = vec![(Name::Jobs, job.id.0.to_vec(), value)];
        entries.extend(index_entry(&available));
        let what = "it is running, and there is no lease for it".to_owned();
        self.found(Name::Jobs, &job.id.0, what, Cure::Put(entries))
    }

    /// Reports an entry that is not there as it should be.
    pub(super) fn entry(
        &mut self,
        tree: Name,
        key: &[u8],
        value: &[u8],
        subject: &str,
    ) -> Result<(), StoreError> {
        let what = match self.salvage.get_raw(tree, key) {
            Ok(Some(found)) if *found == *value => return Ok(()),
            Ok(Some(_)) => format!("{subject} does not say what it should"),
            Ok(None) => format!("{subject} is missing"),
            Err(flaw) => {
                let what = format!("{subject} does not read ({flaw})");
                return self.found(tree, key, what, Cure::Nothing);
            }
        };
        let cure = Cure::Put(vec![(tree, key.to_vec(), value.to_vec())]);
        self.found(tree, key, what, cure)
    }

    pub(super) fn delivery(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let name = Name::Outbox;
        let Some(id) = key::read_delivery(key) else {
            return self.found(name, key, BAD_KEY.to_owned(), Cure::remove(name, key));
        };
        let delivery: Delivery = match record::decode(value) {
            Ok(delivery) => delivery,
            Err(flaw) => return self.flawed(name, key, &flaw),
        };
        let job = delivery.job;
        let wrong = if delivery.id != id {
            Some(format!("it is delivery {}", delivery.id))
        } else if self.salvage.job(job).is_none() {
            Some(format!("there is no job {job} that reads"))
        } else {
            None
        };
        if let Some(what) = wrong {
            return self.found(name, key, what, Cure::remove(name, key));
        }
        let subject = format!("the entry of delivery {id}");
        if let DeliveryState::Due { at } = delivery.state {
            self.entry(Name::OutboxDue, &key::delivery_at(at, id), &[], &subject)?;
        }
        self.entry(Name::Owed, &key::owed(job, id), &[], &subject)
    }

    pub(super) fn object(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let name = Name::Objects;
        if std::str::from_utf8(key).is_err() {
            return self.found(name, key, BAD_KEY.to_owned(), Cure::remove(name, key));
        }
        let object = match record::decode::<StoredObject>(value) {
            Ok(object) => object,
            Err(flaw) => return self.flawed(name, key, &flaw),
        };
        match (object.expires, std::str::from_utf8(key)) {
            (Some(at), Ok(entry)) => {
                let subject = format!("the entry of the end of {entry}");
                self.entry(Name::Gone, &key::object_at(at, entry), &[], &subject)
            }
            _ => Ok(()),
        }
    }
}
