//! What can be done with objects in numbers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a job does with objects, under the protocol's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verb {
    /// Brings what is at an address here.
    Fetch,
    /// Copies objects.
    Copy,
    /// Gives objects other names.
    Move,
    /// Deletes objects.
    Delete,
    /// Deletes every object whose key begins so.
    DeletePrefix,
    /// Deletes a playlist, and its segments.
    #[serde(rename = "deletem3u8")]
    DeletePlaylist,
    /// Says when objects whose key begins so will be gone.
    #[serde(rename = "setdeadline")]
    SetDeadline,
    /// Packs objects as one ZIP.
    Compress,
}

impl Verb {
    /// Every one.
    pub const ALL: [Self; 8] = [
        Self::Fetch,
        Self::Copy,
        Self::Move,
        Self::Delete,
        Self::DeletePrefix,
        Self::DeletePlaylist,
        Self::SetDeadline,
        Self::Compress,
    ];

    /// As the protocol spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fetch => "fetch",
            Self::Copy => "copy",
            Self::Move => "move",
            Self::Delete => "delete",
            Self::DeletePrefix => "deletePrefix",
            Self::DeletePlaylist => "deletem3u8",
            Self::SetDeadline => "setdeadline",
            Self::Compress => "compress",
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No verb has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is nothing that can be done with objects")]
pub struct UnknownVerb(String);

impl FromStr for Verb {
    type Err = UnknownVerb;

    fn from_str(name: &str) -> Result<Self, UnknownVerb> {
        let found = Self::ALL.into_iter().find(|verb| verb.name() == name);
        found.ok_or_else(|| UnknownVerb(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verb_is_kept_under_its_own_name() {
        for verb in Verb::ALL {
            assert_eq!(verb.name().parse(), Ok(verb));
            let kept = serde_json::to_string(&verb).unwrap();
            assert_eq!(kept, format!("{:?}", verb.name()));
        }
    }
}
