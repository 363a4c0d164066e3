//! Members of a tar, read from its first byte to its last.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use ::tar::{Archive, Entry, EntryType};

use super::name;
use super::unpack::Unpacking;
use crate::error::{ArchiveError, OpsError};

/// Bytes of headers, long names and extended attributes that one member may have. Whoever writes such a header decides
/// how much of it is read into memory.
const HEADER: u64 = 1 << 20;

/// Hands every member of the tar to `into`.
pub(super) fn members(source: &mut dyn Read, into: &mut Unpacking<'_>) -> Result<(), OpsError> {
    let gate = Gate::new(source);
    let allowance = gate.allowance.clone();
    let mut archive = Archive::new(gate);
    let entries = archive
        .entries()
        .map_err(|error| into.broken(None, &error))?;
    allowance.set(HEADER);
    for entry in entries {
        let mut entry = entry.map_err(|error| into.broken(None, &error))?;
        allowance.set(u64::MAX);
        member(&mut entry, into)?;
        allowance.set(HEADER);
    }
    Ok(())
}

fn member(entry: &mut Entry<'_, impl Read>, into: &mut Unpacking<'_>) -> Result<(), OpsError> {
    let given = name::text(&entry.path_bytes()).into_owned();
    match entry.header().entry_type() {
        // The oldest tars mark a folder by its name alone.
        EntryType::Regular if given.ends_with('/') => into.folder(),
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
            refuse_sparse_by_attributes(entry, &given, into)?;
            into.file(&given, entry)
        }
        EntryType::Directory => into.folder(),
        // Says something of all the members after it; nothing that is kept.
        EntryType::XGlobalHeader => into.folder(),
        EntryType::Symlink => into.skip(&given, "a symbolic link", entry),
        EntryType::Link => into.skip(&given, "a hard link", entry),
        EntryType::Char | EntryType::Block => into.skip(&given, "a device", entry),
        EntryType::Fifo => into.skip(&given, "a pipe", entry),
        _ => into.skip(&given, "of an unknown kind", entry),
    }
}

/// The other way of storing a file with holes: a map of them precedes the content. Taken for content it would be wrong
/// without a word.
fn refuse_sparse_by_attributes(
    entry: &mut Entry<'_, impl Read>,
    given: &str,
    into: &Unpacking<'_>,
) -> Result<(), OpsError> {
    let attributes = entry
        .pax_extensions()
        .map_err(|error| into.broken(Some(given), &error))?;
    for attribute in attributes.into_iter().flatten() {
        let attribute = attribute.map_err(|error| into.broken(Some(given), &error))?;
        if attribute.key_bytes().starts_with(b"GNU.sparse.") {
            return Err(ArchiveError::Unsupported {
                member: Some(given.to_owned()),
                reason: "it is stored with holes; pack it anew without `--sparse`".to_owned(),
            }
            .into());
        }
    }
    Ok(())
}

/// Lets so many bytes through and no more: between members the few that a header takes, within one any number, for
/// there `Unpacking` counts.
struct Gate<'a> {
    source: &'a mut dyn Read,
    allowance: Rc<Cell<u64>>,
}

impl<'a> Gate<'a> {
    fn new(source: &'a mut dyn Read) -> Self {
        Self {
            source,
            allowance: Rc::new(Cell::new(HEADER)),
        }
    }
}

impl Read for Gate<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.allowance.get();
        if left == 0 && !buffer.is_empty() {
            return Err(io::Error::other(ArchiveError::HeaderTooLarge {
                limit: HEADER,
            }));
        }
        let most = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = self.source.read(&mut buffer[..most])?;
        self.allowance.set(left.saturating_sub(read as u64));
        Ok(read)
    }
}
