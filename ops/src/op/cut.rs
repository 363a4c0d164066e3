//! The time parameters of `avthumb` (wire.md 6.1, "Time selection").

use super::Seconds;

/// Which part of the source is taken.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cut {
    /// `ss`: where to start in the source.
    pub start: Option<Seconds>,
    /// `t`: how much of the source to take.
    pub length: Option<Seconds>,
}
