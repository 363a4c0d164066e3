//! Makes a store of an export. It grows under another name and takes its place when it is whole, so that an import that
//! is broken off leaves nothing that looks like a store.

use std::fs::{self, File};
use std::io::{BufRead, ErrorKind};
use std::path::{Path, PathBuf};

use crate::Store;
use crate::activity::Activity;
use crate::error::StoreError;
use crate::export::Exported;
use crate::export::line::{self, Line};
use crate::history::History;
use crate::id::JobId;
use crate::items::Item;
use crate::job::NewJob;
use crate::jobs::JobRecord;
use crate::leases::LeaseRecord;
use crate::messages::{Message, NEXT_MESSAGE};
use crate::objects::StoredObject;
use crate::options::Options;
use crate::outbox::{Delivery, NEXT_DELIVERY};
use crate::queue::pause_key;
use crate::record::Record;
use crate::record::v1::{Counter, Pause};
use crate::trees::{Name, TxResult};
use crate::tx::Tx;

/// Bytes of lines that are put down with one transaction.
const BATCH: usize = 1 << 20;

impl Store {
    /// Makes a store in `dir`, which must be empty or not there, of the lines that [`Store::export`] wrote. All of it, or,
    /// on an error, nothing.
    ///
    /// # Errors
    /// [`StoreError::NotEmpty`]; [`StoreError::BadLine`] for a line that does not read, for a record that belongs to
    /// nothing, and for an export that was cut off; [`StoreError::Newer`] for one of a newer opmill.
    pub fn import(
        dir: &Path,
        options: &Options,
        lines: &mut dyn BufRead,
    ) -> Result<Exported, StoreError> {
        if fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(StoreError::NotEmpty {
                dir: dir.to_owned(),
            });
        }
        let growing = growing(dir);
        remove(&growing)?;
        let done = fill(&growing, options, lines);
        let placed = done.and_then(|done| take_place(&growing, dir).map(|()| done));
        if placed.is_err() {
            // The first error is the one to tell of.
            let _ = fs::remove_dir_all(&growing);
        }
        placed
    }
}

fn growing(dir: &Path) -> PathBuf {
    let mut name = dir.file_name().unwrap_or_default().to_owned();
    name.push(".importing");
    dir.with_file_name(name)
}

fn remove(dir: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(StoreError::io(dir)(error)),
        _ => Ok(()),
    }
}

fn take_place(growing: &Path, dir: &Path) -> Result<(), StoreError> {
    // An empty folder may be in its place.
    fs::rename(growing, dir).map_err(StoreError::io(dir))?;
    let dir = fs::canonicalize(dir).map_err(StoreError::io(dir))?;
    let parent = dir.parent().unwrap_or(&dir);
    let synced = File::open(parent).and_then(|parent| parent.sync_all());
    synced.map_err(StoreError::io(parent))
}

fn fill(dir: &Path, options: &Options, lines: &mut dyn BufRead) -> Result<Exported, StoreError> {
    let store = Store::open(dir, options.clone())?;
    let mut import = Import {
        store: &store,
        number: 0,
        batch: Vec::new(),
        bytes: 0,
        done: Exported {
            records: 0,
            left_out: 0,
        },
        ended: false,
    };
    let mut text = Vec::new();
    loop {
        text.clear();
        let read = lines.read_until(b'\n', &mut text);
        let read = read.map_err(|source| StoreError::Stream {
            action: "read",
            source,
        })?;
        if read == 0 {
            break;
        }
        import.number += 1;
        import.line(&text)?;
    }
    if !import.ended {
        import.number += 1;
        return Err(import.bad("the export ends here without its last line, so it was cut off"));
    }
    import.put()?;
    let done = import.done;
    store.close()?;
    Ok(done)
}

/// A record to be put down.
enum Entry {
    Job(Box<JobRecord>, Option<LeaseRecord>, NewJob),
    Item(JobId, Item),
    History(JobId, History),
    Activity(JobId, Activity),
    Delivery(Delivery),
    Object(String, StoredObject),
    Pause(String, Pause),
    Message(Message),
    NextMessage(Counter),
    NextDelivery(Counter),
}

struct Import<'a> {
    store: &'a Store,
    /// Of the line at hand.
    number: u64,
    batch: Vec<(u64, Entry)>,
    bytes: usize,
    done: Exported,
    ended: bool,
}

impl Import<'_> {
    fn bad(&self, reason: impl Into<String>) -> StoreError {
        StoreError::BadLine {
            line: self.number,
            reason: reason.into(),
        }
    }

    fn line(&mut self, text: &[u8]) -> Result<(), StoreError> {
        if self.ended {
            return Err(self.bad("it comes after the last line"));
        }
        if self.number == 1 {
            return self.first(text);
        }
        let line = serde_json::from_slice(text.trim_ascii_end())
            .map_err(|error| self.bad(error.to_string()))?;
        let entry = match line {
            Line::Job(job) => {
                let (job, lease, spec) = job.read().map_err(|reason| self.bad(reason))?;
                let new = NewJob {
                    spec,
                    ..NewJob::default()
                };
                Entry::Job(Box::new(job), lease, new)
            }
            Line::Item(item) => Entry::Item(item.job, item.read()),
            Line::History {
                job,
                schema,
                history,
            } => Entry::History(job, self.document(schema, &history)?),
            Line::Activity {
                job,
                schema,
                activity,
            } => Entry::Activity(job, self.document(schema, &activity)?),
            Line::Delivery(delivery) => Entry::Delivery(delivery.read()),
            Line::Object(object) => {
                let (entry, object) = object.read();
                Entry::Object(entry, object)
            }
            Line::Pause { lane, since } => {
                Entry::Pause(pause_key(lane.as_deref()), Pause { since })
            }
            Line::Message(message) => Entry::Message(message.read()),
            Line::NextMessage { next } => Entry::NextMessage(Counter { next }),
            Line::NextDelivery { next } => Entry::NextDelivery(Counter { next }),
            Line::End { records, .. } if records == self.done.records => {
                self.ended = true;
                return Ok(());
            }
            Line::End { records, .. } => {
                let read = self.done.records;
                return Err(self.bad(format!(
                    "it tells of {records} records, and {read} are here"
                )));
            }
            Line::OpmillExport { .. } => return Err(self.bad("another export begins here")),
        };
        self.done.records += 1;
        self.batch.push((self.number, entry));
        self.bytes += text.len();
        match self.bytes < BATCH {
            true => Ok(()),
            false => self.put(),
        }
    }

    fn document<R: Record>(&self, schema: u16, body: &serde_json::Value) -> Result<R, StoreError> {
        if schema > R::SCHEMA {
            return Err(StoreError::Newer {
                what: format!("line {} of the export", self.number),
                found: schema,
                supported: R::SCHEMA,
            });
        }
        let read = R::from_body(schema, body.to_string().as_bytes());
        read.map_err(|flaw| self.bad(flaw.to_string()))
    }

    fn first(&mut self, text: &[u8]) -> Result<(), StoreError> {
        // Only what says the version: a newer first line may have more.
        #[derive(serde::Deserialize)]
        struct First {
            kind: String,
            version: u32,
        }
        match serde_json::from_slice(text) {
            Ok(First { kind, version }) if kind == "opmill-export" => {
                match version <= line::VERSION {
                    true => Ok(()),
                    false => Err(StoreError::Newer {
                        what: "the export".to_owned(),
                        found: u16::try_from(version).unwrap_or(u16::MAX),
                        supported: line::VERSION as u16,
                    }),
                }
            }
            _ => Err(self.bad("this is no export of opmill")),
        }
    }

    /// Puts down what was read so far.
    fn put(&mut self) -> Result<(), StoreError> {
        let batch = std::mem::take(&mut self.batch);
        let writer = self.store.writer_of(std::mem::take(&mut self.bytes))?;
        self.store.apply(&writer, |tx| {
            batch
                .iter()
                .try_for_each(|(line, entry)| put(tx, *line, entry))
        })
    }
}

fn put(tx: &Tx<'_>, line: u64, entry: &Entry) -> TxResult<()> {
    let bad = |reason: String| StoreError::BadLine { line, reason };
    let known = |id: JobId| -> TxResult<()> {
        match tx.job(id)? {
            Some(_) => Ok(()),
            None => Err(bad(format!("it belongs to job {id}, which is not above it")).into()),
        }
    };
    match entry {
        Entry::Job(job, lease, new) => {
            if tx.job(job.id)?.is_some() {
                return Err(bad(format!("job {} is there already", job.id)).into());
            }
            tx.add_job(job, new)?;
            lease.iter().try_for_each(|lease| tx.put_lease(lease))
        }
        Entry::History(job, history) => {
            known(*job)?;
            tx.put_document(Name::History, &job.0, history)
        }
        Entry::Activity(job, activity) => {
            known(*job)?;
            tx.put_activity(*job, activity)
        }
        Entry::Item(job, item) => {
            known(*job)?;
            tx.add_item(*job, item)
        }
        Entry::Delivery(delivery) => {
            known(delivery.job)?;
            if tx.delivery(delivery.id)?.is_some() {
                return Err(bad(format!("delivery {} is there already", delivery.id)).into());
            }
            tx.add_delivery(delivery)
        }
        Entry::Object(entry, object) => tx.put_object(entry, object),
        Entry::Pause(key, pause) => tx.put(Name::Meta, key.as_bytes(), pause),
        Entry::Message(message) => tx.put_message(message),
        Entry::NextMessage(counter) => tx.put(Name::Meta, NEXT_MESSAGE, counter),
        Entry::NextDelivery(counter) => tx.put(Name::Meta, NEXT_DELIVERY, counter),
    }
}
