//! An output in many files: packets in the order of time, cut at key pictures, one muxer for all of them whose bytes go
//! to one file after another. `mux` feeds it, `playlist` writes the lists of what it made.
//!
//! libav's own `hls` and `dash` muxers are not used: they cut by a single length, name, encrypt and count files their own
//! way, and know neither a limit nor a cancel.

mod budget;
mod codecs;
mod files;
mod init;
mod lock;
mod names;
mod queue;
mod schedule;
mod segmenter;

use std::path::PathBuf;
use std::sync::Arc;

use crate::op::SegmentFormat;

pub(crate) use self::names::SegmentNames;
pub(crate) use budget::Budget;
pub(crate) use lock::Lock;
pub(crate) use schedule::{Boundaries, Schedule};
pub(crate) use segmenter::Segmenter;

/// How an output is cut into files.
#[derive(Debug, Clone)]
pub(crate) struct SegmentPlan {
    pub(crate) format: SegmentFormat,
    pub(crate) schedule: Schedule,
    /// Segments are encrypted.
    pub(crate) lock: Option<Lock>,
    /// Names without their suffix, where they are not those of the list.
    pub(crate) names: Option<SegmentNames>,
    /// What the command may still write, all its renditions together.
    pub(crate) budget: Arc<Budget>,
}

/// An output that was cut.
#[derive(Debug, Clone)]
pub(crate) struct Rendition {
    /// What players read before any segment.
    pub(crate) init: Option<PathBuf>,
    pub(crate) segments: Vec<Segment>,
    pub(crate) names: SegmentNames,
    /// What segments are measured in.
    pub(crate) base: (i32, i32),
    /// How much later than the output its media begins, as there is no time before 0.
    pub(crate) shift: i64,
    pub(crate) video: Option<VideoFacts>,
    pub(crate) audio: Option<AudioFacts>,
}

/// One file of an output that was cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) path: PathBuf,
    pub(crate) start: i64,
    pub(crate) length: i64,
    pub(crate) bytes: u64,
}

/// What a player is told of the pictures.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct VideoFacts {
    /// RFC 6381, if it is known for the codec.
    pub(crate) codec: Option<String>,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) sar: (i32, i32),
    pub(crate) frame_rate: (i32, i32),
}

/// What a player is told of the sound.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AudioFacts {
    /// RFC 6381, if it is known for the codec.
    pub(crate) codec: Option<String>,
    pub(crate) sample_rate: u32,
    pub(crate) channels: u32,
}

impl Rendition {
    /// Seconds of ticks.
    pub(crate) fn seconds(&self, ticks: i64) -> f64 {
        super::seconds(ticks, self.base)
    }

    /// How long it lasts, in seconds.
    pub(crate) fn duration(&self) -> f64 {
        self.seconds(self.segments.iter().map(|segment| segment.length).sum())
    }

    /// Bytes of its segments.
    pub(crate) fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }
}
