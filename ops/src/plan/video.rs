//! What becomes of the picture: copied or encoded, through which filters and with which settings.

use super::VideoPlan;
use crate::OpsError;
use crate::av::clock::Clock;
use crate::av::encode::{Rate, VideoEncoderKind, VideoSettings};
use crate::av::filter::{Fields, VideoChain};
use crate::av::geometry::{Fit, Turn};
use crate::av::overlay::OverlayPlan;
use crate::av::sys::{self, RawStream};
use crate::op::{self, Avthumb, Container, H264Profile, Preset, Video, VideoCodec};
use crate::probe::Probe;

/// Pictures per second of a GIF that does not say: as many as most have.
const GIF_RATE: (u32, u32) = (10, 1);

/// Decides what an `avthumb` makes of this picture stream.
pub(super) fn plan(
    op: &Avthumb,
    probe: &Probe,
    stream: &RawStream,
    threads: usize,
) -> Result<VideoPlan, OpsError> {
    let codec = op.pictures().ok_or(OpsError::NoStream { kind: "video" })?;
    let is_plain = op.video.gop.is_none() && op.video.max_rate.is_none();
    if super::copy::video(op, probe, stream).is_copy() {
        return copy(op.container, stream);
    }
    let Some(kind) = VideoEncoderKind::of(codec, is_plain).transpose()? else {
        return copy(op.container, stream);
    };
    let kind = match op.container.is_segmented() {
        true => kind.obedient(),
        false => kind,
    };
    if !op.container.pictures().contains(&codec) {
        return Err(OpsError::CannotHold {
            codec: kind.name(),
            container: op.container.suffix(),
        });
    }
    let chain = chain(op, codec, kind, stream);
    let settings = VideoSettings {
        kind,
        rate: rate(&op.video, kind, source_bits(stream, probe)),
        preset: op.video.preset.unwrap_or(Preset::Medium),
        gop: op.video.gop.map(op::Gop::get),
        in_order: op.container == Container::Avi,
        profile: op.video.profile,
        level: op.video.level,
        keeps_fields: chain.fields == Fields::Keep,
        mastering: stream.mastering.filter(|_| chain.keep_dynamics),
        threads,
    };
    Ok(VideoPlan {
        stream: stream.index,
        encode: Some((chain, settings)),
        overlay: OverlayPlan::default(),
    })
}

/// The source's packets as they are, where the container takes them.
fn copy(container: Container, stream: &RawStream) -> Result<VideoPlan, OpsError> {
    // AVI has one time for each picture, in the order of decoding.
    let gets_lost = container == Container::Avi && stream.is_reordered;
    if gets_lost || !container.takes_packets(&stream.codec_name) {
        return Err(OpsError::CannotCopy {
            codec: stream.codec_name.clone(),
            container: container.suffix(),
        });
    }
    Ok(VideoPlan {
        stream: stream.index,
        encode: None,
        overlay: OverlayPlan::default(),
    })
}

fn chain(
    op: &Avthumb,
    codec: VideoCodec,
    kind: VideoEncoderKind,
    stream: &RawStream,
) -> VideoChain {
    let video = &op.video;
    let matrix = stream.display_matrix.as_ref();
    let turn = matrix
        .map(Turn::of_matrix)
        .unwrap_or_default()
        .then(video.rotate)
        .mirrored_by(video.flip);
    let is_gif = codec == VideoCodec::Gif;
    let is_deep = sys::samples(stream.pixel_format).depth > 8 && kind.keeps_ten_bits();
    let has_fields =
        kind.knows_fields() && !turn.moves_lines() && video.profile != Some(H264Profile::Baseline);
    VideoChain {
        // A codec that cannot say that its pictures are fields would show them as combs.
        fields: match video.deinterlace || !has_fields {
            true => Fields::Join,
            false => Fields::Keep,
        },
        turn,
        size: video.size,
        fit: match (video.autofill, video.autoscale) {
            (true, _) => Fit::Fill,
            (false, true) => Fit::Inside,
            (false, false) => Fit::Stretch,
        },
        part: None,
        pad: video.pad,
        sar: video.sar,
        aspect: video.aspect,
        frame_rate: video
            .rate
            .map(|rate| match codec {
                VideoCodec::Mpeg1 | VideoCodec::Mpeg2 => rate.standard().unwrap_or(rate.ratio()),
                _ => rate.ratio(),
            })
            .or_else(|| steady_rate(codec, op.container, stream)),
        // 8-bit 4:2:0 is what every player shows; those of H.265 and AV1 take ten bits as well.
        pixel_formats: match (is_gif, is_deep, kind) {
            (true, ..) => "bgra",
            (_, true, _) => "yuv420p10le",
            (_, _, VideoEncoderKind::X264 | VideoEncoderKind::X265) => "yuv420p|yuvj420p",
            _ => "yuv420p",
        },
        keep_dynamics: is_deep,
        full_range: kind.knows_full_range(),
        matrix: kind.matrix(),
        even: !is_gif,
        square: is_gif,
        palette: is_gif,
    }
}

fn rate(video: &Video, kind: VideoEncoderKind, source: Option<u64>) -> Rate {
    let most = video.max_rate.map(|bits| bits.get());
    match (video.bit_rate, video.crf) {
        (Some(mean), _) => Rate::Bits {
            mean: mean.get(),
            most,
        },
        (None, Some(crf)) => Rate::Quality {
            level: kind.quality(crf),
            cap: most,
        },
        // Source-like: good quality, but not more bits than the source spends.
        (None, None) => Rate::Quality {
            level: kind.usual_quality(),
            cap: source
                .filter(|_| kind.is_sparing())
                .into_iter()
                .chain(most)
                .min(),
        },
    }
}

/// The rate pictures must come at where the codec or the container counts them instead of timing them, or where their
/// number has to be kept down.
fn steady_rate(codec: VideoCodec, container: Container, stream: &RawStream) -> Option<(u32, u32)> {
    let clock = Clock::of(stream);
    let (num, den) = clock.frame_rate;
    let known = (num > 0 && den > 0).then_some((num as u32, den as u32));
    let source = known.unwrap_or((25, 1));
    let per_second = f64::from(source.0) / f64::from(source.1);
    match (codec, container) {
        (VideoCodec::Gif, _) if per_second <= f64::from(GIF_RATE.0) => Some(source),
        (VideoCodec::Gif, _) => Some(GIF_RATE),
        (VideoCodec::Mpeg1 | VideoCodec::Mpeg2, _) => Some(op::nearest_standard(per_second)),
        (VideoCodec::Theora | VideoCodec::Xvid, _) | (_, Container::Avi) => {
            // MPEG-4 counts a second in at most 65535 parts.
            let fine = source.0 > 60_000;
            Some(if fine {
                ((per_second * 1000.0).round() as u32, 1000)
            } else {
                source
            })
        }
        _ => None,
    }
}

/// Bits per second of the source's pictures, as far as headers tell. Below 16 kbit/s a cap would only harm.
pub(super) fn source_bits(stream: &RawStream, probe: &Probe) -> Option<u64> {
    let known = if stream.bit_rate > 0 {
        stream.bit_rate
    } else {
        probe.format.bit_rate
    };
    u64::try_from(known)
        .ok()
        .filter(|&bits| (16_000..=1_000_000_000).contains(&bits))
}
