//! The shape of the picture: its size, its pixels, what it is laid on, how it is mirrored.

/// `<W>x<H>`, `<W>x` or `x<H>`, given as typed (rounding to even is the planner's). [`Size::new`] keeps the long side
/// within 3840 and the short one within 2160.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Size {
    Exact { width: u32, height: u32 },
    Width(u32),
    Height(u32),
}

impl Size {
    /// Longest side of a picture.
    pub const LONG: u32 = 3840;
    /// Longest short side of a picture.
    pub const SHORT: u32 = 2160;

    /// The size with the sides that are given; `None` when a side is 0 or too long, or none is given.
    pub fn new(width: Option<u32>, height: Option<u32>) -> Option<Self> {
        let side = 1..=Self::LONG;
        match (width, height) {
            (Some(width), Some(height)) => {
                let short = width.min(height) <= Self::SHORT;
                (side.contains(&width) && side.contains(&height) && short)
                    .then_some(Self::Exact { width, height })
            }
            (Some(width), None) => side.contains(&width).then_some(Self::Width(width)),
            (None, Some(height)) => side.contains(&height).then_some(Self::Height(height)),
            (None, None) => None,
        }
    }
}

/// One side of a picture or a place in it, 0 to 3840 pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Side(pub(crate) u16);

impl Side {
    /// As long as the long side of a [`Size`].
    pub const MAX: u16 = Size::LONG as u16;

    /// `None` above 3840.
    pub fn new(pixels: u16) -> Option<Self> {
        (pixels <= Self::MAX).then_some(Self(pixels))
    }
    /// Pixels.
    pub fn get(self) -> u32 {
        self.0.into()
    }
}

/// The black a picture is laid on; what is left out follows the picture, and places are in the middle unless given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pad {
    /// `padW`.
    pub width: Option<Side>,
    /// `padH`.
    pub height: Option<Side>,
    /// `padVideoX`: where the picture's left edge is.
    pub x: Option<Side>,
    /// `padVideoY`: where the picture's upper edge is.
    pub y: Option<Side>,
}

impl Pad {
    /// True if there is anything to lay the picture on.
    pub fn is_given(self) -> bool {
        self.width.is_some() || self.height.is_some()
    }
}

/// `<width>:<height>`, kept as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio {
    width: u16,
    height: u16,
}

impl Ratio {
    /// The largest number on either side.
    pub const MAX: u16 = 10_000;
    /// How many times longer one side may be than the other: beyond it readers take a ratio for nonsense.
    pub const STEEPEST: u16 = 20;

    /// `None` when a side is 0 or above 10000, or one is more than 20 times the other.
    pub fn new(width: u16, height: u16) -> Option<Self> {
        let sides = 1..=Self::MAX;
        let (short, long) = (width.min(height), width.max(height));
        (sides.contains(&width)
            && sides.contains(&height)
            && long <= short.saturating_mul(Self::STEEPEST))
        .then_some(Self { width, height })
    }
    /// 1:1.
    pub fn square() -> Self {
        Self {
            width: 1,
            height: 1,
        }
    }
    /// Width, height.
    pub fn get(self) -> (u32, u32) {
        (self.width.into(), self.height.into())
    }
}

/// `flip` values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flip {
    /// Left and right change places.
    Horizontal,
    /// Top and bottom change places.
    Vertical,
}
