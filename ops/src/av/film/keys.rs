//! Where the key pictures of a film are, found out without decoding: from the container's index, or from the flags of
//! every packet.

use super::{Film, MICROS, Source, rescale, sys};
use crate::OpsError;

/// How long a picture may wait to be shown once it is decoded, in microseconds.
const LONGEST_WAIT: i64 = 1_000_000;

/// The key pictures of a film, in ticks of its stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Keys {
    /// When they are shown, ascending.
    pub(super) ticks: Vec<i64>,
    /// How much earlier the index has them: some count by decoding time.
    pub(super) shift: i64,
    /// Where the film ends.
    pub(super) end: Option<i64>,
    /// All there are, not only those an index happens to list.
    pub(super) complete: bool,
    /// Packets were read: seeking may not find what was found so.
    pub(super) scanned: bool,
    /// The clock of the stream jumps, so that times tell no places.
    pub(super) jumps: bool,
}

impl Keys {
    /// What the index of the container tells.
    pub(super) fn indexed(film: &Film<'_>, source: &mut Source<'_>) -> Result<Self, OpsError> {
        let index = film.stream.index;
        if film.format.name.starts_with("matroska") {
            // The index of these is at the end of the file and read when it is first needed. Where it cannot be read there
            // are no keys, which is an answer.
            let start = film.stream.start.unwrap_or(0).max(1);
            let _ = sys::seek(&mut source.anywhere()?.context, index, start);
        }
        let Some(stream) = source.opened()?.context.stream(index) else {
            return Ok(Self::default());
        };
        let mut ticks = sys::indexed_keys(&stream);
        ticks.sort_unstable();
        ticks.dedup();
        // The first one is shown when the stream begins; all others wait as long to be shown.
        let start = film.stream.start.unwrap_or(0);
        let shift = ticks
            .first()
            .map_or(0, |first| start.saturating_sub(*first));
        let shift = if (0..film.ticks(LONGEST_WAIT)).contains(&shift) {
            shift
        } else {
            0
        };
        ticks
            .iter_mut()
            .for_each(|tick| *tick = tick.saturating_add(shift));
        // mov and mp4 list every sample, unless they come in fragments; an edit list hides some of them.
        let complete = film.format.name.starts_with("mov,")
            && film.stream.frames > 0
            && sys::indexed_count(&stream) >= film.stream.frames;
        let last = sys::indexed_last(&stream).filter(|_| complete);
        let by_header = film
            .stream
            .duration
            .map(|length| start.saturating_add(length));
        Ok(Self {
            ticks,
            shift,
            end: by_header.filter(|_| complete).or(last),
            complete,
            scanned: false,
            jumps: false,
        })
    }

    /// What the packets tell. Reads the whole file.
    pub(super) fn scanned(film: &Film<'_>, source: &mut Source<'_>) -> Result<Self, OpsError> {
        /// A step of the clock larger than this, in microseconds, is a jump (ffmpeg's own threshold).
        const JUMP: i64 = 10_000_000;
        let base = film.stream.time_base;
        let input = film.only_this_stream(source.fresh()?);
        let mut keys = Self {
            complete: true,
            scanned: true,
            ..Self::default()
        };
        let mut before: Option<i64> = None;
        while let Some(packet) = film.next_packet(input)? {
            let Some(pts) = packet.pts() else {
                // Times come out of the decoder alone.
                keys.jumps = true;
                continue;
            };
            let at = packet.dts().unwrap_or(pts);
            let step = before.map_or(0, |before| rescale(at.saturating_sub(before), base, MICROS));
            keys.jumps |= step.abs() > JUMP;
            before = Some(at);
            if sys::is_hidden(&packet) {
                continue;
            }
            if packet.is_key() {
                keys.ticks.push(pts);
            }
            let end = pts.saturating_add(packet.duration().max(film.frame_length()));
            keys.end = keys.end.max(Some(end));
        }
        keys.ticks.sort_unstable();
        keys.ticks.dedup();
        Ok(keys)
    }

    /// The last key picture that is not after a tick.
    pub(super) fn before(&self, tick: i64) -> Option<i64> {
        let after = self.ticks.partition_point(|&key| key <= tick);
        after.checked_sub(1).map(|at| self.ticks[at])
    }

    /// The key picture nearest to a tick; of two the earlier.
    pub(super) fn nearest(&self, tick: i64) -> Option<i64> {
        let after = self.ticks.partition_point(|&key| key <= tick);
        match (self.before(tick), self.ticks.get(after).copied()) {
            (Some(before), Some(next)) if next.abs_diff(tick) < tick.abs_diff(before) => Some(next),
            (Some(before), _) => Some(before),
            (None, next) => next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_key_picture_is_found() {
        let keys = Keys {
            ticks: vec![0, 50, 100],
            ..Keys::default()
        };
        for (tick, before, nearest) in [
            (-1, None, Some(0)),
            (0, Some(0), Some(0)),
            (25, Some(0), Some(0)),
            (26, Some(0), Some(50)),
            (50, Some(50), Some(50)),
            (99, Some(50), Some(100)),
            (1000, Some(100), Some(100)),
        ] {
            assert_eq!(keys.before(tick), before, "{tick}");
            assert_eq!(keys.nearest(tick), nearest, "{tick}");
        }
        assert_eq!(Keys::default().nearest(7), None);
    }
}
