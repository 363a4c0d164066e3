//! Looking at an object: what its file says, and what the store knows of that file. What it does not know is found out by
//! reading the file once.

use std::io::Read as _;
use std::path::PathBuf;

use futures::StreamExt as _;
use object_store::ObjectStore;
use opmill_ops::Entry;
use opmill_store::{StoredObject, UnixMillis};

use super::{Object, Storage};
use crate::error::EngineError;
use crate::etag::Etag;
use crate::mime::{self, mime};
use crate::place::{Facts, Place, remote};

impl Storage {
    /// What is known of an object; `None` when it is not there, or its time is over.
    ///
    /// # Errors
    /// [`EngineError::BucketNotFound`], and what reading it may meet.
    pub async fn stat(&self, entry: &Entry) -> Result<Option<Object>, EngineError> {
        self.check_bucket(&entry.bucket)?;
        let place = self.shared.buckets.place(entry, None)?;
        let Some(facts) = place.facts(entry).await? else {
            return Ok(None);
        };
        let known = self.record(entry).await?;
        if known.as_ref().is_some_and(|known| self.is_over(known)) {
            return Ok(None);
        }
        let object = match known {
            Some(known) if known.size == facts.size && known.modified == facts.modified => known,
            // It changed underneath its record, or was never recorded.
            stale => self.examine(entry, &place, facts, stale).await?,
        };
        Ok(Some(Object::of(entry, object)))
    }

    /// The object, which must be there.
    pub(super) async fn existing(&self, entry: &Entry) -> Result<Object, EngineError> {
        let found = self.stat(entry).await?;
        found.ok_or_else(|| EngineError::ObjectNotFound {
            entry: entry.clone(),
        })
    }

    pub(super) async fn record(&self, entry: &Entry) -> Result<Option<StoredObject>, EngineError> {
        let name = entry.to_string();
        self.shared.store(move |store| store.object(&name)).await
    }

    pub(super) fn is_over(&self, object: &StoredObject) -> bool {
        object.expires.is_some_and(|at| at <= self.shared.now())
    }

    /// Hashes the object and keeps what was found.
    async fn examine(
        &self,
        entry: &Entry,
        place: &Place,
        facts: Facts,
        stale: Option<StoredObject>,
    ) -> Result<StoredObject, EngineError> {
        let (hash, start) = match place {
            Place::File(path) => self.hash_file(entry, path.clone()).await?,
            Place::Object(store, path) => hash_remote(entry, &**store, path).await?,
        };
        let own = stale.as_ref().and_then(|stale| stale.mime.clone());
        let object = StoredObject {
            hash,
            size: facts.size,
            mime: own.or_else(|| Some(mime::of(&entry.key, &start).to_owned())),
            modified: facts.modified,
            stored: stale.as_ref().map_or(facts.modified, |stale| stale.stored),
            expires: stale.and_then(|stale| stale.expires),
        };
        let (name, kept) = (entry.to_string(), object.clone());
        self.shared
            .store(move |store| store.put_object(&name, kept))
            .await?;
        Ok(object)
    }

    async fn hash_file(
        &self,
        entry: &Entry,
        path: PathBuf,
    ) -> Result<(String, Vec<u8>), EngineError> {
        let name = entry.to_string();
        let work = move |_: &_| {
            let read = || {
                let mut start = Vec::new();
                std::fs::File::open(&path)?
                    .take(mime::SNIFFED)
                    .read_to_end(&mut start)?;
                Ok((Etag::of_file(&path)?.0, start))
            };
            read().map_err(|source| EngineError::Source { name, source })
        };
        self.shared.blocking(work).await
    }
}

async fn hash_remote(
    entry: &Entry,
    store: &dyn ObjectStore,
    path: &object_store::path::Path,
) -> Result<(String, Vec<u8>), EngineError> {
    let refused = |source| remote("read", entry, source);
    let mut bytes = store.get(path).await.map_err(refused)?.into_stream();
    let (mut etag, mut start) = (Etag::new(), Vec::new());
    while let Some(chunk) = bytes.next().await {
        let chunk = chunk.map_err(refused)?;
        etag.update(&chunk);
        let missing = (mime::SNIFFED as usize).saturating_sub(start.len());
        start.extend_from_slice(&chunk[..chunk.len().min(missing)]);
    }
    Ok((etag.finish(), start))
}

impl Object {
    pub(super) fn of(entry: &Entry, known: StoredObject) -> Self {
        let guessed = || mime(&entry.key).unwrap_or(mime::UNKNOWN).to_owned();
        Self {
            entry: entry.clone(),
            hash: known.hash,
            size: known.size,
            mime: known.mime.unwrap_or_else(guessed),
            stored: known.stored,
            modified: known.modified,
            expires: known.expires,
        }
    }

    pub(super) fn into_record(self) -> StoredObject {
        StoredObject {
            hash: self.hash,
            size: self.size,
            mime: Some(self.mime),
            modified: self.modified,
            stored: self.stored,
            expires: self.expires,
        }
    }
}

/// The time of a file, in the store's clock.
pub(crate) fn millis(time: std::time::SystemTime) -> UnixMillis {
    let since = time.duration_since(std::time::UNIX_EPOCH);
    UnixMillis::new(0).plus(since.unwrap_or_default())
}
