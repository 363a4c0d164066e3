//! A picture file to pixels. What the file is, is judged by its bytes; how large, before any pixel is decoded.

use std::fs::File;
use std::io::{Cursor, Read as _};
use std::path::Path;

use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader};

use super::{Still, colour, jpeg_quality};
use crate::{Limits, OpsError};

/// Bytes of the widest pixel a file may hold: four channels of 16 bits.
const WIDEST_PIXEL: u64 = 8;
/// Bytes a picture may need beside its pixels.
const SLACK: u64 = 16 << 20;

/// Bytes that tell formats apart.
const BEGINNING: u64 = 64;

/// Reads the picture in `path`, upright as its Exif orientation says, in sRGB and with 8 bits a channel. Of an animation
/// it is the first frame.
///
/// # Errors
/// [`OpsError::NotAPicture`], [`OpsError::PictureDamaged`], and [`OpsError::TooLarge`] from the header alone.
pub(crate) fn file(path: &Path, limits: &Limits) -> Result<Still, OpsError> {
    bytes(&whole(path, limits)?, limits)
}

/// The bytes of a picture, which it is by the first of them.
pub(super) fn whole(path: &Path, limits: &Limits) -> Result<Vec<u8>, OpsError> {
    let failed = |error| OpsError::read_file(path, &error);
    let mut file = File::open(path).map_err(failed)?;
    let (size, most) = (file.metadata().map_err(failed)?.len(), memory(limits));
    let mut read = Vec::new();
    (&mut file)
        .take(BEGINNING)
        .read_to_end(&mut read)
        .map_err(failed)?;
    // A film is not read into memory to find that it is none.
    format(&read)?;
    if size > most {
        return Err(OpsError::NotAPicture {
            reason: format!("it has {size} bytes; a picture within the limits has at most {most}"),
        });
    }
    file.take(most).read_to_end(&mut read).map_err(failed)?;
    Ok(read)
}

/// As [`file`], of a picture in memory.
pub(crate) fn bytes(bytes: &[u8], limits: &Limits) -> Result<Still, OpsError> {
    let (format, mut decoder) = open(bytes, limits)?;
    // Neither is worth failing for.
    let orientation = decoder.orientation().ok();
    let profile = decoder.icc_profile().ok().flatten();
    let mut pixels = eight_bits(DynamicImage::from_decoder(decoder).map_err(unreadable)?);
    if let Some(orientation) = orientation {
        pixels.apply_orientation(orientation);
    }
    if let Some(profile) = profile {
        colour::to_srgb(&mut pixels, &profile);
    }
    let quality = match format {
        ImageFormat::Jpeg => jpeg_quality::estimate(bytes),
        _ => None,
    };
    Ok(Still {
        pixels,
        format,
        quality,
    })
}

/// Format and size of a picture in memory, from its header. The size is as stored, before any turn.
pub(crate) fn header(bytes: &[u8], limits: &Limits) -> Result<(ImageFormat, (u32, u32)), OpsError> {
    let (format, decoder) = open(bytes, limits)?;
    Ok((format, decoder.dimensions()))
}

/// A decoder that has read the header, and found the picture within the limits.
pub(super) fn open<'a>(
    bytes: &'a [u8],
    limits: &Limits,
) -> Result<(ImageFormat, impl ImageDecoder + 'a), OpsError> {
    let format = format(bytes)?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut of_decoder = image::Limits::default();
    of_decoder.max_alloc = Some(memory(limits));
    reader.limits(of_decoder);
    let decoder = reader.into_decoder().map_err(unreadable)?;
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
    Ok((format, decoder))
}

/// What picture format a file is of that begins like this.
fn format(beginning: &[u8]) -> Result<ImageFormat, OpsError> {
    image::guess_format(beginning).map_err(|_| OpsError::NotAPicture {
        reason: "its bytes are no picture format that can be read".to_owned(),
    })
}

/// Bytes that decoding one picture may take.
fn memory(limits: &Limits) -> u64 {
    limits
        .pixels
        .saturating_mul(WIDEST_PIXEL)
        .saturating_add(SLACK)
}

fn unreadable(error: ImageError) -> OpsError {
    let reason = error.to_string();
    match error {
        ImageError::Unsupported(_) => OpsError::NotAPicture { reason },
        _ => OpsError::PictureDamaged { reason },
    }
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
