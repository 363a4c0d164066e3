//! Why a command has no result, in one word: for lists, for scripts, and to tell a command that fails from one that
//! takes its worker with it.

use std::fmt;
use std::str::FromStr;

use opmill_ops::OpsError;
use serde::{Deserialize, Serialize};

use crate::error::EngineError;

/// The kind of reason why a command failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Cause {
    /// A parameter is wrong, or does not fit this source.
    Parameter,
    /// The source, or an object read beside it, is not there or not what the command needs.
    Source,
    /// The source cannot be decoded.
    Decode,
    /// The result cannot be made.
    Encode,
    /// A limit of the configuration would be passed.
    Limit,
    /// This FFmpeg lacks a codec or filter, or this machine a font.
    Missing,
    /// A disk or bucket refused to read or write.
    Storage,
    /// There was no memory.
    Memory,
    /// The process at work on it died, or fell silent.
    WorkerLost,
    /// The attempt panicked.
    Panic,
    /// Nothing moved any more.
    Watchdog,
    /// Its worker was lost so often that the command is held to be the reason, and set aside.
    Poison,
    /// Something else.
    Other,
}

const WORDS: [(Cause, &str); 13] = [
    (Cause::Parameter, "parameter"),
    (Cause::Source, "source"),
    (Cause::Decode, "decode"),
    (Cause::Encode, "encode"),
    (Cause::Limit, "limit"),
    (Cause::Missing, "missing"),
    (Cause::Storage, "storage"),
    (Cause::Memory, "memory"),
    (Cause::WorkerLost, "worker-lost"),
    (Cause::Panic, "panic"),
    (Cause::Watchdog, "watchdog"),
    (Cause::Poison, "poison"),
    (Cause::Other, "other"),
];

impl Cause {
    /// The word, as `--json` prints it and the queue keeps it.
    pub fn word(self) -> &'static str {
        let word = WORDS.iter().find(|(cause, _)| *cause == self);
        word.map_or("other", |(_, word)| word)
    }

    /// The command may have taken its worker with it.
    pub(crate) fn is_loss(self) -> bool {
        matches!(self, Self::WorkerLost | Self::Panic | Self::Watchdog)
    }

    /// The cause the queue keeps under this word; none for no word.
    pub(crate) fn read(word: &str) -> Option<Cause> {
        (!word.is_empty()).then(|| word.parse().unwrap_or(Cause::Other))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The word is none of the causes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no cause of failure")]
pub struct UnknownCause(String);

impl FromStr for Cause {
    type Err = UnknownCause;

    fn from_str(word: &str) -> Result<Self, UnknownCause> {
        let found = WORDS.iter().find(|(_, known)| *known == word);
        found
            .map(|(cause, _)| *cause)
            .ok_or_else(|| UnknownCause(word.to_owned()))
    }
}

impl From<&OpsError> for Cause {
    fn from(error: &OpsError) -> Self {
        use OpsError::*;
        match error {
            Command(_)
            | AboveLevel { .. }
            | PadTooSmall { .. }
            | PastEnd { .. }
            | CannotCopy { .. }
            | CannotHold { .. }
            | CannotJoin { .. }
            | Unlike { .. }
            | OrderUnfit { .. }
            | NoAddress => Self::Parameter,
            Archive(_)
            | NotMedia { .. }
            | Truncated { .. }
            | NoStream { .. }
            | NoCover
            | Encrypted { .. }
            | NotAPicture { .. }
            | NotSubtitles { .. }
            | SourceListed { .. }
            | ObjectMissing { .. } => Self::Source,
            Decode { .. }
            | NothingDecoded
            | PictureDamaged { .. }
            | Untimed { .. }
            | StreamsTooFarApart { .. } => Self::Decode,
            TooLarge { .. }
            | TooManyPictures { .. }
            | SheetTooLarge { .. }
            | TooManyStreams { .. }
            | TooLong { .. }
            | OutputTooLarge { .. }
            | TooManyFiles { .. }
            | SideTooLong { .. } => Self::Limit,
            DecoderMissing { .. }
            | EncoderMissing { .. }
            | FilterMissing { .. }
            | NoFont
            | FontMissing { .. }
            | GlyphMissing { .. } => Self::Missing,
            Encode { .. } | Filter { .. } | Mux { .. } | Picture { .. } => Self::Encode,
            Read { .. }
            | ReadFile { .. }
            | ReadStopped { .. }
            | Write { .. }
            | WriteFile { .. } => Self::Storage,
            Memory { .. } => Self::Memory,
            Object { reason, .. } | Part { reason, .. } => Self::from(&**reason),
            Panicked => Self::Panic,
            _ => Self::Other,
        }
    }
}

impl From<&EngineError> for Cause {
    fn from(error: &EngineError) -> Self {
        use EngineError::*;
        match error {
            Ops(_) | TargetName(_) | TargetExists { .. } => Self::Parameter,
            SourceNotFound { .. } | SourcePath { .. } | LocalFilesOff => Self::Source,
            Source { .. }
            | Bucket { .. }
            | Remote { .. }
            | Write { .. }
            | Work { .. }
            | Store(_)
            | Broken { .. } => Self::Storage,
            Panicked(_) => Self::Panic,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_has_a_word_of_its_own_and_reads_back() {
        for (cause, word) in WORDS {
            assert_eq!((cause.word(), word.parse()), (word, Ok(cause)));
            assert_eq!(serde_json::to_string(&cause).unwrap(), format!("{word:?}"));
        }
        assert_eq!(Cause::read(""), None);
        assert_eq!(
            Cause::read("of a later version"),
            Some(Cause::Other),
            "kept by a newer program"
        );
    }
}
