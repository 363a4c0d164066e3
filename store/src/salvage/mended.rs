//! A copy of a store whose log is damaged where sled must read it from end to end: in the copy each damaged stretch of the
//! log is covered by a message that says "nothing here", so that sled goes on behind it. Pages that were in such a stretch
//! then do not read, and all others do. The store itself is not touched.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::log::{SEGMENT, covers};

/// Removed when it is dropped.
pub(super) struct Copy(PathBuf);

impl Drop for Copy {
    fn drop(&mut self) {
        // What is left is in nobody's way, and the next copy begins by removing it.
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Copy {
    pub(super) fn dir(&self) -> &Path {
        &self.0
    }

    /// The copy, and how many stretches of its log are covered.
    pub(super) fn of(dir: &Path) -> io::Result<(Copy, usize)> {
        let mut name = dir.file_name().unwrap_or_default().to_owned();
        name.push(".salvage");
        let copy = Copy(dir.with_file_name(name));
        match fs::remove_dir_all(&copy.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => fs::create_dir(&copy.0)?,
        }
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let name = entry.file_name();
            let text = name.to_string_lossy();
            if text == "blobs" {
                fs::create_dir(copy.0.join(&name))?;
                for blob in fs::read_dir(entry.path())? {
                    let blob = blob?;
                    fs::copy(blob.path(), copy.0.join(&name).join(blob.file_name()))?;
                }
            } else if text == "db" || text == "conf" || text.starts_with("snap.") {
                fs::copy(entry.path(), copy.0.join(&name))?;
            }
        }
        let covered = cover(&copy.0.join("db"))?;
        Ok((copy, covered))
    }
}

/// Covers what is damaged in a log.
fn cover(log: &Path) -> io::Result<usize> {
    let file = OpenOptions::new().read(true).write(true).open(log)?;
    let length = file.metadata()?.len();
    let mut covered = 0;
    for start in (0..length).step_by(SEGMENT) {
        let left = usize::try_from(length - start).unwrap_or(SEGMENT);
        let mut segment = vec![0; left.min(SEGMENT)];
        file.read_exact_at(&mut segment, start)?;
        for (place, message) in covers(&segment) {
            file.write_all_at(&message, start + place as u64)?;
            covered += 1;
        }
    }
    Ok(covered)
}
