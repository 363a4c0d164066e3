//! Members of a zip, read from its directory at the end, one entry at a time: a directory of any length takes no memory.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufReader, empty};

use zip::ZipReadOptions;
use zip::read::{Config, ZipFileEntry};
use zip::result::ZipError;
use zip::unstable::read::ZipIterable;

use super::name;
use super::unpack::Unpacking;
use crate::error::{ArchiveError, OpsError};

/// The bits of a Unix mode that say what kind of file it is.
const KIND: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
const DIRECTORY: u32 = 0o040_000;
const LINK: u32 = 0o120_000;

/// Hands every member of the zip to `into`, in the order of the directory.
pub(super) fn members(source: BufReader<File>, into: &mut Unpacking<'_>) -> Result<(), OpsError> {
    let failed = |into: &Unpacking<'_>, error| explain(into, None, error);
    let mut archive =
        ZipIterable::try_new(source, Config::default()).map_err(|error| failed(into, error))?;
    into.expect(archive.len())?;
    let entries = archive.files().map_err(|error| failed(into, error))?;
    while let Some(entry) = entries.next() {
        let entry = entry.map_err(|error| failed(into, error))?;
        let given = given_name(&entry).into_owned();
        if entry.is_dir() {
            into.folder()?;
            continue;
        }
        // What the archiver's system had no modes for is a file.
        match entry.unix_mode().unwrap_or(0) & KIND {
            0 | REGULAR => {}
            DIRECTORY => {
                into.folder()?;
                continue;
            }
            LINK => {
                into.skip(&given, "a symbolic link", &mut empty())?;
                continue;
            }
            _ => {
                into.skip(&given, "no regular file", &mut empty())?;
                continue;
            }
        }
        if entry.encrypted() {
            return Err(ArchiveError::Encrypted {
                member: Some(given),
            }
            .into());
        }
        let content = entry.with_reader(entries.reader_mut(), ZipReadOptions::default());
        let mut content = content.map_err(|error| explain(into, Some(&given), error))?;
        into.file(&given, &mut content)?;
    }
    Ok(())
}

/// The name as its maker meant it: UTF-8 whether or not a flag says so, as archivers forget the flag; else the code
/// page of DOS.
fn given_name<'a>(entry: &'a ZipFileEntry<'_>) -> Cow<'a, str> {
    match std::str::from_utf8(entry.name_raw()) {
        Ok(name) => Cow::Borrowed(name),
        Err(_) => entry
            .name()
            .unwrap_or_else(|_| name::text(entry.name_raw())),
    }
}

fn explain(into: &Unpacking<'_>, member: Option<&str>, error: ZipError) -> OpsError {
    let member_owned = member.map(str::to_owned);
    match error {
        ZipError::Io(error) => into.broken(member, &error),
        ZipError::UnsupportedArchive(reason) => ArchiveError::Unsupported {
            member: member_owned,
            reason: reason.to_owned(),
        }
        .into(),
        ZipError::CompressionMethodNotSupported(method) => ArchiveError::Unsupported {
            member: member_owned,
            reason: format!("compression method {method} is not known here"),
        }
        .into(),
        other => ArchiveError::Damaged {
            member: member_owned,
            reason: other.to_string(),
        }
        .into(),
    }
}
