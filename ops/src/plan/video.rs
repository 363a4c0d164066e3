//! What becomes of the picture: copied or encoded, through which filters and with which settings.

use super::VideoPlan;
use crate::OpsError;
use crate::av::encode::{Rate, VideoEncoderKind, VideoSettings};
use crate::av::filter::VideoChain;
use crate::av::geometry::Turn;
use crate::av::sys::{self, RawStream};
use crate::op::{Avthumb, Container, Preset, VideoCodec};
use crate::probe::Probe;

/// Quality that x264 and x265 aim at when neither `vb` nor `crf` is given (their own defaults).
const QUALITY_X264: u8 = 23;
const QUALITY_X265: u8 = 28;

/// Decides what an `avthumb` makes of this picture stream.
pub(super) fn plan(
    op: &Avthumb,
    probe: &Probe,
    stream: &RawStream,
    threads: usize,
) -> Result<VideoPlan, OpsError> {
    let kind = match op.video.codec {
        Some(VideoCodec::Copy) => {
            return Ok(VideoPlan {
                stream: stream.index,
                encode: None,
            });
        }
        Some(VideoCodec::X265) => VideoEncoderKind::X265,
        Some(VideoCodec::X264) | None => VideoEncoderKind::X264,
    };
    if kind == VideoEncoderKind::X265 && op.container == Container::Flv {
        return Err(OpsError::CannotHold {
            codec: kind.name(),
            container: op.container.suffix(),
        });
    }
    let deep = sys::pixel_depth(stream.pixel_format) > 8;
    let turn = stream
        .display_matrix
        .as_ref()
        .map(Turn::of_matrix)
        .unwrap_or_default()
        .then(op.video.rotate);
    let chain = VideoChain {
        turn,
        size: op.video.size,
        fit: op.video.autoscale,
        frame_rate: op.video.rate.map(|r| r.ratio()),
        // 8-bit 4:2:0 is what every player of H.264 shows; H.265 players take ten bits as well.
        pixel_formats: if deep && kind == VideoEncoderKind::X265 {
            "yuv420p10le"
        } else {
            "yuv420p|yuvj420p"
        },
        even: true,
        square: false,
    };
    let rate = match (op.video.bit_rate, op.video.crf) {
        (Some(bits), _) => Rate::Bits(bits.get()),
        (None, Some(crf)) => Rate::Quality {
            crf: crf.get(),
            cap: None,
        },
        // Source-like: good quality, but not more bits than the source spends.
        (None, None) => Rate::Quality {
            crf: if kind == VideoEncoderKind::X264 {
                QUALITY_X264
            } else {
                QUALITY_X265
            },
            cap: source_bits(stream, probe),
        },
    };
    let settings = VideoSettings {
        kind,
        rate,
        preset: op.video.preset.unwrap_or(Preset::Medium),
        threads,
    };
    Ok(VideoPlan {
        stream: stream.index,
        encode: Some((chain, settings)),
    })
}

/// Bits per second of the source's pictures, as far as headers tell. Below 16 kbit/s a cap would only harm.
fn source_bits(stream: &RawStream, probe: &Probe) -> Option<u64> {
    let known = if stream.bit_rate > 0 {
        stream.bit_rate
    } else {
        probe.format.bit_rate
    };
    u64::try_from(known)
        .ok()
        .filter(|&bits| (16_000..=1_000_000_000).contains(&bits))
}
