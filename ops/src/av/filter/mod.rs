//! Filter graphs, built from typed values: no text of a user or a file is ever part of a graph.
//!
//! A graph is made from the first frame it gets, because the container may be wrong about the stream, and made again when
//! the frames change in the middle of a stream. The encoder behind it keeps the shape of the first frame.

mod audio;
mod graph;
mod matrix;
mod meter;
mod video;

pub(crate) use audio::{AudioChain, AudioFilter, CEILING, Level, is_plain_layout};
pub(crate) use graph::{Graph, Kind};
pub(crate) use matrix::MatrixFilter;
pub(crate) use meter::{Heard, Meter};
pub(crate) use video::{Fields, Matrix, VideoChain, VideoFilter, source_args};

use super::{MICROS, rescale};

/// A window of output time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trim {
    /// Microseconds from the start of the window to its end, if it has one.
    pub(crate) length: Option<i64>,
}

impl Trim {
    /// True if a timestamp of output time lies behind the window.
    pub(crate) fn is_past(self, timestamp: i64, base: (i32, i32)) -> bool {
        self.length
            .is_some_and(|length| rescale(timestamp, base, MICROS) >= length)
    }
}
