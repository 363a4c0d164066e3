//! Pipelines × probe → outputs known to fit. Pure: what is decided here is decided without opening a codec.

use crate::OpsError;
use crate::av::encode::{AudioEncoderKind, AudioSettings, Rate, VideoEncoderKind, VideoSettings};
use crate::av::filter::{AudioChain, Trim, VideoChain};
use crate::av::geometry::Turn;
use crate::av::sys::{self, RawStream};
use crate::op::{AudioCodec, Avthumb, Container, Preset, VideoCodec};
use crate::probe::Probe;

/// Quality that x264 and x265 aim at when neither `vb` nor `crf` is given (their own defaults).
const QUALITY_X264: u8 = 23;
const QUALITY_X265: u8 = 28;

/// One output of a transcode pass.
#[derive(Debug, Clone)]
pub(crate) struct OutputPlan {
    pub(crate) container: Container,
    pub(crate) video: Option<VideoPlan>,
    pub(crate) audio: Option<AudioPlan>,
    pub(crate) trim: Option<Trim>,
    pub(crate) faststart: bool,
    pub(crate) keep_metadata: bool,
}

/// Where the pictures of an output come from and what is done to them.
#[derive(Debug, Clone)]
pub(crate) struct VideoPlan {
    pub(crate) stream: usize,
    /// `None`: the source's packets are copied.
    pub(crate) encode: Option<(VideoChain, VideoSettings)>,
}

/// Where the sound of an output comes from and what is done to it.
#[derive(Debug, Clone)]
pub(crate) struct AudioPlan {
    pub(crate) stream: usize,
    /// `None`: the source's packets are copied.
    pub(crate) encode: Option<(AudioChain, AudioSettings)>,
}

/// The part of the source a pass reads, in milliseconds. Commands with the same window share one decode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Window {
    pub(crate) start: u64,
    pub(crate) length: Option<u64>,
}

impl Window {
    pub(crate) fn of(op: &Avthumb) -> Self {
        Self {
            start: op.ss.map_or(0, |s| s.millis()),
            length: op.t.map(|t| t.millis()),
        }
    }

    /// The window as filters see it; `None` when the whole source is read.
    pub(crate) fn trim(self) -> Option<Trim> {
        let whole = self
            == Self {
                start: 0,
                length: None,
            };
        (!whole).then(|| Trim {
            length: self.length.map(|ms| ms as i64 * 1000),
        })
    }
}

/// Decides what an `avthumb` makes of this source. `threads` is what its encoder may use.
pub(crate) fn avthumb(op: &Avthumb, probe: &Probe, threads: usize) -> Result<OutputPlan, OpsError> {
    let window = Window::of(op);
    let trim = window.trim();
    let wants_video = !op.vn && !matches!(op.container, Container::Mp3 | Container::Aac);
    let video = probe.video().filter(|_| wants_video);
    let audio = probe.audio().filter(|_| !op.an);
    if video.is_none() && audio.is_none() {
        return Err(missing(op, probe, wants_video));
    }
    check_past_end(op, probe)?;
    Ok(OutputPlan {
        container: op.container,
        video: video
            .map(|stream| plan_video(op, probe, stream, threads))
            .transpose()?,
        audio: audio
            .map(|stream| plan_audio(op, stream, trim))
            .transpose()?,
        trim,
        faststart: op.moov_to_front,
        keep_metadata: !op.stripmeta,
    })
}

fn missing(op: &Avthumb, probe: &Probe, wants_video: bool) -> OpsError {
    let kind = match (
        wants_video,
        probe.video().is_some(),
        probe.audio().is_some(),
    ) {
        _ if op.an => "video",
        (false, ..) => "audio",
        _ => "audio or video",
    };
    OpsError::NoStream { kind }
}

fn check_past_end(op: &Avthumb, probe: &Probe) -> Result<(), OpsError> {
    match (op.ss, probe.duration_seconds()) {
        (Some(ss), Some(end)) if ss.millis() as f64 / 1000.0 >= end => Err(OpsError::PastEnd {
            parameter: "ss",
            offset: ss.millis() as f64 / 1000.0,
            end,
        }),
        _ => Ok(()),
    }
}

fn plan_video(
    op: &Avthumb,
    probe: &Probe,
    stream: &RawStream,
    threads: usize,
) -> Result<VideoPlan, OpsError> {
    let kind = match op.vcodec {
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
        .then(op.rotate);
    let chain = VideoChain {
        turn,
        size: op.s,
        fit: op.autoscale,
        frame_rate: op.r.map(|r| r.ratio()),
        // 8-bit 4:2:0 is what every player of H.264 shows; H.265 players take ten bits as well.
        pixel_formats: if deep && kind == VideoEncoderKind::X265 {
            "yuv420p10le"
        } else {
            "yuv420p|yuvj420p"
        },
        even: true,
        square: false,
    };
    let rate = match (op.vb, op.crf) {
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
        preset: op.preset.unwrap_or(Preset::Medium),
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

fn plan_audio(op: &Avthumb, stream: &RawStream, trim: Option<Trim>) -> Result<AudioPlan, OpsError> {
    let kind = match (op.acodec, op.container) {
        (Some(AudioCodec::Copy), container) => {
            // These two muxers hold one codec each and do not say so when asked.
            let only = match container {
                Container::Mp3 => Some("mp3"),
                Container::Aac => Some("aac"),
                _ => None,
            };
            if only.is_some_and(|codec| codec != stream.codec_name) {
                return Err(OpsError::CannotCopy {
                    codec: stream.codec_name.clone(),
                    container: container.suffix(),
                });
            }
            return Ok(AudioPlan {
                stream: stream.index,
                encode: None,
            });
        }
        (Some(AudioCodec::Mp3), Container::Aac) => {
            return Err(OpsError::CannotHold {
                codec: "libmp3lame",
                container: "aac",
            });
        }
        (Some(AudioCodec::Aac), Container::Mp3) => {
            return Err(OpsError::CannotHold {
                codec: "aac",
                container: "mp3",
            });
        }
        (Some(AudioCodec::Mp3), _) | (None, Container::Mp3) => AudioEncoderKind::Mp3,
        (Some(AudioCodec::Aac) | None, _) => AudioEncoderKind::Aac,
    };
    let channels = op.ac.map_or(stream.channels.max(1), |ac| ac.get().into());
    let layout = layout(kind, channels);
    let wanted = op.ar.map_or(stream.sample_rate, |ar| ar.get());
    let rates: &[u32] = match (kind, op.container) {
        (AudioEncoderKind::Mp3, Container::Flv) => &[11025, 22050, 44100],
        _ => kind.rates(),
    };
    let rate = nearest(rates, wanted);
    // 64 kbit/s a channel, as far as the format and the sample rate carry it.
    let default = 64_000 * u64::from(layout.1);
    let ceiling = if kind == AudioEncoderKind::Mp3 {
        mp3_ceiling(rate)
    } else {
        6 * u64::from(rate) * u64::from(layout.1)
    };
    let bit_rate = op.ab.map_or(default, |ab| ab.get()).min(ceiling);
    let chain = AudioChain {
        rate,
        layout: layout.0,
        sample_format: kind.sample_format(),
        trim,
    };
    Ok(AudioPlan {
        stream: stream.index,
        encode: Some((chain, AudioSettings { kind, bit_rate })),
    })
}

/// Highest bit rate of MPEG-1, MPEG-2 and MPEG-2.5 layer III.
fn mp3_ceiling(rate: u32) -> u64 {
    match rate {
        0..=12_000 => 64_000,
        12_001..=24_000 => 160_000,
        _ => 320_000,
    }
}

/// Layout and channel count the encoder gets for a source of `channels`.
fn layout(kind: AudioEncoderKind, channels: u32) -> (&'static str, u32) {
    match (kind, channels) {
        (_, 1) => ("mono", 1),
        (AudioEncoderKind::Mp3, _) | (_, 2) => ("stereo", 2),
        (_, 3) => ("3.0", 3),
        (_, 4) => ("4.0", 4),
        (_, 5) => ("5.0", 5),
        (_, 6 | 7) => ("5.1", 6),
        _ => ("7.1", 8),
    }
}

/// The known rate closest to `wanted`; of two as close, the higher.
fn nearest(rates: &[u32], wanted: u32) -> u32 {
    rates
        .iter()
        .copied()
        .min_by_key(|rate| (rate.abs_diff(wanted), u32::MAX - rate))
        .unwrap_or(44_100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_rate_an_encoder_knows_is_taken() {
        for (wanted, expected) in [
            (44_100, 44_100),
            (12_050, 12_000),
            (96_000, 48_000),
            (8_000, 8_000),
            (0, 8_000),
        ] {
            assert_eq!(
                nearest(AudioEncoderKind::Mp3.rates(), wanted),
                expected,
                "{wanted}"
            );
        }
        assert_eq!(nearest(&[11025, 22050, 44100], 48_000), 44_100);
    }

    #[test]
    fn channels_are_kept_where_the_format_has_them() {
        for (kind, channels, expected) in [
            (AudioEncoderKind::Aac, 6, ("5.1", 6)),
            (AudioEncoderKind::Mp3, 6, ("stereo", 2)),
            (AudioEncoderKind::Aac, 1, ("mono", 1)),
            (AudioEncoderKind::Aac, 24, ("7.1", 8)),
        ] {
            assert_eq!(layout(kind, channels), expected);
        }
    }
}
