//! A part of a picture.

use image::DynamicImage;

/// A rectangle of a picture, in pixels from its upper left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Area {
    pub(crate) x: u32,
    pub(crate) y: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Area {
    /// The middle of a picture of `size`, as large as `wanted` where the picture is large enough.
    pub(crate) fn centred(size: (u32, u32), wanted: (u32, u32)) -> Self {
        let (width, height) = (wanted.0.min(size.0), wanted.1.min(size.1));
        Self {
            x: (size.0 - width) / 2,
            y: (size.1 - height) / 2,
            width,
            height,
        }
    }
}

/// The part of `pixels` inside `area`; what of it lies outside the picture is left out.
pub(crate) fn crop(pixels: &DynamicImage, area: Area) -> DynamicImage {
    pixels.crop_imm(area.x, area.y, area.width, area.height)
}
