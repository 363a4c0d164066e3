//! Where an object is: a bucket and a key, checked once, when they are made (wire.md 1.2).
//!
//! `grammar` reads entries out of `saveas`, the engine reads and writes objects by them, the API gets them from clients.

mod error;
mod object_ref;
mod stored;

use std::fmt;
use std::str::FromStr;

pub use error::EntryError;
pub use object_ref::ObjectRef;

use crate::b64u;

/// The bucket of command line inputs that are plain files.
const LOCAL: &str = "@local";
/// The bucket of command line results, the folder given by `--out`.
const OUT: &str = "@out";

/// The name of a bucket: 1 to 63 of `A-Z a-z 0-9 . _ -`, starting with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketName(String);

/// The name of an object in its bucket: 1 to 1000 bytes, segments between `/` that are neither empty nor `.` nor `..`,
/// no control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

/// An object: `bucket:key`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entry {
    /// Where the object is.
    pub bucket: BucketName,
    /// What it is called there.
    pub key: Key,
}

impl BucketName {
    /// The bucket of plain files given on the command line. Its name cannot be typed.
    pub fn local() -> Self {
        Self(LOCAL.to_owned())
    }

    /// The bucket of results of the command line. Its name cannot be typed.
    pub fn out() -> Self {
        Self(OUT.to_owned())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BucketName {
    type Err = EntryError;

    fn from_str(text: &str) -> Result<Self, EntryError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if let Some(found) = text.chars().find(|c| !allowed(*c)) {
            return Err(EntryError::BucketCharacter { found });
        }
        if !(1..=63).contains(&text.len()) {
            return Err(EntryError::BucketLength { bytes: text.len() });
        }
        match text.chars().next() {
            Some(found) if !found.is_ascii_alphanumeric() => Err(EntryError::BucketStart { found }),
            _ => Ok(Self(text.to_owned())),
        }
    }
}

impl Key {
    /// Longest key, in bytes.
    pub const MAX_BYTES: usize = 1000;

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Key {
    type Err = EntryError;

    fn from_str(text: &str) -> Result<Self, EntryError> {
        if !(1..=Self::MAX_BYTES).contains(&text.len()) {
            return Err(EntryError::KeyLength { bytes: text.len() });
        }
        if let Some(found) = text.chars().find(|c| c.is_control()) {
            return Err(EntryError::KeyControl { found });
        }
        if text.starts_with('/') || text.ends_with('/') {
            return Err(EntryError::KeyEdge);
        }
        if text
            .split('/')
            .any(|segment| matches!(segment, "" | "." | ".."))
        {
            return Err(EntryError::KeySegment);
        }
        Ok(Self(text.to_owned()))
    }
}

impl Entry {
    /// The URL-safe base64 of `bucket:key`, with padding: the argument of `saveas`.
    pub fn to_b64u(&self) -> String {
        b64u::encode(self.to_string())
    }

    /// Reads [`Entry::to_b64u`]; padding may be missing.
    pub fn from_b64u(text: &str) -> Result<Self, EntryError> {
        let bytes = b64u::decode(text).ok_or(EntryError::Base64)?;
        let text = String::from_utf8(bytes).map_err(|_| EntryError::NotUtf8)?;
        text.parse()
    }
}

impl Entry {
    /// The name of a source that nobody named.
    pub(crate) fn unnamed() -> Self {
        Self {
            bucket: BucketName::out(),
            key: Key("source".to_owned()),
        }
    }
}

impl FromStr for Entry {
    type Err = EntryError;

    /// Splits at the first `:`, as a key may hold more of them.
    fn from_str(text: &str) -> Result<Self, EntryError> {
        let (bucket, key) = text.split_once(':').ok_or(EntryError::NoColon)?;
        Ok(Self {
            bucket: bucket.parse()?,
            key: key.parse()?,
        })
    }
}

impl fmt::Display for BucketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.bucket, self.key)
    }
}
