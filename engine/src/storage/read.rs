//! An object's bytes on their way out, whole or a part of them.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use object_store::ObjectStore;
use object_store::path::Path as ObjectPath;
use opmill_ops::Entry;

use super::{Hashed, Object, Storage};
use crate::error::EngineError;
use crate::place::{Place, remote};

/// Bytes read at once.
const CHUNK: u64 = 256 << 10;

/// The bytes of an object, or why they end early.
pub type Body = BoxStream<'static, io::Result<Bytes>>;

/// An object that can be read. Its bytes stay those of this moment, also if it is replaced or deleted meanwhile (in remote
/// storage: if that keeps them).
pub struct Opened {
    /// What is known of it.
    pub object: Object,
    bytes: Source,
}

enum Source {
    File(Arc<File>, PathBuf),
    Remote(Arc<dyn ObjectStore>, ObjectPath),
}

impl Storage {
    /// Opens an object for reading; `None` when it is not there.
    pub async fn open(&self, entry: &Entry) -> Result<Option<Opened>, EngineError> {
        let Some(object) = self.stat(entry).await? else {
            return Ok(None);
        };
        let bytes = match self.shared.buckets.place(entry, None)? {
            Place::Object(store, path) => Source::Remote(store, path),
            Place::File(path) => {
                let (name, at) = (entry.to_string(), path.clone());
                let opened = move |_: &_| {
                    File::open(&path).map_err(|source| EngineError::Source { name, source })
                };
                let file = self.shared.blocking(opened).await;
                match file {
                    Ok(file) => Source::File(Arc::new(file), at),
                    // Deleted since it was looked at.
                    Err(EngineError::Source { source, .. })
                        if source.kind() == io::ErrorKind::NotFound =>
                    {
                        return Ok(None);
                    }
                    Err(error) => return Err(error),
                }
            }
        };
        Ok(Some(Opened { object, bytes }))
    }
}

impl Opened {
    /// The file of an object that is one of this machine's.
    pub fn file(&self) -> Option<&Path> {
        match &self.bytes {
            Source::File(_, path) => Some(path),
            Source::Remote(..) => None,
        }
    }

    /// Bytes `range` of the object, which must lie within its size.
    pub async fn read(self, range: Range<u64>) -> Result<Body, EngineError> {
        match self.bytes {
            Source::File(file, _) => Ok(chunks(file, range).boxed()),
            Source::Remote(store, path) => {
                let options = object_store::GetOptions {
                    range: Some(object_store::GetRange::Bounded(range)),
                    ..object_store::GetOptions::default()
                };
                let found = store.get_opts(&path, options).await;
                let found = found.map_err(|source| remote("read", &self.object.entry, source))?;
                Ok(found.into_stream().map_err(io::Error::other).boxed())
            }
        }
    }
}

impl Hashed {
    /// All of it.
    pub(super) fn read(self) -> Body {
        let (file, size) = (Arc::new(self.file), self.size);
        // Its name may go: the bytes stay until the file is closed.
        chunks(file, 0..size).boxed()
    }
}

fn chunks(file: Arc<File>, range: Range<u64>) -> impl futures::Stream<Item = io::Result<Bytes>> {
    stream::try_unfold((file, range), |(file, range)| async move {
        if range.is_empty() {
            return Ok(None);
        }
        let length = (range.end - range.start).min(CHUNK) as usize;
        let start = range.start;
        let read = move || {
            let mut chunk = vec![0; length];
            file.read_exact_at(&mut chunk, start)?;
            Ok((file, chunk))
        };
        let read: io::Result<_> = match tokio::task::spawn_blocking(read).await {
            Ok(read) => read,
            Err(error) => Err(io::Error::other(error)),
        };
        let (file, chunk) = read?;
        let rest = start + chunk.len() as u64..range.end;
        Ok(Some((Bytes::from(chunk), (file, rest))))
    })
}
