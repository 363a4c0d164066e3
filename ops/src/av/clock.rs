//! Which clock the pictures of an encoded stream are counted by.

use super::sys::RawStream;

/// The clock pictures are counted by: a frame rate that fits the source, or its own time base where none does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Clock {
    pub(crate) time_base: (i32, i32),
    pub(crate) frame_rate: (i32, i32),
}

impl Clock {
    /// Streams whose average rate is their nominal rate tick by the frame; all others keep their own time base.
    pub(crate) fn of(stream: &RawStream) -> Self {
        let rate = |(num, den): (i32, i32)| {
            if den > 0 {
                f64::from(num) / f64::from(den)
            } else {
                0.0
            }
        };
        let (nominal, average) = (rate(stream.r_frame_rate), rate(stream.avg_frame_rate));
        let steady = (1.0..=240.0).contains(&nominal) && (average / nominal - 1.0).abs() < 0.01;
        if steady {
            let (num, den) = stream.r_frame_rate;
            return Self {
                time_base: (den, num),
                frame_rate: (num, den),
            };
        }
        let guess = if (1.0..=240.0).contains(&average) {
            stream.avg_frame_rate
        } else {
            (0, 1)
        };
        // Finer than a microsecond helps nobody and overflows encoders.
        let (num, den) = stream.time_base;
        let fine = i64::from(den) > 1_000_000 * i64::from(num.max(1));
        Self {
            time_base: if fine || num <= 0 {
                (1, 90_000)
            } else {
                (num, den)
            },
            frame_rate: guess,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(r: (i32, i32), avg: (i32, i32), base: (i32, i32)) -> RawStream {
        RawStream {
            r_frame_rate: r,
            avg_frame_rate: avg,
            time_base: base,
            ..RawStream::sample()
        }
    }

    #[test]
    fn steady_streams_tick_by_the_frame_and_others_by_their_own_clock() {
        for (name, stream, expected) in [
            (
                "25 fps",
                stream((25, 1), (25, 1), (1, 12_800)),
                ((1, 25), (25, 1)),
            ),
            (
                "ntsc",
                stream((30_000, 1001), (30_000, 1001), (1, 30_000)),
                ((1001, 30_000), (30_000, 1001)),
            ),
            (
                "webcam",
                stream((600, 1), (24_600, 1469), (1, 600)),
                ((1, 600), (24_600, 1469)),
            ),
            (
                "tick rate as frame rate",
                stream((90_000, 1), (750_000, 71_393), (1, 90_000)),
                ((1, 90_000), (750_000, 71_393)),
            ),
            (
                "nothing known",
                stream((0, 0), (0, 0), (1, 1000)),
                ((1, 1000), (0, 1)),
            ),
        ] {
            let clock = Clock::of(&stream);
            assert_eq!((clock.time_base, clock.frame_rate), expected, "{name}");
        }
    }
}
