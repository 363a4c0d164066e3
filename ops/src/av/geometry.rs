//! Pure picture geometry: which turn a display matrix asks for, and what size a picture gets. Called by `plan`, `filter` and `probe`.

use super::sys::RawStream;
use crate::OpsError;
use crate::op::{Flip, Pad, Rotate, Side, Size};

/// A turn and mirror made of quarter turns, as filters can do it without loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Turn {
    /// Clockwise quarter turns, 0 to 3.
    pub(crate) quarters: u8,
    /// Mirrored left to right before turning.
    pub(crate) mirrored: bool,
}

impl Turn {
    /// What the container asks for. Angles between quarter turns are left alone.
    pub(crate) fn of_matrix(matrix: &[i32; 9]) -> Self {
        let [a, b, c, d] = [matrix[0], matrix[1], matrix[3], matrix[4]].map(f64::from);
        let mirrored = a * d - b * c < 0.0;
        // A mirror flips the first row; undo it, and a pure rotation is left.
        let (a, b) = if mirrored { (-a, -b) } else { (a, b) };
        let degrees = b.atan2(a).to_degrees().rem_euclid(360.0);
        let quarters = (degrees / 90.0).round();
        if (degrees - quarters * 90.0).abs() > 1.0 {
            return Self::default();
        }
        Self {
            quarters: (quarters as u8) % 4,
            mirrored,
        }
    }

    /// This turn, then `rotate`.
    pub(crate) fn then(self, rotate: Option<Rotate>) -> Self {
        let more = match rotate {
            None | Some(Rotate::Auto) => 0,
            Some(Rotate::Deg90) => 1,
            Some(Rotate::Deg180) => 2,
            Some(Rotate::Deg270) => 3,
        };
        Self {
            quarters: (self.quarters + more) % 4,
            ..self
        }
    }

    /// This turn, then a mirror.
    pub(crate) fn mirrored_by(self, flip: Option<Flip>) -> Self {
        // A mirror after a turn is the mirror before it and the turn the other way; top to bottom is left to right upside down.
        let back = (4 - self.quarters) % 4;
        match flip {
            None => self,
            Some(Flip::Horizontal) => Self {
                quarters: back,
                mirrored: !self.mirrored,
            },
            Some(Flip::Vertical) => Self {
                quarters: (back + 2) % 4,
                mirrored: !self.mirrored,
            },
        }
    }

    /// True if lines do not stay where they are, which takes the fields of interlaced pictures apart.
    pub(crate) fn moves_lines(self) -> bool {
        self.quarters != 0
    }

    /// True if width and height change places.
    pub(crate) fn swaps(self) -> bool {
        self.quarters % 2 == 1
    }

    /// The filters that do it.
    pub(crate) fn filters(self) -> Vec<&'static str> {
        let mirror = self.mirrored.then_some("hflip");
        let turn: &[&str] = match self.quarters {
            1 => &["transpose=clock"],
            2 => &["hflip", "vflip"],
            3 => &["transpose=cclock"],
            _ => &[],
        };
        mirror.into_iter().chain(turn.iter().copied()).collect()
    }
}

/// The stream's upright turn in clockwise degrees, if it has one.
pub(crate) fn clockwise(stream: &RawStream) -> Option<u32> {
    let turn = Turn::of_matrix(stream.display_matrix.as_ref()?);
    (turn.quarters != 0).then(|| u32::from(turn.quarters) * 90)
}

/// A picture's size and the shape of its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Pixel aspect, width to height; (1, 1) when unknown.
    pub(crate) sar: (u32, u32),
}

impl Picture {
    /// From raw numbers; nonsense aspects (0:1, negative, beyond 1:20) count as square.
    pub(crate) fn new(width: u32, height: u32, sar: (i32, i32)) -> Self {
        let (num, den) = (sar.0.max(0) as u32, sar.1.max(0) as u32);
        let sane =
            num > 0 && den > 0 && num <= den.saturating_mul(20) && den <= num.saturating_mul(20);
        Self {
            width,
            height,
            sar: if sane { (num, den) } else { (1, 1) },
        }
    }

    /// The picture after a turn.
    pub(crate) fn turned(self, turn: Turn) -> Self {
        if turn.swaps() {
            Self {
                width: self.height,
                height: self.width,
                sar: (self.sar.1, self.sar.0),
            }
        } else {
            self
        }
    }

    /// Width of the picture as shown, in units of its height's pixels.
    fn shown_width(self) -> f64 {
        f64::from(self.width) * f64::from(self.sar.0) / f64::from(self.sar.1)
    }

    /// The size with square pixels that shows the same picture.
    pub(crate) fn squared(self) -> (u32, u32) {
        (round(self.shown_width()), self.height)
    }

    /// The size asked for, with pixels of shape `sar`: `Stretch` takes it as it is, one side alone and the others keep the
    /// aspect.
    pub(crate) fn resized(self, size: Size, fit: Fit, sar: (u32, u32)) -> (u32, u32) {
        let pixel = f64::from(sar.0.max(1)) / f64::from(sar.1.max(1));
        let aspect = self.shown_width() / f64::from(self.height.max(1)) / pixel;
        match size {
            Size::Exact { width, height } if fit != Fit::Stretch => {
                let by_width = f64::from(width) / aspect;
                if by_width <= f64::from(height) {
                    (width, round(by_width))
                } else {
                    (round(f64::from(height) * aspect), height)
                }
            }
            Size::Exact { width, height } => (width, height),
            Size::Width(width) => (width, round(f64::from(width) / aspect)),
            Size::Height(height) => (round(f64::from(height) * aspect), height),
        }
    }
}

/// What becomes of the aspect ratio when both sides of a size are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Fit {
    /// It is given up.
    #[default]
    Stretch,
    /// It is kept, and the result is smaller on one side.
    Inside,
    /// It is kept, and what is left is filled with black.
    Fill,
}

/// Black that a picture is laid on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Canvas {
    pub(crate) size: (u32, u32),
    /// Where the upper left corner of the picture is.
    pub(crate) at: (u32, u32),
}

impl Canvas {
    /// The canvas for a picture of `size`, which `pad` asks for.
    pub(crate) fn padded(size: (u32, u32), pad: Pad, to_even: bool) -> Result<Self, OpsError> {
        let across = side(("padW", "wide"), size.0, (pad.width, pad.x), to_even)?;
        let down = side(("padH", "high"), size.1, (pad.height, pad.y), to_even)?;
        Ok(Self {
            size: (across.0, down.0),
            at: (across.1, down.1),
        })
    }

    /// The canvas of size `all` with a picture of `size` in its middle.
    pub(crate) fn filled(size: (u32, u32), all: (u32, u32), to_even: bool) -> Self {
        let middle = |all: u32, part: u32| grid(all.saturating_sub(part) / 2, to_even);
        Self {
            size: all,
            at: (middle(all.0, size.0), middle(all.1, size.1)),
        }
    }
}

/// Length of a canvas and place on it, in one direction.
fn side(
    (parameter, measure): (&'static str, &'static str),
    picture: u32,
    (length, place): (Option<Side>, Option<Side>),
    to_even: bool,
) -> Result<(u32, u32), OpsError> {
    let given = length.map_or(picture, Side::get);
    let length = if to_even { even(given) } else { given };
    let place = place.map_or(length.saturating_sub(picture) / 2, Side::get);
    let place = grid(place, to_even);
    if place + picture > length {
        return Err(OpsError::PadTooSmall {
            parameter,
            given,
            measure,
            picture,
            place,
        });
    }
    Ok((length, place))
}

/// Down to an even number where colour is stored for two pixels at a time.
fn grid(place: u32, to_even: bool) -> u32 {
    if to_even { place & !1 } else { place }
}

/// The nearest whole number of pixels, at least one.
pub(crate) fn round(value: f64) -> u32 {
    value.round().clamp(1.0, 1_000_000.0) as u32
}

/// Down to an even number, at least 2: encoders of 4:2:0 pictures take nothing else.
pub(crate) fn even(value: u32) -> u32 {
    (value & !1).max(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 16.16 fixed point rows of `av_display_rotation_set`, as containers store them.
    fn matrix(a: i32, b: i32, c: i32, d: i32) -> [i32; 9] {
        [a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30]
    }

    #[test]
    fn a_display_matrix_is_read_as_a_turn() {
        for (name, matrix, quarters, mirrored) in [
            ("upright", matrix(1, 0, 0, 1), 0, false),
            ("phone held upright", matrix(0, 1, -1, 0), 1, false),
            ("upside down", matrix(-1, 0, 0, -1), 2, false),
            ("held the other way", matrix(0, -1, 1, 0), 3, false),
            ("mirrored selfie", matrix(-1, 0, 0, 1), 0, true),
            ("upside down mirror", matrix(1, 0, 0, -1), 2, true),
        ] {
            assert_eq!(
                Turn::of_matrix(&matrix),
                Turn { quarters, mirrored },
                "{name}"
            );
        }
    }

    #[test]
    fn sizes_keep_the_shown_aspect() {
        let anamorphic = Picture::new(1440, 1080, (4, 3));
        for (name, picture, size, fit, sar, expected) in [
            (
                "stretch",
                anamorphic,
                Size::Exact {
                    width: 640,
                    height: 480,
                },
                Fit::Stretch,
                (1, 1),
                (640, 480),
            ),
            (
                "fit inside",
                anamorphic,
                Size::Exact {
                    width: 640,
                    height: 480,
                },
                Fit::Inside,
                (1, 1),
                (640, 360),
            ),
            (
                "fit tall",
                Picture::new(320, 568, (1, 1)),
                Size::Exact {
                    width: 640,
                    height: 284,
                },
                Fit::Inside,
                (1, 1),
                (160, 284),
            ),
            (
                "width alone",
                anamorphic,
                Size::Width(640),
                Fit::Stretch,
                (1, 1),
                (640, 360),
            ),
            (
                "height alone",
                anamorphic,
                Size::Height(540),
                Fit::Stretch,
                (1, 1),
                (960, 540),
            ),
            (
                "into pixels that are not square",
                Picture::new(1920, 1080, (1, 1)),
                Size::Exact {
                    width: 720,
                    height: 576,
                },
                Fit::Fill,
                (64, 45),
                (720, 576),
            ),
            (
                "absurd pixels count as square",
                Picture::new(100, 50, (1000, 1)),
                Size::Width(50),
                Fit::Stretch,
                (1, 1),
                (50, 25),
            ),
        ] {
            assert_eq!(picture.resized(size, fit, sar), expected, "{name}");
        }
    }

    #[test]
    fn a_mirror_after_a_turn_is_found_before_it() {
        // Where the corners of a 2x2 picture are after the filters, in reading order.
        let done = |turn: Turn| {
            let mut corners = [0, 1, 2, 3];
            for filter in turn.filters() {
                let [a, b, c, d] = corners;
                corners = match filter {
                    "hflip" => [b, a, d, c],
                    "vflip" => [c, d, a, b],
                    "transpose=clock" => [c, a, d, b],
                    _ => [b, d, a, c],
                };
            }
            corners
        };
        for quarters in 0..4 {
            for mirrored in [false, true] {
                let turn = Turn { quarters, mirrored };
                let [a, b, c, d] = done(turn);
                assert_eq!(
                    done(turn.mirrored_by(Some(Flip::Horizontal))),
                    [b, a, d, c],
                    "{turn:?}"
                );
                assert_eq!(
                    done(turn.mirrored_by(Some(Flip::Vertical))),
                    [c, d, a, b],
                    "{turn:?}"
                );
            }
        }
    }

    #[test]
    fn a_picture_lies_on_its_canvas() {
        let pad = |width, height, x, y| Pad {
            width: Side::new(width),
            height,
            x,
            y,
        };
        for (name, size, pad, expected) in [
            (
                "in the middle",
                (100, 50),
                pad(200, Side::new(100), None, None),
                Some(((200, 100), (50, 24))),
            ),
            (
                "at the edge",
                (100, 50),
                pad(200, Side::new(100), Side::new(0), Side::new(50)),
                Some(((200, 100), (0, 50))),
            ),
            (
                "one side alone",
                (100, 50),
                pad(120, None, None, None),
                Some(((120, 50), (10, 0))),
            ),
            ("too small", (100, 50), pad(98, None, None, None), None),
            (
                "beyond the edge",
                (100, 50),
                pad(120, None, Side::new(22), None),
                None,
            ),
        ] {
            let canvas = Canvas::padded(size, pad, true).ok();
            assert_eq!(
                canvas.map(|canvas| (canvas.size, canvas.at)),
                expected,
                "{name}"
            );
        }
    }
}
