//! What a level of H.264 allows (ITU-T H.264, annex A).

use crate::OpsError;
use crate::av::sys::PictureShape;
use crate::op::{H264Level, H264Profile};

/// How an encoder stays within a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fit {
    /// Pictures that others may refer to.
    pub(super) references: u32,
    pub(super) bit_rate: u64,
}

impl H264Level {
    /// How these pictures fit into the level, if they do.
    pub(super) fn fit(
        self,
        shape: &PictureShape,
        frame_rate: (i32, i32),
        high: bool,
    ) -> Result<Fit, OpsError> {
        let (width, height) = (shape.width.max(1) as u32, shape.height.max(1) as u32);
        let (columns, rows) = (width.div_ceil(16), height.div_ceil(16));
        let blocks = columns * rows;
        let rate = f64::from(frame_rate.0.max(0)) / f64::from(frame_rate.1.max(1));
        // No side may be longer than that of a square of eight times the largest picture.
        let longest = columns.max(rows);
        let fits = blocks <= self.blocks
            && longest * longest <= 8 * self.blocks
            && f64::from(blocks) * rate <= f64::from(self.blocks_a_second);
        if !fits {
            return Err(OpsError::AboveLevel {
                level: self.name,
                width,
                height,
                rate,
            });
        }
        let bit_rate = u64::from(self.bit_rate);
        Ok(Fit {
            references: (self.blocks_kept / blocks).clamp(1, 16),
            bit_rate: if high { bit_rate * 5 / 4 } else { bit_rate },
        })
    }
}

impl H264Profile {
    /// x264's name, and the op string's.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Main => "main",
            Self::High => "high",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(name: &str) -> H264Level {
        let found = H264Level::ALL.iter().find(|(known, _)| *known == name);
        found
            .map(|(_, level)| *level)
            .unwrap_or(H264Level::ALL[0].1)
    }

    #[test]
    fn pictures_fit_the_levels_they_were_made_for() {
        for (name, size, rate, references) in [
            ("3", (720, 576), (25, 1), Some(5)),
            ("3.1", (1280, 720), (30, 1), Some(5)),
            ("3.1", (1280, 720), (60, 1), None),
            ("4", (1920, 1080), (30, 1), Some(4)),
            ("4", (1920, 1080), (60, 1), None),
            ("4", (1920, 1200), (25, 1), None),
            ("1", (176, 144), (15, 1), Some(4)),
            ("1", (320, 240), (15, 1), None),
            ("4", (4096, 16), (25, 1), Some(16)),
            ("4", (4112, 16), (25, 1), None),
            ("5.1", (3840, 2160), (0, 1), Some(5)),
        ] {
            let shape = PictureShape {
                width: size.0,
                height: size.1,
                ..PictureShape::default()
            };
            let fit = level(name).fit(&shape, rate, true);
            assert_eq!(
                fit.ok().map(|fit| fit.references),
                references,
                "{name} {size:?} {rate:?}"
            );
        }
    }
}
