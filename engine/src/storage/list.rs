//! Lists the objects of a bucket, page by page (wire.md 2.5).

use futures::TryStreamExt as _;
use object_store::path::Path as ObjectPath;
use opmill_ops::{BucketName, Entry, Key};
use opmill_store::UnixMillis;

use super::walk::{self, Walk};
use super::{Object, Storage};
use crate::buckets::Root;
use crate::error::EngineError;

/// In which order, and how deep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Every object, in the order of the keys.
    #[default]
    Flat,
    /// What is right in the folder that `prefix` names: objects, then folders.
    FilesFirst,
    /// The same, folders first.
    FoldersFirst,
}

/// What to list.
#[derive(Debug, Clone)]
pub struct ListQuery {
    /// The bucket.
    pub bucket: BucketName,
    /// What keys begin with.
    pub prefix: String,
    /// In which order, and how deep.
    pub order: Order,
    /// Where the page before ended: its [`Listing::next`]. Empty: at the beginning.
    pub after: String,
    /// Most objects and folders on the page, at least 1.
    pub limit: usize,
    /// Only objects stored at or after this moment.
    pub from: Option<UnixMillis>,
    /// Only objects stored at or before this moment.
    pub until: Option<UnixMillis>,
}

/// A page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Objects.
    pub objects: Vec<Object>,
    /// Folders, with a slash at the end.
    pub folders: Vec<String>,
    /// Where the next page begins; `None`: this is the last one.
    pub next: Option<String>,
}

/// Keys looked at between two questions to the store.
const BATCH: usize = 256;

impl Storage {
    /// A page of the objects of a bucket.
    pub async fn list(&self, query: ListQuery) -> Result<Listing, EngineError> {
        self.check_bucket(&query.bucket)?;
        match query.order {
            Order::Flat => self.flat(query).await,
            Order::FilesFirst | Order::FoldersFirst => self.folder(query).await,
        }
    }

    async fn flat(&self, query: ListQuery) -> Result<Listing, EngineError> {
        let mut listing = Listing::default();
        let mut after = query.after.clone();
        loop {
            let keys = self.keys(&query, &after, BATCH).await?;
            let is_end = keys.len() < BATCH;
            for key in keys {
                if listing.objects.len() == query.limit {
                    listing.next = Some(after);
                    return Ok(listing);
                }
                listing.objects.extend(self.wanted(&query, &key).await?);
                after = key;
            }
            if is_end {
                return Ok(listing);
            }
        }
    }

    /// The object of a key, if it is one that is asked for.
    async fn wanted(&self, query: &ListQuery, key: &str) -> Result<Option<Object>, EngineError> {
        let Ok(key) = key.parse::<Key>() else {
            return Ok(None);
        };
        let entry = Entry {
            bucket: query.bucket.clone(),
            key,
        };
        let found = self.stat(&entry).await?;
        let in_time = |object: &Object| {
            query.from.is_none_or(|from| object.stored >= from)
                && query.until.is_none_or(|until| object.stored <= until)
        };
        Ok(found.filter(in_time))
    }

    /// Up to `count` keys after one.
    async fn keys(
        &self,
        query: &ListQuery,
        after: &str,
        count: usize,
    ) -> Result<Vec<String>, EngineError> {
        let (prefix, after) = (query.prefix.clone(), after.to_owned());
        match self.shared.buckets.root(&query.bucket)? {
            Root::Folder(root) => {
                let walk = move |_: &_| {
                    let walk = Walk::new(&root, &prefix, &after);
                    let keys = walk.and_then(|walk| walk.take(count).collect());
                    keys.map_err(|source| EngineError::Source {
                        name: root.display().to_string(),
                        source,
                    })
                };
                self.shared.blocking(walk).await
            }
            Root::Remote(store, base) => {
                let from = ObjectPath::from(format!("{base}/{after}"));
                let found = store.list_with_offset(Some(&base), &from);
                let found: Vec<_> = found
                    .map_ok(|meta| {
                        let key = meta.location.as_ref().strip_prefix(base.as_ref());
                        key.unwrap_or_default().trim_start_matches('/').to_owned()
                    })
                    .try_collect()
                    .await
                    .map_err(|source| cannot_list(&query.bucket, &source))?;
                let wanted = |key: &String| key.starts_with(&prefix) && *key > after;
                let mut keys: Vec<String> = found.into_iter().filter(wanted).collect();
                keys.sort_unstable();
                keys.truncate(count);
                Ok(keys)
            }
        }
    }

    /// What is right in a folder: at most as much as a folder of the file system holds, so all of it is looked at.
    async fn folder(&self, query: ListQuery) -> Result<Listing, EngineError> {
        let folder = query.prefix.clone();
        let names = match self.shared.buckets.root(&query.bucket)? {
            Root::Folder(root) => {
                let read = move |_: &_| {
                    walk::folder(&root, &folder).map_err(|source| EngineError::Source {
                        name: root.join(&folder).display().to_string(),
                        source,
                    })
                };
                self.shared.blocking(read).await?
            }
            Root::Remote(store, base) => {
                let inside = ObjectPath::from(format!("{base}/{folder}"));
                let found = store.list_with_delimiter(Some(&inside)).await;
                let found = found.map_err(|source| cannot_list(&query.bucket, &source))?;
                let key = |path: &ObjectPath| {
                    let key = path.as_ref().strip_prefix(base.as_ref());
                    key.unwrap_or_default().trim_start_matches('/').to_owned()
                };
                let files = found.objects.iter().map(|meta| key(&meta.location));
                let folders = found
                    .common_prefixes
                    .iter()
                    .map(|path| format!("{}/", key(path)));
                let mut names: Vec<String> = files.chain(folders).collect();
                names.sort_unstable();
                names
            }
        };
        let (folders, files): (Vec<String>, Vec<String>) =
            names.into_iter().partition(|name| name.ends_with('/'));
        let ordered: Vec<String> = match query.order {
            Order::FoldersFirst => folders.into_iter().chain(files).collect(),
            Order::FilesFirst | Order::Flat => files.into_iter().chain(folders).collect(),
        };
        // By place in the order and not by name alone: what the last page ended with may be gone.
        let files_first = query.order != Order::FoldersFirst;
        let place = |name: &str| (name.ends_with('/') == files_first, name.to_owned());
        let begin = match query.after.as_str() {
            "" => 0,
            after => ordered.partition_point(|name| place(name) <= place(after)),
        };
        let mut listing = Listing::default();
        let mut last = query.after.clone();
        for name in &ordered[begin..] {
            if listing.objects.len() + listing.folders.len() == query.limit {
                listing.next = Some(last);
                break;
            }
            last.clone_from(name);
            match name.ends_with('/') {
                true => listing.folders.push(name.clone()),
                false => listing.objects.extend(self.wanted(&query, name).await?),
            }
        }
        Ok(listing)
    }

    /// Number and bytes of the objects of a bucket.
    pub async fn usage(&self, bucket: &BucketName) -> Result<(u64, u64), EngineError> {
        let mut query = ListQuery {
            bucket: bucket.clone(),
            prefix: String::new(),
            order: Order::Flat,
            after: String::new(),
            limit: 1000,
            from: None,
            until: None,
        };
        let (mut count, mut bytes) = (0, 0);
        loop {
            let page = self.list(query.clone()).await?;
            count += page.objects.len() as u64;
            bytes += page.objects.iter().map(|object| object.size).sum::<u64>();
            match page.next {
                Some(next) => query.after = next,
                None => return Ok((count, bytes)),
            }
        }
    }
}

fn cannot_list(bucket: &BucketName, source: &object_store::Error) -> EngineError {
    EngineError::Bucket {
        bucket: bucket.to_string(),
        reason: format!("it cannot be listed: {source}"),
    }
}
