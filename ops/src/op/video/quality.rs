//! How often there are pictures, and how many bits and how much time are spent on them.

/// Frames per second in thousandths, 1.000 to 60.000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameRate(pub(crate) u32);

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
    /// The one of the rates MPEG-1 and MPEG-2 know that is meant; `None` if it is none of them.
    pub(crate) fn standard(self) -> Option<(u32, u32)> {
        let wanted = f64::from(self.0) / 1000.0;
        let rate = nearest_standard(wanted);
        let found = f64::from(rate.0) / f64::from(rate.1);
        ((wanted / found - 1.0).abs() < 1e-4).then_some(rate)
    }
}

/// The frame rate MPEG-1 and MPEG-2 know that is closest to this one.
pub(crate) fn nearest_standard(rate: f64) -> (u32, u32) {
    const KNOWN: [(u32, u32); 8] = [
        (24_000, 1001),
        (24, 1),
        (25, 1),
        (30_000, 1001),
        (30, 1),
        (50, 1),
        (60_000, 1001),
        (60, 1),
    ];
    let distance = |(num, den): (u32, u32)| (f64::from(num) / f64::from(den) - rate).abs();
    KNOWN
        .into_iter()
        .min_by(|&a, &b| distance(a).total_cmp(&distance(b)))
        .unwrap_or((25, 1))
}

/// Speed presets, by x264's names.
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

/// Constant rate factor on x264's scale, 0 to 51; other encoders get what comes closest on theirs.
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

/// Frames from one key picture to the next, 1 to 600.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gop(pub(crate) u16);

impl Gop {
    /// Key pictures alone.
    pub const MIN: u16 = 1;
    /// The most that the MPEG encoders take.
    pub const MAX: u16 = 600;

    /// `None` outside 1 to 600.
    pub fn new(frames: u16) -> Option<Self> {
        (Self::MIN..=Self::MAX)
            .contains(&frames)
            .then_some(Self(frames))
    }
    /// Frames.
    pub fn get(self) -> u32 {
        self.0.into()
    }
}
