//! What is wrong with an archive that does not unpack.

use crate::archive::Format;
use crate::entry::Key;
use crate::quote::quoted;

/// Why an archive was not unpacked. Members are named as the archive names them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The bytes are something else.
    #[error("the source is no {wanted} archive{}", but(*.found))]
    NotThat {
        /// What the command names.
        wanted: Format,
        /// What the first bytes say, if they say anything.
        found: Option<&'static str>,
    },
    /// The archive contradicts itself, or ends too early.
    #[error("the archive is damaged{}: {reason}", at(.member))]
    Damaged {
        /// Where, if it is known.
        member: Option<String>,
        /// What was found.
        reason: String,
    },
    /// A password is needed.
    #[error("the archive is encrypted{}; encrypted archives cannot be unpacked", at(.member))]
    Encrypted {
        /// The first encrypted member, if names are not encrypted as well.
        member: Option<String>,
    },
    /// A way of compressing or storing that is not known here.
    #[error("the archive cannot be unpacked{}: {reason}", at(.member))]
    Unsupported {
        /// Which member, if it is one of them.
        member: Option<String>,
        /// What is not known.
        reason: String,
    },
    /// A member's name is not one that may become a key.
    #[error("{} of the archive is refused: {reason}", quoted(.member))]
    BadName {
        /// Its name.
        member: String,
        /// What is wrong with the name.
        reason: BadName,
    },
    /// One member is a file where another needs a folder.
    #[error("the archive has {} both as a file and as the folder of {}", quoted(.file), quoted(.member))]
    FileAndFolder {
        /// The file.
        file: String,
        /// The member below it.
        member: String,
    },
    /// More members than `Limits::members`.
    #[error("the archive has more than {limit} members, which is the limit")]
    TooManyMembers {
        /// `Limits::members`.
        limit: u32,
    },
    /// One member is larger than `Limits::output_bytes`.
    #[error("{} of the archive is larger than the limit of {limit} bytes", quoted(.member))]
    MemberTooLarge {
        /// Its name.
        member: String,
        /// `Limits::output_bytes`.
        limit: u64,
    },
    /// All members together are larger than `Limits::unpacked_bytes`.
    #[error("unpacked, the archive is larger than the limit of {limit} bytes")]
    TooLarge {
        /// `Limits::unpacked_bytes`.
        limit: u64,
    },
    /// The archive unpacks to too many times its size: a bomb.
    #[error(
        "unpacked, the archive is more than {limit} times as large as it is now, which is the limit"
    )]
    TooDense {
        /// `Limits::unpack_ratio`.
        limit: u32,
    },
    /// What describes the members is larger than anything an archiver writes for so many of them.
    #[error(
        "what the archive says of its members takes more than {limit} bytes, which is the limit"
    )]
    HeaderTooLarge {
        /// Of a tar for each member, of a 7z for all of them.
        limit: u64,
    },
    /// Nothing to unpack.
    #[error("the archive holds no file")]
    Empty,
}

/// Why the name of a member cannot become a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum BadName {
    #[error("its name has `..` in it, which leads out of the folder")]
    Parent,
    #[error("its name is a path from the root")]
    Absolute,
    #[error("its name begins with a drive letter")]
    Drive,
    #[error("it has no name")]
    Nothing,
    #[error("its name is longer than {} bytes", Key::MAX_BYTES)]
    TooLong,
}

fn but(found: Option<&str>) -> String {
    found.map_or_else(String::new, |found| format!(", but {found}"))
}

fn at(member: &Option<String>) -> String {
    member
        .as_ref()
        .map_or_else(String::new, |member| format!(" at {}", quoted(member)))
}
