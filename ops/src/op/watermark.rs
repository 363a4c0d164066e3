//! The watermark parameters of `avthumb` (wire.md 6.1, "Watermarks inside avthumb").

use crate::entry::ObjectRef;

/// Pictures and text to lay over the picture.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Watermark {}

impl Watermark {
    /// Objects to be read.
    pub(crate) fn objects(&self) -> impl Iterator<Item = &ObjectRef> {
        std::iter::empty()
    }
}
