//! Where one object is, and how its bytes come here. Made by `buckets`; the way back is `publish`.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::StreamExt as _;
use object_store::ObjectStore;
use object_store::path::Path as ObjectPath;
use opmill_ops::Entry;
use opmill_store::UnixMillis;
use tokio::fs;
use tokio::io::AsyncWriteExt as _;

use crate::error::EngineError;
use crate::storage::millis;

/// Where one object is.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// A file of this machine.
    File(PathBuf),
    /// An object in remote storage.
    Object(Arc<dyn ObjectStore>, ObjectPath),
}

/// An object as it is now: when it is another, so is this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub size: u64,
    /// Of a file, inode and time of the last change of its content, which cost no reading of it; of an object in remote
    /// storage its ETag.
    pub tag: String,
}

/// What storage itself says of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    pub size: u64,
    pub modified: UnixMillis,
}

impl Place {
    /// What tells the object from one that takes its place; `None` when it is not there. `entry` is for what errors say.
    pub async fn stamp(&self, entry: &Entry) -> Result<Option<Stamp>, EngineError> {
        match self {
            Self::File(path) => {
                use std::os::unix::fs::MetadataExt as _;
                let Some(size) = self.size(entry).await? else {
                    return Ok(None);
                };
                let metadata = fs::metadata(path)
                    .await
                    .map_err(|source| EngineError::Source {
                        name: entry.to_string(),
                        source,
                    })?;
                let (inode, seconds) = (metadata.ino(), metadata.mtime());
                let tag = format!("{inode}.{seconds}.{}", metadata.mtime_nsec());
                Ok(Some(Stamp { size, tag }))
            }
            Self::Object(store, path) => match store.head(path).await {
                Ok(meta) => Ok(Some(Stamp {
                    size: meta.size,
                    tag: format!("{} {}", meta.e_tag.unwrap_or_default(), meta.last_modified),
                })),
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                Err(source) => Err(remote("read", entry, source)),
            },
        }
    }

    /// The size of the object; `None` when it is not there. `entry` is for what errors say.
    pub async fn size(&self, entry: &Entry) -> Result<Option<u64>, EngineError> {
        match self {
            Self::File(path) => match fs::metadata(path).await {
                Ok(metadata) if metadata.is_file() => Ok(Some(metadata.len())),
                Ok(_) => {
                    let reason = "it is not a regular file".to_owned();
                    Err(EngineError::SourcePath {
                        path: path.clone(),
                        reason,
                    })
                }
                Err(error) if is_absent(&error) => Ok(None),
                Err(source) => Err(EngineError::Source {
                    name: entry.to_string(),
                    source,
                }),
            },
            Self::Object(store, path) => match store.head(path).await {
                Ok(meta) => Ok(Some(meta.size)),
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                Err(source) => Err(remote("read", entry, source)),
            },
        }
    }

    /// Size and time of the object; `None` when it is not there.
    pub async fn facts(&self, entry: &Entry) -> Result<Option<Facts>, EngineError> {
        match self {
            Self::File(path) => match fs::metadata(path).await {
                Ok(metadata) if metadata.is_file() => Ok(Some(Facts {
                    size: metadata.len(),
                    modified: metadata.modified().map(millis).unwrap_or_default(),
                })),
                // A folder of keys.
                Ok(_) => Ok(None),
                Err(error)
                    if is_absent(&error) || error.kind() == io::ErrorKind::InvalidFilename =>
                {
                    Ok(None)
                }
                Err(source) => Err(EngineError::Source {
                    name: entry.to_string(),
                    source,
                }),
            },
            Self::Object(store, path) => match store.head(path).await {
                Ok(meta) => Ok(Some(Facts {
                    size: meta.size,
                    modified: UnixMillis::new(
                        u64::try_from(meta.last_modified.timestamp_millis()).unwrap_or(0),
                    ),
                })),
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                Err(source) => Err(remote("read", entry, source)),
            },
        }
    }

    /// True when something is where the object would be put.
    pub async fn is_taken(&self, entry: &Entry) -> Result<bool, EngineError> {
        match self {
            Self::File(path) => match fs::symlink_metadata(path).await {
                Ok(_) => Ok(true),
                Err(error) if is_absent(&error) => Ok(false),
                Err(source) => Err(EngineError::Write {
                    path: path.clone(),
                    source,
                }),
            },
            Self::Object(..) => Ok(self.size(entry).await?.is_some()),
        }
    }

    /// A path the object can be read from: its own, or `copy`, to which it is copied.
    pub async fn fetch(&self, entry: &Entry, copy: &Path) -> Result<PathBuf, EngineError> {
        match self {
            Self::File(path) => match self.size(entry).await? {
                Some(_) => Ok(path.clone()),
                None => Err(gone(entry)),
            },
            Self::Object(store, path) => {
                download(&**store, path, copy, entry).await?;
                Ok(copy.to_owned())
            }
        }
    }
}

async fn download(
    store: &dyn ObjectStore,
    from: &ObjectPath,
    to: &Path,
    entry: &Entry,
) -> Result<(), EngineError> {
    let work = |source| EngineError::Work {
        path: to.to_owned(),
        source,
    };
    let mut bytes = match store.get(from).await {
        Ok(found) => found.into_stream(),
        Err(object_store::Error::NotFound { .. }) => return Err(gone(entry)),
        Err(source) => return Err(remote("read", entry, source)),
    };
    let mut file = fs::File::create(to).await.map_err(work)?;
    while let Some(chunk) = bytes.next().await {
        let chunk = chunk.map_err(|source| remote("read", entry, source))?;
        file.write_all(&chunk).await.map_err(work)?;
    }
    file.flush().await.map_err(work)
}

/// Nothing is there, nor could be before a folder is made.
fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn gone(entry: &Entry) -> EngineError {
    EngineError::SourceNotFound {
        name: entry.to_string(),
    }
}

/// Object storage refused to `read` or `write` an object.
pub(crate) fn remote(
    action: &'static str,
    entry: &Entry,
    source: object_store::Error,
) -> EngineError {
    EngineError::Remote {
        action,
        entry: entry.clone(),
        source: Box::new(source),
    }
}
