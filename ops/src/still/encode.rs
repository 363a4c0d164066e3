//! Writes a picture in memory as a file, with the `image` crate.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};

use crate::OpsError;
use crate::av::snapshot::Rgb;
use crate::op::Picture;

/// JPEG quality of screenshots: the point from which a larger file shows no difference on a screen.
const JPEG_QUALITY: u8 = 90;

/// Encodes `picture` into `path`.
pub(crate) fn write(picture: &Rgb, format: Picture, path: &Path) -> Result<(), OpsError> {
    let write = |error: std::io::Error| OpsError::write_file(path, &error);
    let mut out = BufWriter::new(File::create(path).map_err(write)?);
    let (width, height, colour) = (picture.width, picture.height, ExtendedColorType::Rgb8);
    let encoded = match format {
        Picture::Jpg => JpegEncoder::new_with_quality(&mut out, JPEG_QUALITY).write_image(
            &picture.data,
            width,
            height,
            colour,
        ),
        Picture::Png => PngEncoder::new(&mut out).write_image(&picture.data, width, height, colour),
    };
    match encoded {
        Ok(()) => out.flush().map_err(write),
        Err(image::ImageError::IoError(error)) => Err(write(error)),
        Err(error) => Err(OpsError::Picture {
            reason: error.to_string(),
        }),
    }
}
