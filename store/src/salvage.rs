//! Opens a store to look at it as it is: no index is rebuilt, no job is given back, and what keeps it from opening is put
//! aside. For doctor.rs and export.rs, which must work where `Store::open` does not.

mod mended;
mod walk;

use std::fs::{self, File};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use crate::commit::Commit;
use crate::doctor::{Finding, Remedy};
use crate::error::StoreError;
use crate::id::JobId;
use crate::jobs::JobRecord;
use crate::open::{self, Refusal};
use crate::options::Options;
use crate::promised::{CHANGES, Promised};
use crate::record::v1::{Counter, Format, Spec};
use crate::record::{self, Flaw, Parts, Record};
use crate::recover;
use crate::trees::{Name, Trees};

use mended::Copy;
pub(crate) use walk::Step;

/// What sled 0.34 notes of a store that was opened as open.rs does it: it never says anything else.
const CONF: &[u8] = b"segment_size: 524288\nuse_compression: false\nversion: 0.34\n";

// Fields drop in this order: sled must be gone before the directory is unlocked.
pub(crate) struct Salvage {
    pub(crate) trees: Trees,
    pub(crate) commit: Commit,
    pub(crate) dir: PathBuf,
    /// What had to be put aside.
    pub(crate) opening: Vec<Finding>,
    /// Where the store itself could not be opened.
    copy: Option<Copy>,
    _lock: File,
}

impl Salvage {
    pub(crate) fn open(dir: &Path, options: &Options) -> Result<Salvage, StoreError> {
        if !dir.join("db").is_file() {
            return Err(StoreError::NoStore {
                dir: dir.to_owned(),
            });
        }
        let lock = open::lock(dir)?;
        open::remove_half_written_snapshots(dir)?;
        let mut file = open::open_log(dir, options)?;
        let mut opening = Vec::new();
        let mut copy = None;
        let db = match open::open_sled(dir, options) {
            Err(Refusal::Damaged(reason)) => {
                Self::open_without(dir, options, &reason, &mut opening)
            }
            opened => opened,
        };
        let db = match db {
            Err(Refusal::Damaged(reason)) => {
                let (mended, covered) = Copy::of(dir).map_err(StoreError::io(dir))?;
                opening.push(damaged(&reason, covered));
                file = open::open_log(mended.dir(), options)?;
                let db = open::open_sled(mended.dir(), options);
                copy = Some(mended);
                db
            }
            opened => opened,
        };
        let db = db.map_err(|refusal| refusal.of(dir))?;
        open::sync_names(dir)?;
        // sled reports some damage by panicking.
        let trees = catch_unwind(AssertUnwindSafe(|| Trees::open(&db)));
        let panicked = |_| Refusal::Damaged("the storage engine panicked".to_owned()).of(dir);
        let trees = trees.map_err(panicked)??;
        let opened = copy.as_ref().map_or(dir, Copy::dir);
        let salvage = Salvage {
            trees,
            commit: Commit::new(db, opened, file, Promised::open(dir)?, options.sync.clone()),
            dir: dir.to_owned(),
            opening,
            copy,
            _lock: lock,
        };
        salvage.refuse_newer()?;
        Ok(salvage)
    }

    /// How many changes that were acknowledged are not in the log.
    pub(crate) fn missing(&self) -> u64 {
        match self.get::<Counter>(Name::Meta, CHANGES) {
            Ok(counter) => {
                let found = counter.map_or(0, |counter| counter.next);
                self.commit.promised().missing(found)
            }
            // Whether any are missing cannot be said.
            Err(_) => 0,
        }
    }

    /// What is written to it is gone at the end.
    pub(crate) fn is_copy(&self) -> bool {
        self.copy.is_some()
    }

    /// First without what sled notes of itself, which is always the same, then without the snapshot, whose content is in
    /// the log as well.
    fn open_without(
        dir: &Path,
        options: &Options,
        reason: &str,
        opening: &mut Vec<Finding>,
    ) -> Result<sled::Db, Refusal> {
        let conf = dir.join("conf");
        if conf.exists() && !fs::read(&conf).is_ok_and(|bytes| bytes.starts_with(CONF)) {
            fs::rename(&conf, dir.join("aside.conf")).map_err(Refusal::Io)?;
            opening.push(aside("conf", reason));
            match open::open_sled(dir, options) {
                Err(Refusal::Damaged(_)) => {}
                opened => return opened,
            }
        }
        let moved = open::move_damaged_snapshots_aside(dir);
        if moved.map_err(|error| Refusal::Io(std::io::Error::other(error)))? == 0 {
            return Err(Refusal::Damaged(reason.to_owned()));
        }
        opening.push(aside("snap", reason));
        open::open_sled(dir, options)
    }

    /// What a newer program wrote is not ours to judge.
    fn refuse_newer(&self) -> Result<(), StoreError> {
        match self.get::<Format>(Name::Meta, recover::FORMAT) {
            Ok(Some(format)) => recover::check(&format, &self.dir),
            Err(newer @ Flaw::Newer(_)) => Err(Name::Meta.flaw(recover::FORMAT, newer)),
            // Damaged or missing: for the examination to say.
            _ => Ok(()),
        }
    }

    /// The record under a key; `None` when there is none.
    pub(crate) fn get<R: Record>(&self, name: Name, key: &[u8]) -> Result<Option<R>, Flaw> {
        let value = self.get_raw(name, key)?;
        value.map(|value| record::decode(&value)).transpose()
    }

    pub(crate) fn get_raw(&self, name: Name, key: &[u8]) -> Result<Option<sled::IVec>, Flaw> {
        walk::guarded(|| self.trees.tree(name).get(key)).map_err(Flaw::Damaged)
    }

    /// The job of that id, if its record reads.
    pub(crate) fn job(&self, id: JobId) -> Option<JobRecord> {
        let job = self.get::<JobRecord>(Name::Jobs, &id.0).ok()??;
        (job.id == id).then_some(job)
    }

    /// What the job is to do.
    pub(crate) fn spec(&self, id: JobId) -> Result<Spec, Flaw> {
        let missing = || Flaw::Damaged("it is missing".to_owned());
        self.beside(Name::Specs, id)?.ok_or_else(missing)
    }

    /// A document that stands beside a job, if there is one.
    pub(crate) fn beside<R: Record>(&self, name: Name, id: JobId) -> Result<Option<R>, Flaw> {
        self.document(name, &id.0)
    }

    /// A document that is kept in parts.
    pub(crate) fn document<R: Record>(&self, name: Name, key: &[u8]) -> Result<Option<R>, Flaw> {
        let mut parts = Parts::new();
        for number in 0..=u16::MAX {
            let key = crate::key::part(key, number);
            let Some(value) = self.get_raw(name, &key)? else {
                return match number {
                    0 => Ok(None),
                    _ => Err(Flaw::Damaged(format!("its part {number} is missing"))),
                };
            };
            if let Some(whole) = parts.push(&value)? {
                return Ok(Some(whole));
            }
        }
        Err(Flaw::Damaged("it has no end".to_owned()))
    }

    /// Everything in a tree, in key order, past pages that do not read.
    pub(crate) fn walk(&self, name: Name) -> impl Iterator<Item = Step> {
        walk::Walk::new(self.trees.tree(name).clone(), Vec::new())
    }

    /// The part of a tree under a prefix.
    pub(crate) fn walk_prefix(&self, name: Name, prefix: &[u8]) -> impl Iterator<Item = Step> {
        let end = prefix.to_vec();
        walk::Walk::new(self.trees.tree(name).clone(), prefix.to_vec()).take_while(move |step| {
            match step {
                Step::Pair(key, _) => key.starts_with(&end),
                Step::Gap { after, .. } => after.starts_with(&end),
            }
        })
    }
}

fn aside(file: &'static str, reason: &str) -> Finding {
    Finding {
        tree: "files",
        key: file.to_owned(),
        what: format!(
            "the store did not open with it ({reason}); it was put aside as aside.{file}"
        ),
        remedy: Remedy::Done,
    }
}

fn damaged(reason: &str, covered: usize) -> Finding {
    Finding {
        tree: "files",
        key: "db".to_owned(),
        what: format!(
            "the store does not open ({reason}); what follows was read from a copy in which {covered} damaged places of \
             the log are left out"
        ),
        remedy: Remedy::None,
    }
}

impl Drop for Salvage {
    fn drop(&mut self) {
        let sled = (std::mem::take(&mut self.trees), self.commit.let_go());
        // It syncs as it goes, and panics when the disk refuses that.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(sled)));
    }
}
