//! What is laid over the pictures of an output: watermarks and burned-in subtitles. It works on the final picture, behind
//! the other filters and before the encoder, so that turning and sizing are done by then.
//!
//! Every watermark is a further source of the graph: a still picture, or a text painted by us, goes in once; of a video the
//! picture of the moment goes in beside every frame. The graph is made from numbers and names of ours.

mod chain;
mod mark;
mod measure;
mod moving;
mod picture;
mod place;

use std::path::PathBuf;

use ffmpeg_next as ffmpeg;

use self::mark::Mark;
pub(crate) use self::measure::Measure;
pub(crate) use self::place::{Motion, Place};
use super::filter::{Graph, Kind, source_args};
use super::seconds;
use super::subtitles::Burned;
use super::sys::{self, PictureShape};
use crate::entry::ObjectRef;
use crate::op::{Lettering, Opacity};
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
            graph.drain(out)?;
        }
        Ok(())
    }

    /// No more pictures: hands out those still inside.
    pub(crate) fn finish(
        &mut self,
        out: &mut dyn FnMut(ffmpeg::Frame, (i32, i32)) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        if let Some((_, graph)) = &mut self.graph {
            graph.push(None)?;
            for mark in &self.marks {
                if mark.is_moving() {
                    graph.push_to(&mark.name, None)?;
                }
            }
            graph.drain(out)?;
            self.graph = None;
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
