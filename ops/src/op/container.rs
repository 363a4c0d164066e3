//! What `avthumb` can write (wire.md 6.1).

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
