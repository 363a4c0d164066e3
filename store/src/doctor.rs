//! Examines a store record by record, says what is wrong with it, and mends what can be mended without guessing: entries
//! that follow from other records are put right, records that do not read or belong to nothing are put aside. One
//! record at a time, so a store of any size fits in memory.
//!
//! `truth.rs` looks at what users handed in and jobs came to, `derived.rs` at the trees that follow from it, `documents.rs`
//! at texts that are kept in parts; `aside.rs` keeps a copy of all that is removed.

mod aside;
mod derived;
mod documents;
mod truth;

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::Store;
use crate::activity::Activity;
use crate::error::StoreError;
use crate::history::History;
use crate::options::Options;
use crate::promised;
use crate::record::{self, Flaw};
use crate::salvage::{Salvage, Step};
use crate::trees::Name;
use aside::Aside;

/// Something that is wrong with a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The tree it is in; `files` for the files of the store itself.
    pub tree: &'static str,
    /// The key, as text.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What can be done.
    pub remedy: Remedy,
}

/// What can be done about a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remedy {
    /// The right value follows from other records: a repair writes it.
    Restore,
    /// A repair removes it and keeps a copy.
    PutAside,
    /// It was done when the store was opened.
    Done,
    /// Nothing here: export what reads, and import it into a new directory.
    None,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.tree, self.key, self.what)
    }
}

/// What came of an examination.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// Records looked at.
    pub records: u64,
    /// Things that are wrong.
    pub findings: u64,
    /// Of these, mended.
    pub repaired: u64,
    /// Where the copies of removed records are, if there are any: a record a line, as JSON.
    pub aside: Option<PathBuf>,
}

impl Diagnosis {
    /// Nothing is wrong, or nothing is any more.
    pub fn is_sound(&self) -> bool {
        self.findings == self.repaired
    }
}

impl Store {
    /// Looks at every record of the store in `dir`, which nobody may have open, and reports each thing that is wrong as
    /// soon as it is found. Opens what [`Store::open`] does not; files that keep the store from opening are put aside,
    /// and nothing else is changed.
    ///
    /// # Errors
    /// [`StoreError::NoStore`], [`StoreError::InUse`], [`StoreError::Newer`]; [`StoreError::Damaged`] when the files do
    /// not open in any way.
    pub fn examine(
        dir: &Path,
        options: &Options,
        report: &mut dyn FnMut(&Finding),
    ) -> Result<Diagnosis, StoreError> {
        let salvage = Salvage::open(dir, options)?;
        Examiner::new(&salvage, None, report).examine()
    }

    /// As [`Store::examine`], mending what can be mended. Reports what it mended, then looks at everything again: what is
    /// left is reported with [`Remedy::None`].
    pub fn repair(
        dir: &Path,
        options: &Options,
        report: &mut dyn FnMut(&Finding),
    ) -> Result<Diagnosis, StoreError> {
        let salvage = Salvage::open(dir, options)?;
        let mut first = Diagnosis::default();
        if !salvage.is_copy() {
            let aside = Aside::new(dir, (options.clock)());
            let mut mended = |finding: &Finding| {
                if finding.remedy != Remedy::None {
                    report(finding);
                }
            };
            first = Examiner::new(&salvage, Some(aside), &mut mended).examine()?;
            salvage.commit.wrote_aside();
            salvage.commit.durable()?;
        }
        let mut left = |finding: &Finding| {
            report(&Finding {
                remedy: Remedy::None,
                ..finding.clone()
            });
        };
        let mut again = Examiner::new(&salvage, None, &mut left);
        again.went_on = !salvage.is_copy();
        let second = again.examine()?;
        Ok(Diagnosis {
            records: second.records,
            findings: first.repaired + second.findings,
            repaired: first.repaired,
            aside: first.aside,
        })
    }
}

/// What mends a finding.
enum Cure {
    /// These entries are right.
    Put(Vec<(Name, Vec<u8>, Vec<u8>)>),
    /// These do not belong.
    Remove(Vec<(Name, Vec<u8>)>),
    Nothing,
}

impl Cure {
    fn remove(name: Name, key: &[u8]) -> Cure {
        Cure::Remove(vec![(name, key.to_vec())])
    }

    /// What a newer program wrote is left alone.
    fn of(flaw: &Flaw, name: Name, key: &[u8]) -> Cure {
        match flaw {
            Flaw::Damaged(_) => Cure::remove(name, key),
            Flaw::Newer(_) => Cure::Nothing,
        }
    }
}

struct Examiner<'a> {
    salvage: &'a Salvage,
    /// There when what is found is to be mended.
    aside: Option<Aside>,
    report: &'a mut dyn FnMut(&Finding),
    diagnosis: Diagnosis,
    /// A repair has been here: what it did to files is not told again.
    went_on: bool,
}

impl<'a> Examiner<'a> {
    fn new(
        salvage: &'a Salvage,
        aside: Option<Aside>,
        report: &'a mut dyn FnMut(&Finding),
    ) -> Examiner<'a> {
        Examiner {
            salvage,
            aside,
            report,
            diagnosis: Diagnosis::default(),
            went_on: false,
        }
    }

    /// What others follow from first, so that what a repair removes there is missed by nobody later.
    fn examine(mut self) -> Result<Diagnosis, StoreError> {
        if !self.went_on {
            for finding in &self.salvage.opening {
                (self.report)(finding);
                self.diagnosis.findings += 1;
                self.diagnosis.repaired += u64::from(finding.remedy == Remedy::Done);
            }
        }
        self.cut_short()?;
        for name in Name::ALL {
            self.tree(name)?;
            self.settle()?;
        }
        self.diagnosis.aside = self.aside.and_then(Aside::close);
        Ok(self.diagnosis)
    }

    /// What is gone is gone: a repair goes on without it.
    fn cut_short(&mut self) -> Result<(), StoreError> {
        let missing = self.salvage.missing();
        if missing == 0 || self.went_on {
            return Ok(());
        }
        (self.report)(&Finding {
            tree: "files",
            key: promised::FILE.to_owned(),
            what: format!(
                "the log lacks the last {missing} changes that were acknowledged: it was cut short or replaced"
            ),
            remedy: Remedy::PutAside,
        });
        self.diagnosis.findings += 1;
        if self.aside.is_some() {
            self.salvage.commit.promised().put_aside()?;
            self.diagnosis.repaired += 1;
        }
        Ok(())
    }

    fn tree(&mut self, name: Name) -> Result<(), StoreError> {
        match name {
            Name::Meta => self.meta(),
            Name::Jobs => self.each(name, Self::job),
            Name::Specs => self.specs(),
            Name::Items => self.items(),
            Name::Outbox => self.each(name, Self::delivery),
            Name::Objects => self.each(name, Self::object),
            Name::Keys => self.each(name, Self::key),
            Name::Ready | Name::Due | Name::Finished | Name::Following => {
                self.each(name, |this, key, value| this.job_index(name, key, value))
            }
            Name::Gone => self.each(name, Self::gone),
            Name::Messages => self.messages(),
            Name::MessagesDue => self.each(name, Self::message_due),
            Name::History => self.beside::<History>(name),
            Name::Activity => self.beside::<Activity>(name),
            Name::Flights => self.each(name, Self::flight),
            Name::Leases => self.each(name, Self::lease),
            Name::Expiry => self.each(name, Self::expiry),
            Name::OutboxDue => self.each(name, Self::delivery_due),
            Name::Owed => self.each(name, Self::owed),
        }
    }

    /// Shows every pair of a tree to `look`, and reports what does not read.
    fn each(
        &mut self,
        name: Name,
        mut look: impl FnMut(&mut Self, &[u8], &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        for step in self.salvage.walk(name) {
            match step {
                Step::Pair(key, value) => {
                    self.diagnosis.records += 1;
                    look(self, &key, &value)?;
                }
                Step::Gap { after, reason } => {
                    let what = format!("what comes after this key does not read ({reason})");
                    self.found(name, &after, what, Cure::Nothing)?;
                }
            }
        }
        Ok(())
    }

    fn flawed(&mut self, name: Name, key: &[u8], flaw: &Flaw) -> Result<(), StoreError> {
        self.found(name, key, flaw.to_string(), Cure::of(flaw, name, key))
    }

    fn found(
        &mut self,
        name: Name,
        key: &[u8],
        what: String,
        cure: Cure,
    ) -> Result<(), StoreError> {
        let finding = Finding {
            tree: name.text(),
            key: name.show(key),
            what,
            remedy: match &cure {
                Cure::Put(_) => Remedy::Restore,
                Cure::Remove(_) => Remedy::PutAside,
                Cure::Nothing => Remedy::None,
            },
        };
        (self.report)(&finding);
        self.diagnosis.findings += 1;
        let Some(aside) = &mut self.aside else {
            return Ok(());
        };
        match cure {
            Cure::Put(entries) => {
                for (name, key, value) in entries {
                    self.salvage.trees.put_raw(name, &key, &value)?;
                }
            }
            Cure::Remove(keys) => {
                for (name, key) in keys {
                    aside.add(self.salvage, name, key, &finding.what)?;
                }
            }
            Cure::Nothing => return Ok(()),
        }
        self.diagnosis.repaired += 1;
        Ok(())
    }

    /// Removes what was put aside so far.
    fn settle(&mut self) -> Result<(), StoreError> {
        match &mut self.aside {
            Some(aside) => aside.settle(self.salvage),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Flaw::Damaged(reason) => f.write_str(reason),
            Flaw::Newer(schema) => write!(
                f,
                "a newer opmill wrote it (schema {schema}, this one reads up to {})",
                record::NEWEST_SCHEMA
            ),
        }
    }
}
