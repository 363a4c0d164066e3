//! The watermark parameters of `avthumb` (wire.md 6.1, "Watermarks inside avthumb").

use super::lettering::Lettering;
use super::{List, Seconds, Side};
use crate::entry::ObjectRef;

/// Pictures and text to lay over the picture.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Watermark {
    /// `wmImage2`: pictures or videos; the first lies lowest.
    pub pictures: Option<List<ObjectRef>>,
    /// `wmGravity`: one anchor for all pictures, or one for each.
    pub gravity: Option<List<Gravity>>,
    /// `wmdx`: how far from the anchor's left or right edge; one for all pictures, or one for each.
    pub dx: Option<List<Pixels>>,
    /// `wmdy`: how far from the anchor's upper or lower edge; one for all pictures, or one for each.
    pub dy: Option<List<Pixels>>,
    /// `wmOffsetX`: pixels to the right of where the pictures would lie.
    pub shift_x: Option<Pixels>,
    /// `wmOffsetY`: pixels down from where the pictures would lie.
    pub shift_y: Option<Pixels>,
    /// `wmauto`: sizes and margins grow with the picture.
    pub auto: bool,
    /// `wmWidth`.
    pub width: Option<Side>,
    /// `wmHeight`.
    pub height: Option<Side>,
    /// `wmDissolve`.
    pub opacity: Option<Opacity>,
    /// `wmInterval`: how long the pictures stay at an anchor.
    pub interval: Option<Seconds>,
    /// `multiConvertTime`: when pictures and text move to the next anchor, ascending.
    pub moves: Option<List<Seconds>>,
    /// `wmText` and what it looks like.
    pub text: Lettering,
}

impl Watermark {
    /// Objects to be read.
    pub(crate) fn objects(&self) -> impl Iterator<Item = &ObjectRef> {
        self.pictures
            .iter()
            .flat_map(|pictures| pictures.as_slice())
    }

    /// True if there is something to lay over the picture.
    pub fn is_given(&self) -> bool {
        self.pictures.is_some() || self.text.text.is_some()
    }
}

/// Where on the picture a watermark lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Gravity {
    TopLeft,
    TopCenter,
    TopRight,
    CenterLeft,
    Center,
    CenterRight,
    BottomLeft,
    BottomCenter,
    BottomRight,
}

/// A distance of -3840 to 3840 pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pixels(i16);

impl Pixels {
    /// The longest side of a picture.
    pub const MAX: i16 = 3840;

    /// `None` beyond 3840 either way.
    pub fn new(pixels: i16) -> Option<Self> {
        (-Self::MAX..=Self::MAX)
            .contains(&pixels)
            .then_some(Self(pixels))
    }
    /// -3840 to 3840.
    pub fn get(self) -> i16 {
        self.0
    }
}

/// 1 to 100 percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opacity(u8);

impl Opacity {
    /// Nothing shines through.
    pub const FULL: u8 = 100;

    /// `None` outside 1 to 100.
    pub fn new(percent: u8) -> Option<Self> {
        (1..=Self::FULL).contains(&percent).then_some(Self(percent))
    }
    /// 1 to 100.
    pub fn get(self) -> u8 {
        self.0
    }
}
