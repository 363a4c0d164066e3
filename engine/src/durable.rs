//! File system steps that survive a power cut. Used by `work` and `publish`; all blocking.
//!
//! A rename or a new name is on disk only once the folder that holds it was synced.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Makes the names in a folder durable.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Folders that were made here and whose name is not certain to be on disk: another thread is at it, or its sync failed.
static UNSURE: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn unsure() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    // A set of paths is whole after a panic, too.
    UNSURE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes a folder and those above it, each durable in the one that holds it. A folder that exists costs nothing, unless
/// nobody could make its name durable yet.
pub(crate) fn create_dirs(dir: &Path) -> io::Result<()> {
    if dir.is_dir() && !unsure().contains(dir) {
        return Ok(());
    }
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent {
        create_dirs(parent)?;
    }
    // Before it can be seen.
    unsure().insert(dir.to_owned());
    match fs::create_dir(dir) {
        Ok(()) => {}
        // Someone else made it in the meantime; a file in its place is still an error.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && dir.is_dir() => {}
        Err(error) => {
            unsure().remove(dir);
            return Err(error);
        }
    }
    parent.map_or(Ok(()), sync_dir)?;
    unsure().remove(dir);
    Ok(())
}

/// Makes the content of a file durable.
pub(crate) fn sync_file(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_made_down_to_the_last_one() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("a/b/c");
        create_dirs(&deep).unwrap();
        create_dirs(&deep).unwrap();
        assert!(deep.is_dir());
    }

    #[test]
    fn a_folder_that_is_there_but_not_on_disk_is_synced_by_whoever_needs_it() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("a");
        create_dirs(&folder).unwrap();
        assert!(!unsure().contains(&folder));
        unsure().insert(folder.clone());
        create_dirs(&folder).unwrap();
        assert!(!unsure().contains(&folder));
    }

    #[test]
    fn a_file_in_the_way_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a");
        fs::write(&file, "x").unwrap();
        assert!(create_dirs(&file.join("b")).is_err());
        assert!(create_dirs(&file).is_err());
    }
}
