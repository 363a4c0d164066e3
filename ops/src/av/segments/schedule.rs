//! Where segments end. Encoders ask it for pictures to make key pictures of, `segmenter` asks it where to cut: the same
//! answers, so that every segment of an encoded picture has its length to the frame.

use crate::op::{FastStart, SegmentLength, Segments};

/// How long each segment is to be, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Schedule {
    /// So many of another length come first.
    first: (u64, i64),
    then: i64,
}

impl Schedule {
    pub(crate) fn of(segments: &Segments) -> Self {
        let micros = |length: SegmentLength| i64::from(length.millis()) * 1000;
        let then = micros(segments.length.unwrap_or(SegmentLength::DEFAULT));
        let fast = |fast: FastStart| (u64::from(fast.count()), micros(fast.length));
        let one = segments.first.map(|length| (1, micros(length)));
        let first = one.or(segments.fast_start.map(fast));
        Self {
            first: first.unwrap_or((0, then)),
            then,
        }
    }

    /// The length of the segment of this number, from 0.
    fn length(&self, number: u64) -> i64 {
        if number < self.first.0 {
            self.first.1
        } else {
            self.then
        }
    }
}

/// The boundaries of a schedule, one after another.
#[derive(Debug, Clone)]
pub(crate) struct Boundaries {
    schedule: Schedule,
    /// The segment that ends at `next`.
    number: u64,
    /// Microseconds of output time.
    next: i64,
}

impl Boundaries {
    pub(crate) fn new(schedule: Schedule) -> Self {
        Self {
            schedule,
            number: 0,
            next: schedule.length(0),
        }
    }

    /// Where the current segment is to end.
    pub(crate) fn next(&self) -> i64 {
        self.next
    }

    /// True if a new segment begins at this moment, at which one may begin. To be asked in the order of time.
    ///
    /// Boundaries stay where the schedule has them, however late the cuts are; one that would follow in less than half
    /// its segment's length is passed over.
    pub(crate) fn cut(&mut self, at: i64) -> bool {
        if at < self.next {
            return false;
        }
        loop {
            self.number += 1;
            let length = self.schedule.length(self.number);
            self.next = self.next.saturating_add(length);
            if self.next.saturating_sub(at) >= length / 2 {
                return true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    /// Where a stream with key pictures at these moments is cut.
    fn cuts(schedule: Schedule, keys: impl IntoIterator<Item = i64>) -> Vec<i64> {
        let mut boundaries = Boundaries::new(schedule);
        let cut = |at: &i64| boundaries.cut(*at);
        keys.into_iter().filter(cut).collect()
    }

    #[test]
    fn segments_have_the_lengths_they_are_to_have() {
        let length = |seconds: u32| SegmentLength::from_millis(seconds * 1000);
        let every_tenth = (0..120).map(|n| n * SECOND / 10);
        for (name, segments, expected) in [
            ("by default", Segments::default(), vec![10]),
            (
                "of one length",
                Segments {
                    length: length(4),
                    ..Segments::default()
                },
                vec![4, 8],
            ),
            (
                "with a first one",
                Segments {
                    length: length(4),
                    first: length(1),
                    ..Segments::default()
                },
                vec![1, 5, 9],
            ),
            (
                "with short ones first",
                Segments {
                    length: length(4),
                    fast_start: length(2).and_then(|two| FastStart::new(3, two)),
                    ..Segments::default()
                },
                vec![2, 4, 6, 10],
            ),
        ] {
            let expected: Vec<i64> = expected.into_iter().map(|s: i64| s * SECOND).collect();
            let found = cuts(Schedule::of(&segments), every_tenth.clone());
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn late_cuts_do_not_add_up_and_leave_no_crumbs() {
        let ten = Schedule::of(&Segments::default());
        let seconds = |keys: &[f64]| -> Vec<i64> {
            keys.iter().map(|s| (s * SECOND as f64) as i64).collect()
        };
        for (name, keys, expected) in [
            (
                "every 4 s",
                &[4.0, 8.0, 12.0, 16.0, 20.0, 24.0, 28.0, 32.0][..],
                &[12.0, 20.0, 32.0][..],
            ),
            ("a late one", &[19.9, 20.1, 30.0], &[19.9, 30.0]),
            (
                "a long way",
                &[95.0, 99.0, 100.0, 110.0],
                &[95.0, 100.0, 110.0],
            ),
            ("just after", &[10.01, 20.02, 30.03], &[10.01, 20.02, 30.03]),
        ] {
            assert_eq!(cuts(ten, seconds(keys)), seconds(expected), "{name}");
        }
    }
}
