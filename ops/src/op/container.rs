//! What `avthumb` can write (wire.md 6.1).

/// Output containers of `avthumb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Container {
    Mp4,
    Mov,
    M4a,
    Flv,
    F4v,
    Mkv,
    Webm,
    Avi,
    Mpg,
    Ts,
    ThreeGp,
    Ogg,
    Gif,
    Mp3,
    Aac,
    Opus,
    Flac,
    Wav,
    /// HLS: a playlist, and segments beside it.
    M3u8,
    /// DASH: a manifest, and segments beside it.
    Mpd,
}

impl Container {
    /// True of containers that hold no video. (`m4a` keeps the video of its source, wire.md 6.1.)
    pub fn is_audio_only(self) -> bool {
        self.pictures().is_empty()
    }
    /// True of the family that mp4 and mov belong to, whose index can stand before the media.
    pub fn is_mp4_like(self) -> bool {
        matches!(
            self,
            Self::Mp4 | Self::Mov | Self::M4a | Self::F4v | Self::ThreeGp
        )
    }
    /// False if packets of this codec (libav's name) cannot be put in, of those that libav's muxers do not refuse themselves:
    /// they write what no player can read, or fail without naming the reason.
    pub(crate) fn takes_packets(self, codec: &str) -> bool {
        match self {
            Self::Mp3 => codec == "mp3",
            Self::Aac => codec == "aac",
            Self::Opus => codec == "opus",
            Self::Flac => codec == "flac",
            // It takes anything, and players know samples.
            Self::Wav => codec.starts_with("pcm_") || codec.starts_with("adpcm_"),
            Self::Gif => codec == "gif",
            Self::Flv => matches!(
                codec,
                "h264"
                    | "flv1"
                    | "vp6f"
                    | "vp6a"
                    | "flashsv"
                    | "flashsv2"
                    | "aac"
                    | "mp3"
                    | "speex"
                    | "nellymoser"
                    | "adpcm_swf"
            ),
            Self::Mp4 => codec != "flac" && codec != "truehd",
            Self::Mov => !matches!(codec, "vp8" | "vp9" | "av1" | "opus" | "flac" | "truehd"),
            Self::Ogg => matches!(
                codec,
                "theora" | "vp8" | "vorbis" | "opus" | "flac" | "speex"
            ),
            Self::Mpg => matches!(
                codec,
                "mpeg1video" | "mpeg2video" | "h264" | "mp2" | "mp3" | "ac3" | "dts" | "pcm_dvd"
            ),
            Self::Ts => matches!(
                codec,
                "h264"
                    | "hevc"
                    | "vvc"
                    | "mpeg1video"
                    | "mpeg2video"
                    | "mpeg4"
                    | "vc1"
                    | "dirac"
                    | "cavs"
                    | "aac"
                    | "aac_latm"
                    | "mp1"
                    | "mp2"
                    | "mp3"
                    | "ac3"
                    | "eac3"
                    | "dts"
                    | "truehd"
                    | "opus"
                    | "s302m"
            ),
            _ => true,
        }
    }
    /// True of what is not one file: a list of segments, and the segments.
    pub fn is_segmented(self) -> bool {
        matches!(self, Self::M3u8 | Self::Mpd)
    }
    /// The file suffix of the container, also its name in the op string.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Mp4 => "mp4",
            Self::Mov => "mov",
            Self::M4a => "m4a",
            Self::Flv => "flv",
            Self::F4v => "f4v",
            Self::Mkv => "mkv",
            Self::Webm => "webm",
            Self::Avi => "avi",
            Self::Mpg => "mpg",
            Self::Ts => "ts",
            Self::ThreeGp => "3gp",
            Self::Ogg => "ogg",
            Self::Gif => "gif",
            Self::Mp3 => "mp3",
            Self::Aac => "aac",
            Self::Opus => "opus",
            Self::Flac => "flac",
            Self::Wav => "wav",
            Self::M3u8 => "m3u8",
            Self::Mpd => "mpd",
        }
    }
}
