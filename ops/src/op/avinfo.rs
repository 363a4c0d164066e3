//! `avinfo` and `avinfo2` (wire.md 6.9).

/// What a file is, as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Avinfo {
    /// `avinfo`: all that is known, as ffprobe shapes it.
    Full,
    /// `avinfo2`: a fixed, small set of members.
    Brief,
}
