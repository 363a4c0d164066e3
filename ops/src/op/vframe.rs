//! `vframe` and the values of its parameters (wire.md 6.2).

use super::frames::{Count, Grid, Interval, Offsets};
use super::{Rotate, Seconds, StillFormat, ViewMode};

/// `vframe`: pictures of a video, one at `offset` unless another parameter says which.
#[derive(Debug, Clone, PartialEq)]
pub struct Vframe {
    /// What is made of them (first segment).
    pub format: FrameFormat,
    /// `offset`: time of the picture from the first frame of the source; 0 when absent. Of a gif the time it begins at.
    pub offset: Option<Seconds>,
    /// `offsets`: a picture for each of these times.
    pub offsets: Option<Offsets>,
    /// `interval`: a picture every so many seconds, from the start on.
    pub interval: Option<Interval>,
    /// `vframeN`: so many pictures; number i of n, counted from 0, at i n-ths of the length.
    pub vframe_n: Option<Count>,
    /// `t`: length of a gif; 5 s when absent.
    pub length: Option<Seconds>,
    /// `sprite`: sheets of so many rows and columns of pictures, with a list of what stands where.
    pub sprite: Option<Grid>,
    /// `w`: 1 to 1920.
    pub w: Option<Width>,
    /// `h`: 1 to 1080.
    pub h: Option<Height>,
    /// `mode`: how the picture fits `w` and `h`; without it one of them is followed by the other, and both are exact.
    pub mode: Option<ViewMode>,
    /// `autofill`: keep the aspect ratio inside `w` and `h`, the rest black.
    pub autofill: bool,
    /// `rotate`.
    pub rotate: Option<Rotate>,
    /// `isZip`: the pictures in one file.
    pub is_zip: bool,
}

impl Vframe {
    /// `vframe/<format>` without any parameter.
    pub fn new(format: FrameFormat) -> Self {
        Self {
            format,
            offset: None,
            offsets: None,
            interval: None,
            vframe_n: None,
            length: None,
            sprite: None,
            w: None,
            h: None,
            mode: None,
            autofill: false,
            rotate: None,
            is_zip: false,
        }
    }

    /// The suffix of what comes out.
    pub(crate) fn suffix(&self) -> &'static str {
        match self.format {
            _ if self.is_zip => "zip",
            FrameFormat::Picture(picture) => picture.suffix(),
            FrameFormat::Gif => "gif",
        }
    }
}

/// What `vframe` makes of the pictures it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FrameFormat {
    /// Pictures.
    Picture(Picture),
    /// A moving picture.
    Gif,
}

/// Output pictures of `vframe` and `vsample`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Picture {
    Jpg,
    Png,
}
/// 1 to 1920 pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Width(pub(crate) u16);

/// 1 to 1080 pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Height(pub(crate) u16);

impl Width {
    /// Pixels.
    pub const MAX: u16 = 1920;

    /// `None` outside 1 to 1920.
    pub fn new(pixels: u16) -> Option<Self> {
        (1..=Self::MAX).contains(&pixels).then_some(Self(pixels))
    }
    /// Pixels.
    pub fn get(self) -> u32 {
        self.0.into()
    }
}

impl Height {
    /// Pixels.
    pub const MAX: u16 = 1080;

    /// `None` outside 1 to 1080.
    pub fn new(pixels: u16) -> Option<Self> {
        (1..=Self::MAX).contains(&pixels).then_some(Self(pixels))
    }
    /// Pixels.
    pub fn get(self) -> u32 {
        self.0.into()
    }
}

impl Picture {
    /// The file suffix of the picture format, also its name in the op string.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Jpg => "jpg",
            Self::Png => "png",
        }
    }
}

impl From<Picture> for StillFormat {
    fn from(picture: Picture) -> Self {
        match picture {
            Picture::Jpg => Self::Jpg,
            Picture::Png => Self::Png,
        }
    }
}
