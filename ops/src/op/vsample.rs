//! `vsample` (wire.md 6.3): many pictures of a part of a video, in the spelling of another service.

use super::frames::{Cells, Count, Gap, Interval, Pattern};
use super::{Colour, Picture, Rotate, Seconds, Size};

/// `vsample`: a picture every 5 s unless a parameter says otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Vsample {
    /// Output picture format (first segment).
    pub format: Picture,
    /// `ss`: where the part begins.
    pub start: Option<Seconds>,
    /// `t`: how long it is.
    pub length: Option<Seconds>,
    /// `s`: size of the pictures.
    pub size: Option<Size>,
    /// `rotate`.
    pub rotate: Option<Rotate>,
    /// `interval`: seconds between two pictures, in tenths.
    pub interval: Option<Interval>,
    /// `frames`: so many pictures; number i of n, counted from 0, at i n-ths of the part.
    pub frames: Option<Count>,
    /// `savePattern`: keys of the pictures.
    pub pattern: Option<Pattern>,
    /// What is said about sheets of pictures.
    pub sheet: SheetStyle,
}

/// How `vsample` lays pictures out on sheets.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SheetStyle {
    /// `spriteFormat`: picture format of the sheets.
    pub format: Option<Picture>,
    /// `cellSize`: size of a picture on a sheet.
    pub cell: Option<Size>,
    /// `padding`: pixels between two pictures.
    pub padding: Option<Gap>,
    /// `margin`: pixels around them all.
    pub margin: Option<Gap>,
    /// `color`: what fills the rest.
    pub color: Option<Colour>,
    /// `lines`: rows of a sheet.
    pub lines: Option<Cells>,
    /// `columns` of a sheet.
    pub columns: Option<Cells>,
    /// `saveSpritePattern`: keys of the sheets.
    pub pattern: Option<Pattern>,
}

impl Vsample {
    /// `vsample/<format>` without any parameter.
    pub fn new(format: Picture) -> Self {
        Self {
            format,
            start: None,
            length: None,
            size: None,
            rotate: None,
            interval: None,
            frames: None,
            pattern: None,
            sheet: SheetStyle::default(),
        }
    }

    /// True if sheets are asked for.
    pub fn has_sheets(&self) -> bool {
        self.sheet != SheetStyle::default()
    }

    /// The suffix of what comes out.
    pub(crate) fn suffix(&self) -> &'static str {
        self.sheet.format.unwrap_or(self.format).suffix()
    }
}
