//! The subtitle parameters of `avthumb` (wire.md 6.1, "Subtitles").

use super::{Container, Language, List};
use crate::entry::ObjectRef;

/// Subtitles to put in.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Subtitles {
    /// `subtitle`: where they come from.
    pub sources: Option<List<SubtitleSource>>,
    /// `subtitleType`.
    pub way: Option<SubtitleWay>,
    /// `subtitleAttr`: for each source, what its tracks are called.
    pub labels: Option<List<SubtitleLabel>>,
}

impl Subtitles {
    /// Objects to be read.
    pub(crate) fn objects(&self) -> impl Iterator<Item = &ObjectRef> {
        let sources = self.sources.iter().flat_map(|sources| sources.as_slice());
        sources.filter_map(|source| match source {
            SubtitleSource::Object(object) => Some(object),
            SubtitleSource::Embedded => None,
        })
    }

    /// True if they are drawn into the picture of this container, rather than put beside it as tracks.
    pub(crate) fn are_burned(&self, container: Container) -> bool {
        self.sources.is_some()
            && match self.way {
                Some(SubtitleWay::Burned) => true,
                Some(SubtitleWay::Soft) => false,
                Some(SubtitleWay::Auto) | None => TextCodec::of(container).is_none(),
            }
    }
}

/// Where subtitles come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubtitleSource {
    /// A file: SubRip, WebVTT or ASS text, or a container with subtitle streams.
    Object(ObjectRef),
    /// The subtitle streams of the source itself.
    Embedded,
}

/// `subtitleType`: how subtitles get into the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubtitleWay {
    /// As tracks where the container holds text, else burned in.
    Auto,
    /// As tracks that can be switched off.
    Soft,
    /// Drawn into the picture.
    Burned,
}

/// What a subtitle track is called; at least one of the two is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubtitleLabel {
    /// Its language.
    pub language: Option<Language>,
    /// Its name as players show it.
    pub name: Option<TrackName>,
}

/// 1 to 100 characters, none of them control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackName(String);

impl TrackName {
    /// Characters.
    pub const MAX: usize = 100;

    /// `None` for empty names, long ones, and such with control characters.
    pub fn new(name: &str) -> Option<Self> {
        let fits = (1..=Self::MAX).contains(&name.chars().count());
        (fits && !name.chars().any(char::is_control)).then(|| Self(name.to_owned()))
    }
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Codecs of text tracks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextCodec {
    MovText,
    Subrip,
    Ass,
    WebVtt,
}

impl TextCodec {
    /// What the container holds text tracks as; `None` if it holds none.
    pub(crate) fn of(container: Container) -> Option<Self> {
        match container {
            Container::Mp4 | Container::Mov | Container::M4a | Container::ThreeGp => {
                Some(Self::MovText)
            }
            Container::Mkv => Some(Self::Subrip),
            Container::Webm => Some(Self::WebVtt),
            _ => None,
        }
    }
}
