//! The work directory of an attempt, `<data>/work/<job>-<fence>/`: a folder per command for its outputs, the copy of a
//! remote source, and the list of temporary files the attempt has made elsewhere.
//!
//! The fence in the name keeps a stale worker out of its successor's files. Whatever is left below `<data>/work` when
//! the data directory is opened belongs to a process that is gone, so [`sweep`] removes all of it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use opmill_store::Lease;

use crate::durable;
use crate::error::EngineError;

/// Names, a NUL after each, of the files made next to their targets (see `publish`).
const TEMPORARIES: &str = "temporaries";
const PREFIX: &str = ".opmill-";
const SUFFIX: &str = ".part";

/// An attempt's folder. Dropping it leaves it; [`WorkDir::remove`] is the attempt's last step.
#[derive(Debug, Clone)]
pub(crate) struct WorkDir {
    path: PathBuf,
    name: String,
}

impl WorkDir {
    /// Makes the folder of the attempt that holds `lease`.
    pub fn create(data: &Path, lease: &Lease) -> Result<Self, EngineError> {
        let name = format!("{}-{}", lease.job, lease.fence);
        let path = data.join("work").join(&name);
        fs::create_dir_all(&path).map_err(in_work(&path))?;
        Ok(Self { path, name })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the empty folder for one command's outputs.
    pub fn command(&self, index: usize) -> Result<PathBuf, EngineError> {
        let path = self.path.join(index.to_string());
        fs::create_dir(&path).map_err(in_work(&path))?;
        Ok(path)
    }

    /// A name for a temporary file next to `target`, written down before the file exists: if this process dies, the
    /// next one finds the name and removes the file.
    pub fn temporary(&self, target: &Path, number: usize) -> Result<PathBuf, EngineError> {
        let list = self.path.join(TEMPORARIES);
        let temporary = target.with_file_name(format!("{PREFIX}{}-{number}{SUFFIX}", self.name));
        let write = || -> io::Result<()> {
            let mut file = OpenOptions::new().create(true).append(true).open(&list)?;
            file.write_all(temporary.as_os_str().as_bytes())?;
            file.write_all(b"\0")?;
            file.sync_all()?;
            durable::sync_dir(&self.path)?;
            self.path.parent().map_or(Ok(()), durable::sync_dir)
        };
        write().map_err(in_work(&list))?;
        Ok(temporary)
    }

    /// Removes the folder and the temporary files on its list.
    pub fn remove(&self) -> Result<(), EngineError> {
        clear(&self.path).map_err(in_work(&self.path))
    }
}

/// Removes what earlier processes left below `<data>/work`. Only the owner of the data directory may call this.
pub(crate) fn sweep(data: &Path) -> Result<(), EngineError> {
    let work = data.join("work");
    fs::create_dir_all(&work).map_err(in_work(&work))?;
    for left in fs::read_dir(&work).map_err(in_work(&work))? {
        let path = left.map_err(in_work(&work))?.path();
        tracing::debug!(path = %path.display(), "removing a stale work directory");
        clear(&path).map_err(in_work(&path))?;
    }
    Ok(())
}

fn clear(path: &Path) -> io::Result<()> {
    match fs::read(path.join(TEMPORARIES)) {
        Ok(list) => list
            .split(|byte| *byte == 0)
            .filter(|name| !name.is_empty())
            .for_each(remove_temporary),
        Err(error) if is_gone(&error) => {}
        Err(error) => return Err(error),
    }
    let removed = if path.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    removed.or_else(|error| if is_gone(&error) { Ok(()) } else { Err(error) })
}

/// Only files that carry our mark: the list is read after a crash, and a wrong byte must not cost anyone a file.
fn remove_temporary(name: &[u8]) {
    let path = Path::new(std::ffi::OsStr::from_bytes(name));
    let file = path
        .file_name()
        .map(|name| name.to_string_lossy())
        .unwrap_or_default();
    if file.starts_with(PREFIX) && file.ends_with(SUFFIX) {
        // Its disk may be gone with it; then there is nothing left to clean.
        let _ = fs::remove_file(path);
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn in_work(path: &Path) -> impl Fn(io::Error) -> EngineError + '_ {
    move |source| EngineError::Work {
        path: path.to_owned(),
        source,
    }
}

/// Opens a work file for reading.
pub(crate) fn open(path: &Path) -> Result<File, EngineError> {
    File::open(path).map_err(in_work(path))
}

#[cfg(test)]
mod tests {
    use opmill_store::UnixMillis;

    use super::*;

    fn lease(fence: u64) -> Lease {
        let job = "0123456789abffffffffffffffffffffffff".parse().unwrap();
        Lease {
            job,
            fence,
            expires: UnixMillis::new(0),
        }
    }

    #[test]
    fn an_attempt_has_a_folder_of_its_own_and_takes_it_along() {
        let data = tempfile::tempdir().unwrap();
        let first = WorkDir::create(data.path(), &lease(1)).unwrap();
        let second = WorkDir::create(data.path(), &lease(2)).unwrap();
        fs::write(first.command(0).unwrap().join("o.mp4"), "x").unwrap();
        assert!(
            second
                .command(0)
                .unwrap()
                .read_dir()
                .unwrap()
                .next()
                .is_none()
        );
        first.remove().unwrap();
        first.remove().unwrap();
        assert!(!first.path().exists() && second.path().exists());
    }

    #[test]
    fn what_a_dead_process_left_is_swept_with_its_temporary_files_elsewhere() {
        let data = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let work = WorkDir::create(data.path(), &lease(1)).unwrap();
        fs::write(work.command(0).unwrap().join("o.mp4"), "half").unwrap();
        let target = elsewhere.path().join("o.mp4");
        fs::write(&target, "precious").unwrap();
        let temporary = work.temporary(&target, 0).unwrap();
        let second = work.temporary(&target, 1).unwrap();
        assert_ne!(temporary, second);
        fs::write(&temporary, "half").unwrap();

        sweep(data.path()).unwrap();
        assert!(!work.path().exists() && !temporary.exists());
        assert_eq!(fs::read(&target).unwrap(), b"precious");
    }

    #[test]
    fn a_damaged_list_costs_nobody_a_file() {
        let data = tempfile::tempdir().unwrap();
        let work = WorkDir::create(data.path(), &lease(1)).unwrap();
        let precious = data.path().join("precious.mp4");
        fs::write(&precious, "x").unwrap();
        fs::write(
            work.path().join(TEMPORARIES),
            precious.as_os_str().as_bytes(),
        )
        .unwrap();
        sweep(data.path()).unwrap();
        assert!(precious.exists() && !work.path().exists());
    }
}
