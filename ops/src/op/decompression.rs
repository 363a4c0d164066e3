//! `decompression` and the value of its parameter (wire.md 6.8).

use std::fmt;

use crate::archive::Format;
use crate::b64u;
use crate::entry::{BucketName, EntryError, Key};

/// `decompression/<format>`: every member of an archive, and a list of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Decompression {
    /// What the source is (first segment).
    pub format: Format,
    /// `dir`: where the members go; in the bucket of the source, a folder called as the source without its suffix when
    /// absent.
    pub dir: Option<Folder>,
}

impl Decompression {
    /// `decompression/<format>` without any parameter.
    pub fn new(format: Format) -> Self {
        Self { format, dir: None }
    }
}

/// `bucket:dir`: where objects go that bring their own names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// The bucket.
    pub bucket: BucketName,
    /// What every key begins with, without a slash at its end; `None` is the whole bucket.
    pub path: Option<Key>,
}

impl Folder {
    /// Reads `bucket:dir`, or URL-safe base64 of it. A slash at the end of `dir` changes nothing.
    pub fn parse(text: &str) -> Result<Self, EntryError> {
        let decoded;
        let plain = match text.contains(':') {
            true => text,
            false => {
                let bytes = b64u::decode(text).ok_or(EntryError::Base64)?;
                decoded = String::from_utf8(bytes).map_err(|_| EntryError::NotUtf8)?;
                &decoded
            }
        };
        let (bucket, path) = plain.split_once(':').ok_or(EntryError::NoColon)?;
        let path = path.strip_suffix('/').unwrap_or(path);
        Ok(Self {
            bucket: bucket.parse()?,
            path: (!path.is_empty()).then(|| path.parse()).transpose()?,
        })
    }

    /// The URL-safe base64 that [`Folder::parse`] reads.
    pub fn to_b64u(&self) -> String {
        b64u::encode(self.to_string())
    }
}

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.bucket)?;
        self.path.iter().try_for_each(|path| write!(f, "{path}"))
    }
}
