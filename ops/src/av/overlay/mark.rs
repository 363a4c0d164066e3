//! One watermark at work: its pictures, its size, its place.

use ffmpeg_next as ffmpeg;

use super::chain::{self, Layer};
use super::moving::Moving;
use super::{Content, MarkPlan, picture};
use crate::av::filter::Graph;
use crate::av::geometry::Turn;
use crate::av::sys::{self, PictureShape};
use crate::av::{AvError, seconds};
use crate::entry::ObjectRef;
use crate::op::Opacity;
use crate::text::{Drawing, Rgba};
use crate::{Cancel, Limits, OpsError};

/// A watermark at work.
pub(super) struct Mark {
    plan: MarkPlan,
    /// The name of its source in the graph.
    pub(super) name: String,
    pictures: Pictures,
    turn: Turn,
    sar: (i32, i32),
}

enum Pictures {
    Still(ffmpeg::Frame),
    Moving(Box<Moving>),
    /// To be painted when the size of the picture is known.
    Text(Box<Drawing>),
    /// A text of blanks.
    Nothing,
}

impl Mark {
    /// Opens the watermark at place `at` of a plan, as far as that can be done without a picture below it.
    pub(super) fn open(
        at: usize,
        plan: MarkPlan,
        limits: &Limits,
        cancel: &Cancel,
    ) -> Result<Self, OpsError> {
        let (mut turn, mut sar) = (Turn::default(), (1, 1));
        let pictures = match &plan.content {
            Content::Object(object, path) => {
                let picture = picture::load(path, limits, cancel)
                    .map_err(|reason| of_object(object, reason))?;
                (turn, sar) = (picture.turn, picture.sar);
                match picture.still {
                    Some(frame) => Pictures::Still(frame),
                    None => Pictures::Moving(Box::new(Moving::new(path.clone(), limits, cancel))),
                }
            }
            Content::Text(lettering) => match Drawing::of(lettering)? {
                Some(drawing) => Pictures::Text(Box::new(drawing)),
                None => Pictures::Nothing,
            },
        };
        Ok(Self {
            plan,
            name: format!("mark{at}"),
            pictures,
            turn,
            sar,
        })
    }

    /// Makes a picture of a text, in lines that fit into the picture it is laid over.
    pub(super) fn paint(&mut self, shape: &PictureShape) -> Result<(), OpsError> {
        if let Pictures::Text(drawing) = &mut self.pictures {
            let (width, height) = chain::dimensions(shape);
            let margins = 2.0 * f64::from(self.plan.place.margin.0.max(0));
            let shown = f64::from(width) * chain::pixel_aspect(shape.sar) - margins;
            let painted = drawing.paint(shown.max(1.0) as u32, height);
            self.pictures = match painted {
                Some(picture) => Pictures::Still(frame_of(&picture)?),
                None => Pictures::Nothing,
            };
        }
        Ok(())
    }

    /// The picture it shows at a moment, and whether that is the only one.
    pub(super) fn first(&mut self, moment: f64) -> Result<Option<(ffmpeg::Frame, bool)>, OpsError> {
        match &mut self.pictures {
            Pictures::Still(frame) => Ok(Some((share(frame)?, true))),
            Pictures::Moving(moving) => {
                let frame = moving.at(moment);
                let named = frame.map_err(|reason| self.plan.content.failed(reason))?;
                Ok(Some((named, false)))
            }
            Pictures::Text(_) | Pictures::Nothing => Ok(None),
        }
    }

    /// How it becomes a layer over pictures of this shape.
    pub(super) fn layer(
        &self,
        own: &PictureShape,
        shape: &PictureShape,
        limits: &Limits,
    ) -> Result<Layer, OpsError> {
        let (width, height) = chain::dimensions(own);
        let aspect = chain::pixel_aspect(self.sar) * f64::from(width) / f64::from(height);
        let (height, aspect) = match self.turn.swaps() {
            true => (width, 1.0 / aspect),
            false => (height, aspect),
        };
        let picture = chain::dimensions(shape);
        let scale = self.plan.measure.scale(picture);
        let size = self
            .plan
            .measure
            .of(height, aspect, chain::pixel_aspect(shape.sar), scale);
        if u64::from(size.0) * u64::from(size.1) > limits.pixels {
            return Err(self.plan.content.failed(OpsError::TooLarge {
                width: size.0,
                height: size.1,
                limit: limits.pixels,
            }));
        }
        Ok(Layer {
            name: self.name.clone(),
            turn: self.turn,
            resized: (size != chain::dimensions(own) || self.turn.swaps()).then_some(size),
            opacity: self.plan.opacity.map_or(Opacity::FULL, Opacity::get),
            corner: self.plan.place.expressions(picture, size, scale),
        })
    }

    /// True of videos.
    pub(super) fn is_moving(&self) -> bool {
        matches!(self.pictures, Pictures::Moving(_))
    }

    /// Of a video, hands over the picture for the frame at `at`.
    pub(super) fn push_moment(
        &mut self,
        graph: &mut Graph,
        at: Option<i64>,
        base: (i32, i32),
    ) -> Result<(), OpsError> {
        if let Pictures::Moving(moving) = &mut self.pictures {
            let frame = moving.at(seconds(at.unwrap_or(0), base));
            let mut frame = frame.map_err(|reason| self.plan.content.failed(reason))?;
            frame.set_pts(at);
            graph.push_to(&self.name, Some(frame))?;
        }
        Ok(())
    }
}

impl Content {
    fn failed(&self, reason: OpsError) -> OpsError {
        match self {
            Self::Object(object, _) => of_object(object, reason),
            Self::Text(_) => reason,
        }
    }
}

fn of_object(object: &ObjectRef, reason: OpsError) -> OpsError {
    match reason {
        OpsError::Cancelled => reason,
        _ => OpsError::Object {
            role: "watermark",
            object: object.to_string(),
            reason: Box::new(reason),
        },
    }
}

/// A painted picture as a frame.
fn frame_of(picture: &Rgba) -> Result<ffmpeg::Frame, OpsError> {
    let mut frame =
        ffmpeg::frame::Video::new(ffmpeg::format::Pixel::RGBA, picture.width, picture.height);
    if frame.planes() == 0 {
        return Err(OpsError::Memory {
            reason: AvError(ffmpeg::Error::Other {
                errno: ffmpeg::error::ENOMEM,
            }),
        });
    }
    let (row, stride) = (picture.width as usize * 4, frame.stride(0));
    let lines = frame.data_mut(0).chunks_mut(stride);
    for (line, pixels) in lines.zip(picture.data.chunks(row)) {
        line[..row].copy_from_slice(pixels);
    }
    share(&frame)
}

/// A second handle on the same picture.
pub(super) fn share(frame: &ffmpeg::Frame) -> Result<ffmpeg::Frame, OpsError> {
    sys::share(frame).map_err(|error| OpsError::Memory {
        reason: AvError(error),
    })
}
