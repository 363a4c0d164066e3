//! The closed set of operations and the types of their parameters.
//!
//! `grammar` makes these values, `plan` and `av` read them. A value that exists is in range, so nobody asks twice.
//! Names and ranges come from `wire.md` 6.1 and 6.2.

use std::time::Duration;

/// One processing stage of a command.
#[derive(Debug, Clone, PartialEq)]
pub enum Op {
    /// `avthumb/<container>`: transcode, transmux, cut.
    Avthumb(Box<Avthumb>),
    /// `vframe/<picture>`: one picture of a video.
    Vframe(Vframe),
}

/// `avthumb`: parameters as given; `None` means the default of the container or of the source.
#[derive(Debug, Clone, PartialEq)]
pub struct Avthumb {
    /// Output container (first segment).
    pub container: Container,
    /// `vcodec`.
    pub vcodec: Option<VideoCodec>,
    /// `acodec`.
    pub acodec: Option<AudioCodec>,
    /// `vb`: video bit rate, bits per second. Without effect on `mp3` and `aac` (wire.md 6.1).
    pub vb: Option<BitRate>,
    /// `ab`: audio bit rate, bits per second.
    pub ab: Option<BitRate>,
    /// `r`: frames per second.
    pub r: Option<FrameRate>,
    /// `s`: output picture size.
    pub s: Option<Size>,
    /// `autoscale`: keep the aspect ratio inside `s`.
    pub autoscale: bool,
    /// `ar`: audio sample rate, Hz.
    pub ar: Option<SampleRate>,
    /// `ac`: audio channels.
    pub ac: Option<Channels>,
    /// `ss`: where to start in the source.
    pub ss: Option<Seconds>,
    /// `t`: how much of the source to take.
    pub t: Option<Seconds>,
    /// `vn`: no video.
    pub vn: bool,
    /// `an`: no audio.
    pub an: bool,
    /// `rotate`: clockwise, from upright; the source's display matrix is applied first, and `auto` is that alone (the default).
    pub rotate: Option<Rotate>,
    /// `moovToFront`: put the index before the media (mp4, mov, m4a).
    pub moov_to_front: bool,
    /// `stripmeta`: drop titles, tags and chapters.
    pub stripmeta: bool,
    /// `preset`: x264/x265 speed preset.
    pub preset: Option<Preset>,
    /// `crf`: constant rate factor.
    pub crf: Option<Crf>,
}

impl Avthumb {
    /// `avthumb/<container>` without any parameter.
    pub fn new(container: Container) -> Self {
        Self {
            container,
            vcodec: None,
            acodec: None,
            vb: None,
            ab: None,
            r: None,
            s: None,
            autoscale: false,
            ar: None,
            ac: None,
            ss: None,
            t: None,
            vn: false,
            an: false,
            rotate: None,
            moov_to_front: false,
            stripmeta: false,
            preset: None,
            crf: None,
        }
    }
}

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

/// Output containers of `avthumb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Container {
    Mp4,
    Mov,
    M4a,
    Flv,
    Mkv,
    Ts,
    Mp3,
    Aac,
}

/// Output pictures of `vframe`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Picture {
    Jpg,
    Png,
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

/// `acodec` values, aliases resolved (`libfaac`, `libfdk_aac` and `aac` are the native AAC encoder).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum AudioCodec {
    Aac,
    Mp3,
    /// Take the source's packets as they are.
    Copy,
}

/// Bits per second: 1000 (the encoders count in thousands) to 1 000 000 000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BitRate(pub(crate) u64);

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

/// Hz, 8000 to 48000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleRate(pub(crate) u32);

/// 1 or 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Channels(pub(crate) u8);

/// A time or a length in seconds, kept in milliseconds (three decimals), at most 1 000 000 s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(pub(crate) u64);

/// Clockwise turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Rotate {
    Auto,
    Deg90,
    Deg180,
    Deg270,
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

/// 1 to 1920 pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Width(pub(crate) u16);

/// 1 to 1080 pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Height(pub(crate) u16);

impl BitRate {
    /// 1 kbit/s.
    pub const MIN: u64 = 1_000;
    /// 1 Gbit/s.
    pub const MAX: u64 = 1_000_000_000;

    /// `None` outside [`BitRate::MIN`] to [`BitRate::MAX`].
    pub fn new(bits_per_second: u64) -> Option<Self> {
        (Self::MIN..=Self::MAX)
            .contains(&bits_per_second)
            .then_some(Self(bits_per_second))
    }
    /// Bits per second.
    pub fn get(self) -> u64 {
        self.0
    }
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

impl Seconds {
    /// 1 000 000 s (some eleven days): every sum of two times stays far inside the time bases libav counts in.
    pub const MAX_MILLIS: u64 = 1_000_000_000;

    /// `None` above [`Seconds::MAX_MILLIS`].
    pub fn from_millis(millis: u64) -> Option<Self> {
        (millis <= Self::MAX_MILLIS).then_some(Self(millis))
    }
    /// Whole milliseconds.
    pub fn millis(self) -> u64 {
        self.0
    }
    /// As a duration.
    pub fn duration(self) -> Duration {
        Duration::from_millis(self.0)
    }
}

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

impl Op {
    /// The name of the op in the op string.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Avthumb(_) => "avthumb",
            Self::Vframe(_) => "vframe",
        }
    }
    /// The file suffix of what the op makes.
    pub fn suffix(&self) -> &'static str {
        match self {
            Self::Avthumb(op) => op.container.suffix(),
            Self::Vframe(op) => op.format.suffix(),
        }
    }
}

impl Container {
    /// True of `mp3` and `aac`, which hold no video. (`m4a` keeps the video of its source, wire.md 6.1.)
    pub fn is_audio_only(self) -> bool {
        matches!(self, Self::Mp3 | Self::Aac)
    }
    /// The file suffix of the container, also its name in the op string.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Mp4 => "mp4",
            Self::Mov => "mov",
            Self::M4a => "m4a",
            Self::Flv => "flv",
            Self::Mkv => "mkv",
            Self::Ts => "ts",
            Self::Mp3 => "mp3",
            Self::Aac => "aac",
        }
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
