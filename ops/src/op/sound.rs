//! Which container holds which sound. The grammar refuses by this table and the planner chooses from it.

use super::{AudioCodec, Avthumb, Container};

impl Container {
    /// Codecs `avthumb` can give the container's sound, its usual one first.
    pub fn sound(self) -> &'static [AudioCodec] {
        use AudioCodec::{Aac, Ac3, Eac3, Flac, Mp2, Mp3, Opus, Pcm, Vorbis};
        match self {
            Self::Mp4 => &[Aac, Mp3, Ac3, Eac3, Opus],
            Self::Mov => &[Aac, Mp3, Ac3, Eac3, Pcm],
            Self::M4a => &[Aac, Ac3],
            Self::Flv => &[Aac, Mp3],
            Self::F4v => &[Aac],
            Self::Mkv => &[Aac, Mp3, Vorbis, Opus, Ac3, Eac3, Mp2, Flac, Pcm],
            Self::Webm => &[Opus, Vorbis],
            Self::Avi => &[Mp3, Ac3, Mp2, Pcm, Aac],
            Self::Mpg => &[Mp2, Ac3, Mp3],
            Self::ThreeGp => &[Aac],
            Self::Gif => &[],
            Self::Ts => &[Aac, Mp3, Ac3, Eac3, Mp2, Opus],
            Self::Mp3 => &[Mp3],
            Self::Aac => &[Aac],
            Self::Ogg => &[Vorbis, Opus, Flac],
            Self::Opus => &[Opus],
            Self::Flac => &[Flac],
            Self::Wav => &[Pcm],
            Self::M3u8 => &[Aac, Mp3, Ac3, Eac3],
            Self::Mpd => &[Aac, Opus, Ac3, Eac3],
        }
    }
}

impl Avthumb {
    /// The codec of the sound: the one that is named or the container's usual one. `None` if the container is silent.
    pub fn sound(&self) -> Option<AudioCodec> {
        self.audio
            .codec
            .or_else(|| self.container.sound().first().copied())
    }
}
