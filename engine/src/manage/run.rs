//! Carries an item out. An attempt may be the second one at it, after a process that died when the deed was done and not yet
//! recorded: what is found done then is done.

use std::path::PathBuf;
use std::sync::Arc;

use opmill_ops::{BucketName, Cancel, Entry};
use opmill_store::UnixMillis;

use super::grammar::Task;
use super::{compress, fetch};
use crate::cause::Cause;
use crate::error::EngineError;
use crate::item::{ItemBody, Made};
use crate::processor::Failure;
use crate::shared::Shared;
use crate::storage::{Hashed, ListQuery, Object, Order, PutOptions, Storage};

const DAY_MILLIS: u64 = 24 * 3600 * 1000;
/// Objects looked at between two questions to the store.
const PAGE: usize = 1000;

/// What items are carried out with.
pub(crate) struct Context<'a> {
    pub shared: &'a Arc<Shared>,
    pub storage: Storage,
    /// Objects that are there are replaced.
    pub force: bool,
    /// It is not the first attempt.
    pub again: bool,
    pub cancel: Cancel,
    /// An empty folder of the item's own, if it needs one.
    pub folder: Option<PathBuf>,
}

/// Carries an item out: its result, or why there is none.
pub(crate) async fn run(
    context: &Context<'_>,
    text: &str,
    task: Task,
) -> Result<ItemBody, Failure> {
    let (made, note) = match task {
        Task::Fetch {
            url,
            to,
            md5,
            unpack,
        } => fetch::run(context, &url, &to, md5.as_deref(), unpack).await?,
        Task::Copy { from, to } => (context.copied(&from, &to).await?, None),
        Task::Move { from, to } => (context.moved(&from, &to).await?, None),
        Task::Delete { entry } => (context.deleted(&entry).await?, None),
        Task::DeletePrefix {
            bucket,
            prefix,
            output,
        } => context.deleted_all(bucket, prefix, output).await?,
        Task::DeletePlaylist { entry, segments } => {
            let segments = match segments {
                true => context.storage.segments(&entry).await?,
                false => Vec::new(),
            };
            // The playlist last: it is what names the others, should this have to be done again.
            for segment in &segments {
                context.delete_if_there(segment).await?;
            }
            let note = format!("{} segments deleted", segments.len());
            (context.deleted(&entry).await?, Some(note))
        }
        Task::SetDeadline {
            bucket,
            prefix,
            days,
        } => context.given_time(bucket, prefix, days).await?,
        Task::Compress {
            bucket,
            keys,
            list,
            to,
        } => compress::run(context, &bucket, keys, list, &to).await?,
    };
    Ok(ItemBody::managed(text, note, made))
}

impl Context<'_> {
    async fn copied(&self, from: &Entry, to: &Entry) -> Result<Made, Failure> {
        match self.storage.copy(from, to, self.force).await {
            Ok(object) => Ok(self.made(&object)),
            Err(EngineError::ObjectExists { .. }) if self.again => {
                let source = self.storage.stat(from).await?;
                self.if_same(to, source.map(|source| source.hash)).await
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn moved(&self, from: &Entry, to: &Entry) -> Result<Made, Failure> {
        let moved = self.storage.rename(from, to, self.force).await;
        match moved {
            Ok(object) => Ok(self.made(&object)),
            Err(error @ EngineError::ObjectNotFound { .. }) if self.again => {
                match self.storage.stat(to).await? {
                    Some(object) => Ok(self.made(&object)),
                    None => Err(error.into()),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn deleted(&self, entry: &Entry) -> Result<Made, Failure> {
        match self.storage.delete(entry).await {
            Ok(()) => {}
            Err(EngineError::ObjectNotFound { .. }) if self.again => {}
            Err(error) => return Err(error.into()),
        }
        Ok(Made::gone(entry))
    }

    async fn delete_if_there(&self, entry: &Entry) -> Result<(), Failure> {
        match self.storage.delete(entry).await {
            Ok(()) | Err(EngineError::ObjectNotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn deleted_all(
        &self,
        bucket: BucketName,
        prefix: String,
        output: Option<Entry>,
    ) -> Result<(Made, Option<String>), Failure> {
        let (mut count, mut list) = (0_usize, String::new());
        let mut pages = Pages::new(&bucket, &prefix);
        while let Some(objects) = pages.next(&self.storage).await? {
            for object in objects {
                self.delete_if_there(&object.entry).await?;
                count += 1;
                if output.is_some() {
                    list.push_str(object.entry.key.as_str());
                    list.push('\n');
                }
            }
        }
        let note = Some(format!("{count} objects deleted"));
        let made = match output {
            Some(entry) => {
                let mut incoming = self.storage.receive(u64::MAX).await?;
                incoming.write(list.into()).await?;
                // What a second attempt finds left to delete is a part of it; the list of the first was not written.
                self.put(incoming.hashed().await?, &entry, self.force || self.again)
                    .await?
            }
            None => Made::below(&bucket, &prefix),
        };
        Ok((made, note))
    }

    async fn given_time(
        &self,
        bucket: BucketName,
        prefix: String,
        days: Option<u64>,
    ) -> Result<(Made, Option<String>), Failure> {
        let now = self.shared.now().get();
        let expires =
            days.map(|days| UnixMillis::new(now.saturating_add(days.saturating_mul(DAY_MILLIS))));
        let mut count = 0_usize;
        let mut pages = Pages::new(&bucket, &prefix);
        while let Some(objects) = pages.next(&self.storage).await? {
            for object in objects {
                match self.storage.set_expiry(&object.entry, expires).await {
                    Ok(()) => count += 1,
                    // Gone meanwhile.
                    Err(EngineError::ObjectNotFound { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        let made = Made::below(&bucket, &prefix);
        Ok((made, Some(format!("{count} objects changed"))))
    }

    /// Makes received bytes an object.
    pub async fn put(&self, hashed: Hashed, to: &Entry, force: bool) -> Result<Made, Failure> {
        let hash = hashed.hash().to_owned();
        let options = PutOptions {
            overwrite: force,
            ..PutOptions::default()
        };
        match self.storage.put_hashed(hashed, to, options).await {
            Ok(object) => Ok(self.made(&object)),
            Err(EngineError::ObjectExists { .. }) if self.again => {
                self.if_same(to, Some(hash)).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What is there may be what an earlier attempt put there.
    async fn if_same(&self, to: &Entry, hash: Option<String>) -> Result<Made, Failure> {
        match self.storage.stat(to).await? {
            Some(object) if Some(&object.hash) == hash.as_ref() => Ok(self.made(&object)),
            _ => Err(EngineError::ObjectExists { entry: to.clone() }.into()),
        }
    }

    pub fn made(&self, object: &Object) -> Made {
        Made {
            fsize: object.size,
            hash: object.hash.clone(),
            key: object.entry.to_string(),
            url: self.storage.url(&object.entry),
        }
    }

    /// The folder for files on the way.
    pub fn folder(&self) -> Result<PathBuf, Failure> {
        let folder = self.folder.clone();
        folder.ok_or_else(|| {
            Failure::transient("there is no folder to work in").because(Cause::Other)
        })
    }
}

/// The objects below a prefix, page by page.
pub(super) struct Pages(Option<ListQuery>);

impl Pages {
    pub fn new(bucket: &BucketName, prefix: &str) -> Self {
        Self(Some(ListQuery {
            bucket: bucket.clone(),
            prefix: prefix.to_owned(),
            order: Order::Flat,
            after: String::new(),
            limit: PAGE,
            from: None,
            until: None,
        }))
    }

    pub async fn next(&mut self, storage: &Storage) -> Result<Option<Vec<Object>>, EngineError> {
        let Some(query) = self.0.take() else {
            return Ok(None);
        };
        let page = storage.list(query.clone()).await?;
        self.0 = page.next.map(|after| ListQuery { after, ..query });
        Ok(Some(page.objects))
    }
}

#[cfg(test)]
mod tests {
    use opmill_ops::b64u;

    use super::*;
    use crate::config::{BucketConfig, Config};
    use crate::engine::Engine;
    use crate::manage::{Verb, read};

    /// A process died after the deed and before its record: the next attempt finds it done. A first attempt finds the
    /// same things, and they are wrong.
    #[tokio::test]
    async fn what_an_earlier_attempt_did_counts_as_done() {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::at(dir.path().join("data"));
        let bucket = BucketConfig::default();
        config.buckets.insert("b".to_owned(), bucket);
        let engine = Engine::open_idle(config).await.unwrap();
        let root = dir.path().join("data/buckets/b");
        std::fs::create_dir_all(&root).unwrap();
        for (name, text) in [
            ("a", "same"),
            ("copied", "same"),
            ("moved", "same"),
            ("else", "x"),
        ] {
            std::fs::write(root.join(name), text).unwrap();
        }
        let copy = |from: &str, to: &str| {
            let from = b64u::encode(format!("b:{from}"));
            format!(
                "resource/{from}/bucket/{}/key/{}",
                b64u::encode("b"),
                b64u::encode(to)
            )
        };
        let own = |key: &str| format!("bucket/{}/key/{}", b64u::encode("b"), b64u::encode(key));
        for (verb, item, done_again) in [
            (Verb::Copy, copy("a", "copied"), true),
            (Verb::Copy, copy("a", "else"), false),
            (Verb::Move, copy("gone", "moved"), true),
            (Verb::Move, copy("gone", "nowhere"), false),
            (Verb::Delete, own("gone"), true),
        ] {
            for (again, expected) in [(false, false), (true, done_again)] {
                let context = Context {
                    shared: engine.shared(),
                    storage: engine.storage(),
                    force: false,
                    again,
                    cancel: Cancel::new(),
                    folder: None,
                };
                let task = read(verb, &item).unwrap().remove(0);
                let done = run(&context, &item, task).await;
                assert_eq!(
                    done.is_ok(),
                    expected,
                    "{verb} {item} again: {again}: {done:?}"
                );
            }
        }
    }
}
