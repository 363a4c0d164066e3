//! What filters do to pictures.

use ffmpeg_next as ffmpeg;

use super::graph::{Graph, Kind};
use crate::OpsError;
use crate::av::geometry::{Picture, Turn, even};
use crate::av::sys::{self, PictureShape};
use crate::op::Size;

/// What happens to the pictures of one output.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct VideoChain {
    pub(crate) turn: Turn,
    pub(crate) size: Option<Size>,
    /// Keep the aspect inside `size`.
    pub(crate) fit: bool,
    /// Frames per second, as a fraction.
    pub(crate) frame_rate: Option<(u32, u32)>,
    /// Pixel formats the encoder takes, in libav's spelling.
    pub(crate) pixel_formats: &'static str,
    /// Encoders of 4:2:0 pictures take even sizes only.
    pub(crate) even: bool,
    /// Give the result square pixels even if its size is not named (pictures have no pixel aspect).
    pub(crate) square: bool,
}

/// Pictures in, pictures of one size and format out.
pub(crate) struct VideoFilter {
    chain: VideoChain,
    time_base: (i32, i32),
    frame_rate: (i32, i32),
    container_sar: (i32, i32),
    threads: usize,
    graph: Option<(PictureShape, Graph)>,
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
        Self {
            chain,
            time_base,
            frame_rate,
            container_sar,
            threads,
            graph: None,
            settled: None,
        }
    }

    /// Filters one picture; `None` flushes. Every picture that comes out goes to `out` with its time base.
    pub(crate) fn frame(
        &mut self,
        frame: Option<ffmpeg::Frame>,
        out: &mut dyn FnMut(ffmpeg::Frame, (i32, i32)) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        let Some(mut frame) = frame else {
            return self.flush(out);
        };
        if self.container_sar.0 > 0 {
            sys::set_sar(&mut frame, self.container_sar);
        }
        let shape = sys::picture_shape(&frame);
        if self
            .graph
            .as_ref()
            .is_none_or(|(built_for, _)| *built_for != shape)
        {
            self.flush(out)?;
            self.graph = Some((shape, self.build(&shape)?));
        }
        if let Some((_, graph)) = &mut self.graph {
            graph.push(Some(frame))?;
        }
        self.drain(out)
    }

    fn flush(
        &mut self,
        out: &mut dyn FnMut(ffmpeg::Frame, (i32, i32)) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        if let Some((_, graph)) = &mut self.graph {
            graph.push(None)?;
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
            self.settled.get_or_insert((
                shape.width.max(0) as u32,
                shape.height.max(0) as u32,
                shape.sar,
            ));
            out(frame, base)?;
        }
        Ok(())
    }

    fn build(&self, shape: &PictureShape) -> Result<Graph, OpsError> {
        let (num, den) = self.time_base;
        let mut args = format!(
            "video_size={}x{}:pix_fmt={}:time_base={num}/{den}:pixel_aspect={}/{}",
            shape.width,
            shape.height,
            shape.format,
            shape.sar.0.max(0),
            shape.sar.1.max(1),
        );
        if self.frame_rate.0 > 0 && self.frame_rate.1 > 0 {
            args += &format!(":frame_rate={}/{}", self.frame_rate.0, self.frame_rate.1);
        }
        if sys::graphs_know_colour() {
            args += &format!(":colorspace={}:range={}", shape.matrix, shape.range);
        }
        Graph::build(
            Kind::Video,
            &args,
            &video_chain(&self.chain, shape, self.settled),
            self.threads,
        )
    }
}

/// The filters between source and sink, in libav's syntax; numbers and names of ours only.
fn video_chain(
    chain: &VideoChain,
    shape: &PictureShape,
    settled: Option<(u32, u32, (i32, i32))>,
) -> String {
    let mut filters: Vec<String> = chain.turn.filters().into_iter().map(String::from).collect();
    if let Some((num, den)) = chain.frame_rate {
        filters.push(format!("fps=fps={num}/{den}"));
    }
    let picture = Picture::new(
        shape.width.max(1) as u32,
        shape.height.max(1) as u32,
        shape.sar,
    )
    .turned(chain.turn);
    let now = (picture.width, picture.height);
    if let Some((width, height, (num, den))) = settled {
        if now != (width, height) {
            filters.push(format!("scale={width}:{height}:flags=bicubic"));
        }
        filters.push(format!("setsar={}/{}", num.max(0), den.max(1)));
    } else if let Some(size) = chain.size {
        push_scale(
            &mut filters,
            now,
            picture.resized(size, chain.fit),
            chain.even,
        );
        filters.push("setsar=1".into());
    } else if chain.square {
        push_scale(&mut filters, now, picture.squared(), chain.even);
        filters.push("setsar=1".into());
    } else if chain.even && (now.0 % 2 == 1 || now.1 % 2 == 1) {
        let (width, height) = (even(now.0), even(now.1));
        // A line is cut off rather than every pixel being smeared over a fraction of its neighbour.
        let cut = if width <= now.0 && height <= now.1 {
            "crop"
        } else {
            "scale"
        };
        let place = if cut == "crop" { ":0:0" } else { "" };
        filters.push(format!("{cut}={width}:{height}{place}"));
    }
    filters.push(format!("format=pix_fmts={}", chain.pixel_formats));
    filters.join(",")
}

fn push_scale(filters: &mut Vec<String>, now: (u32, u32), wanted: (u32, u32), to_even: bool) {
    let (width, height) = if to_even {
        (even(wanted.0), even(wanted.1))
    } else {
        wanted
    };
    if (width, height) != now {
        filters.push(format!("scale={width}:{height}:flags=bicubic"));
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
        }
    }

    fn plain() -> VideoChain {
        VideoChain {
            turn: Turn::default(),
            size: None,
            fit: false,
            frame_rate: None,
            pixel_formats: "yuv420p",
            even: true,
            square: false,
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
                "scale=2:2,format=pix_fmts=yuv420p",
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
                "transpose=clock,scale=180:320:flags=bicubic,setsar=1,format=pix_fmts=yuv420p",
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
                "scale=640:480:flags=bicubic,setsar=4/3,format=pix_fmts=yuv420p",
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
                "scale=1920:1080:flags=bicubic,setsar=1,format=pix_fmts=rgb24",
            ),
        ] {
            assert_eq!(video_chain(&chain, &shape, settled), expected, "{name}");
        }
    }
}
