//! The video parameters of `avthumb` (wire.md 6.1, "Video").

use super::{BitRate, Rotate};

/// What is done to the picture; `None` means the default of the container or of the source.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Video {
    /// `vcodec`.
    pub codec: Option<VideoCodec>,
    /// `vb`: bits per second. Without effect on containers that hold audio alone (wire.md 6.1).
    pub bit_rate: Option<BitRate>,
    /// `r`: frames per second.
    pub rate: Option<FrameRate>,
    /// `s`: picture size.
    pub size: Option<Size>,
    /// `autoscale`: keep the aspect ratio inside `s`.
    pub autoscale: bool,
    /// `rotate`: clockwise, from upright; the source's display matrix is applied first, and `auto` is that alone (the default).
    pub rotate: Option<Rotate>,
    /// `preset`: x264/x265 speed preset.
    pub preset: Option<Preset>,
    /// `crf`: constant rate factor.
    pub crf: Option<Crf>,
}

/// `vcodec` values, aliases resolved (`libws265` is `libx265`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum VideoCodec {
    X264,
    X265,
    /// Take the source's packets as they are.
    Copy,
}

/// Frames per second in thousandths, 1.000 to 60.000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameRate(pub(crate) u32);

/// `<W>x<H>`, `<W>x` or `x<H>`, given as typed (rounding to even is the planner's). [`Size::new`] keeps the long side
/// within 3840 and the short one within 2160.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Size {
    Exact { width: u32, height: u32 },
    Width(u32),
    Height(u32),
}

impl FrameRate {
    /// 1 frame per second, in thousandths.
    pub const MIN_MILLIS: u32 = 1_000;
    /// 60 frames per second, in thousandths.
    pub const MAX_MILLIS: u32 = 60_000;

    /// Takes thousandths (29970 is 29.97); `None` outside 1.000 to 60.000 frames per second.
    pub fn from_millis(thousandths: u32) -> Option<Self> {
        (Self::MIN_MILLIS..=Self::MAX_MILLIS)
            .contains(&thousandths)
            .then_some(Self(thousandths))
    }
    /// Frames per second as a fraction over 1000 (29.97 is 29970/1000).
    pub fn ratio(self) -> (u32, u32) {
        (self.0, 1000)
    }
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

/// x264/x265 speed presets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Preset {
    Ultrafast,
    Superfast,
    Veryfast,
    Faster,
    Fast,
    Medium,
    Slow,
    Slower,
    Veryslow,
    Placebo,
}

/// Constant rate factor, 0 to 51.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crf(pub(crate) u8);

impl Crf {
    /// The worst picture.
    pub const MAX: u8 = 51;

    /// `None` above 51.
    pub fn new(crf: u8) -> Option<Self> {
        (crf <= Self::MAX).then_some(Self(crf))
    }
    /// 0 to 51.
    pub fn get(self) -> u8 {
        self.0
    }
}
