//! How large a watermark becomes. Pure.

use crate::op::Side;

/// The longer side of the picture that sizes and margins are meant for when they grow with it.
const REFERENCE: f64 = 1280.0;

/// Width and height, in pixels.
pub(super) type Dimensions = (u32, u32);

/// How large a watermark becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Measure {
    pub(crate) width: Option<Side>,
    pub(crate) height: Option<Side>,
    /// Grow with the picture.
    pub(crate) auto: bool,
}

impl Measure {
    /// What sizes and margins are multiplied with for a picture of this size.
    pub(super) fn scale(self, picture: Dimensions) -> f64 {
        match self.auto {
            true => f64::from(picture.0.max(picture.1)) / REFERENCE,
            false => 1.0,
        }
    }

    /// The size of a mark whose own height is `height` and whose width is `aspect` times that, counted in the pixels of a
    /// picture with pixels of the shape `sar`. A side that is not given follows the aspect as it is shown.
    pub(super) fn of(self, height: u32, aspect: f64, sar: f64, scale: f64) -> Dimensions {
        let aspect = aspect / sar;
        let given = |side: Option<Side>| side.map(|side| f64::from(side.get()) * scale);
        let (width, height) = match (given(self.width), given(self.height)) {
            (Some(width), Some(height)) => (width, height),
            (Some(width), None) => (width, width / aspect),
            (None, Some(height)) => (height * aspect, height),
            (None, None) => {
                let height = f64::from(height) * scale;
                (height * aspect, height)
            }
        };
        let pixels = |side: f64| side.round().clamp(1.0, f64::from(u16::MAX)) as u32;
        (pixels(width), pixels(height))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_that_is_not_given_keeps_the_aspect() {
        let side = |pixels| Side::new(pixels);
        for (name, width, height, auto, picture, sar, expected) in [
            ("its own size", None, None, false, (640, 360), 1.0, (80, 40)),
            ("one side", side(40), None, false, (640, 360), 1.0, (40, 20)),
            (
                "the other",
                None,
                side(10),
                false,
                (640, 360),
                1.0,
                (20, 10),
            ),
            ("both", side(10), side(90), false, (640, 360), 1.0, (10, 90)),
            (
                "half of the reference",
                None,
                None,
                true,
                (640, 360),
                1.0,
                (40, 20),
            ),
            (
                "on its side",
                side(100),
                None,
                true,
                (360, 640),
                1.0,
                (50, 25),
            ),
            (
                "broad pixels",
                None,
                None,
                false,
                (320, 240),
                4.0 / 3.0,
                (60, 40),
            ),
            (
                "one side of broad pixels",
                side(60),
                None,
                false,
                (320, 240),
                4.0 / 3.0,
                (60, 40),
            ),
        ] {
            let measure = Measure {
                width,
                height,
                auto,
            };
            let scale = measure.scale(picture);
            assert_eq!(measure.of(40, 2.0, sar, scale), expected, "{name}");
        }
    }
}
