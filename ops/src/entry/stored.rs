//! Entries in records and JSON: as their text, checked again when read.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{BucketName, Entry, EntryError, Key, LOCAL, OUT};

/// What was stored by this program may name the internal buckets; what people type may not.
fn stored_bucket(text: &str) -> Result<BucketName, EntryError> {
    match text {
        LOCAL => Ok(BucketName::local()),
        OUT => Ok(BucketName::out()),
        typed => typed.parse(),
    }
}

fn stored_entry(text: &str) -> Result<Entry, EntryError> {
    let (bucket, key) = text.split_once(':').ok_or(EntryError::NoColon)?;
    Ok(Entry {
        bucket: stored_bucket(bucket)?,
        key: key.parse()?,
    })
}

macro_rules! serde_as_text {
    ($type:ty, $read:expr) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                $read(&text).map_err(de::Error::custom)
            }
        }
    };
}

serde_as_text!(BucketName, stored_bucket);
serde_as_text!(Key, str::parse::<Key>);
serde_as_text!(Entry, stored_entry);
