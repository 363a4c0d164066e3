//! Questions about an object that are answered at once (wire.md 6.9 to 6.12): what media it is, what picture, what the camera
//! noted; and a picture made of it for the one who asks.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

use futures::TryStreamExt as _;
use opmill_ops::{Cancel, Entry, ExifField, ImageInfo, Op, OpsError, Output, Pipeline, Task};
use serde_json::Value;

use super::incoming::{FOLDER, Temporary, in_work};
use super::{Opened, Storage};
use crate::error::EngineError;
use crate::mime;

/// A file to look into: the object's own, or a copy that goes when it is dropped.
pub(crate) struct Here {
    pub(crate) path: PathBuf,
    _copy: Option<Temporary>,
}

/// A folder that goes when it is dropped.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays is swept at the next start.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Storage {
    /// What media an object is: as `ffprobe` tells it, or the few members of `avinfo2`.
    ///
    /// # Errors
    /// [`EngineError::ObjectNotFound`], [`EngineError::Unreadable`] when it is none.
    pub async fn avinfo(&self, entry: &Entry, brief: bool) -> Result<Value, EngineError> {
        let limits = self.shared.config.limits.clone();
        self.look(entry, move |path| {
            let probe = opmill_ops::probe(path, &limits)?;
            Ok(match brief {
                true => probe.avinfo2(),
                false => probe.avinfo(),
            })
        })
        .await
    }

    /// What picture an object is, by its header.
    ///
    /// # Errors
    /// As [`Storage::avinfo`].
    pub async fn image_info(&self, entry: &Entry) -> Result<ImageInfo, EngineError> {
        let limits = self.shared.config.limits.clone();
        self.look(entry, move |path| opmill_ops::image_info(path, &limits))
            .await
    }

    /// What the camera noted in a picture; `None` where it noted nothing.
    ///
    /// # Errors
    /// As [`Storage::avinfo`].
    pub async fn exif(
        &self,
        entry: &Entry,
    ) -> Result<Option<BTreeMap<String, ExifField>>, EngineError> {
        self.look(entry, opmill_ops::exif).await
    }

    /// The picture that an op makes of an object, and its type.
    ///
    /// # Errors
    /// As [`Storage::avinfo`], and what the op refuses.
    pub async fn picture(
        &self,
        entry: &Entry,
        op: Op,
    ) -> Result<(Vec<u8>, &'static str), EngineError> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let scratch = self
            .shared
            .data
            .join(FOLDER)
            .join(format!("{number}.scratch"));
        let limits = self.shared.config.limits.clone();
        self.look(entry, move |path| {
            std::fs::create_dir(&scratch)
                .map_err(|error| OpsError::write_file(&scratch, &error))?;
            let scratch = Scratch(scratch);
            let pipeline = Pipeline {
                ops: vec![op],
                saveas: None,
            };
            let task = Task::new(0, pipeline, scratch.0.clone());
            let (sender, receiver) = mpsc::channel();
            let environment = opmill_ops::Environment {
                limits: &limits,
                threads: 1,
                cancel: &Cancel::new(),
                progress: &|_| (),
                explain: &|_, _| (),
            };
            opmill_ops::run(path, vec![task], &environment, &mut |_, outcome| {
                // The receiver is right here.
                let _ = sender.send(outcome);
            });
            let made: Vec<Output> = receiver.recv().unwrap_or(Err(OpsError::NothingDecoded))?;
            let made = made.first().ok_or(OpsError::NothingDecoded)?;
            let bytes = std::fs::read(&made.path);
            let bytes = bytes.map_err(|error| OpsError::read_file(&made.path, &error))?;
            let name = made.path.file_name().unwrap_or_default().to_string_lossy();
            let kind = name.parse().ok().and_then(|key| mime::mime(&key));
            Ok((bytes, kind.unwrap_or(mime::UNKNOWN)))
        })
        .await
    }

    /// Looks into an object's file, on a thread that may block and beside no more others than there are cores.
    async fn look<T: Send + 'static>(
        &self,
        entry: &Entry,
        look: impl FnOnce(&std::path::Path) -> Result<T, OpsError> + Send + 'static,
    ) -> Result<T, EngineError> {
        let opened = self.open(entry).await?;
        let opened = opened.ok_or_else(|| EngineError::ObjectNotFound {
            entry: entry.clone(),
        })?;
        let here = self.bring(opened).await?;
        // Never closed.
        let _place = self.shared.looks.acquire().await.ok();
        let name = entry.clone();
        let looked = move |_: &_| {
            look(&here.path).map_err(|source| EngineError::Unreadable {
                entry: name,
                source: Box::new(source),
            })
        };
        self.shared.blocking(looked).await
    }

    /// The object's own file, or a copy of a remote one.
    pub(crate) async fn bring(&self, opened: Opened) -> Result<Here, EngineError> {
        if let Some(path) = opened.file() {
            return Ok(Here {
                path: path.to_owned(),
                _copy: None,
            });
        }
        let (size, name) = (opened.object.size, opened.object.entry.to_string());
        let mut incoming = self.receive(size).await?;
        let mut bytes = opened.read(0..size).await?;
        let failed = |source| EngineError::Source {
            name: name.clone(),
            source,
        };
        while let Some(chunk) = bytes.try_next().await.map_err(failed)? {
            incoming.write(chunk).await?;
        }
        let copy = incoming.hashed().await?.temporary;
        let path = copy.path.clone();
        std::fs::metadata(&path).map_err(in_work(&path))?;
        Ok(Here {
            path,
            _copy: Some(copy),
        })
    }
}
