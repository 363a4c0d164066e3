//! Writes a store as JSON lines: what nothing else tells, a record a line, so that any program can read it and import.rs
//! makes a store of it again. Indexes are left out, since they follow. One record at a time; what does not read is named
//! and left out.

pub(crate) mod line;

use std::io::Write;
use std::path::Path;

use serde::Serialize;

use crate::Store;
use crate::activity::Activity;
use crate::doctor::{Finding, Remedy};
use crate::error::StoreError;
use crate::history::History;
use crate::id::JobId;
use crate::items::Item;
use crate::jobs::JobRecord;
use crate::key;
use crate::leases::LeaseRecord;
use crate::messages::{Message, NEXT_MESSAGE};
use crate::objects::StoredObject;
use crate::options::Options;
use crate::outbox::{Delivery, NEXT_DELIVERY};
use crate::queue::{is_pause, paused_lane};
use crate::record::v1::{Counter, Pause};
use crate::record::{self, Flaw, Parts, Record};
use crate::recover::CREATED_BY;
use crate::salvage::{Salvage, Step};
use crate::trees::Name;
use line::{DeliveryLine, ItemLine, JobLine, Line, MessageLine, ObjectLine};

/// What came of an export or an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// Lines without the first and the last.
    pub records: u64,
    /// Things that were left out because they do not read.
    pub left_out: u64,
}

impl Store {
    /// Writes the store in `dir`, which nobody may have open, to `out`. What does not read is reported and left out, so
    /// that everything else is saved; works on stores that [`Store::open`] refuses.
    ///
    /// # Errors
    /// As [`Store::examine`]; [`StoreError::Stream`] when `out` does not take it.
    pub fn export(
        dir: &Path,
        options: &Options,
        out: &mut dyn Write,
        report: &mut dyn FnMut(&Finding),
    ) -> Result<Exported, StoreError> {
        let salvage = Salvage::open(dir, options)?;
        salvage.opening.iter().for_each(&mut *report);
        let mut exporter = Exporter {
            salvage: &salvage,
            out,
            report,
            done: Exported {
                records: 0,
                left_out: 0,
            },
        };
        exporter.line(&Line::OpmillExport {
            version: line::VERSION,
            created_by: CREATED_BY.to_owned(),
            exported: (options.clock)().get(),
        })?;
        exporter.done.records = 0;
        exporter.jobs()?;
        exporter.deliveries()?;
        exporter.objects()?;
        exporter.messages()?;
        exporter.meta()?;
        let done = exporter.done;
        exporter.line(&Line::End {
            records: done.records,
            complete: done.left_out == 0,
        })?;
        exporter.out.flush().map_err(unwritten)?;
        Ok(done)
    }
}

struct Exporter<'a> {
    salvage: &'a Salvage,
    out: &'a mut dyn Write,
    report: &'a mut dyn FnMut(&Finding),
    done: Exported,
}

impl Exporter<'_> {
    fn line(&mut self, line: &Line) -> Result<(), StoreError> {
        let mut text = serde_json::to_vec(line).map_err(|error| unwritten(error.into()))?;
        text.push(b'\n');
        self.done.records += 1;
        self.out.write_all(&text).map_err(unwritten)
    }

    fn left_out(&mut self, name: Name, key: &[u8], flaw: &Flaw) -> Result<(), StoreError> {
        self.done.left_out += 1;
        (self.report)(&Finding {
            tree: name.text(),
            key: name.show(key),
            what: flaw.to_string(),
            remedy: Remedy::None,
        });
        Ok(())
    }

    /// Every pair of a tree; what does not read is left out.
    fn each(
        &mut self,
        name: Name,
        mut write: impl FnMut(&mut Self, &[u8], &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        for step in self.salvage.walk(name) {
            match step {
                Step::Pair(key, value) => write(self, &key, &value)?,
                Step::Gap { after, reason } => {
                    self.left_out(name, &after, &Flaw::Damaged(reason))?
                }
            }
        }
        Ok(())
    }

    fn jobs(&mut self) -> Result<(), StoreError> {
        self.each(Name::Jobs, |this, key, value| {
            let job = match record::decode::<JobRecord>(value) {
                Ok(job) if job.id.0 == key => job,
                Ok(job) => {
                    let flaw = Flaw::Damaged(format!("it is that of job {}", job.id));
                    return this.left_out(Name::Jobs, key, &flaw);
                }
                Err(flaw) => return this.left_out(Name::Jobs, key, &flaw),
            };
            let spec = match this.salvage.spec(job.id) {
                Ok(spec) => spec.spec,
                Err(flaw) => return this.left_out(Name::Specs, key, &flaw),
            };
            // Damaged: the one it was claimed with will do, since the next start ends it anyway.
            let lease = this.salvage.get::<LeaseRecord>(Name::Leases, key);
            let lease = lease.ok().flatten();
            let id = job.id;
            let lease = lease.filter(|record| record.lease.fence == job.fence);
            this.line(&Line::Job(Box::new(JobLine::new(job, lease, spec))))?;
            this.beside::<History>(Name::History, id, |job, schema, history| Line::History {
                job,
                schema,
                history,
            })?;
            this.beside::<Activity>(Name::Activity, id, |job, schema, activity| Line::Activity {
                job,
                schema,
                activity,
            })?;
            this.items(id)
        })
    }

    /// A document beside a job whose body is JSON as it is.
    fn beside<R: Record>(
        &mut self,
        name: Name,
        job: JobId,
        line: impl Fn(JobId, u16, serde_json::Value) -> Line,
    ) -> Result<(), StoreError> {
        let read = self.salvage.beside::<R>(name, job);
        let body = read.and_then(|document| document.map(|it| it.to_body()).transpose());
        match body {
            Ok(None) => Ok(()),
            Ok(Some(body)) => {
                let value = serde_json::from_slice(&body).map_err(|e| unwritten(e.into()))?;
                self.line(&line(job, R::SCHEMA, value))
            }
            Err(flaw) => self.left_out(name, &job.0, &flaw),
        }
    }

    fn items(&mut self, job: JobId) -> Result<(), StoreError> {
        let name = Name::Items;
        let mut parts = Parts::<Item>::new();
        // The command whose parts are not read any more.
        let mut lost = None;
        for step in self.salvage.walk_prefix(name, &job.0) {
            let (key, value) = match step {
                Step::Pair(key, value) => (key, value),
                Step::Gap { after, reason } => {
                    self.left_out(name, &after, &Flaw::Damaged(reason))?;
                    parts = Parts::new();
                    continue;
                }
            };
            let document = key
                .split_last_chunk::<2>()
                .map(|(document, _)| document.to_vec());
            if document.is_some() && document == lost {
                continue;
            }
            match parts.push(&value) {
                Ok(None) => {}
                Ok(Some(item)) => self.line(&Line::Item(ItemLine::new(job, item)))?,
                Err(flaw) => {
                    self.left_out(name, &key, &flaw)?;
                    lost = document;
                    parts = Parts::new();
                }
            }
        }
        Ok(())
    }

    /// Those of jobs that were written, for others would be about nothing.
    fn deliveries(&mut self) -> Result<(), StoreError> {
        self.each(Name::Outbox, |this, key, value| {
            let flaw = match record::decode::<Delivery>(value) {
                Ok(delivery) if key::read_delivery(key) != Some(delivery.id) => {
                    Flaw::Damaged(format!("it is delivery {}", delivery.id))
                }
                Ok(delivery) if !this.is_written(delivery.job) => {
                    Flaw::Damaged(format!("there is no job {} that reads", delivery.job))
                }
                Ok(delivery) => return this.line(&Line::Delivery(DeliveryLine::new(delivery))),
                Err(flaw) => flaw,
            };
            this.left_out(Name::Outbox, key, &flaw)
        })
    }

    fn is_written(&self, job: JobId) -> bool {
        self.salvage.job(job).is_some() && self.salvage.spec(job).is_ok()
    }

    fn objects(&mut self) -> Result<(), StoreError> {
        self.each(Name::Objects, |this, key, value| {
            let object = record::decode::<StoredObject>(value);
            let entry = std::str::from_utf8(key);
            let entry = entry.map_err(|_| Flaw::Damaged("its key is malformed".to_owned()));
            match object.and_then(|object| Ok((entry?.to_owned(), object))) {
                Ok((entry, object)) => this.line(&Line::Object(ObjectLine::new(entry, object))),
                Err(flaw) => this.left_out(Name::Objects, key, &flaw),
            }
        })
    }

    fn messages(&mut self) -> Result<(), StoreError> {
        let name = Name::Messages;
        self.each(name, |this, key, _| {
            // Each once: by its first part.
            let Some(document) = key.strip_suffix(&[0, 0]) else {
                return Ok(());
            };
            match this.salvage.document::<Message>(name, document) {
                Ok(Some(message)) => this.line(&Line::Message(MessageLine::new(message))),
                Ok(None) => Ok(()),
                Err(flaw) => this.left_out(name, key, &flaw),
            }
        })
    }

    fn meta(&mut self) -> Result<(), StoreError> {
        self.each(Name::Meta, |this, key, value| {
            let line = if key == NEXT_DELIVERY {
                record::decode::<Counter>(value).map(|Counter { next }| Line::NextDelivery { next })
            } else if key == NEXT_MESSAGE {
                record::decode::<Counter>(value).map(|Counter { next }| Line::NextMessage { next })
            } else if is_pause(key) {
                let lane = paused_lane(key).map(str::to_owned);
                record::decode(value).map(|Pause { since }| Line::Pause { lane, since })
            } else {
                // The format: an import writes its own.
                return Ok(());
            };
            match line {
                Ok(line) => this.line(&line),
                Err(flaw) => this.left_out(Name::Meta, key, &flaw),
            }
        })
    }
}

fn unwritten(source: std::io::Error) -> StoreError {
    StoreError::Stream {
        action: "written",
        source,
    }
}
