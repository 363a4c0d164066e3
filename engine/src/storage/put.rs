//! Puts received bytes in their place: visible whole or not at all, on disk before it is told.

use std::fs;
use std::io;
use std::path::Path;

use object_store::ObjectStore;
use object_store::path::Path as ObjectPath;
use opmill_ops::Entry;
use opmill_store::UnixMillis;

use super::incoming::{Hashed, Incoming, in_work};
use super::look::millis;
use super::{Object, Storage};
use crate::durable;
use crate::error::EngineError;
use crate::mime;
use crate::place::{Place, remote};
use crate::publish;

/// How an object is put.
#[derive(Debug, Clone, Default)]
pub struct PutOptions {
    /// An object of that name is replaced.
    pub overwrite: bool,
    /// Its type; `None`: judged by its name, then by its first bytes.
    pub mime: Option<String>,
    /// When it will be gone.
    pub expires: Option<UnixMillis>,
    /// When its content last changed, if not now.
    pub modified: Option<UnixMillis>,
}

/// A folder may vanish between being made and being written to, when the last object in it is deleted.
const TRIES: usize = 3;

impl Storage {
    /// Makes received bytes an object. On disk, with what is known of it, when this returns.
    ///
    /// # Errors
    /// [`EngineError::ObjectExists`] unless it may be overwritten; [`EngineError::BucketNotFound`];
    /// [`EngineError::ObjectName`] when a file is in the place of one of its folders, or the other way round.
    pub async fn put(
        &self,
        incoming: Incoming,
        to: &Entry,
        options: PutOptions,
    ) -> Result<Object, EngineError> {
        self.put_hashed(incoming.hashed().await?, to, options).await
    }

    /// As [`Storage::put`], for an object whose hash had to be known first, for its name say.
    ///
    /// # Errors
    /// As [`Storage::put`].
    pub async fn put_hashed(
        &self,
        received: Hashed,
        to: &Entry,
        options: PutOptions,
    ) -> Result<Object, EngineError> {
        self.put_over(received, to, options, None).await
    }

    /// As [`Storage::put_hashed`], and only if the object that is there still has the hash `known`.
    pub(super) async fn put_over(
        &self,
        received: Hashed,
        to: &Entry,
        options: PutOptions,
        known: Option<&str>,
    ) -> Result<Object, EngineError> {
        self.check_bucket(&to.bucket)?;
        let place = self.shared.buckets.place(to, None)?;
        // From looking whether it is there to noting what is there now.
        let _alone = self.shared.entries.lock(to).await;
        let over = self
            .record(to)
            .await?
            .is_some_and(|known| self.is_over(&known));
        if let Some(hash) = known {
            let now = self.stat(to).await?;
            if now.as_ref().is_none_or(|object| object.hash != hash) {
                return Err(EngineError::AppendPosition {
                    entry: to.clone(),
                    size: now.map_or(0, |object| object.size),
                });
            }
        }
        let overwrite = options.overwrite || over;
        let (hash, size) = (received.hash.clone(), received.size);
        let start = mime::start_of(&received.file).map_err(in_work(&received.temporary.path))?;
        let modified = match place {
            Place::File(path) => {
                let entry = to.clone();
                let put =
                    move |_: &_| to_file(&received, &entry, &path, overwrite, options.modified);
                self.shared.blocking(put).await?
            }
            Place::Object(store, path) => {
                to_remote(&received, to, &*store, &path, overwrite).await?
            }
        };
        let object = Object {
            entry: to.clone(),
            hash,
            size,
            mime: options
                .mime
                .unwrap_or_else(|| mime::of(&to.key, &start).to_owned()),
            stored: self.shared.now(),
            modified,
            expires: options.expires,
        };
        let (name, record) = (to.to_string(), object.clone().into_record());
        self.shared
            .store(move |store| store.put_object(&name, record))
            .await?;
        if let Some(at) = object.expires {
            self.shared.timetable.comes_due(at);
        }
        Ok(object)
    }
}

fn to_file(
    received: &Hashed,
    entry: &Entry,
    to: &Path,
    overwrite: bool,
    modified: Option<UnixMillis>,
) -> Result<UnixMillis, EngineError> {
    let from = &received.temporary.path;
    if let Some(at) = modified {
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_millis(at.get());
        received.file.set_modified(time).map_err(in_work(from))?;
    }
    received.file.sync_all().map_err(in_work(from))?;
    let dir = to.parent().unwrap_or(Path::new("/"));
    let mut tries = 1;
    loop {
        let done = make_folders(dir).and_then(|()| place_file(from, to, overwrite));
        match done {
            Ok(()) => break,
            Err(error) if error.kind() == io::ErrorKind::NotFound && tries < TRIES => tries += 1,
            Err(error) => return Err(cannot_put(entry, to, error)),
        }
    }
    let written = |source| EngineError::Write {
        path: to.to_owned(),
        source,
    };
    durable::sync_dir(dir).map_err(written)?;
    let metadata = fs::metadata(to).map_err(written)?;
    Ok(millis(metadata.modified().map_err(written)?))
}

pub(super) fn make_folders(dir: &Path) -> io::Result<()> {
    durable::create_dirs(dir).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => io::ErrorKind::NotADirectory.into(),
        _ => error,
    })
}

/// Gives the file its name. A link fails where something is there, a rename replaces it: both at one stroke.
pub(super) fn place_file(from: &Path, to: &Path, overwrite: bool) -> io::Result<()> {
    let placed = match overwrite {
        true => fs::rename(from, to),
        false => fs::hard_link(from, to),
    };
    match placed {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            let near = to.with_file_name(format!(
                ".opmill-{}.part",
                from.file_stem().unwrap_or_default().to_string_lossy()
            ));
            let near = super::incoming::Temporary { path: near };
            fs::copy(from, &near.path)?;
            durable::sync_file(&near.path)?;
            match overwrite {
                true => fs::rename(&near.path, to),
                false => fs::hard_link(&near.path, to),
            }
        }
        placed => placed,
    }
}

pub(super) fn cannot_put(entry: &Entry, to: &Path, error: io::Error) -> EngineError {
    let entry = entry.clone();
    match error.kind() {
        io::ErrorKind::AlreadyExists => EngineError::ObjectExists { entry },
        io::ErrorKind::NotADirectory => EngineError::ObjectName {
            entry,
            reason: "an object has the name of one of its folders",
        },
        io::ErrorKind::IsADirectory | io::ErrorKind::DirectoryNotEmpty => EngineError::ObjectName {
            entry,
            reason: "other objects are below that name",
        },
        io::ErrorKind::InvalidFilename => EngineError::ObjectName {
            entry,
            reason: "a part of it is longer than a file name may be",
        },
        _ => EngineError::Write {
            path: to.to_owned(),
            source: error,
        },
    }
}

async fn to_remote(
    received: &Hashed,
    entry: &Entry,
    store: &dyn ObjectStore,
    to: &ObjectPath,
    overwrite: bool,
) -> Result<UnixMillis, EngineError> {
    if !overwrite && is_there(entry, store, to).await? {
        return Err(EngineError::ObjectExists {
            entry: entry.clone(),
        });
    }
    publish::upload(&received.temporary.path, entry, store, to).await?;
    let meta = store.head(to).await;
    let meta = meta.map_err(|source| remote("write", entry, source))?;
    let millis = u64::try_from(meta.last_modified.timestamp_millis());
    Ok(UnixMillis::new(millis.unwrap_or(0)))
}

async fn is_there(
    entry: &Entry,
    store: &dyn ObjectStore,
    path: &ObjectPath,
) -> Result<bool, EngineError> {
    match store.head(path).await {
        Ok(_) => Ok(true),
        Err(object_store::Error::NotFound { .. }) => Ok(false),
        Err(source) => Err(remote("read", entry, source)),
    }
}
