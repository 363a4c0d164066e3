//! The subtitle parameters of `avthumb` (wire.md 6.1, "Subtitles").

use crate::entry::ObjectRef;

/// Subtitles to put in.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Subtitles {}

impl Subtitles {
    /// Objects to be read.
    pub(crate) fn objects(&self) -> impl Iterator<Item = &ObjectRef> {
        std::iter::empty()
    }
}
