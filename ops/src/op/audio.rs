//! The audio parameters of `avthumb` (wire.md 6.1, "Audio").

use super::BitRate;

/// What is done to the sound; `None` means the default of the container or of the source.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Audio {
    /// `acodec`.
    pub codec: Option<AudioCodec>,
    /// `ab`: bits per second.
    pub bit_rate: Option<BitRate>,
    /// `ar`: sample rate.
    pub sample_rate: Option<SampleRate>,
    /// `ac`: channels.
    pub channels: Option<Channels>,
}

/// `acodec` values, aliases resolved (`libfaac`, `libfdk_aac` and `aac` are the native AAC encoder).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum AudioCodec {
    Aac,
    Mp3,
    /// Take the source's packets as they are.
    Copy,
}

/// Hz, 8000 to 48000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleRate(pub(crate) u32);

/// 1 or 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Channels(pub(crate) u8);

impl SampleRate {
    /// Hz.
    pub const MIN: u32 = 8_000;
    /// Hz.
    pub const MAX: u32 = 48_000;

    /// `None` outside 8000 to 48000 Hz.
    pub fn new(hertz: u32) -> Option<Self> {
        (Self::MIN..=Self::MAX)
            .contains(&hertz)
            .then_some(Self(hertz))
    }
    /// Hz.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl Channels {
    /// Mono.
    pub const MIN: u8 = 1;
    /// Stereo.
    pub const MAX: u8 = 2;

    /// `None` unless 1 or 2.
    pub fn new(channels: u8) -> Option<Self> {
        (Self::MIN..=Self::MAX)
            .contains(&channels)
            .then_some(Self(channels))
    }
    /// 1 or 2.
    pub fn get(self) -> u8 {
        self.0
    }
}
