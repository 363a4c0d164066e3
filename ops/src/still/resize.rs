//! Pixels to fewer or more pixels.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::{DynamicImage, ImageBuffer};

use super::crop;
use super::view::View;
use crate::OpsError;

/// Scales and crops as `view` says.
pub(crate) fn apply(pixels: DynamicImage, view: View) -> Result<DynamicImage, OpsError> {
    let scaled = match view.size == (pixels.width(), pixels.height()) {
        true => pixels,
        false => resize(&pixels, view.size)?,
    };
    Ok(match view.part {
        Some(part) => crop::crop(&scaled, part),
        None => scaled,
    })
}

/// Scales to exactly `size`, with Lanczos' filter. What is transparent does not bleed its colour into what is not.
pub(crate) fn resize(pixels: &DynamicImage, size: (u32, u32)) -> Result<DynamicImage, OpsError> {
    let (width, height) = size;
    let pixel = match pixels {
        DynamicImage::ImageLuma8(_) => PixelType::U8,
        DynamicImage::ImageLumaA8(_) => PixelType::U8x2,
        DynamicImage::ImageRgb8(_) => PixelType::U8x3,
        DynamicImage::ImageRgba8(_) => PixelType::U8x4,
        // `decode` makes no other; whoever has one loses depth, not the picture.
        other => return resize(&DynamicImage::ImageRgba8(other.to_rgba8()), size),
    };
    let failed = |error: String| OpsError::Picture { reason: error };
    let source = ImageRef::new(pixels.width(), pixels.height(), pixels.as_bytes(), pixel)
        .map_err(|error| failed(error.to_string()))?;
    let mut scaled = Image::new(width, height, pixel);
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
        .use_alpha(true);
    Resizer::new()
        .resize(&source, &mut scaled, &options)
        .map_err(|error| failed(error.to_string()))?;
    let bytes = scaled.into_vec();
    let scaled = match pixel {
        PixelType::U8 => ImageBuffer::from_raw(width, height, bytes).map(DynamicImage::ImageLuma8),
        PixelType::U8x2 => {
            ImageBuffer::from_raw(width, height, bytes).map(DynamicImage::ImageLumaA8)
        }
        PixelType::U8x3 => ImageBuffer::from_raw(width, height, bytes).map(DynamicImage::ImageRgb8),
        _ => ImageBuffer::from_raw(width, height, bytes).map(DynamicImage::ImageRgba8),
    };
    scaled.ok_or_else(|| failed(format!("{width}x{height} pixels do not fit their buffer")))
}
