//! Packs objects as one ZIP. They are called in it as they are in the bucket.

use std::collections::BTreeSet;

use futures::TryStreamExt as _;
use opmill_ops::archive::{Item, pack};
use opmill_ops::{BucketName, Entry, Key};

use super::run::{Context, Pages};
use crate::cause::Cause;
use crate::error::EngineError;
use crate::item::Made;
use crate::processor::Failure;

/// Longer than any list of keys that is one.
const LONGEST_LIST: u64 = 16 << 20;

pub(super) async fn run(
    context: &Context<'_>,
    bucket: &BucketName,
    mut keys: Vec<String>,
    list: Option<Key>,
    to: &Entry,
) -> Result<(Made, Option<String>), Failure> {
    if let Some(list) = list {
        keys.extend(listed(context, bucket, list).await?);
    }
    let mut chosen = BTreeSet::new();
    for key in keys {
        match key.strip_suffix('/') {
            Some(_) => {
                let mut pages = Pages::new(bucket, &key);
                while let Some(objects) = pages.next(&context.storage).await? {
                    chosen.extend(objects.into_iter().map(|object| object.entry));
                }
            }
            None => {
                let key = key.parse().map_err(|error| {
                    Failure::permanent(format!("{key:?} is no key: {error}"))
                        .because(Cause::Parameter)
                })?;
                chosen.insert(Entry {
                    bucket: bucket.clone(),
                    key,
                });
            }
        }
    }
    chosen.remove(to);
    let folder = context.folder()?;
    let mut items = Vec::with_capacity(chosen.len());
    // Copies of remote objects, until they are packed.
    let mut copies = Vec::new();
    for entry in chosen {
        let opened = context.storage.open(&entry).await?;
        let opened = opened.ok_or_else(|| EngineError::ObjectNotFound {
            entry: entry.clone(),
        })?;
        let here = context.storage.bring(opened).await?;
        items.push(Item {
            name: entry.key.to_string(),
            path: here.path.clone(),
        });
        copies.push(here);
    }
    let count = items.len();
    let path = folder.join("packed.zip");
    let (limits, cancel) = (context.shared.config.limits.clone(), context.cancel.clone());
    let packed = path.clone();
    let work = move |_: &_| {
        let done = pack(&items, &packed, &limits, &cancel);
        drop(copies);
        Ok(done)
    };
    context.shared.blocking(work).await??;
    let hashed = context.storage.take(path).await?;
    let made = context.put(hashed, to, context.force).await?;
    Ok((made, Some(format!("{count} objects packed"))))
}

/// The keys in an object, one a line.
async fn listed(
    context: &Context<'_>,
    bucket: &BucketName,
    key: Key,
) -> Result<Vec<String>, Failure> {
    let entry = Entry {
        bucket: bucket.clone(),
        key,
    };
    let opened = context.storage.open(&entry).await?;
    let opened = opened.ok_or_else(|| EngineError::ObjectNotFound {
        entry: entry.clone(),
    })?;
    let size = opened.object.size;
    if size > LONGEST_LIST {
        return Err(Failure::permanent(format!("{entry} is no list of keys")));
    }
    let read = |source| EngineError::Source {
        name: entry.to_string(),
        source,
    };
    let chunks: Vec<bytes::Bytes> = opened
        .read(0..size)
        .await?
        .try_collect()
        .await
        .map_err(read)?;
    let text = String::from_utf8(chunks.concat())
        .map_err(|_| Failure::permanent(format!("{entry} is no list of keys: it is not UTF-8")))?;
    let lines = text.lines().map(str::trim);
    Ok(lines
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect())
}
