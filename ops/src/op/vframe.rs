//! `vframe` and the values of its parameters (wire.md 6.2).

use super::{Rotate, Seconds};

/// `vframe`: one picture at `offset`.
#[derive(Debug, Clone, PartialEq)]
pub struct Vframe {
    /// Output picture format (first segment).
    pub format: Picture,
    /// `offset`: time of the picture from the first frame of the source; 0 when absent.
    pub offset: Option<Seconds>,
    /// `w`: 1 to 1920.
    pub w: Option<Width>,
    /// `h`: 1 to 1080.
    pub h: Option<Height>,
    /// `rotate`.
    pub rotate: Option<Rotate>,
}

impl Vframe {
    /// `vframe/<format>` without any parameter.
    pub fn new(format: Picture) -> Self {
        Self {
            format,
            offset: None,
            w: None,
            h: None,
            rotate: None,
        }
    }
}

/// Output pictures of `vframe`.
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
