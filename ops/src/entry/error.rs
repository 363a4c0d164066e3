//! What can be wrong with the name of an object.

use crate::quote::quoted;

/// Why a text is no bucket name, key, entry or name template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// The `:` between bucket and key is missing.
    #[error("there is no `:` between bucket and key")]
    NoColon,
    /// The bucket name is empty or longer than 63 bytes.
    #[error("the bucket name has {bytes} bytes; allowed: 1 to 63")]
    BucketLength {
        /// Its length.
        bytes: usize,
    },
    /// The bucket name holds something else than letters, digits, `.`, `_` and `-`.
    #[error("the bucket name contains {found:?}; allowed: A-Z, a-z, 0-9, `.`, `_` and `-`")]
    BucketCharacter {
        /// The first character that is not allowed.
        found: char,
    },
    /// The bucket name begins with `.`, `_` or `-`.
    #[error("the bucket name starts with {found:?}; allowed: a letter or a digit")]
    BucketStart {
        /// The first character.
        found: char,
    },
    /// The key is empty or longer than 1000 bytes.
    #[error("the key has {bytes} bytes; allowed: 1 to 1000")]
    KeyLength {
        /// Its length.
        bytes: usize,
    },
    /// The key begins or ends with `/`.
    #[error("the key begins or ends with `/`")]
    KeyEdge,
    /// The key has `//`, `/./` or `/../` in it.
    #[error("the key has an empty path segment, `.` or `..`")]
    KeySegment,
    /// The key holds a control character.
    #[error("the key contains the control character {found:?}")]
    KeyControl {
        /// The first one.
        found: char,
    },
    /// Not URL-safe base64.
    #[error("it is not URL-safe base64")]
    Base64,
    /// The decoded bytes are not UTF-8.
    #[error("its base64 does not hold UTF-8 text")]
    NotUtf8,
    /// A template names a variable that does not exist.
    #[error("it uses {}; allowed: {allowed}", quoted(found))]
    UnknownVariable {
        /// The variable as given.
        found: String,
        /// The variables there are.
        allowed: String,
    },
    /// A `$(` without its `)`.
    #[error("it opens `$(` without a closing `)`")]
    OpenVariable,
}
