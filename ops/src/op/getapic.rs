//! `getapic` (wire.md 6.7).

use super::StillFormat;

/// `getapic/<format>`: the picture inside an audio file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Getapic {
    /// Output format (first segment): `jpg` or `png`.
    pub format: StillFormat,
}
