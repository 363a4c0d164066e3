//! Settings in the words of each encoder.

use ffmpeg_next as ffmpeg;

use super::{Rate, VideoEncoderKind, VideoSettings};
use crate::OpsError;
use crate::av::sys::PictureShape;
use crate::op::H264Profile;

/// Seconds of the highest bit rate that a player has to keep.
const BUFFER: u64 = 2;

// `forced-idr`: a key picture that is asked for, as segments do, refers to nothing before it.
/// More bits per second than the finest pictures of VP8 take.
const UNREACHED: u64 = 100_000_000;

/// Options as libav takes them.
struct Options(ffmpeg::Dictionary<'static>);

impl Options {
    fn set(&mut self, name: &str, value: impl ToString) {
        self.0.set(name, &value.to_string());
    }

    /// The most bits per second, for encoders that model a player's buffer.
    fn cap(&mut self, bits: u64) {
        self.set("maxrate", bits);
        self.set("bufsize", bits.saturating_mul(BUFFER).min(i32::MAX as u64));
    }

    /// Bits per second, or `crf` with a cap.
    fn rate_with_buffer(&mut self, rate: Rate) {
        match rate {
            Rate::Bits { mean, most } => {
                self.set("b", mean);
                if let Some(most) = most {
                    self.cap(most);
                }
            }
            Rate::Quality { level, cap } => {
                self.set("crf", level);
                if let Some(cap) = cap {
                    self.cap(cap);
                }
            }
        }
    }

    /// libvpx and libaom keep to a mean bit rate beside a quality; `none` is what they take for no such thing.
    fn rate_with_mean(&mut self, rate: Rate, none: u64) {
        match rate {
            Rate::Bits { mean, most } => {
                self.set("b", mean);
                if let Some(most) = most {
                    self.cap(most);
                }
            }
            Rate::Quality { level, cap } => {
                self.set("crf", level);
                self.set("b", cap.unwrap_or(none));
            }
        }
    }

    fn quantizer(&mut self, level: u32) {
        self.set("flags", "+qscale");
        self.set("global_quality", level);
    }
}

impl VideoSettings {
    /// The options of this encoder for pictures of this shape.
    pub(super) fn options(
        &self,
        shape: &PictureShape,
        frame_rate: (i32, i32),
    ) -> Result<ffmpeg::Dictionary<'static>, OpsError> {
        let mut options = Options(ffmpeg::Dictionary::new());
        if let Some(gop) = self.gop {
            // Both, so that the distance is the same each time.
            options.set("g", gop);
            options.set("keyint_min", gop);
        }
        if self.in_order {
            options.set("bf", 0);
        }
        match self.kind {
            VideoEncoderKind::X264 => self.x264(&mut options, shape, frame_rate)?,
            VideoEncoderKind::X265 => self.x265(&mut options),
            VideoEncoderKind::Vpx8 | VideoEncoderKind::Vpx9 => self.vpx(&mut options),
            VideoEncoderKind::SvtAv1 => self.svt(&mut options),
            VideoEncoderKind::AomAv1 => self.aom(&mut options),
            VideoEncoderKind::Theora | VideoEncoderKind::Xvid => self.one_pass(&mut options),
            VideoEncoderKind::Mpeg4 | VideoEncoderKind::Mpeg2 | VideoEncoderKind::Mpeg1 => {
                self.mpeg(&mut options);
            }
            VideoEncoderKind::Vvenc => self.vvenc(&mut options),
            VideoEncoderKind::Gif => {}
        }
        Ok(options.0)
    }

    fn x264(
        &self,
        options: &mut Options,
        shape: &PictureShape,
        frame_rate: (i32, i32),
    ) -> Result<(), OpsError> {
        options.set("preset", self.preset.name());
        options.set("forced-idr", 1);
        if self.gop.is_some() {
            options.set("sc_threshold", 0);
        }
        if let Some(profile) = self.profile {
            options.set("profile", profile.name());
        }
        let mut rate = self.rate;
        if let Some(level) = self.level {
            let high = self
                .profile
                .is_none_or(|profile| profile == H264Profile::High);
            let fit = level.fit(shape, frame_rate, high)?;
            options.set("level", level.name);
            options.set("refs", fit.references);
            rate = rate.within(fit.bit_rate);
        }
        options.rate_with_buffer(rate);
        Ok(())
    }

    fn x265(&self, options: &mut Options) {
        options.set("preset", self.preset.name());
        options.set("forced-idr", 1);
        options.rate_with_buffer(self.rate);
        // x265 takes its threads from `pools` and writes to standard error on its own account. A closed group of
        // pictures can be entered at its key picture without leaving a few out.
        let mut parameters = format!("log-level=none:pools={}:open-gop=0", self.threads.max(1));
        if self.gop.is_some() {
            parameters += ":scenecut=0";
        }
        if let Some(mastering) = self.mastering {
            parameters += &mastering.x265();
        }
        options.set("x265-params", parameters);
    }

    fn vpx(&self, options: &mut Options) {
        let (deadline, speed) = self.preset.vpx();
        options.set("deadline", deadline);
        options.set("cpu-used", speed);
        if let Rate::Quality { level: 0..4, .. } = self.rate {
            // Finer than libvpx goes when it is not told that it may.
            options.set("qmin", 0);
            options.set("qmax", 63);
        }
        if self.kind == VideoEncoderKind::Vpx9 {
            options.set("row-mt", 1);
            options.rate_with_mean(self.rate, 0);
        } else {
            // VP8 has no quality without a bit rate.
            options.rate_with_mean(self.rate, UNREACHED);
        }
    }

    fn svt(&self, options: &mut Options) {
        options.set("preset", self.preset.svt());
        options.rate_with_buffer(match self.rate {
            // libav would ask for a constant bit rate, which SVT-AV1 has only for live pictures.
            Rate::Bits { mean, most } => Rate::Bits {
                mean,
                most: most.filter(|&most| most > mean),
            },
            quality => quality,
        });
        let mut parameters = format!("lp={}", self.threads.max(1));
        if let Some(mastering) = self.mastering {
            parameters += &mastering.svt();
        }
        options.set("svtav1-params", parameters);
    }

    fn aom(&self, options: &mut Options) {
        options.set("usage", "good");
        options.set("cpu-used", self.preset.aom());
        options.set("row-mt", 1);
        options.rate_with_mean(self.rate, 0);
    }

    fn one_pass(&self, options: &mut Options) {
        match self.rate {
            Rate::Bits { mean, .. } => options.set("b", mean),
            Rate::Quality { level, .. } => options.quantizer(level),
        }
    }

    fn mpeg(&self, options: &mut Options) {
        if self.gop.is_some() {
            // Above a million, changes of scene get no key picture of their own.
            options.set("sc_threshold", 1_000_000_000);
        }
        match self.rate {
            Rate::Bits { mean, most } => {
                options.set("b", mean);
                if let Some(most) = most {
                    options.cap(most);
                }
            }
            Rate::Quality { level, cap: None } => {
                options.quantizer(level);
                // As fine as it goes; libav stops at 2 by itself.
                options.set("qmin", 1);
            }
            // As many bits as there may be, but no finer than what is wanted.
            Rate::Quality {
                level,
                cap: Some(cap),
            } => {
                options.set("b", cap);
                options.cap(cap);
                options.set("qmin", (level / 118).clamp(1, 31));
            }
        }
    }

    fn vvenc(&self, options: &mut Options) {
        options.set("preset", self.preset.vvenc());
        match self.rate {
            Rate::Bits { mean, .. } => options.set("b", mean),
            Rate::Quality { level, .. } => options.set("qp", level),
        }
    }
}

impl Rate {
    /// The same, never above `limit`.
    fn within(self, limit: u64) -> Self {
        let lower = |bits: Option<u64>| Some(bits.map_or(limit, |bits| bits.min(limit)));
        match self {
            Self::Bits { mean, most } => Self::Bits {
                mean: mean.min(limit),
                most: lower(most),
            },
            Self::Quality { level, cap } => Self::Quality {
                level,
                cap: lower(cap),
            },
        }
    }
}
