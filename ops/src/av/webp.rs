//! A WebP with loss, by libwebp through libav: Rust has no encoder of it.

use ffmpeg_next as ffmpeg;
use image::RgbaImage;

use super::{AvError, sys};
use crate::OpsError;

const ENCODER: &str = "libwebp";

/// Longest side of the format.
const LONGEST: u32 = 16_383;

/// The file of a picture; `None` if the installed FFmpeg has no encoder for it.
pub(crate) fn encode(pixels: &RgbaImage, quality: u8) -> Result<Option<Vec<u8>>, OpsError> {
    sys::init();
    let (width, height) = pixels.dimensions();
    if width > LONGEST || height > LONGEST {
        return Err(OpsError::Picture {
            reason: format!(
                "WebP takes at most {LONGEST} pixels a side, this one has {width}x{height}"
            ),
        });
    }
    let Some(codec) = ffmpeg::encoder::find_by_name(ENCODER) else {
        return Ok(None);
    };
    let failed = |error| OpsError::Encode {
        encoder: ENCODER,
        reason: AvError(error),
    };
    let mut context = ffmpeg::codec::Context::new_with_codec(codec);
    context.set_time_base((1, 1));
    let mut video = context.encoder().video().map_err(failed)?;
    video.set_width(width);
    video.set_height(height);
    video.set_format(ffmpeg::format::Pixel::BGRA);
    let mut options = ffmpeg::Dictionary::new();
    options.set("quality", &quality.to_string());
    let mut encoder = video.open_as_with(codec, options).map_err(failed)?;
    let mut frame = frame(pixels)?;
    frame.set_pts(Some(0));
    encoder.send_frame(&frame).map_err(failed)?;
    encoder.send_eof().map_err(failed)?;
    let mut packet = ffmpeg::Packet::empty();
    encoder.receive_packet(&mut packet).map_err(failed)?;
    Ok(Some(packet.data().unwrap_or_default().to_vec()))
}

fn frame(pixels: &RgbaImage) -> Result<ffmpeg::frame::Video, OpsError> {
    let (width, height) = pixels.dimensions();
    let mut frame = ffmpeg::frame::Video::new(ffmpeg::format::Pixel::BGRA, width, height);
    // The crate does not say when there was no memory for the frame.
    if frame.planes() == 0 {
        return Err(OpsError::Memory {
            reason: AvError(ffmpeg::Error::Other {
                errno: ffmpeg::error::ENOMEM,
            }),
        });
    }
    let stride = frame.stride(0);
    let lines = frame.data_mut(0).chunks_exact_mut(stride);
    for (to, from) in lines.zip(pixels.chunks_exact(width as usize * 4)) {
        for (to, from) in to.chunks_exact_mut(4).zip(from.chunks_exact(4)) {
            to.copy_from_slice(&[from[2], from[1], from[0], from[3]]);
        }
    }
    Ok(frame)
}
