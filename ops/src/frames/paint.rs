//! Decoded pictures in; pictures in memory out, upright, of the size asked for, with square pixels.

use ffmpeg_next as ffmpeg;
use image::RgbImage;

use super::fit::{Fit, Shape};
use crate::av::filter::{VideoChain, VideoFilter};
use crate::av::geometry::{Picture, Turn};
use crate::av::sys::{self, RawStream};
use crate::op::{Rotate, Size};
use crate::{Limits, OpsError};

/// What is done to the pictures of one command. All of them get what the first one asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    turn: Turn,
    shape: Shape,
}

impl Look {
    /// The look of the pictures of `stream`, the first of which is `first`.
    pub(crate) fn of(
        stream: &RawStream,
        first: &ffmpeg::Frame,
        fit: Fit,
        rotate: Option<Rotate>,
        limits: &Limits,
    ) -> Result<Self, OpsError> {
        let turn = stream.display_matrix.as_ref().map(Turn::of_matrix);
        let turn = turn.unwrap_or_default().then(rotate);
        let decoded = sys::picture_shape(first);
        // The container's word beats the codec's.
        let sar = if stream.sar.0 > 0 {
            stream.sar
        } else {
            decoded.sar
        };
        let side = |pixels: i32| pixels.max(1).unsigned_abs();
        let picture = Picture::new(side(decoded.width), side(decoded.height), sar).turned(turn);
        let shape = fit.shape(picture);
        let scaled = match shape.scaled {
            Size::Exact { width, height } => (width, height),
            Size::Width(_) | Size::Height(_) => shape.size,
        };
        for (width, height) in [scaled, shape.size] {
            if u64::from(width) * u64::from(height) > limits.pixels {
                return Err(OpsError::TooLarge {
                    width,
                    height,
                    limit: limits.pixels,
                });
            }
        }
        Ok(Self { turn, shape })
    }

    /// The size of the pictures.
    pub(crate) fn size(&self) -> (u32, u32) {
        self.shape.size
    }
}

/// Gives pictures their look. One lives on one thread.
pub(crate) struct Painter {
    filter: VideoFilter,
}

impl Painter {
    pub(crate) fn new(look: Look, stream: &RawStream) -> Self {
        let chain = VideoChain {
            turn: look.turn,
            size: Some(look.shape.scaled),
            fit: look.shape.fit,
            part: look.shape.part,
            ..VideoChain::into_format("rgb24")
        };
        Self {
            filter: VideoFilter::new(chain, stream.time_base, (0, 1), stream.sar, 1),
        }
    }

    /// Paints one picture.
    pub(crate) fn paint(&mut self, frame: ffmpeg::Frame) -> Result<RgbImage, OpsError> {
        let mut painted = None;
        self.filter.frame(Some(frame), &mut |frame, _base| {
            painted = Some(frame);
            Ok(())
        })?;
        if painted.is_none() {
            // Fields are joined once it is known that none follow.
            self.filter.frame(None, &mut |frame, _base| {
                painted = Some(frame);
                Ok(())
            })?;
        }
        let frame = ffmpeg::frame::Video::from(painted.ok_or(OpsError::NothingDecoded)?);
        pixels(&frame).ok_or(OpsError::NothingDecoded)
    }
}

/// The pixels of a frame of packed RGB.
fn pixels(frame: &ffmpeg::frame::Video) -> Option<RgbImage> {
    let (width, height) = (frame.width(), frame.height());
    let row = width as usize * 3;
    let mut pixels = Vec::with_capacity(row * height as usize);
    for line in frame.data(0).chunks(frame.stride(0)).take(height as usize) {
        pixels.extend_from_slice(line.get(..row)?);
    }
    RgbImage::from_raw(width, height, pixels)
}
