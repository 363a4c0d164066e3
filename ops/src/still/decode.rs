//! A picture file to pixels. What the file is, is judged by its bytes; how large, before any pixel is decoded.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader};

use super::{Still, colour, jpeg_quality, unreadable};
use crate::{Limits, OpsError};

/// Bytes of the widest pixel a file may hold: four channels of 16 bits.
const WIDEST_PIXEL: u64 = 8;
/// Bytes a decoder may need beside the pixels.
const SLACK: u64 = 16 << 20;

/// Reads the picture in `path`, upright as its Exif orientation says, in sRGB and with 8 bits a channel. Of an animation
/// it is the first frame.
///
/// # Errors
/// [`OpsError::NotAPicture`], [`OpsError::PictureDamaged`], and [`OpsError::TooLarge`] from the header alone.
pub(crate) fn decode(path: &Path, limits: &Limits) -> Result<Still, OpsError> {
    let failed = |error| OpsError::read_file(path, &error);
    let file = File::open(path).map_err(failed)?;
    let most = limits
        .pixels
        .saturating_mul(WIDEST_PIXEL)
        .saturating_add(SLACK);
    // Some decoders take the whole file into memory first.
    let bytes = file.metadata().map_err(failed)?.len();
    if bytes > most {
        return Err(OpsError::NotAPicture {
            reason: format!("it has {bytes} bytes; a picture within the limits has at most {most}"),
        });
    }
    let mut reader = ImageReader::new(BufReader::new(file))
        .with_guessed_format()
        .map_err(failed)?;
    let format = reader.format().ok_or_else(|| OpsError::NotAPicture {
        reason: "its bytes are no picture format that can be read".to_owned(),
    })?;
    let mut of_decoder = image::Limits::default();
    of_decoder.max_alloc = Some(most);
    reader.limits(of_decoder);
    let mut decoder = reader
        .into_decoder()
        .map_err(|error| unreadable(path, error))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > limits.pixels {
        return Err(OpsError::TooLarge {
            width,
            height,
            limit: limits.pixels,
        });
    }
    if width == 0 || height == 0 {
        return Err(OpsError::PictureDamaged {
            reason: format!("it is {width}x{height} pixels"),
        });
    }
    // Neither is worth failing for.
    let orientation = decoder.orientation().ok();
    let profile = decoder.icc_profile().ok().flatten();
    let pixels = DynamicImage::from_decoder(decoder).map_err(|error| unreadable(path, error))?;
    let mut pixels = eight_bits(pixels);
    if let Some(orientation) = orientation {
        pixels.apply_orientation(orientation);
    }
    if let Some(profile) = profile {
        colour::to_srgb(&mut pixels, &profile);
    }
    let quality = match format {
        ImageFormat::Jpeg => jpeg_quality::estimate(path).map_err(failed)?,
        _ => None,
    };
    Ok(Still {
        pixels,
        format,
        quality,
    })
}

/// The picture with 8 bits a channel and the channels it has.
fn eight_bits(pixels: DynamicImage) -> DynamicImage {
    match pixels {
        DynamicImage::ImageLuma16(_) => pixels.into_luma8().into(),
        DynamicImage::ImageLumaA16(_) => pixels.into_luma_alpha8().into(),
        DynamicImage::ImageRgb16(_) | DynamicImage::ImageRgb32F(_) => pixels.into_rgb8().into(),
        DynamicImage::ImageRgba16(_) | DynamicImage::ImageRgba32F(_) => pixels.into_rgba8().into(),
        already => already,
    }
}
