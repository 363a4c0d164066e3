//! x264's speed presets in the words of other encoders.

use crate::op::Preset;

impl Preset {
    /// x264's and x265's name, and the op string's.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ultrafast => "ultrafast",
            Self::Superfast => "superfast",
            Self::Veryfast => "veryfast",
            Self::Faster => "faster",
            Self::Fast => "fast",
            Self::Medium => "medium",
            Self::Slow => "slow",
            Self::Slower => "slower",
            Self::Veryslow => "veryslow",
            Self::Placebo => "placebo",
        }
    }

    /// libvpx's deadline and `cpu-used`. Its `good` deadline knows no speed beyond 5; what is faster gives up looking ahead.
    pub(super) fn vpx(self) -> (&'static str, &'static str) {
        match self {
            Self::Ultrafast => ("realtime", "8"),
            Self::Superfast => ("realtime", "7"),
            Self::Veryfast => ("realtime", "6"),
            Self::Faster => ("good", "5"),
            Self::Fast => ("good", "4"),
            Self::Medium => ("good", "3"),
            Self::Slow => ("good", "2"),
            Self::Slower => ("good", "1"),
            Self::Veryslow | Self::Placebo => ("good", "0"),
        }
    }

    /// SVT-AV1's preset.
    pub(super) fn svt(self) -> &'static str {
        match self {
            Self::Ultrafast => "12",
            Self::Superfast => "11",
            Self::Veryfast => "10",
            Self::Faster => "9",
            Self::Fast => "8",
            Self::Medium => "7",
            Self::Slow => "6",
            Self::Slower => "5",
            Self::Veryslow => "4",
            Self::Placebo => "2",
        }
    }

    /// libaom's `cpu-used`; its `good` usage knows no speed beyond 6.
    pub(super) fn aom(self) -> &'static str {
        match self {
            Self::Ultrafast | Self::Superfast | Self::Veryfast | Self::Faster => "6",
            Self::Fast => "5",
            Self::Medium => "4",
            Self::Slow => "3",
            Self::Slower => "2",
            Self::Veryslow | Self::Placebo => "1",
        }
    }

    /// VVenC's preset.
    pub(super) fn vvenc(self) -> &'static str {
        match self {
            Self::Ultrafast | Self::Superfast | Self::Veryfast | Self::Faster => "faster",
            Self::Fast => "fast",
            Self::Medium => "medium",
            Self::Slow => "slow",
            Self::Slower | Self::Veryslow | Self::Placebo => "slower",
        }
    }
}
