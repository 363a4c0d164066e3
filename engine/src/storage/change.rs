//! What happens to objects that are there: copied, renamed, deleted, given a time to go.

use std::fs;
use std::io;
use std::path::Path;

use futures::TryStreamExt as _;
use object_store::ObjectStore;
use opmill_ops::{Entry, Key};
use opmill_store::{StoredObject, UnixMillis};

use super::look::millis;
use super::put::{cannot_put, make_folders, place_file};
use super::{Object, PutOptions, Storage};
use crate::buckets::Root;
use crate::durable;
use crate::error::EngineError;
use crate::place::{Place, remote};

impl Storage {
    /// Copies an object; what is known of it goes along, but for the time it will be gone.
    ///
    /// # Errors
    /// [`EngineError::ObjectNotFound`], [`EngineError::ObjectExists`] unless it may be overwritten.
    pub async fn copy(
        &self,
        from: &Entry,
        to: &Entry,
        overwrite: bool,
    ) -> Result<Object, EngineError> {
        self.check_bucket(&to.bucket)?;
        let source = self.open(from).await?;
        let source = source.ok_or_else(|| EngineError::ObjectNotFound {
            entry: from.clone(),
        })?;
        if !overwrite && self.stat(to).await?.is_some() {
            // Also found when the copy is put in its place; this way it is known before the bytes are copied.
            return Err(EngineError::ObjectExists { entry: to.clone() });
        }
        let options = PutOptions {
            overwrite,
            mime: Some(source.object.mime.clone()),
            ..PutOptions::default()
        };
        let size = source.object.size;
        let mut incoming = self.receive(size).await?;
        let mut bytes = source.read(0..size).await?;
        let name = from.to_string();
        while let Some(chunk) = bytes
            .try_next()
            .await
            .map_err(|source| EngineError::Source {
                name: name.clone(),
                source,
            })?
        {
            incoming.write(chunk).await?;
        }
        self.put(incoming, to, options).await
    }

    /// Gives an object another name.
    ///
    /// # Errors
    /// As [`Storage::copy`].
    pub async fn rename(
        &self,
        from: &Entry,
        to: &Entry,
        overwrite: bool,
    ) -> Result<Object, EngineError> {
        self.check_bucket(&to.bucket)?;
        if from == to {
            return match overwrite {
                true => self.existing(from).await,
                false => Err(EngineError::ObjectExists { entry: to.clone() }),
            };
        }
        let places = (
            self.shared.buckets.place(from, None)?,
            self.shared.buckets.place(to, None)?,
        );
        let (Place::File(old), Place::File(new)) = places else {
            let object = self.copy(from, to, overwrite).await?;
            self.delete(from).await?;
            return Ok(object);
        };
        let _alone = self.shared.entries.lock_both(from, to).await;
        let object = self.existing(from).await?;
        let over = self
            .record(to)
            .await?
            .is_some_and(|known| self.is_over(&known));
        let entry = to.clone();
        let renamed = move |_: &_| {
            let dir = new.parent().unwrap_or(Path::new("/"));
            make_folders(dir)
                .and_then(|()| place_file(&old, &new, overwrite || over))
                .map_err(|error| cannot_put(&entry, &new, error))?;
            let written = |source| EngineError::Write {
                path: new.clone(),
                source,
            };
            durable::sync_dir(dir).map_err(written)?;
            let metadata = fs::metadata(&new).map_err(written)?;
            Ok(millis(metadata.modified().map_err(written)?))
        };
        let modified = self.shared.blocking(renamed).await?;
        let object = Object {
            entry: to.clone(),
            modified,
            ..object
        };
        self.note(&object).await?;
        // A link stays under the old name; a process that dies here leaves the object under both.
        self.remove(from).await?;
        Ok(object)
    }

    /// Deletes an object.
    ///
    /// # Errors
    /// [`EngineError::ObjectNotFound`].
    pub async fn delete(&self, entry: &Entry) -> Result<(), EngineError> {
        self.check_bucket(&entry.bucket)?;
        let _alone = self.shared.entries.lock(entry).await;
        let was_there = self.stat(entry).await?.is_some();
        // What is over is still a file.
        self.remove(entry).await?;
        match was_there {
            true => Ok(()),
            false => Err(EngineError::ObjectNotFound {
                entry: entry.clone(),
            }),
        }
    }

    /// Says when an object will be gone; `None`: never. A time that has come deletes it at once.
    ///
    /// # Errors
    /// [`EngineError::ObjectNotFound`].
    pub async fn set_expiry(
        &self,
        entry: &Entry,
        expires: Option<UnixMillis>,
    ) -> Result<(), EngineError> {
        if expires.is_some_and(|at| at <= self.shared.now()) {
            return self.delete(entry).await;
        }
        let _alone = self.shared.entries.lock(entry).await;
        let object = self.existing(entry).await?;
        self.note(&Object { expires, ..object }).await?;
        if let Some(at) = expires {
            self.shared.timetable.comes_due(at);
        }
        Ok(())
    }

    /// The objects that a playlist of HLS names, as far as they are in its own bucket; none for any other object. Lists
    /// that the list names are followed one level, as far as those of a ladder go.
    pub async fn segments(&self, playlist: &Entry) -> Result<Vec<Entry>, EngineError> {
        let mut found = Vec::new();
        let mut lists = vec![playlist.clone()];
        for depth in 0..2 {
            for list in std::mem::take(&mut lists) {
                let named = self.named_by(&list).await?;
                if depth == 0 {
                    lists.extend(
                        named
                            .iter()
                            .filter(|entry| is_playlist(&entry.key))
                            .cloned(),
                    );
                }
                found.extend(named);
            }
        }
        found.sort();
        found.dedup();
        found.retain(|entry| entry != playlist);
        Ok(found)
    }

    async fn named_by(&self, playlist: &Entry) -> Result<Vec<Entry>, EngineError> {
        /// Longer than any playlist that is one.
        const LONGEST: u64 = 16 << 20;
        let Some(opened) = self.open(playlist).await? else {
            return Ok(Vec::new());
        };
        let size = opened.object.size;
        if !is_playlist(&playlist.key) || size > LONGEST {
            return Ok(Vec::new());
        }
        let read = |source| EngineError::Source {
            name: playlist.to_string(),
            source,
        };
        let bytes = opened.read(0..size).await?;
        let bytes: Vec<u8> = bytes
            .try_fold(Vec::new(), |mut all, chunk| async move {
                all.extend_from_slice(&chunk);
                Ok(all)
            })
            .await
            .map_err(read)?;
        let text = String::from_utf8_lossy(&bytes);
        let folder = playlist.key.as_str().rfind('/');
        let folder = folder.map_or("", |slash| &playlist.key.as_str()[..=slash]);
        let own = self.url(playlist);
        let own = own.rfind('/').map_or("", |slash| &own[..=slash]);
        Ok(uris(&text)
            .filter_map(|uri| {
                let relative = uri.strip_prefix(own).unwrap_or(uri);
                let name = percent_encoding::percent_decode_str(relative).decode_utf8();
                let key = format!("{folder}{}", name.ok()?);
                Some(Entry {
                    bucket: playlist.bucket.clone(),
                    key: key.parse().ok().filter(|_| !relative.contains("://"))?,
                })
            })
            .collect())
    }

    /// Takes file and record away. On disk when it returns.
    pub(super) async fn remove(&self, entry: &Entry) -> Result<(), EngineError> {
        match self.shared.buckets.place(entry, None)? {
            Place::File(path) => {
                let root = match self.shared.buckets.root(&entry.bucket)? {
                    Root::Folder(root) => root,
                    Root::Remote(..) => path.parent().unwrap_or(&path).to_owned(),
                };
                let removed = move |_: &_| {
                    remove_file(&path, &root).map_err(|source| EngineError::Write { path, source })
                };
                self.shared.blocking(removed).await?;
            }
            Place::Object(store, path) => match store.delete(&path).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(source) => return Err(remote("delete", entry, source)),
            },
        }
        let name = entry.to_string();
        self.shared
            .store(move |store| store.remove_object(&name))
            .await
    }

    async fn note(&self, object: &Object) -> Result<(), EngineError> {
        let name = object.entry.to_string();
        let record: StoredObject = object.clone().into_record();
        self.shared
            .store(move |store| store.put_object(&name, record))
            .await
    }
}

/// Removes a file, and folders of the bucket that are empty then.
fn remove_file(path: &Path, root: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    }
    let above = path.ancestors().skip(1);
    for dir in above.take_while(|dir| dir.starts_with(root)) {
        // The root stays, and so does what is not empty.
        if dir == root || fs::remove_dir(dir).is_err() {
            return durable::sync_dir(dir);
        }
    }
    Ok(())
}

fn is_playlist(key: &Key) -> bool {
    key.as_str().to_ascii_lowercase().ends_with(".m3u8")
}

/// Every address in a playlist: lines that are no comments, and those in the attributes of tags.
fn uris(text: &str) -> impl Iterator<Item = &str> {
    let line = |line: &str| !line.is_empty() && !line.starts_with('#');
    let plain = text.lines().map(str::trim).filter(move |text| line(text));
    let tagged = text.lines().filter_map(|line| {
        let (_, rest) = line.strip_prefix("#EXT")?.split_once("URI=\"")?;
        // The key is the customer's secret, not a part of the film.
        let is_key = line.starts_with("#EXT-X-KEY") || line.starts_with("#EXT-X-SESSION-KEY");
        rest.split('"').next().filter(|_| !is_key)
    });
    plain.chain(tagged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_playlist_names_segments_maps_and_lists() {
        let text = "#EXTM3U\r\n#EXT-X-KEY:METHOD=AES-128,URI=\"https://k/1\"\r\n#EXT-X-MAP:URI=\"v_init.mp4\"\r\n\
                    #EXTINF:4,\r\nv_000001.m4s\r\n\r\n#EXT-X-MEDIA:TYPE=AUDIO,URI=\"a.m3u8\",NAME=\"x\"\r\n#EXT-X-ENDLIST";
        let found: Vec<&str> = uris(text).collect();
        assert_eq!(found, ["v_000001.m4s", "v_init.mp4", "a.m3u8"]);
    }

    #[test]
    fn empty_folders_go_with_their_last_object() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("bkt");
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::create_dir_all(root.join("a/c")).unwrap();
        fs::write(root.join("a/b/x"), "x").unwrap();
        fs::write(root.join("a/c/x"), "x").unwrap();
        remove_file(&root.join("a/b/x"), &root).unwrap();
        assert!(!root.join("a/b").exists() && root.join("a/c").exists());
        remove_file(&root.join("a/c/x"), &root).unwrap();
        remove_file(&root.join("a/c/x"), &root).unwrap();
        assert!(root.exists() && !root.join("a").exists());
    }
}
