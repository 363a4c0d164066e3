//! Pictures of 256 colours for GIF. The colours are chosen from the pictures themselves, which must wait until all are
//! seen; so that memory stays bounded they are chosen anew after some.

use ffmpeg_next as ffmpeg;

use super::super::graph::{Graph, Kind};
use crate::OpsError;
use crate::av::sys;

/// Bytes of pictures that may wait for their palette: twenty seconds of 320x240 at ten a second.
const HELD: usize = 64 << 20;

const CHAIN: &str =
    "split[seen][kept];[seen]palettegen[palette];[kept][palette]paletteuse=diff_mode=rectangle";

/// Pictures of any colour in, pictures with a palette out.
pub(super) struct Palette {
    graph: Option<Graph>,
    /// Pictures that may still share this palette.
    room: usize,
}

impl Palette {
    pub(super) fn new() -> Self {
        Self {
            graph: None,
            room: 0,
        }
    }

    /// Takes one picture whose timestamp is in `base`; `None` ends them.
    pub(super) fn frame(
        &mut self,
        frame: Option<ffmpeg::Frame>,
        base: (i32, i32),
        out: &mut dyn FnMut(ffmpeg::Frame, (i32, i32)) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        let Some(frame) = frame else {
            return self.flush(out);
        };
        if self.room == 0 {
            self.flush(out)?;
            let shape = sys::picture_shape(&frame);
            let (width, height) = (shape.width.max(1), shape.height.max(1));
            let args = format!(
                "video_size={width}x{height}:pix_fmt={}:time_base={}/{}:pixel_aspect=1/1",
                shape.format, base.0, base.1
            );
            self.graph = Some(Graph::build(Kind::Video, &args, CHAIN, 1)?);
            self.room = pictures(width as usize, height as usize);
        }
        self.room -= 1;
        match &mut self.graph {
            Some(graph) => graph.push(Some(frame)),
            None => Ok(()),
        }
    }

    fn flush(
        &mut self,
        out: &mut dyn FnMut(ffmpeg::Frame, (i32, i32)) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        let Some(mut graph) = self.graph.take() else {
            return Ok(());
        };
        graph.push(None)?;
        let base = graph.time_base()?;
        while let Some(frame) = graph.pull()? {
            out(frame, base)?;
        }
        Ok(())
    }
}

/// How many pictures of this size may share a palette.
fn pictures(width: usize, height: usize) -> usize {
    (HELD / (4 * width * height)).max(2)
}
