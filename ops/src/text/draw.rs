//! Paints a text: the lines around the letters first, then the letters over them.

use cosmic_text::{Align, SwashCache, SwashContent};
use zeno::{Cap, Join, Mask, Origin, Stroke};

use super::{Fonts, Rgba};
use crate::OpsError;
use crate::op::{Colour, Gravity, Lettering};

const WHITE: Colour = Colour([255, 255, 255]);
const BLACK: Colour = Colour([0, 0, 0]);
const SIZE: u16 = 30;

/// A text whose letters are there, ready to be painted in any width.
pub(crate) struct Drawing {
    fonts: Fonts,
    text: String,
    size: f32,
    border: f32,
    colour: Colour,
    border_colour: Colour,
    align: Align,
}

/// A painted letter, or the line around one: a mask of coverage, or pixels with colours of their own.
struct Glyph {
    left: i32,
    top: i32,
    width: u32,
    height: u32,
    pixels: Pixels,
}

enum Pixels {
    Mask(Vec<u8>, Colour),
    Coloured(Vec<u8>),
}

impl Drawing {
    /// Finds the letters of the text; `None` if there is no text.
    pub(crate) fn of(op: &Lettering) -> Result<Option<Self>, OpsError> {
        let Some(text) = &op.text else {
            return Ok(None);
        };
        let mut fonts = Fonts::find(op.font.as_ref().map(|name| name.as_str()), op.bold)?;
        fonts.check(text.as_str())?;
        Ok(Some(Self {
            fonts,
            text: text.as_str().to_owned(),
            size: f32::from(op.size.map_or(SIZE, |size| size.get())),
            border: f32::from(op.border.map_or(0, |width| width.get())),
            colour: op.colour.unwrap_or(WHITE),
            border_colour: op.border_colour.unwrap_or(BLACK),
            align: match op.gravity {
                Some(Gravity::TopLeft | Gravity::CenterLeft | Gravity::BottomLeft) => Align::Left,
                Some(Gravity::TopCenter | Gravity::Center | Gravity::BottomCenter) => Align::Center,
                _ => Align::Right,
            },
        }))
    }

    /// Paints the text in lines that fit into `width`; what is lower than `height` is cut off. The picture ends where the
    /// letters end. `None` if nothing is to be seen.
    pub(crate) fn paint(&mut self, width: u32, height: u32) -> Option<Rgba> {
        let borders = 2.0 * self.border;
        let line = (width as f32 - borders).max(self.size);
        let (lines, letters) = self.glyphs(line, height);
        let all = || lines.iter().chain(&letters);
        let left = all().map(|glyph| glyph.left).min()?;
        let top = all().map(|glyph| glyph.top).min()?;
        let right = all().map(|glyph| glyph.left + glyph.width as i32).max()?;
        let bottom = all().map(|glyph| glyph.top + glyph.height as i32).max()?;
        // A letter may be wider than all of the picture.
        let mut canvas = Rgba {
            width: right.abs_diff(left).min(width.max(1)),
            height: bottom.abs_diff(top).min(height.max(1)),
            data: Vec::new(),
        };
        canvas.data = vec![0; canvas.width as usize * canvas.height as usize * 4];
        for glyph in all() {
            glyph.paint(&mut canvas, left, top);
        }
        Some(canvas)
    }

    /// The lines around the letters, and the letters, of the text lines that begin above `height`.
    fn glyphs(&mut self, width: f32, height: u32) -> (Vec<Glyph>, Vec<Glyph>) {
        let buffer = self.fonts.lay_out(&self.text, self.size, width, self.align);
        let mut cache = SwashCache::new();
        let (mut lines, mut letters) = (Vec::new(), Vec::new());
        let visible = |run: &cosmic_text::LayoutRun<'_>| run.line_top < height as f32;
        for run in buffer.layout_runs().take_while(visible) {
            for glyph in run.glyphs {
                let glyph = glyph.physical((0.0, run.line_y), 1.0);
                let (x, y, key) = (glyph.x, glyph.y, glyph.cache_key);
                if let Some(image) = cache.get_image_uncached(&mut self.fonts.system, key) {
                    let pixels = match image.content {
                        SwashContent::Color => Pixels::Coloured(image.data),
                        _ => Pixels::Mask(image.data, self.colour),
                    };
                    letters.extend(Glyph::at(x, y, image.placement, pixels));
                }
                if self.border > 0.0
                    && let Some(outline) =
                        cache.get_outline_commands_uncached(&mut self.fonts.system, key)
                {
                    // A line runs along the middle of what it is drawn on: half of it lies under the letter.
                    let mut pen = Stroke::new(2.0 * self.border);
                    pen.join(Join::Round).cap(Cap::Round);
                    let shift = (key.x_bin.as_float(), key.y_bin.as_float());
                    let (mask, placement) = Mask::new(&*outline)
                        .style(pen)
                        .origin(Origin::BottomLeft)
                        .offset(shift)
                        .render_offset(shift)
                        // Has the size found out, from which `top` is counted.
                        .inspect(|_, _, _| ())
                        .render();
                    let pixels = Pixels::Mask(mask, self.border_colour);
                    lines.extend(Glyph::at(x, y, placement, pixels));
                }
            }
        }
        (lines, letters)
    }
}

impl Glyph {
    /// `None` for a blank.
    fn at(x: i32, y: i32, place: zeno::Placement, pixels: Pixels) -> Option<Self> {
        (place.width > 0 && place.height > 0).then(|| Self {
            left: x + place.left,
            top: y - place.top,
            width: place.width,
            height: place.height,
            pixels,
        })
    }

    /// Lays the glyph over what is painted already; `left` and `top` are where the canvas begins.
    fn paint(&self, canvas: &mut Rgba, left: i32, top: i32) {
        for row in 0..self.height {
            for column in 0..self.width {
                let at = (row * self.width + column) as usize;
                let (colour, alpha) = match &self.pixels {
                    Pixels::Mask(mask, Colour(colour)) => (*colour, mask[at]),
                    Pixels::Coloured(data) => {
                        let pixel = &data[at * 4..];
                        ([pixel[0], pixel[1], pixel[2]], pixel[3])
                    }
                };
                let x = (self.left - left) as u32 + column;
                let y = (self.top - top) as u32 + row;
                if alpha > 0 && x < canvas.width && y < canvas.height {
                    let at = (y as usize * canvas.width as usize + x as usize) * 4;
                    over(&mut canvas.data[at..at + 4], colour, alpha);
                }
            }
        }
    }
}

/// Lays a colour of this opacity over a pixel.
fn over(pixel: &mut [u8], colour: [u8; 3], alpha: u8) {
    let above = f32::from(alpha) / 255.0;
    let below = f32::from(pixel[3]) / 255.0 * (1.0 - above);
    let both = above + below;
    for (channel, colour) in pixel.iter_mut().zip(colour) {
        let mixed = (f32::from(colour) * above + f32::from(*channel) * below) / both;
        *channel = mixed.round() as u8;
    }
    pixel[3] = (both * 255.0).round() as u8;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::{BorderWidth, FontSize, Text};

    fn lettering(text: &str, size: u16, border: u8) -> Lettering {
        Lettering {
            text: Text::new(text),
            size: FontSize::new(size),
            border: BorderWidth::new(border),
            colour: Some(Colour([255, 0, 0])),
            border_colour: Some(Colour([0, 0, 255])),
            gravity: Some(Gravity::TopLeft),
            ..Lettering::default()
        }
    }

    fn painted(text: &str, size: u16, border: u8, width: u32, height: u32) -> Rgba {
        let mut drawing = Drawing::of(&lettering(text, size, border))
            .unwrap()
            .unwrap();
        drawing.paint(width, height).unwrap()
    }

    #[test]
    fn a_picture_ends_where_its_letters_end() {
        let block = painted("\u{2588}", 40, 0, 400, 400);
        assert!(
            block.height > 40 && block.width > 20,
            "{}x{}",
            block.width,
            block.height
        );
        let red = |pixel: &&[u8]| **pixel == [255, 0, 0, 255];
        let full = block.data.chunks(4).filter(red).count() as u32;
        assert!(
            full >= (block.width - 2) * (block.height - 2),
            "{full} red pixels"
        );
        let framed = painted("\u{2588}", 40, 5, 400, 400);
        assert_eq!(
            (
                framed.width.abs_diff(block.width + 10),
                framed.height.abs_diff(block.height + 10)
            ),
            (0, 0)
        );
        let middle = (framed.height / 2 * framed.width * 4) as usize;
        assert_eq!(
            &framed.data[middle + 8..middle + 12],
            [0, 0, 255, 255],
            "the line at the left"
        );
    }

    #[test]
    fn long_lines_are_broken_and_low_ones_cut_off() {
        let words = "one two three four five six seven eight nine ten";
        let broad = painted(words, 20, 0, 2000, 400);
        let narrow = painted(words, 20, 0, 120, 400);
        assert!(
            narrow.width <= 120 && narrow.height > 4 * broad.height,
            "{}x{}",
            narrow.width,
            narrow.height
        );
        assert_eq!(painted(words, 20, 0, 120, 30).height, 30);
        let huge = painted("W", 500, 20, 64, 48);
        assert_eq!((huge.width, huge.height), (64, 48));
        let many = painted(&"W ".repeat(500), 500, 20, 320, 240);
        assert_eq!(many.height, 240);
    }

    #[test]
    fn nothing_visible_is_no_picture() {
        let mut drawing = Drawing::of(&lettering("\u{3000}\u{200b}", 20, 2))
            .unwrap()
            .unwrap();
        assert!(drawing.paint(100, 100).is_none());
        assert!(Drawing::of(&Lettering::default()).unwrap().is_none());
    }

    #[test]
    fn colours_mix_by_their_opacity() {
        let mut pixel = [0, 0, 0, 0];
        over(&mut pixel, [200, 100, 0], 128);
        assert_eq!(pixel, [200, 100, 0, 128]);
        over(&mut pixel, [0, 0, 0], 255);
        assert_eq!(pixel, [0, 0, 0, 255]);
    }
}
