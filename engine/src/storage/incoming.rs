//! Bytes on their way in: written to a temporary file and hashed as they come, so that an upload of any size takes the
//! memory of a few buffers. Nothing is visible before [`Storage::put`](super::Storage::put).

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use tokio::task::JoinHandle;

use super::Storage;
use crate::durable;
use crate::error::EngineError;
use crate::etag::Etag;

/// Bytes collected before they are written and hashed in one go.
const BATCH: usize = 1 << 20;
/// The folder of uploads under way, below the data directory.
pub(super) const FOLDER: &str = "uploads";

/// An object that is being received. Dropping it forgets it.
pub struct Incoming {
    path: PathBuf,
    limit: u64,
    size: u64,
    pending: Vec<Bytes>,
    pending_bytes: usize,
    work: Work,
}

/// Writing and hashing happen on a thread that may block, while the next bytes are received.
enum Work {
    Idle(Box<Sink>),
    Busy(JoinHandle<io::Result<Box<Sink>>>),
    /// It failed, or its thread panicked.
    Lost,
}

struct Sink {
    file: File,
    etag: Etag,
}

/// An object that was received in full and has no name yet. Dropping it forgets it.
pub struct Hashed {
    pub(super) file: File,
    pub(super) hash: String,
    pub(super) size: u64,
    pub(super) temporary: Temporary,
}

impl Hashed {
    /// The hash of its content.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Its file, as long as it has no name.
    pub(crate) fn path(&self) -> &Path {
        &self.temporary.path
    }
}

/// The path of a file that is removed unless it was moved away.
pub(crate) struct Temporary {
    pub(crate) path: PathBuf,
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // It is gone when it was moved to its place; otherwise the next start sweeps what stays.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Storage {
    /// Begins to receive an object of at most `limit` bytes.
    pub async fn receive(&self, limit: u64) -> Result<Incoming, EngineError> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = self.shared.data.join(FOLDER).join(format!("{number}.part"));
        let made = path.clone();
        let file = self
            .shared
            .blocking(move |_| {
                std::fs::OpenOptions::new()
                    .read(true)
                    .write(true)
                    .create_new(true)
                    .open(&made)
                    .map_err(in_work(&made))
            })
            .await?;
        let sink = Sink {
            file,
            etag: Etag::new(),
        };
        Ok(Incoming {
            path,
            limit,
            size: 0,
            pending: Vec::new(),
            pending_bytes: 0,
            work: Work::Idle(Box::new(sink)),
        })
    }
}

impl Storage {
    /// Takes a file of our own for one that was received.
    pub(crate) async fn take(&self, path: PathBuf) -> Result<Hashed, EngineError> {
        let take = move |_: &_| {
            let temporary = Temporary { path };
            let failed = in_work(&temporary.path);
            let (hash, size) = Etag::of_file(&temporary.path).map_err(&failed)?;
            Ok(Hashed {
                file: File::open(&temporary.path).map_err(&failed)?,
                hash,
                size,
                temporary,
            })
        };
        self.shared.blocking(take).await
    }
}

impl Incoming {
    /// Bytes so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`EngineError::TooLarge`] when there are more than allowed; [`EngineError::Work`] when they cannot be written.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), EngineError> {
        self.size = self.size.saturating_add(bytes.len() as u64);
        if self.size > self.limit {
            return Err(EngineError::TooLarge { limit: self.limit });
        }
        self.pending_bytes += bytes.len();
        self.pending.push(bytes);
        if self.pending_bytes >= BATCH {
            self.pass_on().await?;
        }
        Ok(())
    }

    /// Hands the collected bytes to the writing thread, once that is done with those before.
    async fn pass_on(&mut self) -> Result<(), EngineError> {
        let mut sink = self.sink().await?;
        let pending = std::mem::take(&mut self.pending);
        self.pending_bytes = 0;
        self.work = Work::Busy(tokio::task::spawn_blocking(move || {
            for bytes in pending {
                sink.file.write_all(&bytes)?;
                sink.etag.update(&bytes);
            }
            Ok(sink)
        }));
        Ok(())
    }

    async fn sink(&mut self) -> Result<Box<Sink>, EngineError> {
        let lost = || io::Error::other("an earlier write failed");
        let sink = match std::mem::replace(&mut self.work, Work::Lost) {
            Work::Idle(sink) => Ok(sink),
            Work::Busy(work) => work.await.map_err(crate::shared::panicked)?,
            Work::Lost => Err(lost()),
        };
        sink.map_err(in_work(&self.path))
    }

    /// The whole of it, once the last byte is written.
    pub async fn hashed(mut self) -> Result<Hashed, EngineError> {
        self.pass_on().await?;
        let sink = *self.sink().await?;
        Ok(Hashed {
            file: sink.file,
            hash: sink.etag.finish(),
            size: self.size,
            temporary: Temporary {
                path: std::mem::take(&mut self.path),
            },
        })
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            drop(Temporary {
                path: std::mem::take(&mut self.path),
            });
        }
    }
}

impl std::fmt::Debug for Incoming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Incoming")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// Removes uploads that a process which is gone left unfinished. Only the owner of the data directory may call this.
pub(crate) fn sweep(data: &Path) -> Result<(), EngineError> {
    let folder = data.join(FOLDER);
    durable::create_dirs(&folder).map_err(in_work(&folder))?;
    for left in std::fs::read_dir(&folder).map_err(in_work(&folder))? {
        let path = left.map_err(in_work(&folder))?.path();
        let suffix = path.extension().and_then(|suffix| suffix.to_str());
        match suffix {
            Some("part") => std::fs::remove_file(&path).map_err(in_work(&path))?,
            Some("scratch") => std::fs::remove_dir_all(&path).map_err(in_work(&path))?,
            _ => {}
        }
    }
    super::blocks::sweep(data, std::time::SystemTime::now()).map_err(in_work(&folder))
}

pub(super) fn in_work(path: &Path) -> impl Fn(io::Error) -> EngineError + use<> {
    let path = path.to_owned();
    move |source| EngineError::Work {
        path: path.clone(),
        source,
    }
}
