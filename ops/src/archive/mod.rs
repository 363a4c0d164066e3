//! Archives: unpacking what others packed (`decompression`), and packing several results as one file.
//!
//! What is unpacked is hostile until proven otherwise. No name decides where on this machine anything is written: the
//! files get numbers, and the names, checked, become keys later. Limits are asked while bytes come out of the
//! decompressor, whatever headers say, so that a bomb costs no more than they allow.

mod format;
mod gzip;
mod name;
pub(crate) mod pack;
mod sevenz;
mod tar;
#[cfg(test)]
mod tests;
mod unpack;
mod zip;

use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::path::Path;

pub use format::Format;
pub use pack::{Item, pack};
pub(crate) use unpack::Extracted;

use crate::error::{ArchiveError, OpsError};
use crate::{Cancel, Limits};
use unpack::Unpacking;

/// Unpacks `source` into `dir`, which exists and is empty, under plain numbers.
///
/// `format` must be what the bytes are; `tar` and `gzip` both take a compressed tar, which is recognised by content.
/// `name` is what the archive itself is called: a file compressed alone is called after it.
///
/// Folders are left out, as keys have none. Links, devices and the like are skipped, with a reason. A name that leads
/// out of the target fails the whole archive, for whoever made it meant harm. Of two members with one name the later
/// wins, as when unpacked by hand.
///
/// # Errors
/// [`ArchiveError`] for what the archive is; reading and writing fail as everywhere.
pub(crate) fn extract(
    source: &Path,
    format: Format,
    name: &str,
    dir: &Path,
    limits: &Limits,
    cancel: &Cancel,
) -> Result<Extracted, OpsError> {
    let mut archive = Archive::open(source)?;
    if !format.matches(&archive.beginning) {
        return Err(ArchiveError::NotThat {
            wanted: format,
            found: format::name_of(&archive.beginning),
        }
        .into());
    }
    let mut into = Unpacking::new(dir, source, archive.bytes, limits, cancel);
    match format {
        Format::Zip => zip::members(archive.reader, &mut into)?,
        Format::SevenZip => sevenz::members(archive.reader, &mut into)?,
        Format::Tar if !format::is_gzip(&archive.beginning) => {
            tar::members(&mut archive.reader, &mut into)?;
        }
        Format::Tar | Format::Gzip => gzip::members(archive.reader, format, name, &mut into)?,
    }
    into.finish()
}

/// An archive that was opened and looked at.
struct Archive {
    /// At its first byte.
    reader: BufReader<File>,
    bytes: u64,
    /// As much as tells formats apart.
    beginning: Vec<u8>,
}

impl Archive {
    fn open(path: &Path) -> Result<Self, OpsError> {
        let open = || -> io::Result<Self> {
            let mut file = File::open(path)?;
            let bytes = file.metadata()?.len();
            let mut beginning = Vec::with_capacity(format::BEGINNING);
            (&mut file)
                .take(format::BEGINNING as u64)
                .read_to_end(&mut beginning)?;
            io::Seek::rewind(&mut file)?;
            Ok(Self {
                reader: BufReader::new(file),
                bytes,
                beginning,
            })
        };
        open().map_err(|error| OpsError::read_file(path, &error))
    }
}
