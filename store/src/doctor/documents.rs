//! Specs and items: texts that are kept in parts under consecutive keys.

use super::{Cure, Examiner};
use crate::error::StoreError;
use crate::id::{ItemIndex, JobId};
use crate::items::Item;
use crate::key;
use crate::messages::Message;
use crate::record::v1::Spec;
use crate::record::{Flaw, Parts, Record};
use crate::trees::Name;

/// A document in the course of being read.
struct Document<R> {
    key: Vec<u8>,
    parts: Parts<R>,
    keys: Vec<(Name, Vec<u8>)>,
    whole: Option<R>,
    flaw: Option<Flaw>,
}

impl<R: Record> Document<R> {
    fn new(key: &[u8]) -> Document<R> {
        Document {
            key: key.to_vec(),
            parts: Parts::new(),
            keys: Vec::new(),
            whole: None,
            flaw: None,
        }
    }

    fn take(&mut self, name: Name, key: &[u8], number: u16, value: &[u8]) {
        let expected = self.keys.len();
        self.keys.push((name, key.to_vec()));
        if self.flaw.is_some() {
            return;
        }
        let damaged = |what: String| Some(Flaw::Damaged(what));
        if usize::from(number) != expected {
            self.flaw = damaged(format!("its part {expected} is missing"));
        } else if self.whole.is_some() {
            self.flaw = damaged(format!("its part {number} comes after its end"));
        } else {
            match self.parts.push(value) {
                Ok(whole) => self.whole = whole,
                Err(flaw) => self.flaw = Some(flaw),
            }
        }
    }

    fn end(&mut self) -> Result<&R, Flaw> {
        let cut = || Flaw::Damaged("its end is missing".to_owned());
        match self.flaw.take() {
            Some(flaw) => Err(flaw),
            None => self.whole.as_ref().ok_or_else(cut),
        }
    }
}

impl Examiner<'_> {
    pub(super) fn specs(&mut self) -> Result<(), StoreError> {
        self.beside::<Spec>(Name::Specs)
    }

    /// Documents that stand beside jobs, one each.
    pub(super) fn beside<R: Record>(&mut self, name: Name) -> Result<(), StoreError> {
        self.documents::<R>(name, JobId::LEN, |this, key, _| {
            let id = JobId::from_bytes(key)?;
            let nobody = || format!("there is no job {id} that reads");
            this.salvage.job(id).is_none().then(nobody)
        })
    }

    pub(super) fn messages(&mut self) -> Result<(), StoreError> {
        let name = Name::Messages;
        let number = |key: &[u8]| key.try_into().ok().map(u64::from_be_bytes);
        self.documents::<Message>(name, 8, |_, key, message| {
            let other = number(key) != Some(message.id.0);
            other.then(|| format!("it is message {}", message.id))
        })?;
        // Each once: by its first part.
        self.each(name, |this, key, _| {
            let first = key.strip_suffix(&[0, 0]).filter(|key| key.len() == 8);
            let message = first.and_then(|key| this.salvage.document::<Message>(name, key).ok());
            match message.flatten() {
                Some(message) => {
                    let due = key::message_at(message.due, message.id);
                    let subject = format!("the entry of message {}", message.id);
                    this.entry(Name::MessagesDue, &due, &[], &subject)
                }
                None => Ok(()),
            }
        })
    }

    pub(super) fn items(&mut self) -> Result<(), StoreError> {
        self.documents::<Item>(Name::Items, JobId::LEN + 4, |this, key, item| {
            let (id, index) = key.split_last_chunk::<4>()?;
            let (id, index) = (JobId::from_bytes(id)?, u32::from_be_bytes(*index));
            match this.salvage.job(id) {
                None => Some(format!("there is no job {id} that reads")),
                Some(job) if index >= job.commands => {
                    Some(format!("job {id} has {} commands", job.commands))
                }
                Some(_) if item.index != ItemIndex(index) => {
                    Some(format!("it is that of command {}", item.index))
                }
                Some(_) => None,
            }
        })
    }

    /// Reads every document of a tree; `wrong` says what is wrong with one that reads.
    fn documents<R: Record>(
        &mut self,
        name: Name,
        length: usize,
        wrong: impl Fn(&Self, &[u8], &R) -> Option<String>,
    ) -> Result<(), StoreError> {
        let mut document: Option<Document<R>> = None;
        self.each(name, |this, key, value| {
            let Some((of, number)) = key
                .split_last_chunk::<2>()
                .filter(|(of, _)| of.len() == length)
            else {
                return this.found(name, key, BAD_KEY.to_owned(), Cure::remove(name, key));
            };
            if document.as_ref().is_none_or(|document| document.key != of)
                && let Some(before) = document.replace(Document::new(of))
            {
                this.judge(name, before, &wrong)?;
            }
            if let Some(document) = &mut document {
                document.take(name, key, u16::from_be_bytes(*number), value);
            }
            Ok(())
        })?;
        match document {
            Some(last) => self.judge(name, last, &wrong),
            None => Ok(()),
        }
    }

    fn judge<R: Record>(
        &mut self,
        name: Name,
        mut document: Document<R>,
        wrong: &impl Fn(&Self, &[u8], &R) -> Option<String>,
    ) -> Result<(), StoreError> {
        let key = std::mem::take(&mut document.key);
        let keys = std::mem::take(&mut document.keys);
        let (what, cure) = match document.end() {
            Ok(whole) => match wrong(self, &key, whole) {
                Some(what) => (what, Cure::Remove(keys)),
                None => return Ok(()),
            },
            Err(flaw @ Flaw::Newer(_)) => (flaw.to_string(), Cure::Nothing),
            Err(flaw) => (flaw.to_string(), Cure::Remove(keys)),
        };
        self.found(name, &key, what, cure)
    }
}

pub(super) const BAD_KEY: &str = "its key is malformed";
