//! libav, one stage a file: open → decode → filter → encode → mux, put together by `transcode` and `film`.

pub(crate) mod branch;
pub(crate) mod clock;
pub(crate) mod cover;
pub(crate) mod decode;
pub(crate) mod encode;
mod enter;
pub(crate) mod film;
pub(crate) mod filter;
pub(crate) mod geometry;
mod hidden;
pub(crate) mod joint;
pub(crate) mod loudness;
pub(crate) mod mux;
pub(crate) mod open;
mod outlets;
pub(crate) mod overlay;
mod pass;
pub(crate) mod segments;
pub(crate) mod stamps;
pub(crate) mod subtitles;
pub(crate) mod sys;
pub(crate) mod timeline;
pub(crate) mod transcode;
pub(crate) mod webp;

use std::fmt;

/// An error of libav, with its own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AvError(pub(crate) ffmpeg_next::Error);

impl fmt::Display for AvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl std::error::Error for AvError {}

/// Microseconds, libav's own clock for whole files.
pub(crate) const MICROS: (i32, i32) = (1, 1_000_000);

/// Converts a timestamp between time bases, rounding to the nearest. Saturates instead of overflowing.
pub(crate) fn rescale(value: i64, from: (i32, i32), to: (i32, i32)) -> i64 {
    let numerator = i128::from(value) * i128::from(from.0) * i128::from(to.1);
    let denominator = i128::from(from.1) * i128::from(to.0);
    if denominator == 0 {
        return 0;
    }
    let half = denominator / 2;
    let rounded = if numerator >= 0 {
        (numerator + half) / denominator
    } else {
        -((-numerator + half) / denominator)
    };
    rounded.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

/// Converts a timestamp between time bases, rounding down: the last tick that is not after the moment.
pub(crate) fn rescale_down(value: i64, from: (i32, i32), to: (i32, i32)) -> i64 {
    let near = rescale(value, from, to);
    let ticks = |value: i64, base: (i32, i32)| i128::from(value) * i128::from(base.0);
    let is_after = ticks(near, to) * i128::from(from.1) > ticks(value, from) * i128::from(to.1);
    if is_after { near - 1 } else { near }
}

/// Seconds of a timestamp.
pub(crate) fn seconds(value: i64, base: (i32, i32)) -> f64 {
    value as f64 * f64::from(base.0) / f64::from(base.1.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_round_to_the_nearest_tick() {
        for (value, from, to, expected) in [
            (1, (1, 25), (1, 1000), 40),
            (-1, (1, 3), (1, 1000), -333),
            (2, (1, 3), (1, 1000), 667),
            (i64::MAX, (1, 1), (1, 90_000), i64::MAX),
        ] {
            assert_eq!(
                rescale(value, from, to),
                expected,
                "{value} {from:?} {to:?}"
            );
        }
    }

    #[test]
    fn a_moment_belongs_to_the_tick_before_it() {
        for (value, from, to, expected) in [
            (9_999_000, MICROS, (1, 25), 249),
            (10_000_000, MICROS, (1, 25), 250),
            (10_000_001, MICROS, (1, 25), 250),
            (7_452_000, MICROS, (1, 24), 178),
            (-1, MICROS, (1, 25), -1),
            (33_367, MICROS, (1001, 30_000), 1),
        ] {
            let tick = rescale_down(value, from, to);
            assert_eq!(tick, expected, "{value} {from:?} {to:?}");
        }
    }
}
