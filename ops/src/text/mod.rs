//! Text to pixels: `fonts` finds the letters on this machine, `draw` paints them. No libav here: for a filter graph a
//! text is a picture like any other, and no character of it ever reaches a graph.

mod draw;
mod fonts;

pub(crate) use draw::Drawing;
pub(crate) use fonts::{Fonts, refusal};

/// A picture in memory, four bytes a pixel, colours not multiplied with the opacity.
pub(crate) struct Rgba {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) data: Vec<u8>,
}
