//! `vcodec` and which container holds which pictures. The grammar refuses by this table and the planner chooses from it.

use crate::op::{Avthumb, Container};

/// `vcodec` values, aliases resolved (`libws265` is `libx265`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum VideoCodec {
    X264,
    X265,
    Vp8,
    Vp9,
    /// SVT-AV1, or libaom where that is not installed.
    Av1,
    Theora,
    /// MPEG-4 Part 2: Xvid, or FFmpeg's own encoder where that is not installed.
    Xvid,
    Mpeg1,
    Mpeg2,
    /// H.266.
    Vvc,
    Gif,
    /// Take the source's packets as they are.
    Copy,
}

impl VideoCodec {
    /// True if the encoder can be told to take more or less time.
    pub(crate) fn has_speeds(self) -> bool {
        use VideoCodec::{Av1, Vp8, Vp9, Vvc, X264, X265};
        matches!(self, X264 | X265 | Vp8 | Vp9 | Av1 | Vvc)
    }
}

impl Container {
    /// Codecs `avthumb` can give the container's pictures, its usual one first.
    pub fn pictures(self) -> &'static [VideoCodec] {
        use VideoCodec::{Av1, Gif, Mpeg1, Mpeg2, Theora, Vp8, Vp9, Vvc, X264, X265, Xvid};
        match self {
            Self::Mp4 | Self::M4a => &[X264, X265, Av1, Vp9, Xvid, Mpeg1, Mpeg2, Vvc],
            Self::Mov => &[X264, X265, Xvid, Mpeg2],
            Self::Flv | Self::F4v => &[X264],
            Self::Mkv => &[X264, X265, Av1, Vp9, Vp8, Theora, Xvid, Mpeg1, Mpeg2],
            Self::Webm => &[Vp9, Vp8, Av1],
            Self::Avi => &[Xvid, X264, Mpeg1, Mpeg2],
            Self::Mpg => &[Mpeg2, Mpeg1],
            Self::Ts => &[X264, X265, Mpeg1, Mpeg2, Xvid, Vvc],
            Self::ThreeGp => &[X264, Xvid],
            Self::Ogg => &[Theora],
            Self::Gif => &[Gif],
            Self::M3u8 | Self::Mpd => &[X264, X265, Av1, Vp9],
            Self::Mp3 | Self::Aac | Self::Opus | Self::Flac | Self::Wav => &[],
        }
    }
}

impl Avthumb {
    /// The codec of the pictures: the one that is named or the container's usual one. `None` if the container has none.
    pub fn pictures(&self) -> Option<VideoCodec> {
        self.video
            .codec
            .or_else(|| self.container.pictures().first().copied())
    }
}
