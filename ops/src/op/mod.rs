//! The closed set of operations and the types of their parameters.
//!
//! `grammar` makes these values, `plan` and `av` read them. A value that exists is in range, so nobody asks twice.
//! Names and ranges come from `wire.md` 6.1 to 6.9.

mod audio;
mod container;
mod cut;
mod image_view;
mod segments;
mod subtitles;
mod values;
mod vframe;
mod video;
mod watermark;

pub use audio::{Audio, AudioCodec, Channels, SampleRate};
pub use container::Container;
pub use cut::Cut;
pub use image_view::{StillFormat, ViewMode};
pub use segments::Segments;
pub use subtitles::Subtitles;
pub use values::{BitRate, Rotate, Seconds};
pub use vframe::{Height, Picture, Vframe, Width};
pub(crate) use video::nearest_standard;
pub use video::{
    Crf, Flip, FrameRate, Gop, H264Level, H264Profile, Pad, Preset, Ratio, Side, Size, Video,
    VideoCodec,
};
pub use watermark::Watermark;

use crate::entry::ObjectRef;

/// One processing stage of a command.
#[derive(Debug, Clone, PartialEq)]
pub enum Op {
    /// `avthumb/<container>`: transcode, transmux, cut.
    Avthumb(Box<Avthumb>),
    /// `vframe/<picture>`: one picture of a video.
    Vframe(Vframe),
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
        }
    }
    /// The file suffix of what the op makes.
    pub fn suffix(&self) -> &'static str {
        match self {
            Self::Avthumb(op) => op.container.suffix(),
            Self::Vframe(op) => op.format.suffix(),
        }
    }

    /// What the op makes.
    pub fn gives(&self) -> Kind {
        match self {
            Self::Avthumb(_) => Kind::Media,
            Self::Vframe(_) => Kind::Picture,
        }
    }

    /// True if the op can work on what another made.
    pub fn takes(&self, made: Kind) -> bool {
        match self {
            Self::Avthumb(_) | Self::Vframe(_) => matches!(made, Kind::Media | Kind::Picture),
        }
    }

    /// Objects the op reads beside its source: whoever runs it brings them (`Task::objects`).
    pub fn objects(&self) -> Vec<&ObjectRef> {
        match self {
            Self::Avthumb(op) => {
                let (subtitles, watermark) = (op.subtitles.objects(), op.watermark.objects());
                subtitles.chain(watermark).collect()
            }
            Self::Vframe(_) => Vec::new(),
        }
    }
}
