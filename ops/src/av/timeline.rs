//! The clock of one pass over a source: zero is where the output begins, and jumps of transport streams are mended.

use super::{MICROS, rescale};

/// A jump larger than this in a format that may jump is a new start of the clock, not a pause (ffmpeg's own threshold).
const JUMP: i64 = 10_000_000;

/// Turns source timestamps into output time.
#[derive(Debug, Clone)]
pub(crate) struct Timeline {
    /// Microseconds taken off every timestamp.
    offset: i64,
    /// Largest shifted timestamp seen so far, over all streams.
    latest: Option<i64>,
    discontinuous: bool,
}

impl Timeline {
    /// `start` is the file's first timestamp, `skip` how far into it the output begins; both in microseconds.
    pub(crate) fn new(start: Option<i64>, skip: i64, discontinuous: bool) -> Self {
        Self {
            offset: start.unwrap_or(0).saturating_add(skip),
            latest: None,
            discontinuous,
        }
    }

    /// Looks at a packet before it is decoded: a jump of the source's clock moves the offset along.
    pub(crate) fn observe(&mut self, timestamp: Option<i64>, base: (i32, i32)) {
        let Some(timestamp) = timestamp else { return };
        let source = rescale(timestamp, base, MICROS);
        let shifted = source.saturating_sub(self.offset);
        match self.latest {
            Some(latest) if self.discontinuous && shifted.abs_diff(latest) > JUMP as u64 => {
                self.offset = source.saturating_sub(latest);
            }
            Some(latest) => self.latest = Some(latest.max(shifted)),
            None => self.latest = Some(shifted),
        }
    }

    /// Output time of a timestamp, in the same base.
    pub(crate) fn place(&self, timestamp: i64, base: (i32, i32)) -> i64 {
        timestamp.saturating_sub(rescale(self.offset, MICROS, base))
    }

    /// The farthest point reached, in seconds of output.
    pub(crate) fn reached(&self) -> f64 {
        self.latest.unwrap_or(0).max(0) as f64 / 1e6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_begins_at_the_first_timestamp_or_at_the_cut() {
        let timeline = Timeline::new(Some(1_400_000), 0, true);
        assert_eq!(timeline.place(126_000, (1, 90_000)), 0);
        let cut = Timeline::new(Some(1_400_000), 2_000_000, true);
        assert_eq!(cut.place(126_000, (1, 90_000)), -180_000);
    }

    #[test]
    fn a_clock_that_jumps_back_goes_on_from_where_it_was() {
        let mut timeline = Timeline::new(Some(0), 0, true);
        timeline.observe(Some(95_443 * 1000), (1, 1000));
        timeline.observe(Some(95_443_040), (1, 1000));
        timeline.observe(Some(0), (1, 1000)); // the 33-bit counter rolled over
        assert_eq!(timeline.place(40, (1, 1000)), 95_443_080);
    }

    #[test]
    fn a_pause_in_a_file_that_cannot_jump_stays_a_pause() {
        let mut timeline = Timeline::new(Some(0), 0, false);
        timeline.observe(Some(0), (1, 1));
        timeline.observe(Some(60), (1, 1));
        assert_eq!(timeline.place(61, (1, 1)), 61);
    }
}
