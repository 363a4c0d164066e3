//! Values that parameters of several ops share.

use std::time::Duration;

/// Bits per second: 1000 (the encoders count in thousands) to 1 000 000 000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BitRate(pub(crate) u64);

impl BitRate {
    /// 1 kbit/s.
    pub const MIN: u64 = 1_000;
    /// 1 Gbit/s.
    pub const MAX: u64 = 1_000_000_000;

    /// `None` outside [`BitRate::MIN`] to [`BitRate::MAX`].
    pub fn new(bits_per_second: u64) -> Option<Self> {
        (Self::MIN..=Self::MAX)
            .contains(&bits_per_second)
            .then_some(Self(bits_per_second))
    }
    /// Bits per second.
    pub fn get(self) -> u64 {
        self.0
    }
}

/// A time or a length in seconds, kept in milliseconds (three decimals), at most 1 000 000 s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(pub(crate) u64);

impl Seconds {
    /// 1 000 000 s (some eleven days): every sum of two times stays far inside the time bases libav counts in.
    pub const MAX_MILLIS: u64 = 1_000_000_000;

    /// `None` above [`Seconds::MAX_MILLIS`].
    pub fn from_millis(millis: u64) -> Option<Self> {
        (millis <= Self::MAX_MILLIS).then_some(Self(millis))
    }
    /// Whole milliseconds.
    pub fn millis(self) -> u64 {
        self.0
    }
    /// As a duration.
    pub fn duration(self) -> Duration {
        Duration::from_millis(self.0)
    }
}

/// Clockwise turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Rotate {
    Auto,
    Deg90,
    Deg180,
    Deg270,
}
