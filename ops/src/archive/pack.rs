//! Several files as one zip. Nothing is compressed: pictures and films do not become smaller.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write as _};
use std::path::{Path, PathBuf};

use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::{Cancel, Limits, OpsError};

/// Bytes between two looks at the cancel flag.
const CHUNK: usize = 64 * 1024;

/// A file to pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it is called in the archive: a relative name, such as a [`Key`](crate::Key), of which no two are the same.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
}

/// Writes `items`, in their order, as the zip `to`, which must not be there yet. The same files give the same bytes: no
/// member tells when it was packed.
///
/// # Errors
/// [`OpsError::OutputTooLarge`], [`OpsError::Cancelled`], and what reading and writing may meet.
pub fn pack(items: &[Item], to: &Path, limits: &Limits, cancel: &Cancel) -> Result<(), OpsError> {
    let failed = |error: &io::Error| OpsError::write_file(to, error);
    let file = File::create_new(to).map_err(|error| failed(&error))?;
    let mut zip = ZipWriter::new(BufWriter::new(file));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .unix_permissions(0o644);
    let mut written = 0_u64;
    let mut chunk = vec![0; CHUNK];
    for item in items {
        let unreadable = |error: &io::Error| OpsError::read_file(&item.path, error);
        let mut file = File::open(&item.path).map_err(|error| unreadable(&error))?;
        let size = file.metadata().map_err(|error| unreadable(&error))?.len();
        let options = options.large_file(size >= zip::ZIP64_BYTES_THR);
        zip.start_file(&item.name, options)
            .map_err(|error| failed(&plain(error)))?;
        loop {
            if cancel.is_cancelled() {
                return Err(OpsError::Cancelled);
            }
            let read = match file.read(&mut chunk) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(unreadable(&error)),
            };
            written += read as u64;
            if written > limits.output_bytes {
                return Err(OpsError::OutputTooLarge {
                    limit: limits.output_bytes,
                });
            }
            zip.write_all(&chunk[..read])
                .map_err(|error| failed(&error))?;
        }
    }
    let mut file = zip.finish().map_err(|error| failed(&plain(error)))?;
    file.flush().map_err(|error| failed(&error))
}

/// Names and sizes are ours, so that only the disk can be at fault.
fn plain(error: ZipError) -> io::Error {
    match error {
        ZipError::Io(error) => error,
        other => io::Error::other(other),
    }
}
