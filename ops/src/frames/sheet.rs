//! Sheets of pictures: which cell is where, and a sheet being filled. Pure but for its pixels.

use image::{Rgb, RgbImage, imageops};

use crate::op::Colour;
use crate::{Limits, OpsError};

/// How the cells of a sheet are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) rows: u32,
    pub(crate) columns: u32,
    /// Pixels between two cells.
    pub(crate) padding: u32,
    /// Pixels around them all.
    pub(crate) margin: u32,
    /// What is seen where there is no picture.
    pub(crate) colour: Colour,
}

/// A place on a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell {
    /// The sheet, counted from 0.
    pub(crate) sheet: usize,
    pub(crate) x: u32,
    pub(crate) y: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Layout {
    /// Cells on a sheet.
    pub(crate) fn cells(&self) -> usize {
        self.rows as usize * self.columns as usize
    }

    /// Where picture number `number`, counted from 0, stands: row by row, sheet by sheet.
    pub(crate) fn cell(&self, number: usize, (width, height): (u32, u32)) -> Cell {
        let cells = self.cells().max(1);
        let on_sheet = (number % cells) as u32;
        let (row, column) = (on_sheet / self.columns, on_sheet % self.columns);
        Cell {
            sheet: number / cells,
            x: self.margin + column * (width + self.padding),
            y: self.margin + row * (height + self.padding),
            width,
            height,
        }
    }

    /// The size of a sheet; every sheet has it, the last one too. Fails if that is too large.
    pub(crate) fn size(&self, cell: (u32, u32), limits: &Limits) -> Result<(u32, u32), OpsError> {
        let side = |cells: u32, pixels: u32| {
            let (cells, pixels) = (u64::from(cells), u64::from(pixels));
            let gaps = cells.saturating_sub(1) * u64::from(self.padding);
            cells * pixels + gaps + 2 * u64::from(self.margin)
        };
        let (width, height) = (side(self.columns, cell.0), side(self.rows, cell.1));
        // No JPEG is longer.
        let longest = u64::from(u16::MAX);
        if width > longest || height > longest || width * height > limits.pixels {
            return Err(OpsError::SheetTooLarge {
                width,
                height,
                rows: self.rows,
                columns: self.columns,
                cell_width: cell.0,
                cell_height: cell.1,
                limit: limits.pixels,
            });
        }
        Ok((width as u32, height as u32))
    }
}

/// A sheet that is being filled.
pub(crate) struct Sheet {
    pixels: RgbImage,
}

impl Sheet {
    pub(crate) fn new((width, height): (u32, u32), colour: Colour) -> Self {
        Self {
            pixels: RgbImage::from_pixel(width, height, Rgb(colour.0)),
        }
    }

    /// Puts a picture into its cell.
    pub(crate) fn put(&mut self, picture: &RgbImage, cell: Cell) {
        imageops::replace(&mut self.pixels, picture, cell.x.into(), cell.y.into());
    }

    pub(crate) fn into_picture(self) -> RgbImage {
        self.pixels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLACK: Colour = Colour([0; 3]);

    fn layout(padding: u32, margin: u32) -> Layout {
        Layout {
            rows: 2,
            columns: 3,
            padding,
            margin,
            colour: BLACK,
        }
    }

    #[test]
    fn cells_follow_row_by_row_and_sheet_by_sheet() {
        for (number, sheet, x, y) in [
            (0, 0, 0, 0),
            (2, 0, 80, 0),
            (3, 0, 0, 30),
            (5, 0, 80, 30),
            (6, 1, 0, 0),
            (13, 2, 40, 0),
        ] {
            let cell = layout(0, 0).cell(number, (40, 30));
            assert_eq!((cell.sheet, cell.x, cell.y), (sheet, x, y), "{number}");
        }
        let cell = layout(5, 7).cell(4, (40, 30));
        assert_eq!((cell.x, cell.y), (7 + 45, 7 + 35));
    }

    #[test]
    fn a_sheet_has_room_for_its_cells_and_what_is_between_them() {
        let limits = Limits::default();
        assert_eq!(layout(0, 0).size((40, 30), &limits).unwrap(), (120, 60));
        assert_eq!(layout(5, 7).size((40, 30), &limits).unwrap(), (144, 79));
        let error = layout(0, 0).size((8192, 8192), &limits).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("2 rows and 3 columns of 8192x8192"),
            "{error}"
        );
    }
}
