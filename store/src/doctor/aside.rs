//! Copies of records that a repair removes: a file of JSON lines in the directory of the store. A record goes only when
//! its copy is on disk.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::StoreError;
use crate::id::UnixMillis;
use crate::record;
use crate::salvage::Salvage;
use crate::trees::Name;

/// Records removed at a time.
const BATCH: usize = 256;

pub(super) struct Aside {
    path: PathBuf,
    /// Made with the first record.
    file: Option<BufWriter<File>>,
    pending: Vec<(Name, Vec<u8>)>,
}

#[derive(Serialize)]
struct Copy<'a> {
    tree: &'a str,
    /// Hexadecimal, as the value is.
    key: String,
    value: String,
    /// The body of a record that is text.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    why: &'a str,
}

impl Aside {
    pub(super) fn new(dir: &Path, now: UnixMillis) -> Aside {
        Aside {
            path: dir.join(format!("aside.{now}.jsonl")),
            file: None,
            pending: Vec::new(),
        }
    }

    /// Notes a record that is to go.
    pub(super) fn add(
        &mut self,
        salvage: &Salvage,
        name: Name,
        key: Vec<u8>,
        why: &str,
    ) -> Result<(), StoreError> {
        let value = salvage.get_raw(name, &key).ok().flatten();
        let value = value.as_deref().unwrap_or_default();
        let copy = Copy {
            tree: name.text(),
            key: hex(&key),
            value: hex(value),
            text: record::text(value),
            why,
        };
        let path = self.path.clone();
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                let file = OpenOptions::new().append(true).create(true).open(&path);
                let file = file.map_err(StoreError::io(&path))?;
                self.file.insert(BufWriter::new(file))
            }
        };
        let mut line =
            serde_json::to_vec(&copy).map_err(|error| StoreError::io(&path)(error.into()))?;
        line.push(b'\n');
        file.write_all(&line).map_err(StoreError::io(&path))?;
        self.pending.push((name, key));
        match self.pending.len() < BATCH {
            true => Ok(()),
            false => self.settle(salvage),
        }
    }

    /// Removes what was noted.
    pub(super) fn settle(&mut self, salvage: &Salvage) -> Result<(), StoreError> {
        if let Some(file) = &mut self.file {
            let synced = file.flush().and_then(|()| file.get_ref().sync_all());
            synced.map_err(StoreError::io(&self.path))?;
        }
        for (name, key) in self.pending.drain(..) {
            salvage.trees.remove_raw(name, &key)?;
        }
        Ok(())
    }

    /// Where the copies are, if there are any.
    pub(super) fn close(self) -> Option<PathBuf> {
        self.file.map(|_| self.path)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
