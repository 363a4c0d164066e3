//! The audio parameters of `avthumb` (wire.md 6.1, "Audio").

use super::BitRate;

/// What is done to the sound; `None` means the default of the container or of the source.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Audio {
    /// `acodec`.
    pub codec: Option<AudioCodec>,
    /// `ab`: bits per second.
    pub bit_rate: Option<BitRate>,
    /// `aq`: quality on the codec's own scale.
    pub quality: Option<AudioQuality>,
    /// `ar`: sample rate.
    pub sample_rate: Option<SampleRate>,
    /// `ac`: channels.
    pub channels: Option<Channels>,
    /// `aprofile`: which tools of AAC are used.
    pub profile: Option<AacProfile>,
    /// `volume`: louder or quieter by this much.
    pub volume: Option<Volume>,
    /// `loudnorm`: as loud as this.
    pub loudness: Option<Loudness>,
}

/// `acodec` values, aliases resolved (`libfaac`, `libfdk_aac` and `aac` are AAC by whatever encoder can do what is asked).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum AudioCodec {
    Aac,
    Mp3,
    Vorbis,
    Opus,
    Ac3,
    Eac3,
    Mp2,
    Flac,
    /// Samples as they are, 16 bits each.
    Pcm,
    /// Take the source's packets as they are.
    Copy,
}

/// Quality of a variable bit rate, 0 to 500. Each codec has a scale of its own ([`AudioCodec::qualities`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioQuality(pub(crate) u16);

/// Hz, 8000 to 48000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleRate(pub(crate) u32);

/// 1 or 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Channels(pub(crate) u8);

/// `aprofile` values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum AacProfile {
    Low,
    Main,
    /// With spectral band replication.
    He,
    /// With parametric stereo on top.
    HeV2,
}

/// Louder or quieter, as a multiplier or in decibels; both in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Volume {
    /// 0 to 2000 thousandths.
    Times(u16),
    /// -10 000 to 10 000 thousandths of a decibel.
    Decibels(i16),
}

/// Integrated loudness (EBU R 128) in thousandths of a LUFS, -70 to -5 LUFS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loudness(pub(crate) i32);

impl AudioCodec {
    /// What the op string calls the codec.
    pub fn name(self) -> &'static str {
        match self {
            Self::Aac => "aac",
            Self::Mp3 => "libmp3lame",
            Self::Vorbis => "libvorbis",
            Self::Opus => "opus",
            Self::Ac3 => "ac3",
            Self::Eac3 => "eac3",
            Self::Mp2 => "mp2",
            Self::Flac => "flac",
            Self::Pcm => "pcm_s16le",
            Self::Copy => "copy",
        }
    }

    /// What people call the codec.
    pub fn title(self) -> &'static str {
        match self {
            Self::Aac => "AAC",
            Self::Mp3 => "MP3",
            Self::Vorbis => "Vorbis",
            Self::Opus => "Opus",
            Self::Ac3 => "AC-3",
            Self::Eac3 => "E-AC-3",
            Self::Mp2 => "MP2",
            Self::Flac => "FLAC",
            Self::Pcm => "PCM",
            Self::Copy => "copied",
        }
    }

    /// libav's name of what the codec makes, by which streams of a source are known.
    pub fn stream_name(self) -> &'static str {
        match self {
            Self::Mp3 => "mp3",
            Self::Vorbis => "vorbis",
            other => other.name(),
        }
    }

    /// The least and the greatest `aq` there is, and which of them sounds best; `None` if the codec has no such scale.
    pub fn qualities(self) -> Option<(u16, u16, u16)> {
        match self {
            Self::Mp3 => Some((0, 9, 0)),
            Self::Aac => Some((10, 500, 500)),
            Self::Vorbis => Some((0, 10, 10)),
            _ => None,
        }
    }

    /// True if nothing of the sound is lost, so that there is no bit rate to choose.
    pub fn is_lossless(self) -> bool {
        matches!(self, Self::Flac | Self::Pcm)
    }
}

impl AudioQuality {
    /// `None` above 500.
    pub fn new(quality: u16) -> Option<Self> {
        (quality <= 500).then_some(Self(quality))
    }
    /// 0 to 500.
    pub fn get(self) -> u16 {
        self.0
    }
}

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

impl Volume {
    /// A multiplier in thousandths; `None` above 2.
    pub fn times(thousandths: u16) -> Option<Self> {
        (thousandths <= 2000).then_some(Self::Times(thousandths))
    }
    /// Thousandths of a decibel; `None` outside -10 dB to 10 dB.
    pub fn decibels(thousandths: i16) -> Option<Self> {
        (-10_000..=10_000)
            .contains(&thousandths)
            .then_some(Self::Decibels(thousandths))
    }
}

impl Loudness {
    /// Thousandths of a LUFS.
    pub const MIN_MILLIS: i32 = -70_000;
    /// Thousandths of a LUFS.
    pub const MAX_MILLIS: i32 = -5_000;

    /// Takes thousandths (-23000 is -23 LUFS); `None` outside -70 to -5 LUFS.
    pub fn from_millis(thousandths: i32) -> Option<Self> {
        (Self::MIN_MILLIS..=Self::MAX_MILLIS)
            .contains(&thousandths)
            .then_some(Self(thousandths))
    }
    /// LUFS.
    pub fn lufs(self) -> f64 {
        f64::from(self.0) / 1000.0
    }
}
