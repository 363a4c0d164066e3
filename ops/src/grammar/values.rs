//! The kinds of values there are. The rows of `avthumb` and `vframe` point at them; ranges come from `crate::op`.

pub(super) mod picture;
pub(super) mod sound;

use super::kind::{Kind, fixed};
use crate::op::{
    BitRate, Container, Crf, FrameRate, Height, Picture, Preset, Rotate, Seconds, Size, VideoCodec,
    Width,
};

/// Yes or no.
pub(super) const FLAG: Kind<bool> = Kind::Names(&[("0", false), ("1", true)]);

pub(super) const CONTAINER: Kind<Container> = Kind::AnyCase(&[
    ("mp4", Container::Mp4),
    ("mov", Container::Mov),
    ("m4a", Container::M4a),
    ("flv", Container::Flv),
    ("f4v", Container::F4v),
    ("mkv", Container::Mkv),
    ("webm", Container::Webm),
    ("avi", Container::Avi),
    ("mpg", Container::Mpg),
    ("mpeg", Container::Mpg),
    ("ts", Container::Ts),
    ("3gp", Container::ThreeGp),
    ("ogg", Container::Ogg),
    ("ogv", Container::Ogg),
    ("gif", Container::Gif),
    ("mp3", Container::Mp3),
    ("aac", Container::Aac),
    ("opus", Container::Opus),
    ("flac", Container::Flac),
    ("wav", Container::Wav),
    ("m3u8", Container::M3u8),
    ("mpd", Container::Mpd),
]);

pub(super) const PICTURE: Kind<Picture> = Kind::AnyCase(&[
    ("jpg", Picture::Jpg),
    ("jpeg", Picture::Jpg),
    ("png", Picture::Png),
]);

pub(super) const VIDEO_CODEC: Kind<VideoCodec> = Kind::Names(&[
    ("libx264", VideoCodec::X264),
    ("h264", VideoCodec::X264),
    ("libx265", VideoCodec::X265),
    ("libws265", VideoCodec::X265),
    ("h265", VideoCodec::X265),
    ("hevc", VideoCodec::X265),
    ("libvpx", VideoCodec::Vp8),
    ("vp8", VideoCodec::Vp8),
    ("libvpx-vp9", VideoCodec::Vp9),
    ("vp9", VideoCodec::Vp9),
    ("libsvtav1", VideoCodec::Av1),
    ("libaom-av1", VideoCodec::Av1),
    ("av1", VideoCodec::Av1),
    ("libtheora", VideoCodec::Theora),
    ("theora", VideoCodec::Theora),
    ("libxvid", VideoCodec::Xvid),
    ("xvid", VideoCodec::Xvid),
    ("mpeg4", VideoCodec::Xvid),
    ("mpeg1video", VideoCodec::Mpeg1),
    ("mpeg2video", VideoCodec::Mpeg2),
    ("vvc", VideoCodec::Vvc),
    ("h266", VideoCodec::Vvc),
    ("libvvenc", VideoCodec::Vvc),
    ("gif", VideoCodec::Gif),
    ("copy", VideoCodec::Copy),
]);

pub(super) const ROTATE: Kind<Rotate> = Kind::Names(&[
    ("90", Rotate::Deg90),
    ("180", Rotate::Deg180),
    ("270", Rotate::Deg270),
    ("auto", Rotate::Auto),
]);

pub(super) const PRESET: Kind<Preset> = Kind::Names(&[
    ("ultrafast", Preset::Ultrafast),
    ("superfast", Preset::Superfast),
    ("veryfast", Preset::Veryfast),
    ("faster", Preset::Faster),
    ("fast", Preset::Fast),
    ("medium", Preset::Medium),
    ("slow", Preset::Slow),
    ("slower", Preset::Slower),
    ("veryslow", Preset::Veryslow),
    ("placebo", Preset::Placebo),
]);

pub(super) const FRAME_RATE: Kind<FrameRate> = Kind::Decimal {
    min: FrameRate::MIN_MILLIS as u64,
    max: FrameRate::MAX_MILLIS as u64,
    unit: " frames per second",
    make: |n| FrameRate::from_millis(n.try_into().ok()?),
    get: |rate| rate.ratio().0.into(),
};

/// A point in time: 0 is the start.
pub(super) const TIME: Kind<Seconds> = Kind::Decimal {
    min: 0,
    max: Seconds::MAX_MILLIS,
    unit: " seconds",
    make: Seconds::from_millis,
    get: |time| time.millis(),
};

/// A length of time: 0 would be nothing.
pub(super) const LENGTH: Kind<Seconds> = Kind::Decimal {
    min: 1,
    max: Seconds::MAX_MILLIS,
    unit: " seconds",
    make: Seconds::from_millis,
    get: |time| time.millis(),
};

pub(super) const CRF: Kind<Crf> = Kind::Integer {
    min: 0,
    max: Crf::MAX as u64,
    unit: "",
    make: |n| Crf::new(n.try_into().ok()?),
    get: |crf| crf.get().into(),
};

pub(super) const WIDTH: Kind<Width> = Kind::Integer {
    min: 1,
    max: Width::MAX as u64,
    unit: " pixels",
    make: |n| Width::new(n.try_into().ok()?),
    get: |width| width.get().into(),
};

pub(super) const HEIGHT: Kind<Height> = Kind::Integer {
    min: 1,
    max: Height::MAX as u64,
    unit: " pixels",
    make: |n| Height::new(n.try_into().ok()?),
    get: |height| height.get().into(),
};

pub(super) const BIT_RATE: Kind<BitRate> = Kind::Other {
    name: "bit rate",
    range: "1k to 1000m bits per second, as `64000`, `64k` or `1.25m` (k = 1000, m = 1000000)",
    read: |text| {
        let (number, decimals) = match text.strip_suffix(['k', 'K']) {
            Some(number) => (number, 3),
            None => text
                .strip_suffix(['m', 'M'])
                .map_or((text, 0), |number| (number, 6)),
        };
        BitRate::new(fixed(number, decimals)?)
    },
    write: |rate| match rate.get() {
        bits if bits % 1_000_000 == 0 => format!("{}m", bits / 1_000_000),
        bits if bits % 1_000 == 0 => format!("{}k", bits / 1_000),
        bits => bits.to_string(),
    },
};

pub(super) const SIZE: Kind<Size> = Kind::Other {
    name: "size",
    range: "`<W>x<H>`, `<W>x` or `x<H>` with a long side of 1 to 3840 and a short side of 1 to 2160 pixels",
    read: |text| {
        let (width, height) = text.split_once(['x', 'X'])?;
        let side = |text: &str| match text {
            "" => Some(None),
            digits => Some(Some(fixed(digits, 0)?.try_into().ok()?)),
        };
        Size::new(side(width)?, side(height)?)
    },
    write: |size| match size {
        Size::Exact { width, height } => format!("{width}x{height}"),
        Size::Width(width) => format!("{width}x"),
        Size::Height(height) => format!("x{height}"),
    },
};
