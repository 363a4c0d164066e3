//! Puts a finished output where it belongs: visible whole or not at all, and only while the lease is held.
//!
//! Local buckets: sync the file, rename it into place inside `Store::while_held`, sync the folder. On another file
//! system it is first copied under a hidden name next to the target. Remote ones: all parts are uploaded, and the step
//! that makes them visible happens inside `while_held`.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use object_store::path::Path as ObjectPath;
use object_store::{
    Attribute, Attributes, ObjectStore, PutMultipartOptions, PutOptions, WriteMultipart,
};
use opmill_ops::Entry;
use opmill_store::{Lease, Store, UnixMillis};
use tokio::runtime::Handle;

use crate::durable;
use crate::error::EngineError;
use crate::etag::Etag;
use crate::mime::mime;
use crate::place::{Place, remote};
use crate::work::{self, WorkDir};

/// Bytes up to which a remote object is put in one request, and size of the parts above.
const PART: usize = 8 << 20;
/// Parts under way at the same time.
const PARTS_AT_ONCE: usize = 4;

/// What is known of an output once it is in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Published {
    pub hash: String,
    pub size: u64,
    pub modified: UnixMillis,
}

/// An output on its way.
pub(crate) struct Publication<'a> {
    pub store: &'a Store,
    pub lease: &'a Lease,
    pub work: &'a WorkDir,
    /// Tells the temporary names of an attempt apart.
    pub number: usize,
}

impl Publication<'_> {
    /// Publishes the file `from` as `entry`. Blocking; called on a thread that may block on `runtime`.
    pub fn publish(
        &self,
        from: &Path,
        entry: &Entry,
        to: &Place,
        runtime: &Handle,
    ) -> Result<Published, EngineError> {
        match to {
            Place::File(path) => self.to_file(from, path),
            Place::Object(store, path) => self.to_object(from, entry, &**store, path, runtime),
        }
    }

    fn to_file(&self, from: &Path, to: &Path) -> Result<Published, EngineError> {
        let write = |path: &Path| {
            let path = path.to_owned();
            move |source| EngineError::Write { path, source }
        };
        let dir = to.parent().unwrap_or(Path::new("/"));
        durable::create_dirs(dir).map_err(write(dir))?;
        let (hash, size) = Etag::of_reader(work::open(from)?).map_err(work_error(from))?;
        durable::sync_file(from).map_err(work_error(from))?;
        match self.store.while_held(self.lease, || fs::rename(from, to))? {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                let near = self.work.temporary(to, self.number)?;
                let moved = copy_durably(from, &near)
                    .map_err(write(&near))
                    .and_then(|()| {
                        self.store
                            .while_held(self.lease, || fs::rename(&near, to))?
                            .map_err(write(to))
                    });
                if let Err(error) = moved {
                    // The list in the work directory still names it, should this fail too.
                    let _ = fs::remove_file(&near);
                    return Err(error);
                }
            }
            Err(source) => {
                return Err(EngineError::Write {
                    path: to.to_owned(),
                    source,
                });
            }
        }
        durable::sync_dir(dir).map_err(write(dir))?;
        let modified = fs::metadata(to)
            .and_then(|metadata| metadata.modified())
            .map_err(write(to))?;
        let modified =
            UnixMillis::new(0).plus(modified.duration_since(UNIX_EPOCH).unwrap_or_default());
        Ok(Published {
            hash,
            size,
            modified,
        })
    }

    fn to_object(
        &self,
        from: &Path,
        entry: &Entry,
        store: &dyn ObjectStore,
        to: &ObjectPath,
        runtime: &Handle,
    ) -> Result<Published, EngineError> {
        let (hash, size) = Etag::of_reader(work::open(from)?).map_err(work_error(from))?;
        let refused = |source| remote("write", entry, source);
        let attributes = attributes(entry);
        if size <= PART as u64 {
            let bytes = Bytes::from(fs::read(from).map_err(work_error(from))?);
            let options = PutOptions {
                attributes,
                ..PutOptions::default()
            };
            let put = || runtime.block_on(store.put_opts(to, bytes.into(), options));
            self.store.while_held(self.lease, put)?.map_err(refused)?;
        } else {
            let upload = runtime
                .block_on(parts(from, store, to, attributes))
                .map_err(|error| match error {
                    PartError::Read(source) => EngineError::Work {
                        path: from.to_owned(),
                        source,
                    },
                    PartError::Store(source) => refused(source),
                })?;
            let mut upload = Some(upload);
            let finish = || {
                upload
                    .take()
                    .map(|upload| runtime.block_on(upload.finish()))
            };
            let finished = self.store.while_held(self.lease, finish);
            if let Some(unseen) = upload.take() {
                // The lease is lost. Parts nobody can see are still paid for; failing to drop them changes nothing.
                let _ = runtime.block_on(unseen.abort());
            }
            finished?.transpose().map_err(refused)?;
        }
        let meta = runtime.block_on(store.head(to)).map_err(refused)?;
        let modified =
            UnixMillis::new(u64::try_from(meta.last_modified.timestamp_millis()).unwrap_or(0));
        Ok(Published {
            hash,
            size,
            modified,
        })
    }
}

/// Puts a whole file into remote storage.
pub(crate) async fn upload(
    from: &Path,
    entry: &Entry,
    store: &dyn ObjectStore,
    to: &ObjectPath,
) -> Result<(), EngineError> {
    let refused = |source| remote("write", entry, source);
    match parts(from, store, to, attributes(entry)).await {
        Ok(upload) => upload.finish().await.map(drop).map_err(refused),
        Err(PartError::Read(source)) => Err(work_error(from)(source)),
        Err(PartError::Store(source)) => Err(refused(source)),
    }
}

enum PartError {
    Read(io::Error),
    Store(object_store::Error),
}

/// Uploads the file in parts; nothing is visible until the upload is finished.
async fn parts(
    from: &Path,
    store: &dyn ObjectStore,
    to: &ObjectPath,
    attributes: Attributes,
) -> Result<WriteMultipart, PartError> {
    let options = PutMultipartOptions {
        attributes,
        ..PutMultipartOptions::default()
    };
    let upload = store
        .put_multipart_opts(to, options)
        .await
        .map_err(PartError::Store)?;
    let mut upload = WriteMultipart::new_with_chunk_size(upload, PART);
    let mut file = fs::File::open(from).map_err(PartError::Read)?;
    loop {
        let mut part = Vec::with_capacity(PART);
        file.by_ref()
            .take(PART as u64)
            .read_to_end(&mut part)
            .map_err(PartError::Read)?;
        if part.is_empty() {
            return Ok(upload);
        }
        upload
            .wait_for_capacity(PARTS_AT_ONCE)
            .await
            .map_err(PartError::Store)?;
        upload.put(part.into());
    }
}

fn attributes(entry: &Entry) -> Attributes {
    mime(&entry.key)
        .map(|mime| (Attribute::ContentType, mime))
        .into_iter()
        .collect()
}

fn copy_durably(from: &Path, to: &Path) -> io::Result<()> {
    fs::copy(from, to)?;
    durable::sync_file(to)
}

fn work_error(path: &Path) -> impl Fn(io::Error) -> EngineError + '_ {
    move |source| EngineError::Work {
        path: path.to_owned(),
        source,
    }
}
