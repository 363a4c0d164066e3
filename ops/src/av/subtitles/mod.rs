//! Subtitles: `read` takes them out of a file as events of ASS, whatever they were; `tracks` puts them beside the picture as
//! streams of text, `burned` writes them down for the filter that draws them into it.

mod burned;
mod read;
mod script;
mod tracks;

use std::path::PathBuf;

pub(crate) use self::burned::Burned;
pub(crate) use self::tracks::TextTrack;
use crate::entry::ObjectRef;
use crate::op::{Container, SubtitleLabel};
use crate::{Cancel, Limits, OpsError};

use self::script::Script;
pub(crate) use self::script::Span;

/// Subtitles of one output.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SubtitlePlan {
    pub(crate) way: Way,
    pub(crate) inputs: Vec<SubtitleInput>,
    /// The parts of the source that the output is made of.
    pub(crate) spans: Vec<Span>,
}

/// How they get into the output.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Way {
    /// As streams of this container.
    Tracks(Container),
    /// Drawn into the picture; the folder is for what the filter that does it reads.
    Burned(PathBuf),
}

/// Where subtitles come from, and what they are called.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SubtitleInput {
    pub(crate) from: Origin,
    pub(crate) label: Option<SubtitleLabel>,
}

/// A file with subtitles.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Origin {
    /// An object's.
    Object(ObjectRef, PathBuf),
    /// The source itself.
    Source(PathBuf),
}

impl SubtitlePlan {
    /// The streams to be written; none when the subtitles are drawn.
    pub(crate) fn tracks(
        &self,
        limits: &Limits,
        cancel: &Cancel,
    ) -> Result<Vec<TextTrack>, OpsError> {
        let Way::Tracks(container) = self.way else {
            return Ok(Vec::new());
        };
        let mut tracks = Vec::new();
        for input in &self.inputs {
            for script in input.read(limits, cancel)? {
                let script = script.within(&self.spans);
                tracks.push(TextTrack::encode(script, container, input.label.as_ref())?);
            }
        }
        Ok(tracks)
    }

    /// The file for the filter that draws the first of the subtitles; `None` when they become streams.
    pub(crate) fn burned(
        &self,
        limits: &Limits,
        cancel: &Cancel,
    ) -> Result<Option<Burned>, OpsError> {
        let (Way::Burned(folder), Some(input)) = (&self.way, self.inputs.first()) else {
            return Ok(None);
        };
        let scripts = input.read(limits, cancel)?;
        let Some(first) = scripts.into_iter().next() else {
            return Ok(None);
        };
        Burned::write(first.within(&self.spans), folder).map(Some)
    }
}

impl SubtitleInput {
    /// The scripts of the file, at least one.
    fn read(&self, limits: &Limits, cancel: &Cancel) -> Result<Vec<Script>, OpsError> {
        match &self.from {
            Origin::Source(path) => read::source(path, limits, cancel),
            Origin::Object(object, path) => {
                read::object(path, limits, cancel).map_err(|reason| match reason {
                    OpsError::Cancelled => reason,
                    _ => OpsError::Object {
                        role: "subtitle",
                        object: object.to_string(),
                        reason: Box::new(reason),
                    },
                })
            }
        }
    }
}
