//! What the pictures of different files are brought to: one size, one shape of pixel, one kind of colour. They are turned
//! upright and fitted inside, with black around; fields become whole pictures and high dynamic range becomes standard.

use ffmpeg_next as ffmpeg;

use crate::OpsError;
use crate::av::AvError;
use crate::av::filter::{Fields, MatrixFilter, VideoChain, VideoFilter};
use crate::av::geometry::{Fit, Picture, Turn, even};
use crate::av::sys::{self, Colour, RawStream};
use crate::op::{Ratio, Size};

/// 8-bit 4:2:0: what the usual encoder of every container takes.
const FORMAT: &str = "yuv420p";
/// A bar that is no wider is a rounding error.
const NO_BAR: u32 = 2;

/// The size of the pictures of a joined output and the shape of their pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Screen {
    width: u32,
    height: u32,
    sar: Ratio,
}

impl Screen {
    /// A screen that the pictures of this stream fill, once upright and of even size.
    pub(crate) fn of(stream: &RawStream) -> Self {
        let picture = upright(stream);
        let side = |number: u32| u16::try_from(number).ok();
        let ratio = |(wide, high): (u32, u32)| Ratio::new(side(wide)?, side(high)?);
        let (size, sar) = match ratio(picture.sar) {
            Some(sar) => ((picture.width, picture.height), sar),
            None => (picture.squared(), Ratio::square()),
        };
        Self {
            width: even(size.0),
            height: even(size.1),
            sar,
        }
    }

    /// The stream as it is on the screen.
    pub(crate) fn facts(&self, stream: &RawStream) -> RawStream {
        let (num, den) = self.sar.get();
        RawStream {
            width: self.width,
            height: self.height,
            sar: (num as i32, den as i32),
            pixel_format: sys::pixel_format(FORMAT),
            display_matrix: None,
            mastering: None,
            ..stream.clone()
        }
    }

    /// A screen with nothing on it.
    pub(super) fn blank(&self) -> Result<ffmpeg::Frame, OpsError> {
        let black = sys::black(self.width, self.height, FORMAT);
        let mut frame = black.map_err(|error| OpsError::Memory {
            reason: AvError(error),
        })?;
        let (num, den) = self.sar.get();
        sys::set_sar(&mut frame, (num as i32, den as i32));
        Ok(frame)
    }

    fn chain(&self, stream: &RawStream) -> VideoChain {
        let picture = upright(stream);
        let all = Size::Exact {
            width: self.width,
            height: self.height,
        };
        let (width, height) = picture.resized(all, Fit::Inside, self.sar.get());
        let bar = (self.width - width.min(self.width)).max(self.height - height.min(self.height));
        VideoChain {
            fields: Fields::Join,
            turn: turn(stream),
            size: Some(all),
            fit: match bar > NO_BAR {
                true => Fit::Fill,
                false => Fit::Stretch,
            },
            sar: Some(self.sar),
            full_range: false,
            even: true,
            ..VideoChain::into_format(FORMAT)
        }
    }
}

fn turn(stream: &RawStream) -> Turn {
    let matrix = stream.display_matrix.as_ref();
    matrix.map(Turn::of_matrix).unwrap_or_default()
}

fn upright(stream: &RawStream) -> Picture {
    Picture::new(stream.width.max(1), stream.height.max(1), stream.sar).turned(turn(stream))
}

/// Pictures of one part in, pictures on the screen out.
pub(super) struct ScreenFilter {
    filter: VideoFilter,
    matrix: MatrixFilter,
}

impl ScreenFilter {
    pub(super) fn new(screen: &Screen, part: &RawStream, threads: usize) -> Self {
        let chain = screen.chain(part);
        Self {
            filter: VideoFilter::new(chain, part.time_base, (0, 1), part.sar, threads),
            matrix: MatrixFilter::default(),
        }
    }

    /// Filters one picture; `None` flushes. The first picture of all parts says what `colour` the others are made to be.
    pub(super) fn frame(
        &mut self,
        frame: Option<ffmpeg::Frame>,
        colour: &mut Option<Colour>,
        out: &mut dyn FnMut(ffmpeg::Frame, (i32, i32)) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        let matrix = &mut self.matrix;
        self.filter.frame(frame, &mut |frame, base| {
            let colour = *colour.get_or_insert_with(|| sys::colour(&frame));
            let mut frame = matrix.frame(frame, colour.matrix)?;
            sys::set_colour(&mut frame, colour);
            out(frame, base)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 16.16 fixed point, as containers store it.
    const QUARTER: [i32; 9] = [0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30];

    fn stream(width: u32, height: u32, sar: (i32, i32), matrix: Option<[i32; 9]>) -> RawStream {
        RawStream {
            width,
            height,
            sar,
            display_matrix: matrix,
            ..RawStream::sample()
        }
    }

    #[test]
    fn the_screen_is_what_a_player_shows_of_the_stream() {
        for (name, stream, expected) in [
            ("plain", stream(640, 360, (0, 1), None), (640, 360, (1, 1))),
            ("odd", stream(161, 121, (1, 1), None), (160, 120, (1, 1))),
            (
                "wide pixels",
                stream(1440, 1080, (4, 3), None),
                (1440, 1080, (4, 3)),
            ),
            (
                "wide pixels held upright",
                stream(1440, 1080, (4, 3), Some(QUARTER)),
                (1080, 1440, (3, 4)),
            ),
            (
                "pixels that no ratio names are squared",
                stream(720, 576, (64_000, 45_000), None),
                (1024, 576, (1, 1)),
            ),
        ] {
            let facts = Screen::of(&stream).facts(&stream);
            assert_eq!((facts.width, facts.height, facts.sar), expected, "{name}");
            assert_eq!(facts.display_matrix, None, "{name}");
        }
    }

    #[test]
    fn a_picture_is_barred_only_where_that_can_be_seen() {
        let screen = Screen::of(&stream(640, 360, (1, 1), None));
        for (name, stream, expected) in [
            ("the same", stream(640, 360, (1, 1), None), Fit::Stretch),
            ("a line more", stream(426, 240, (1, 1), None), Fit::Stretch),
            ("narrower", stream(320, 240, (1, 1), None), Fit::Fill),
            (
                "upright",
                stream(640, 360, (1, 1), Some(QUARTER)),
                Fit::Fill,
            ),
            ("wide pixels", stream(480, 360, (4, 3), None), Fit::Stretch),
        ] {
            assert_eq!(screen.chain(&stream).fit, expected, "{name}");
        }
    }
}
