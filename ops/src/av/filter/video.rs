//! What filters do to pictures.

use ffmpeg_next as ffmpeg;

use super::graph::{Graph, Kind};
use crate::OpsError;
use crate::av::geometry::{Canvas, Fit, Picture, Turn, even};
use crate::av::overlay::Overlay;
use crate::av::rescale;
use crate::av::sys::{self, PictureShape};
use crate::op::{Pad, Ratio, Size};
use crate::still::crop::Area;
use finish::Finish;
use palette::Palette;

mod finish;
mod palette;
mod tone;

/// What happens to the pictures of one output.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct VideoChain {
    /// Interlaced pictures become whole ones; otherwise their fields stay apart.
    pub(crate) deinterlace: bool,
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
    /// Encoders of 4:2:0 pictures take even sizes only.
    pub(crate) even: bool,
    /// Give the result square pixels even if its size is not named (pictures have no pixel aspect).
    pub(crate) square: bool,
    /// Reduce the colours to 256.
    pub(crate) palette: bool,
}

impl VideoChain {
    /// Nothing but a change of pixel format, from high dynamic range if it has to be.
    pub(crate) fn into_format(pixel_formats: &'static str) -> Self {
        Self {
            deinterlace: false,
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
            self.graph = Some((shape, self.build(&shape)?));
        }
        self.end = frame.pts().map(|pts| pts + self.duration(&frame));
        if let Some((_, graph)) = &mut self.graph {
            graph.push(Some(frame))?;
        }
        self.drain(out)
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
            self.settled.get_or_insert((size.0, size.1, shape.sar));
            self.finish.frame(Some(frame), base, out)?;
        }
        Ok(())
    }

    fn build(&self, shape: &PictureShape) -> Result<Graph, OpsError> {
        let mut args = source_args(shape, self.time_base);
        if self.frame_rate.0 > 0 && self.frame_rate.1 > 0 {
            args += &format!(":frame_rate={}/{}", self.frame_rate.0, self.frame_rate.1);
        }
        Graph::build(
            Kind::Video,
            &args,
            &video_chain(&self.chain, shape, self.interlaced, self.settled)?,
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

/// The filters between source and sink, in libav's syntax; numbers and names of ours only.
fn video_chain(
    chain: &VideoChain,
    shape: &PictureShape,
    interlaced: bool,
    settled: Option<(u32, u32, (i32, i32))>,
) -> Result<String, OpsError> {
    let mut filters = Vec::<String>::new();
    // Less than that is no picture for the filter, and nothing that was ever interlaced.
    let is_tiny = shape.width < 4 || shape.height < 4;
    if chain.deinterlace && interlaced && !is_tiny {
        filters.push("bwdif=mode=send_frame:parity=auto:deint=interlaced".into());
    }
    filters.extend(chain.turn.filters().into_iter().map(String::from));
    if let Some((num, den)) = chain.frame_rate {
        filters.push(format!("fps=fps={num}/{den}"));
    }
    let picture = Picture::new(
        shape.width.max(1) as u32,
        shape.height.max(1) as u32,
        shape.sar,
    )
    .turned(chain.turn);
    // Fields are scaled each for itself.
    let keeps_fields = interlaced && !chain.deinterlace;
    let now = size(&mut filters, chain, picture, keeps_fields);
    filters.extend(colours(chain, shape)?);
    let now = match chain.part {
        Some(Area {
            x,
            y,
            width,
            height,
        }) => {
            filters.push(format!("crop={width}:{height}:{x}:{y}:exact=1"));
            (width, height)
        }
        None => now,
    };
    let canvas = match chain.size {
        Some(Size::Exact { width, height }) if chain.fit == Fit::Fill => {
            let all = on_grid((width, height), chain.even);
            Some(Canvas::filled(now, all, chain.even))
        }
        _ if chain.pad.is_given() => Some(Canvas::padded(now, chain.pad, chain.even)?),
        _ => None,
    };
    let ((width, height), (x, y)) = canvas.map_or((now, (0, 0)), |canvas| (canvas.size, canvas.at));
    if (width, height) != now {
        filters.push(format!("pad={width}:{height}:{x}:{y}:color=black"));
    }
    match (settled, chain.sar, chain.aspect) {
        (Some((wide, high, (num, den))), ..) => {
            if (wide, high) != (width, height) {
                filters.push(format!("scale={wide}:{high}:flags=bicubic"));
                filters.push(format!("format=pix_fmts={}", chain.pixel_formats));
            }
            filters.push(format!("setsar={}/{}", num.max(0), den.max(1)));
        }
        (None, Some(sar), _) => {
            let (num, den) = sar.get();
            filters.push(format!("setsar={num}/{den}"));
        }
        (None, None, Some(aspect)) => {
            let (num, den) = aspect.get();
            filters.push(format!("setdar={num}/{den}"));
        }
        (None, None, None) if chain.size.is_some() || chain.square => {
            filters.push("setsar=1".into());
        }
        (None, None, None) => {}
    }
    Ok(filters.join(","))
}

/// Gives the picture the size that is asked for; tells what it is.
fn size(
    filters: &mut Vec<String>,
    chain: &VideoChain,
    picture: Picture,
    keeps_fields: bool,
) -> (u32, u32) {
    let now = (picture.width, picture.height);
    let wanted = match chain.size {
        Some(size) => picture.resized(size, chain.fit, chain.sar.map_or((1, 1), Ratio::get)),
        None if chain.square => picture.squared(),
        None => now,
    };
    let wanted = on_grid(wanted, chain.even);
    if wanted == now {
        return now;
    }
    // A line is cut off rather than every pixel being smeared over a fraction of its neighbour.
    let is_cut = chain.size.is_none() && !chain.square && wanted.0 <= now.0 && wanted.1 <= now.1;
    let (width, height) = wanted;
    filters.push(match (is_cut, keeps_fields) {
        (true, _) => format!("crop={width}:{height}:0:0"),
        (false, true) => format!("scale={width}:{height}:flags=bicubic:interl=1"),
        (false, false) => format!("scale={width}:{height}:flags=bicubic"),
    });
    wanted
}

/// From the colours of the source to those the encoder takes.
fn colours(chain: &VideoChain, shape: &PictureShape) -> Result<Vec<String>, OpsError> {
    let source = sys::samples(shape.format);
    let mut filters = Vec::new();
    let flattens = source.has_alpha && !chain.palette;
    if flattens {
        // What shines through is black; without this, whatever lies under transparent pixels would show.
        let format = if source.depth > 8 {
            "gbrap16le"
        } else {
            "gbrap"
        };
        filters.push(format!("format=pix_fmts={format}"));
        filters.push("premultiply=inplace=1".into());
    }
    let is_rgb = source.is_rgb || flattens;
    let format = format!("format=pix_fmts={}", chain.pixel_formats);
    let standard = match chain.keep_dynamics {
        true => Vec::new(),
        false => tone::to_standard(shape)?,
    };
    if !standard.is_empty() {
        filters.extend(standard);
        if chain.gives_rgb() {
            filters.push("format=pix_fmts=yuv444p".into());
        }
        filters.push(format);
    } else if is_rgb && !chain.gives_rgb() {
        // libav would take the matrix of standard definition and leave the note that there is none.
        filters.push("scale=out_color_matrix=bt709:out_range=tv".into());
        filters.push(format);
        filters.push("setparams=colorspace=bt709:range=tv".into());
    } else if shape.is_full_range() && !chain.full_range && !chain.gives_rgb() {
        filters.push("scale=out_range=tv".into());
        filters.push(format);
        filters.push("setparams=range=tv".into());
    } else {
        filters.push(format);
    }
    Ok(filters)
}

fn on_grid((width, height): (u32, u32), to_even: bool) -> (u32, u32) {
    if to_even {
        (even(width), even(height))
    } else {
        (width, height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(width: i32, height: i32, sar: (i32, i32)) -> PictureShape {
        PictureShape {
            width,
            height,
            format: 0,
            sar,
            range: 0,
            matrix: 2,
            primaries: 2,
            transfer: 2,
        }
    }

    fn plain() -> VideoChain {
        VideoChain {
            even: true,
            ..VideoChain::into_format("yuv420p")
        }
    }

    #[test]
    fn video_chains_do_what_the_parameters_say() {
        let quarter = Turn {
            quarters: 1,
            mirrored: false,
        };
        for (name, chain, shape, settled, expected) in [
            (
                "nothing to do",
                plain(),
                shape(640, 360, (1, 1)),
                None,
                "format=pix_fmts=yuv420p",
            ),
            (
                "odd size loses a line",
                plain(),
                shape(161, 121, (1, 1)),
                None,
                "crop=160:120:0:0,format=pix_fmts=yuv420p",
            ),
            (
                "a single pixel grows",
                plain(),
                shape(1, 1, (1, 1)),
                None,
                "scale=2:2:flags=bicubic,format=pix_fmts=yuv420p",
            ),
            (
                "phone video is turned before it is sized",
                VideoChain {
                    turn: quarter,
                    size: Some(Size::Width(180)),
                    ..plain()
                },
                shape(1280, 720, (1, 1)),
                None,
                "transpose=clock,scale=180:320:flags=bicubic,format=pix_fmts=yuv420p,setsar=1",
            ),
            (
                "a frame rate is set before pixels are touched",
                VideoChain {
                    frame_rate: Some((15, 1)),
                    ..plain()
                },
                shape(640, 360, (1, 1)),
                None,
                "fps=fps=15/1,format=pix_fmts=yuv420p",
            ),
            (
                "a size change in the middle keeps the first size",
                plain(),
                shape(320, 240, (1, 1)),
                Some((640, 480, (4, 3))),
                "format=pix_fmts=yuv420p,scale=640:480:flags=bicubic,format=pix_fmts=yuv420p,setsar=4/3",
            ),
            (
                "a picture gets square pixels",
                VideoChain {
                    square: true,
                    even: false,
                    pixel_formats: "rgb24",
                    ..plain()
                },
                shape(1440, 1080, (4, 3)),
                None,
                "scale=1920:1080:flags=bicubic,format=pix_fmts=rgb24,setsar=1",
            ),
        ] {
            let filters = video_chain(&chain, &shape, false, settled).ok();
            assert_eq!(filters.as_deref(), Some(expected), "{name}");
        }
    }
}
