//! What a pass reads: stretches of one file or of several, one after another.

use crate::OpsError;
use crate::av::filter::Trim;
use crate::av::joint::Screen;
use crate::av::sys::RawStream;
use crate::op::Avthumb;
use crate::probe::Probe;

/// A stretch of a file, in milliseconds from its first timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Window {
    pub(crate) start: u64,
    /// `None` to the end of the file.
    pub(crate) length: Option<u64>,
}

/// The stretches of the source that an output is made of, at least one. Commands with the same ones share one decode.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Windows(Vec<Window>);

/// What a pass reads and which streams its outputs are made from.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    /// In the order of the output, at least one.
    pub(crate) parts: Vec<Part>,
    /// What the plans of the outputs call streams, by index.
    pub(crate) streams: Vec<Strand>,
}

/// One file from here to there.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// Which of the pass's files.
    pub(crate) file: usize,
    /// What people call it, where there are several files.
    pub(crate) name: Option<String>,
    pub(crate) window: Window,
    /// The file's stream for each strand of the reading, if it has one.
    pub(crate) streams: Vec<Option<usize>>,
}

/// A stream that runs through all parts.
#[derive(Debug, Clone)]
pub(crate) struct Strand {
    /// The file that says what the stream is like.
    pub(crate) file: usize,
    /// The stream in that file, with what joining makes of it.
    pub(crate) facts: RawStream,
    /// What the pictures of all parts are brought to; `None` where they come from one stream.
    pub(crate) screen: Option<Screen>,
}

impl Window {
    /// A file from its first to its last timestamp.
    pub(crate) const WHOLE: Self = Self {
        start: 0,
        length: None,
    };

    /// The window as filters see it; `None` when the whole source is read.
    fn trim(self) -> Option<Trim> {
        (self != Self::WHOLE).then(|| Trim {
            length: self.length_micros(),
        })
    }

    /// Microseconds, if it has an end of its own.
    pub(crate) fn length_micros(self) -> Option<i64> {
        self.length.map(|ms| ms as i64 * 1000)
    }

    /// How much of a file of this many seconds lies in the window; its own length where the file does not tell.
    pub(crate) fn seconds(self, file: Option<f64>) -> Option<f64> {
        let left = file.map(|all| (all - self.start as f64 / 1000.0).max(0.0));
        let length = self.length.map(|ms| ms as f64 / 1000.0);
        match (left, length) {
            (Some(left), Some(length)) => Some(left.min(length)),
            (left, length) => left.or(length),
        }
    }
}

impl Windows {
    /// The stretches a command names: `multiSeeks`, or the one of `ss` and `t`.
    pub(crate) fn of(op: &Avthumb) -> Self {
        let cut = &op.cut;
        Self(match &cut.ranges {
            Some(ranges) => ranges
                .get()
                .iter()
                .map(|range| Window {
                    start: range.start.millis(),
                    length: range.length.map(|length| length.millis()),
                })
                .collect(),
            None => vec![Window {
                start: cut.start.map_or(0, |start| start.millis()),
                length: cut.length.map(|length| length.millis()),
            }],
        })
    }

    /// The stretches, in the order of the output.
    pub(super) fn get(&self) -> &[Window] {
        &self.0
    }

    /// What is left for the filters of an output to cut off.
    pub(crate) fn trim(&self) -> Option<Trim> {
        match self.0.as_slice() {
            [window] => window.trim(),
            // The parts are cut before they are joined.
            _ => None,
        }
    }

    /// Refuses a stretch that begins where the source has ended.
    pub(super) fn check(&self, op: &Avthumb, probe: &Probe) -> Result<(), OpsError> {
        let Some(end) = probe.duration_seconds() else {
            return Ok(());
        };
        let past = |window: &&Window| window.start > 0 && window.start as f64 / 1000.0 >= end;
        match self.0.iter().find(past) {
            Some(window) => Err(OpsError::PastEnd {
                parameter: if op.cut.ranges.is_some() {
                    "start in multiSeeks"
                } else {
                    "ss"
                },
                offset: window.start as f64 / 1000.0,
                end,
            }),
            None => Ok(()),
        }
    }
}

impl Part {
    /// An error of this part, the `number`th from 0, with its name where it has one.
    pub(crate) fn blamed(&self, number: usize, error: OpsError) -> OpsError {
        match &self.name {
            Some(name) => error.of_part(number, name),
            None => error,
        }
    }
}

impl Reading {
    /// Stretches of one file, whose streams are called by their own indices.
    pub(crate) fn of(probe: &Probe, windows: &Windows) -> Self {
        let streams = (0..probe.streams.len()).map(Some).collect::<Vec<_>>();
        let part = |window: &Window| Part {
            file: 0,
            name: None,
            window: *window,
            streams: streams.clone(),
        };
        let strand = |facts: &RawStream| Strand {
            file: 0,
            facts: facts.clone(),
            screen: None,
        };
        Self {
            parts: windows.0.iter().map(part).collect(),
            streams: probe.streams.iter().map(strand).collect(),
        }
    }

    /// True if something has to be done to its parts before they are one.
    pub(crate) fn is_joined(&self) -> bool {
        self.parts.len() > 1 || self.streams.iter().any(|strand| strand.screen.is_some())
    }
}
