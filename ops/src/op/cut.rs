//! The time parameters of `avthumb` (wire.md 6.1, "Time selection").

use super::Seconds;

/// Which part of the source is taken.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cut {
    /// `ss`: where to start in the source.
    pub start: Option<Seconds>,
    /// `t`: how much of the source to take.
    pub length: Option<Seconds>,
    /// `multiSeeks`: several parts of the source, one after another; not with the other two.
    pub ranges: Option<Ranges>,
}

/// Parts of a source in the order they are joined; they may overlap and go backwards. At least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranges(Vec<Range>);

/// One part of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// Where it starts in the source.
    pub start: Seconds,
    /// How long it is, more than nothing; `None` to the end of the source.
    pub length: Option<Seconds>,
}

impl Ranges {
    /// Most ranges: each is a seek and a decoder of its own.
    pub const MAX: usize = 100;

    /// `None` without any range, with more than [`Ranges::MAX`], or when one of them is empty.
    pub fn new(ranges: Vec<Range>) -> Option<Self> {
        let fits = (1..=Self::MAX).contains(&ranges.len());
        let hold = |range: &Range| range.length.is_none_or(|length| length.millis() > 0);
        (fits && ranges.iter().all(hold)).then_some(Self(ranges))
    }

    /// The ranges in order.
    pub fn get(&self) -> &[Range] {
        &self.0
    }
}
