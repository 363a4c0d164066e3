//! Pixels to a picture file.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use image::codecs::gif::GifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, ExtendedColorType, ImageError, ImageResult, RgbImage};

use crate::OpsError;
use crate::av::webp;
use crate::op::StillFormat;

/// How long a palette of 256 colours is looked for, 1 (best) to 30.
const GIF_SPEED: i32 = 10;

/// Alpha from which a pixel of a GIF, which knows no shades of it, is there at all.
const GIF_VISIBLE: u8 = 128;

/// Encodes `pixels` into `path`. `quality`, 1 to 100, is that of formats that lose something: JPEG, and WebP where the
/// installed FFmpeg has its encoder; without that WebP is lossless. What is transparent becomes white in a JPEG.
pub(crate) fn encode(
    pixels: &DynamicImage,
    format: StillFormat,
    quality: u8,
    path: &Path,
) -> Result<(), OpsError> {
    let mut out = create(path)?;
    let encoded = match format {
        StillFormat::Jpg => {
            let encoder = JpegEncoder::new_with_quality(&mut out, quality);
            on_white(pixels).write_with_encoder(encoder)
        }
        StillFormat::Png => {
            without_idle_alpha(pixels).write_with_encoder(PngEncoder::new(&mut out))
        }
        StillFormat::Gif => gif(pixels, &mut out),
        StillFormat::Webp => match webp::encode(&pixels.to_rgba8(), quality)? {
            Some(bytes) => out.write_all(&bytes).map_err(ImageError::IoError),
            None => lossless_webp(pixels, &mut out),
        },
    };
    finish(encoded, out, path)
}

fn create(path: &Path) -> Result<BufWriter<File>, OpsError> {
    let file = File::create(path).map_err(|error| OpsError::write_file(path, &error))?;
    Ok(BufWriter::new(file))
}

fn finish(encoded: ImageResult<()>, mut out: BufWriter<File>, path: &Path) -> Result<(), OpsError> {
    let write = |error: std::io::Error| OpsError::write_file(path, &error);
    match encoded {
        Ok(()) => out.flush().map_err(write),
        Err(ImageError::IoError(error)) => Err(write(error)),
        Err(error) => Err(OpsError::Picture {
            reason: error.to_string(),
        }),
    }
}

fn gif(pixels: &DynamicImage, out: &mut impl Write) -> ImageResult<()> {
    let mut pixels = pixels.to_rgba8();
    for pixel in pixels.pixels_mut() {
        pixel.0[3] = if pixel.0[3] < GIF_VISIBLE { 0 } else { 255 };
    }
    let (width, height) = pixels.dimensions();
    GifEncoder::new_with_speed(out, GIF_SPEED).encode(
        &pixels,
        width,
        height,
        ExtendedColorType::Rgba8,
    )
}

fn lossless_webp(pixels: &DynamicImage, out: &mut impl Write) -> ImageResult<()> {
    colours(&without_idle_alpha(pixels)).write_with_encoder(WebPEncoder::new_lossless(out))
}

/// The picture as it looks on white paper; without alpha as it is.
fn on_white(pixels: &DynamicImage) -> DynamicImage {
    let over = |value: u8, alpha: u8| {
        let (value, alpha) = (u32::from(value), u32::from(alpha));
        ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
    };
    match pixels {
        DynamicImage::ImageLumaA8(pixels) => {
            let grey = pixels
                .pixels()
                .map(|pixel| over(pixel.0[0], pixel.0[1]))
                .collect();
            image::GrayImage::from_raw(pixels.width(), pixels.height(), grey).map_or_else(
                || DynamicImage::ImageLumaA8(pixels.clone()),
                DynamicImage::ImageLuma8,
            )
        }
        DynamicImage::ImageRgba8(pixels) => {
            RgbImage::from_fn(pixels.width(), pixels.height(), |x, y| {
                let [red, green, blue, alpha] = pixels.get_pixel(x, y).0;
                image::Rgb([red, green, blue].map(|value| over(value, alpha)))
            })
            .into()
        }
        opaque => opaque.clone(),
    }
}

/// The picture without an alpha channel that says of every pixel that it is there.
fn without_idle_alpha(pixels: &DynamicImage) -> DynamicImage {
    match pixels {
        DynamicImage::ImageLumaA8(alpha) if alpha.pixels().all(|pixel| pixel.0[1] == 255) => {
            pixels.to_luma8().into()
        }
        DynamicImage::ImageRgba8(alpha) if alpha.pixels().all(|pixel| pixel.0[3] == 255) => {
            pixels.to_rgb8().into()
        }
        _ => pixels.clone(),
    }
}

/// Grey as colour, for a format that knows nothing else.
fn colours(pixels: &DynamicImage) -> DynamicImage {
    match pixels.color().has_alpha() {
        true => pixels.to_rgba8().into(),
        false => pixels.to_rgb8().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is written where FFmpeg has no libwebp.
    #[test]
    fn a_webp_without_loss_gives_back_every_pixel() {
        let shade = |x: u32, y: u32| (x * 7 + y * 13) as u8;
        let grey = image::GrayImage::from_fn(20, 10, |x, y| image::Luma([shade(x, y)]));
        let clear = image::RgbaImage::from_fn(20, 10, |x, y| {
            image::Rgba([shade(x, y), 9, 200, if x < 10 { 255 } else { 40 }])
        });
        for pixels in [DynamicImage::from(grey), clear.into()] {
            let mut webp = Vec::new();
            lossless_webp(&pixels, &mut webp).unwrap();
            let read = image::load_from_memory(&webp).unwrap();
            assert_eq!(read.to_rgba8(), pixels.to_rgba8());
        }
    }
}
