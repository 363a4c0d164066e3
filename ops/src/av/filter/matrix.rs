//! Pictures whose numbers stand for colours in one way, made to stand for them in another.

use ffmpeg_next as ffmpeg;

use super::graph::{Graph, Kind};
use crate::OpsError;
use crate::av::sys::{self, PictureShape};

/// Changes the colour matrix of pictures; one for one and at once.
#[derive(Default)]
pub(crate) struct MatrixFilter {
    graph: Option<(PictureShape, i32, Graph)>,
}

impl MatrixFilter {
    /// The picture in the matrix `to`. A matrix that nobody named is left alone: players guess it in ways of their own.
    pub(crate) fn frame(
        &mut self,
        frame: ffmpeg::Frame,
        to: i32,
    ) -> Result<ffmpeg::Frame, OpsError> {
        let shape = sys::picture_shape(&frame);
        let Some(chain) = chain(shape.matrix, to) else {
            return Ok(frame);
        };
        let fits = |(built_for, built_to, _): &(PictureShape, i32, Graph)| {
            (*built_for, *built_to) == (shape, to)
        };
        if !self.graph.as_ref().is_some_and(fits) {
            // Its clock does not matter: timestamps go through as they are.
            let mut args = format!(
                "video_size={}x{}:pix_fmt={}:time_base=1/1000:pixel_aspect={}/{}",
                shape.width,
                shape.height,
                shape.format,
                shape.sar.0.max(0),
                shape.sar.1.max(1),
            );
            if sys::graphs_know_colour() {
                args += &format!(":colorspace={}:range={}", shape.matrix, shape.range);
            }
            self.graph = Some((shape, to, Graph::build(Kind::Video, &args, &chain, 1)?));
        }
        let (_, _, graph) = self.graph.as_mut().ok_or(OpsError::NothingDecoded)?;
        graph.push(Some(frame))?;
        graph.pull()?.ok_or(OpsError::NothingDecoded)
    }
}

/// The filter from one matrix to another, by libav's numbers of them.
fn chain(from: i32, to: i32) -> Option<String> {
    let name = |matrix: i32| match matrix {
        1 => Some("bt709"),
        4 => Some("fcc"),
        5 | 6 => Some("bt601"),
        7 => Some("smpte240m"),
        9 | 10 => Some("bt2020"),
        _ => None,
    };
    let (from, to) = (name(from)?, name(to)?);
    (from != to).then(|| format!("scale=in_color_matrix={from}:out_color_matrix={to}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_to_differ_is_converted() {
        for (name, from, to, expected) in [
            ("the same", 1, 1, None),
            ("two names of one", 5, 6, None),
            ("nobody said it", 2, 1, None),
            (
                "standard to high definition",
                6,
                1,
                Some("scale=in_color_matrix=bt601:out_color_matrix=bt709"),
            ),
        ] {
            assert_eq!(chain(from, to).as_deref(), expected, "{name}");
        }
    }
}
