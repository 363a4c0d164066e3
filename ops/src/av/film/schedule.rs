//! Which moments a command asks for. Pure: lengths in, moments out, all in microseconds.

use crate::OpsError;

/// The moments a command asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Schedule {
    /// These, ascending; one behind the end of the film fails the command, by the name of this parameter.
    At {
        moments: Vec<i64>,
        parameter: &'static str,
    },
    /// Many, in a rhythm.
    Many(Many),
}

/// Moments of a part of the film.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Many {
    /// Where the part begins.
    pub(crate) start: i64,
    /// How long it is; `None`: to the end of the film.
    pub(crate) length: Option<i64>,
    pub(crate) rhythm: Rhythm,
}

/// How many moments follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rhythm {
    /// One at the start, then one after every so many microseconds. Each stands for the time up to the next.
    Every(i64),
    /// So many: number i of n, counted from 0, at i n-ths of the length. Each stands for the time up to the next.
    Evenly(u32),
}

impl Many {
    /// The length of the part in a film that ends at `end`.
    fn length(&self, end: i64) -> i64 {
        let left = end.saturating_sub(self.start).max(0);
        self.length.map_or(left, |length| length.min(left))
    }

    /// Time from one moment to the next.
    pub(super) fn step(&self, end: i64) -> i64 {
        match self.rhythm {
            Rhythm::Every(step) => step.max(1),
            Rhythm::Evenly(count) => (self.length(end) / i64::from(count.max(1))).max(1),
        }
    }

    /// How many moments there are in a film that ends at `end`.
    pub(super) fn count(&self, end: i64) -> u64 {
        let length = self.length(end).unsigned_abs();
        match self.rhythm {
            Rhythm::Evenly(_) if length == 0 => 0,
            Rhythm::Evenly(count) => count.into(),
            Rhythm::Every(step) => length.div_ceil(step.max(1).unsigned_abs()),
        }
    }

    /// The moments in a film that ends at `end`, unless they are more than `limit`.
    pub(super) fn moments(&self, end: i64, limit: u32) -> Result<Vec<i64>, OpsError> {
        let count = within(self.count(end), limit)?;
        let moment = |number: i64| match self.rhythm {
            Rhythm::Every(step) => number.saturating_mul(step.max(1)),
            Rhythm::Evenly(_) => {
                // In 128 bits: a broken header may claim any length.
                let part = i128::from(number) * i128::from(self.length(end)) / i128::from(count);
                i64::try_from(part).unwrap_or(i64::MAX)
            }
        };
        let moments = (0..i64::from(count)).map(|number| self.start.saturating_add(moment(number)));
        Ok(moments.collect())
    }
}

/// A number of pictures that is not too many.
pub(super) fn within(count: u64, limit: u32) -> Result<u32, OpsError> {
    match u32::try_from(count) {
        Ok(count) if count <= limit => Ok(count),
        _ => Err(OpsError::TooManyPictures { count, limit }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_follow_the_rhythm_up_to_the_end() {
        let second = 1_000_000;
        let all = |rhythm| Many {
            start: 0,
            length: None,
            rhythm,
        };
        let part = |start, length, rhythm| Many {
            start,
            length: Some(length),
            rhythm,
        };
        for (name, many, end, expected) in [
            (
                "to the end, which has none",
                all(Rhythm::Every(5)),
                20,
                vec![0, 5, 10, 15],
            ),
            (
                "a rest at the end",
                all(Rhythm::Every(5)),
                21,
                vec![0, 5, 10, 15, 20],
            ),
            ("longer than the film", all(Rhythm::Every(50)), 20, vec![0]),
            ("evenly", all(Rhythm::Evenly(4)), 20, vec![0, 5, 10, 15]),
            (
                "evenly, rounded down",
                all(Rhythm::Evenly(3)),
                20,
                vec![0, 6, 13],
            ),
            ("no film", all(Rhythm::Evenly(3)), 0, vec![]),
            ("a part", part(7, 10, Rhythm::Every(5)), 100, vec![7, 12]),
            (
                "a part cut by the end",
                part(15, 10, Rhythm::Evenly(5)),
                20,
                vec![15, 16, 17, 18, 19],
            ),
            ("behind the end", part(21, 10, Rhythm::Every(5)), 20, vec![]),
        ] {
            assert_eq!(many.moments(end, 10).unwrap(), expected, "{name}");
            assert_eq!(many.count(end), expected.len() as u64, "{name}");
        }
        let hour = all(Rhythm::Every(second)).moments(3600 * second, 1000);
        assert!(
            matches!(
                hour,
                Err(OpsError::TooManyPictures {
                    count: 3600,
                    limit: 1000
                })
            ),
            "{hour:?}"
        );
        let claimed = all(Rhythm::Evenly(1000)).moments(i64::MAX, 1000).unwrap();
        assert!(claimed.is_sorted());
    }
}
