//! The closed set of operations and the types of their parameters.
//!
//! `grammar` makes these values, `plan` and `av` read them. A value that exists is in range, so nobody asks twice.
//! Names and ranges come from `wire.md` 6.1 to 6.9.

mod audio;
mod avconcat;
mod avinfo;
mod container;
mod cut;
mod decompression;
mod frames;
mod getapic;
mod image_view;
mod language;
mod lettering;
mod list;
mod segments;
mod sound;
mod subtitles;
mod values;
mod vframe;
mod video;
mod vsample;
mod watermark;

pub use audio::{
    AacProfile, Audio, AudioCodec, AudioQuality, Channels, Loudness, SampleRate, Volume,
};
pub use avconcat::{Avconcat, JoinForm, JoinMode, Order, Place};
pub use avinfo::Avinfo;
pub use container::Container;
pub use cut::{Cut, Range, Ranges};
pub use decompression::{Decompression, Folder};
pub use frames::{Cells, Count, Gap, Grid, Interval, Offsets, Pattern};
pub use getapic::Getapic;
pub use image_view::{ImageView2, Quality, StillFormat, ViewForm, ViewMode, ViewSide};
pub use language::Language;
pub use lettering::{BorderWidth, Colour, FontName, FontSize, Lettering, Text};
pub use list::List;
pub use segments::{
    Bandwidths, FastStart, FolderUrl, HlsIv, HlsKey, PerRung, SegmentFormat, SegmentLength,
    SegmentPattern, Segments, Url,
};
pub(crate) use subtitles::TextCodec;
pub use subtitles::{SubtitleLabel, SubtitleSource, SubtitleWay, Subtitles, TrackName};
pub use values::{BitRate, Rotate, Seconds};
pub use vframe::{FrameFormat, Height, Picture, Vframe, Width};
pub(crate) use video::nearest_standard;
pub use video::{
    Crf, Flip, FrameRate, Gop, H264Level, H264Profile, Pad, Preset, Ratio, Side, Size, Video,
    VideoCodec,
};
pub use vsample::{SheetStyle, Vsample};
pub use watermark::{Gravity, Opacity, Pixels, Watermark};

use crate::entry::ObjectRef;

/// One processing stage of a command.
#[derive(Debug, Clone, PartialEq)]
pub enum Op {
    /// `avthumb/<container>`: transcode, transmux, cut.
    Avthumb(Box<Avthumb>),
    /// `vframe/<picture>`: pictures of a video.
    Vframe(Box<Vframe>),
    /// `vsample/<picture>`: the same, as another service spells it.
    Vsample(Box<Vsample>),
    /// `avconcat/<container>`: several files joined into one.
    Avconcat(Avconcat),
    /// `imageView2/<format>`: a picture made smaller, or written in another format.
    ImageView2(ImageView2),
    /// `getapic/<format>`: the picture inside an audio file.
    Getapic(Getapic),
    /// `decompression/<archive>`: the members of an archive.
    Decompression(Decompression),
    /// `avinfo`, `avinfo2`: what a media file is.
    Avinfo(Avinfo),
}

/// What comes out of an op, as far as the next one of a chain cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file with sound or moving pictures.
    Media,
    /// A still picture, or several.
    Picture,
    /// A text, or files that belong together: no op works on those.
    Files,
}

impl Kind {
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Media => "a media file",
            Self::Picture => "pictures",
            Self::Files => "files that belong together",
        }
    }
}

/// `avthumb`: parameters as given, in the groups of wire.md 6.1.
#[derive(Debug, Clone, PartialEq)]
pub struct Avthumb {
    /// Output container (first segment).
    pub container: Container,
    /// `vn`: no video.
    pub vn: bool,
    /// `an`: no audio.
    pub an: bool,
    /// `moovToFront`: put the index before the media (mp4, mov, m4a).
    pub moov_to_front: bool,
    /// `stripmeta`: drop titles, tags and chapters.
    pub stripmeta: bool,
    /// What is done to the picture.
    pub video: Video,
    /// What is done to the sound.
    pub audio: Audio,
    /// Which part of the source is taken.
    pub cut: Cut,
    /// Subtitles to put in.
    pub subtitles: Subtitles,
    /// Pictures and text to lay over the picture.
    pub watermark: Watermark,
    /// How HLS and DASH are cut into files.
    pub segments: Segments,
}

impl Avthumb {
    /// `avthumb/<container>` without any parameter.
    pub fn new(container: Container) -> Self {
        Self {
            container,
            vn: false,
            an: false,
            moov_to_front: false,
            stripmeta: false,
            video: Video::default(),
            audio: Audio::default(),
            cut: Cut::default(),
            subtitles: Subtitles::default(),
            watermark: Watermark::default(),
            segments: Segments::default(),
        }
    }
}

impl Op {
    /// The name of the op in the op string.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Avthumb(_) => "avthumb",
            Self::Vframe(_) => "vframe",
            Self::Vsample(_) => "vsample",
            Self::Avconcat(_) => "avconcat",
            Self::ImageView2(_) => "imageView2",
            Self::Getapic(_) => "getapic",
            Self::Decompression(_) => "decompression",
            Self::Avinfo(Avinfo::Full) => "avinfo",
            Self::Avinfo(Avinfo::Brief) => "avinfo2",
        }
    }
    /// The file suffix of what the op makes.
    pub fn suffix(&self) -> &'static str {
        match self {
            Self::Avthumb(op) => op.container.suffix(),
            Self::Vframe(op) => op.suffix(),
            Self::Vsample(op) => op.suffix(),
            Self::Avconcat(op) => op.container().suffix(),
            Self::ImageView2(op) => op.format().unwrap_or(StillFormat::Jpg).suffix(),
            Self::Getapic(op) => op.format.suffix(),
            Self::Decompression(_) => "txt",
            Self::Avinfo(_) => "json",
        }
    }

    /// What the op makes.
    pub fn gives(&self) -> Kind {
        match self {
            Self::Avthumb(op) if op.container.is_segmented() => Kind::Files,
            Self::Avthumb(_) | Self::Avconcat(_) => Kind::Media,
            Self::Vframe(op) if op.is_zip || op.sprite.is_some() => Kind::Files,
            Self::Vsample(op) if op.has_sheets() => Kind::Files,
            Self::Vframe(_) | Self::Vsample(_) | Self::ImageView2(_) | Self::Getapic(_) => {
                Kind::Picture
            }
            Self::Decompression(_) | Self::Avinfo(_) => Kind::Files,
        }
    }

    /// True if the op can work on what another made.
    pub fn takes(&self, made: Kind) -> bool {
        match self {
            Self::Avthumb(_) | Self::Vframe(_) | Self::Vsample(_) | Self::Avinfo(_) => {
                matches!(made, Kind::Media | Kind::Picture)
            }
            Self::ImageView2(_) => made == Kind::Picture,
            Self::Getapic(_) | Self::Avconcat(_) => made == Kind::Media,
            Self::Decompression(_) => false,
        }
    }

    /// Objects the op reads beside its source: whoever runs it brings them (`Task::objects`).
    pub fn objects(&self) -> Vec<&ObjectRef> {
        match self {
            Self::Avthumb(op) => {
                let (subtitles, watermark) = (op.subtitles.objects(), op.watermark.objects());
                subtitles.chain(watermark).collect()
            }
            Self::Avconcat(op) => op.files.iter().collect(),
            Self::Vframe(_)
            | Self::Vsample(_)
            | Self::ImageView2(_)
            | Self::Getapic(_)
            | Self::Decompression(_)
            | Self::Avinfo(_) => Vec::new(),
        }
    }

    /// What to write so that the op can end a command without `saveas`, if it cannot as it stands.
    pub(crate) fn needs_target(&self) -> Option<&'static str> {
        match self {
            Self::Avinfo(_) => {
                Some("write `|saveas/<target>` behind it, where the JSON is to be kept")
            }
            Self::ImageView2(op) if op.format().is_none() => Some(
                "write `|saveas/<target>`, or the format its default name is to end with: `format/jpg`",
            ),
            _ => None,
        }
    }
}
