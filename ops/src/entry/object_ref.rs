//! An object that a command reads beside its source: a watermark, subtitles, a file to join.

use std::fmt;

use super::{Entry, EntryError, Key};

/// Which object, as the command names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectRef {
    /// `bucket:key`.
    Entry(Entry),
    /// `key`: an object of the source's bucket. Beside a source that is a plain file it is a path from the source's folder.
    Key(Key),
    /// `/path/of/a/file`, for sources that are plain files themselves.
    Path(String),
}

impl ObjectRef {
    /// Reads `bucket:key`, `key` or `/path`.
    pub fn parse(text: &str) -> Result<Self, EntryError> {
        if let Some(path) = text.strip_prefix('/') {
            path.parse::<Key>()?; // the same segments and characters as in a key
            return Ok(Self::Path(text.to_owned()));
        }
        if text.contains(':') {
            return text.parse().map(Self::Entry);
        }
        text.parse().map(Self::Key)
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry(entry) => entry.fmt(f),
            Self::Key(key) => key.fmt(f),
            Self::Path(path) => f.write_str(path),
        }
    }
}
