//! What filters do to pictures.

use ffmpeg_next as ffmpeg;

use super::graph::{Graph, Kind};
use crate::OpsError;
use crate::av::geometry::{Fit, Turn};
use crate::av::overlay::Overlay;
use crate::av::sys::{self, PictureShape};
use crate::av::{AvError, rescale};
use crate::op::{Pad, Ratio, Size};
use crate::still::crop::Area;
use chain::video_chain;
use finish::Finish;
use palette::Palette;

mod chain;
mod colour;
mod finish;
mod palette;
mod tone;

/// What happens to the pictures of one output.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct VideoChain {
    /// What becomes of the fields of interlaced pictures.
    pub(crate) fields: Fields,
    pub(crate) turn: Turn,
    pub(crate) size: Option<Size>,
    /// What becomes of the aspect inside `size`.
    pub(crate) fit: Fit,
    /// What is kept of the picture once it has its size; `None`: all of it.
    pub(crate) part: Option<Area>,
    pub(crate) pad: Pad,
    /// The shape of a pixel as players are told.
    pub(crate) sar: Option<Ratio>,
    /// The shape of the picture as players are told.
    pub(crate) aspect: Option<Ratio>,
    /// Frames per second, as a fraction.
    pub(crate) frame_rate: Option<(u32, u32)>,
    /// Pixel formats the encoder takes, in libav's spelling.
    pub(crate) pixel_formats: &'static str,
    /// High dynamic range and the colours that come with it stay.
    pub(crate) keep_dynamics: bool,
    /// The encoder can say that the full range of values is used.
    pub(crate) full_range: bool,
    /// Which colours players will see.
    pub(crate) matrix: Matrix,
    /// Encoders of 4:2:0 pictures take even sizes only.
    pub(crate) even: bool,
    /// Give the result square pixels even if its size is not named (pictures have no pixel aspect).
    pub(crate) square: bool,
    /// Reduce the colours to 256.
    pub(crate) palette: bool,
}

/// What becomes of the fields of interlaced pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fields {
    /// They stay fields, as far as what else is done lets them.
    Keep,
    /// They become whole pictures.
    Join,
    /// As `Join`, of a picture without neighbours to learn from.
    JoinAlone,
}

/// How players know how brightness and colour are made of red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Matrix {
    /// The stream or the container says so.
    Noted,
    /// The codec has one way alone, that of standard definition (BT.601).
    Standard,
    /// By the size of the picture.
    Guessed,
}

impl VideoChain {
    /// Nothing but a change of pixel format, from fields and from high dynamic range if it has to be.
    pub(crate) fn into_format(pixel_formats: &'static str) -> Self {
        Self {
            fields: Fields::JoinAlone,
            turn: Turn::default(),
            size: None,
            fit: Fit::Stretch,
            part: None,
            pad: Pad::default(),
            sar: None,
            aspect: None,
            frame_rate: None,
            pixel_formats,
            keep_dynamics: false,
            full_range: true,
            matrix: Matrix::Noted,
            even: false,
            square: false,
            palette: false,
        }
    }

    /// The result is red, green and blue.
    fn gives_rgb(&self) -> bool {
        self.palette || self.pixel_formats == "rgb24"
    }
}

/// Pictures in, pictures of one size and format out.
pub(crate) struct VideoFilter {
    chain: VideoChain,
    time_base: (i32, i32),
    frame_rate: (i32, i32),
    container_sar: (i32, i32),
    threads: usize,
    /// A picture of fields has been seen.
    interlaced: bool,
    graph: Option<(PictureShape, Graph)>,
    /// When the last picture that went into the graph is over.
    end: Option<i64>,
    finish: Finish,
    /// Size and pixel aspect of the first picture that came out; later graphs must hit it.
    settled: Option<(u32, u32, (i32, i32))>,
    /// The first picture, until one comes out: a film may be too short to have one at another frame rate.
    first: Option<ffmpeg::Frame>,
}

impl VideoFilter {
    /// `time_base` of the frames to come; `frame_rate` as guessed from the container; `container_sar` beats the codec's.
    pub(crate) fn new(
        chain: VideoChain,
        time_base: (i32, i32),
        frame_rate: (i32, i32),
        container_sar: (i32, i32),
        threads: usize,
    ) -> Self {
        let finish = Finish {
            palette: chain.palette.then(Palette::new),
            overlay: None,
        };
        Self {
            chain,
            time_base,
            frame_rate,
            container_sar,
            threads,
            interlaced: false,
            graph: None,
            end: None,
            finish,
            settled: None,
            first: None,
        }
    }

    /// The same, with something laid over the pictures that come out.
    pub(crate) fn under(mut self, overlay: Option<Overlay>) -> Self {
        self.finish.overlay = overlay;
        self
    }

    /// Filters one picture; `None` flushes. Every picture that comes out goes to `out` with its time base.
    pub(crate) fn frame(
        &mut self,
        frame: Option<ffmpeg::Frame>,
        out: &mut dyn FnMut(ffmpeg::Frame, (i32, i32)) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        let Some(mut frame) = frame else {
            self.flush(out)?;
            self.at_least_one(out)?;
            return self.finish.frame(None, self.time_base, out);
        };
        if self.container_sar.0 > 0 {
            sys::set_sar(&mut frame, self.container_sar);
        }
        let shape = sys::picture_shape(&frame);
        let fields_begin = !self.interlaced && sys::first_field_is_top(&frame).is_some();
        self.interlaced |= fields_begin;
        let fits = |(built_for, _): &(PictureShape, Graph)| *built_for == shape;
        if fields_begin || !self.graph.as_ref().is_some_and(fits) {
            self.flush(out)?;
            self.graph = Some((shape, self.build(&self.chain, &shape)?));
        }
        if self.chain.frame_rate.is_some() && self.first.is_none() && self.settled.is_none() {
            let shared = sys::share(&frame);
            self.first = Some(shared.map_err(|error| OpsError::Memory {
                reason: AvError(error),
            })?);
        }
        self.end = frame
            .pts()
            .map(|pts| pts.saturating_add(self.duration(&frame)));
        if let Some((_, graph)) = &mut self.graph {
            graph.push(Some(frame))?;
        }
        self.drain(out)
    }

    /// A film shorter than half a picture of the new frame rate becomes that one picture.
    fn at_least_one(
        &mut self,
        out: &mut dyn FnMut(ffmpeg::Frame, (i32, i32)) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        let first = self.first.take().filter(|_| self.settled.is_none());
        let (Some(first), Some((num, den))) = (first, self.chain.frame_rate) else {
            return Ok(());
        };
        let chain = VideoChain {
            frame_rate: None,
            ..self.chain.clone()
        };
        let shape = sys::picture_shape(&first);
        let mut graph = self.build(&chain, &shape)?;
        graph.push(Some(first))?;
        graph.push(None)?;
        let (from, to) = (graph.time_base()?, (den as i32, num as i32));
        while let Some(mut frame) = graph.pull()? {
            frame.set_pts(frame.pts().map(|pts| rescale(pts, from, to)));
            sys::set_frame_duration(&mut frame, 1);
            self.finish.frame(Some(frame), to, out)?;
        }
        Ok(())
    }

    /// How long a picture is shown: as long as it says, or as the container's frame rate has it.
    fn duration(&self, frame: &ffmpeg::Frame) -> i64 {
        let (num, den) = self.frame_rate;
        match sys::frame_duration(frame) {
            own if own > 0 => own,
            _ if num > 0 && den > 0 => rescale(1, (den, num), self.time_base),
            _ => 0,
        }
    }

    fn flush(
        &mut self,
        out: &mut dyn FnMut(ffmpeg::Frame, (i32, i32)) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        if let Some((_, graph)) = &mut self.graph {
            match self.end.take() {
                // A change of frame rate has to know how long the last picture is shown.
                Some(end) => graph.close(end)?,
                None => graph.push(None)?,
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
        while let Some(mut frame) = graph.pull()? {
            if self.chain.frame_rate.is_some() {
                // One tick of the new clock; FFmpeg before 6 leaves the source's duration on the frame.
                sys::set_frame_duration(&mut frame, 1);
            }
            let shape = sys::picture_shape(&frame);
            let size = (shape.width.max(0) as u32, shape.height.max(0) as u32);
            self.first = None;
            self.settled.get_or_insert((size.0, size.1, shape.sar));
            self.finish.frame(Some(frame), base, out)?;
        }
        Ok(())
    }

    fn build(&self, chain: &VideoChain, shape: &PictureShape) -> Result<Graph, OpsError> {
        let mut args = source_args(shape, self.time_base);
        if self.frame_rate.0 > 0 && self.frame_rate.1 > 0 {
            args += &format!(":frame_rate={}/{}", self.frame_rate.0, self.frame_rate.1);
        }
        Graph::build(
            Kind::Video,
            &args,
            &video_chain(chain, shape, self.interlaced, self.settled)?,
            self.threads,
        )
    }
}

/// What a graph is told of the pictures that come into it.
pub(crate) fn source_args(shape: &PictureShape, (num, den): (i32, i32)) -> String {
    let mut args = format!(
        "video_size={}x{}:pix_fmt={}:time_base={num}/{den}:pixel_aspect={}/{}",
        shape.width,
        shape.height,
        shape.format,
        shape.sar.0.max(0),
        shape.sar.1.max(1),
    );
    if sys::graphs_know_colour() {
        args += &format!(":colorspace={}:range={}", shape.matrix, shape.range);
    }
    args
}
