//! Values of `vframe` and `vsample`: which moments, and how their pictures are laid out.

use super::Seconds;
use crate::entry::{EntryError, Key};

/// Times in ascending order, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offsets(Vec<Seconds>);

/// Time between two pictures: 0.1 s to 1 000 000 s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval(u64);

/// A number of pictures, at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count(u32);

/// Rows and columns of a sheet of pictures, 1 to 100 each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    rows: u8,
    columns: u8,
}

/// Pixels between the pictures of a sheet, or around them: 0 to 500.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap(u16);

/// A side of a sheet's grid, 1 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cells(u8);

/// A key with `$(count)` in it, once or more often: the number of an output takes its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

impl Offsets {
    /// `None` unless there is one at least and each is later than the one before it.
    pub fn new(times: Vec<Seconds>) -> Option<Self> {
        let rises = times.is_sorted_by(|earlier, later| earlier < later);
        (!times.is_empty() && rises).then_some(Self(times))
    }
    /// The times.
    pub fn times(&self) -> &[Seconds] {
        &self.0
    }
}

impl Interval {
    /// 0.1 s, in milliseconds.
    pub const MIN_MILLIS: u64 = 100;

    /// `None` outside [`Interval::MIN_MILLIS`] to [`Seconds::MAX_MILLIS`].
    pub fn from_millis(millis: u64) -> Option<Self> {
        (Self::MIN_MILLIS..=Seconds::MAX_MILLIS)
            .contains(&millis)
            .then_some(Self(millis))
    }
    /// Whole milliseconds.
    pub fn millis(self) -> u64 {
        self.0
    }
}

impl Count {
    /// The largest number that can be written; `Limits::pictures` may be lower.
    pub const MAX: u32 = 1_000_000;

    /// `None` outside 1 to [`Count::MAX`].
    pub fn new(pictures: u32) -> Option<Self> {
        (1..=Self::MAX)
            .contains(&pictures)
            .then_some(Self(pictures))
    }
    /// Pictures.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl Grid {
    /// Most rows, and most columns.
    pub const MAX: u8 = 100;

    /// `None` outside 1 to [`Grid::MAX`].
    pub fn new(rows: u8, columns: u8) -> Option<Self> {
        let side = 1..=Self::MAX;
        (side.contains(&rows) && side.contains(&columns)).then_some(Self { rows, columns })
    }
    /// Rows.
    pub fn rows(self) -> u32 {
        self.rows.into()
    }
    /// Columns.
    pub fn columns(self) -> u32 {
        self.columns.into()
    }
}

impl Gap {
    /// The widest gap.
    pub const MAX: u16 = 500;

    /// `None` above [`Gap::MAX`].
    pub fn new(pixels: u16) -> Option<Self> {
        (pixels <= Self::MAX).then_some(Self(pixels))
    }
    /// Pixels.
    pub fn get(self) -> u32 {
        self.0.into()
    }
}

impl Cells {
    /// `None` outside 1 to [`Grid::MAX`].
    pub fn new(cells: u8) -> Option<Self> {
        (1..=Grid::MAX).contains(&cells).then_some(Self(cells))
    }
    /// Cells.
    pub fn get(self) -> u8 {
        self.0
    }
}

impl Pattern {
    /// What the number takes the place of.
    pub const COUNT: &str = "$(count)";

    /// Reads a pattern; `None` unless it makes keys, one for each number.
    pub fn new(text: &str) -> Option<Self> {
        let pattern = Self(text.to_owned());
        // The longest number there may be decides: some keys would be too long only at the end.
        let last = pattern.key(Count::MAX as usize);
        (text.contains(Self::COUNT) && last.is_ok()).then_some(pattern)
    }
    /// The pattern as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// The key of an output, counted from 1, in six digits.
    pub fn key(&self, number: usize) -> Result<Key, EntryError> {
        self.0.replace(Self::COUNT, &format!("{number:06}")).parse()
    }
}
