//! Still pictures, one step a file: decode → resize, crop → encode, with `view` to say which size and part.

mod colour;
pub(crate) mod crop;
pub(crate) mod decode;
pub(crate) mod encode;
mod jpeg_quality;
pub(crate) mod resize;
#[cfg(test)]
mod tests;
pub(crate) mod view;

use image::DynamicImage;

use crate::OpsError;

/// A picture in memory.
#[derive(Debug, Clone)]
pub(crate) struct Still {
    /// 8 bits a channel: grey or colour, with alpha or without.
    pub(crate) pixels: DynamicImage,
    /// What it was decoded from.
    pub(crate) format: image::ImageFormat,
    /// The quality it was encoded with, of a JPEG.
    pub(crate) quality: Option<u8>,
}

/// An error of the `image` crate on a picture that is being read.
fn unreadable(path: &std::path::Path, error: image::ImageError) -> OpsError {
    match error {
        image::ImageError::IoError(error) if error.raw_os_error().is_some() => {
            OpsError::read_file(path, &error)
        }
        image::ImageError::Unsupported(error) => OpsError::NotAPicture {
            reason: error.to_string(),
        },
        error => OpsError::PictureDamaged {
            reason: error.to_string(),
        },
    }
}
