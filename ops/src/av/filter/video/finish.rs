//! What is done to pictures that have their size: something is laid over them, then their colours are reduced.

use ffmpeg_next as ffmpeg;

use super::palette::Palette;
use crate::OpsError;
use crate::av::overlay::Overlay;

/// The steps behind the graph, those that there are.
#[derive(Default)]
pub(super) struct Finish {
    pub(super) overlay: Option<Overlay>,
    pub(super) palette: Option<Palette>,
}

impl Finish {
    /// Takes one picture whose timestamp is in `base`; `None` ends them.
    pub(super) fn frame(
        &mut self,
        frame: Option<ffmpeg::Frame>,
        base: (i32, i32),
        out: &mut dyn FnMut(ffmpeg::Frame, (i32, i32)) -> Result<(), OpsError>,
    ) -> Result<(), OpsError> {
        let Self { overlay, palette } = self;
        let mut reduced = |frame, base| match palette {
            Some(palette) => palette.frame(Some(frame), base, out),
            None => out(frame, base),
        };
        match (frame, overlay) {
            (Some(frame), Some(overlay)) => return overlay.frame(frame, base, &mut reduced),
            (Some(frame), None) => return reduced(frame, base),
            (None, Some(overlay)) => overlay.finish(&mut reduced)?,
            (None, None) => {}
        }
        match palette {
            Some(palette) => palette.frame(None, base, out),
            None => Ok(()),
        }
    }
}
