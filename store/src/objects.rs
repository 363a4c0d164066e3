//! What is known of each stored object.

use crate::Store;
use crate::error::StoreError;
use crate::id::UnixMillis;
use crate::key;
use crate::limits::fits;
use crate::trees::{Name, TxResult};
use crate::tx::Tx;

/// What is known of an object in a bucket; the bytes themselves live in the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject {
    /// The hash of its bytes, as the wire writes it.
    pub hash: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its type.
    pub mime: Option<String>,
    /// When the bytes that were hashed were last modified: a later time means the hash is stale.
    pub modified: UnixMillis,
    /// When it was stored.
    pub stored: UnixMillis,
    /// When it may be deleted.
    pub expires: Option<UnixMillis>,
}

/// Room for any `bucket:key`, and for a local file's whole path.
const LONGEST_ENTRY: usize = 4608;
const LONGEST_DETAIL: usize = 512;

impl Store {
    /// Notes what is known of the object at `entry` (`bucket:key`), in place of what was known before.
    pub fn put_object(&self, entry: &str, object: StoredObject) -> Result<(), StoreError> {
        self.put_objects(&[(entry.to_owned(), object)])
    }

    /// As [`Store::put_object`] for several objects in one commit: the hundreds of segments of a video cost one.
    pub fn put_objects(&self, objects: &[(String, StoredObject)]) -> Result<(), StoreError> {
        for (entry, object) in objects {
            let mime = object.mime.as_deref().unwrap_or_default();
            fits("the entry", entry, LONGEST_ENTRY)?;
            fits("the object's hash", &object.hash, LONGEST_DETAIL)?;
            fits("the object's type", mime, LONGEST_DETAIL)?;
        }
        let put = |tx: &Tx<'_>| {
            objects
                .iter()
                .try_for_each(|(entry, object)| tx.put_object(entry, object))
        };
        match objects {
            [] => Ok(()),
            _ => self.commit(self.writer()?, put),
        }
    }

    /// What is known of the object at `entry`.
    pub fn object(&self, entry: &str) -> Result<Option<StoredObject>, StoreError> {
        self.inner.trees.get(Name::Objects, entry.as_bytes())
    }

    /// Objects whose time is over, longest over first, at most `limit`: their entries.
    pub fn expired_objects(&self, limit: usize) -> Result<Vec<String>, StoreError> {
        let now = self.now();
        let mut over = Vec::new();
        for pair in self.inner.trees.scan(Name::Gone) {
            let (key, _) = pair?;
            let (at, entry) = key::read_object_at(&key).ok_or_else(|| Name::Gone.bad_key(&key))?;
            if at > now || over.len() >= limit {
                break;
            }
            over.push(entry.to_owned());
        }
        Ok(over)
    }

    /// Forgets the object at `entry`, if it is known.
    pub fn remove_object(&self, entry: &str) -> Result<(), StoreError> {
        let writer = self.writer()?;
        self.commit(writer, |tx| tx.remove_object(entry))
    }
}

impl Tx<'_> {
    pub(crate) fn put_object(&self, entry: &str, object: &StoredObject) -> TxResult<()> {
        self.forget_when_gone(entry)?;
        if let Some(at) = object.expires {
            self.put_raw(Name::Gone, &key::object_at(at, entry), Vec::new())?;
        }
        self.put(Name::Objects, entry.as_bytes(), object)
    }

    pub(crate) fn remove_object(&self, entry: &str) -> TxResult<()> {
        self.forget_when_gone(entry)?;
        match self.tree(Name::Objects).get(entry)? {
            Some(_) => self.remove(Name::Objects, entry.as_bytes()),
            None => Ok(()),
        }
    }

    fn forget_when_gone(&self, entry: &str) -> TxResult<()> {
        let known: Option<StoredObject> = self.get(Name::Objects, entry.as_bytes())?;
        match known.and_then(|known| known.expires) {
            Some(at) => self.remove(Name::Gone, &key::object_at(at, entry)),
            None => Ok(()),
        }
    }
}
