//! What is laid over the pictures of an output: watermarks and burned-in subtitles. It works on the final picture, behind
//! the other filters and before the encoder, so that turning and sizing are done by then.
//!
//! Every watermark is a further source of the graph: a still picture, or a text painted by us, goes in once; of a video the
//! picture of the moment goes in beside every frame. The graph is made from numbers and names of ours.

mod chain;
mod moving;
mod picture;
mod place;

use std::path::PathBuf;

use ffmpeg_next as ffmpeg;

use self::chain::Layer;
use self::moving::Moving;
pub(crate) use self::place::{Measure, Motion, Place};
use super::filter::{Graph, Kind, source_args};
use super::geometry::Turn;
use super::subtitles::Burned;
use super::sys::{self, PictureShape};
use super::{AvError, seconds};
use crate::entry::ObjectRef;
use crate::op::{Lettering, Opacity};
use crate::text::{Drawing, Rgba};
use crate::{Cancel, Limits, OpsError};

/// Watermarks of one output, the lowest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct OverlayPlan {
    pub(crate) marks: Vec<MarkPlan>,
}

/// One watermark.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MarkPlan {
    pub(crate) content: Content,
    pub(crate) measure: Measure,
    pub(crate) opacity: Option<Opacity>,
    pub(crate) place: Place,
}

/// What a watermark shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    /// The file of an object.
    Object(ObjectRef, PathBuf),
    /// A text.
    Text(Box<Lettering>),
}

/// Pictures of one size in, the same with everything over them out.
pub(crate) struct Overlay {
    marks: Vec<Mark>,
    /// The file of subtitles to be drawn, below the watermarks.
    burned: Option<Burned>,
    limits: Limits,
    threads: usize,
    graph: Option<(PictureShape, Graph)>,
}

/// A watermark at work.
struct Mark {
    plan: MarkPlan,
    /// The name of its source in the graph.
    name: String,
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

impl Overlay {
    /// Opens what the plan names; `None` if there is nothing to lay over. What cannot be used is refused here, before there
    /// is an output.
    pub(crate) fn open(
        plan: &OverlayPlan,
        burned: Option<Burned>,
        threads: usize,
        limits: &Limits,
        cancel: &Cancel,
    ) -> Result<Option<Self>, OpsError> {
        let open = |(at, plan): (usize, &MarkPlan)| Mark::open(at, plan.clone(), limits, cancel);
        let marks = plan.marks.iter().enumerate().map(open);
        let marks = marks.collect::<Result<Vec<_>, _>>()?;
        let needed = !marks.is_empty() || burned.is_some();
        Ok(needed.then(|| Self {
            marks,
            burned,
            limits: limits.clone(),
            threads,
            graph: None,
        }))
    }

    /// Lays everything over one picture, whose timestamp is in `base`.
    pub(crate) fn frame(
        &mut self,
        frame: ffmpeg::Frame,
        base: (i32, i32),
        out: &mut dyn FnMut(ffmpeg::Frame, (i32, i32)) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        let shape = sys::picture_shape(&frame);
        let at = frame.pts();
        let built = self.graph.as_ref();
        if built.is_none_or(|(built_for, _)| *built_for != shape) {
            self.finish(out)?;
            let graph = self.build(&shape, base, at)?;
            self.graph = Some((shape, graph));
        }
        if let Some((_, graph)) = &mut self.graph {
            for mark in &mut self.marks {
                mark.push_moment(graph, at, base)?;
            }
            graph.push(Some(frame))?;
        }
        self.drain(out)
    }

    /// No more pictures: hands out those still inside.
    pub(crate) fn finish(
        &mut self,
        out: &mut dyn FnMut(ffmpeg::Frame, (i32, i32)) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        if let Some((_, graph)) = &mut self.graph {
            graph.push(None)?;
            for mark in &self.marks {
                if matches!(mark.pictures, Pictures::Moving(_)) {
                    graph.push_to(&mark.name, None)?;
                }
            }
            self.drain(out)?;
            self.graph = None;
        }
        Ok(())
    }

    fn drain(
        &mut self,
        out: &mut dyn FnMut(ffmpeg::Frame, (i32, i32)) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        let Some((_, graph)) = &mut self.graph else {
            return Ok(());
        };
        let base = graph.time_base()?;
        while let Some(frame) = graph.pull()? {
            out(frame, base)?;
        }
        Ok(())
    }

    /// The graph for pictures of this shape, with the still watermarks in it.
    fn build(
        &mut self,
        shape: &PictureShape,
        base: (i32, i32),
        first: Option<i64>,
    ) -> Result<Graph, OpsError> {
        // What not every build of FFmpeg has.
        let is_bright = shape.is_pq() || shape.is_hlg();
        for (name, needed) in [("ass", self.burned.is_some()), ("zscale", is_bright)] {
            if needed && ffmpeg::filter::find(name).is_none() {
                return Err(OpsError::FilterMissing { name });
            }
        }
        let mut sources = vec![("in".to_owned(), source_args(shape, base))];
        let mut layers = Vec::new();
        let mut firsts = Vec::new();
        for mark in &mut self.marks {
            mark.paint(shape)?;
            let Some((frame, is_still)) = mark.first(seconds(first.unwrap_or(0), base))? else {
                continue;
            };
            let own = sys::picture_shape(&frame);
            layers.push(mark.layer(&own, shape, &self.limits)?);
            sources.push((mark.name.clone(), source_args(&own, base)));
            if is_still {
                firsts.push((mark.name.clone(), frame));
            }
        }
        let chain = chain::chain(shape, self.burned.as_ref().map(Burned::path), &layers);
        let named = sources
            .iter()
            .map(|(name, args)| (name.as_str(), args.as_str()));
        let named: Vec<(&str, &str)> = named.collect();
        let mut graph = Graph::build_of(Kind::Video, &named, &chain, self.threads)?;
        for (name, mut frame) in firsts {
            frame.set_pts(first);
            graph.push_to(&name, Some(frame))?;
            // Nothing more comes of it: the filter goes on showing what it has.
            graph.push_to(&name, None)?;
        }
        Ok(graph)
    }
}

impl Mark {
    fn open(at: usize, plan: MarkPlan, limits: &Limits, cancel: &Cancel) -> Result<Self, OpsError> {
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
    fn paint(&mut self, shape: &PictureShape) -> Result<(), OpsError> {
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
    fn first(&mut self, moment: f64) -> Result<Option<(ffmpeg::Frame, bool)>, OpsError> {
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
    fn layer(
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

    /// Of a video, hands over the picture for the frame at `at`.
    fn push_moment(
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
fn share(frame: &ffmpeg::Frame) -> Result<ffmpeg::Frame, OpsError> {
    sys::share(frame).map_err(|error| OpsError::Memory {
        reason: AvError(error),
    })
}
