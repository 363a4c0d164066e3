//! Still pictures, one step a file: decode → resize, crop → encode, with `view` to say which size and part.

mod colour;
pub(crate) mod crop;
pub(crate) mod decode;
pub(crate) mod encode;
pub mod info;
mod jpeg_quality;
pub(crate) mod resize;
#[cfg(test)]
mod tests;
pub(crate) mod view;

use image::DynamicImage;

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
