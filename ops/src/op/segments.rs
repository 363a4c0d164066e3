//! The HLS and DASH parameters of `avthumb` (wire.md 6.1, "HLS / DASH").

/// How HLS and DASH are cut into files.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Segments {}
