//! One scale of quality, x264's, on the scales of the others.

use super::VideoEncoderKind;
use crate::op::Crf;

/// libav's unit of quality (`FF_QP2LAMBDA`).
const LAMBDA: f64 = 118.0;

impl VideoEncoderKind {
    /// What `crf` is on this encoder's scale.
    pub(crate) fn quality(self, crf: Crf) -> u32 {
        let crf = f64::from(crf.get());
        let scaled = match self {
            Self::X264 | Self::X265 => crf,
            // 0 to 63, the same direction. SVT-AV1 takes 0 for "not given".
            Self::Vpx8 | Self::Vpx9 | Self::AomAv1 | Self::Vvenc => crf * 63.0 / 51.0,
            Self::SvtAv1 => (crf * 63.0 / 51.0).max(1.0),
            // 0 to 10, the other direction.
            Self::Theora => (51.0 - crf) / 51.0 * 10.0 * LAMBDA,
            // The quantizer x264 would use, in MPEG's steps, which double where its own rise by six.
            Self::Xvid | Self::Mpeg4 | Self::Mpeg2 | Self::Mpeg1 => {
                (0.85 * ((crf - 12.0) / 6.0).exp2()).clamp(1.0, 31.0) * LAMBDA
            }
            Self::Gif => 0.0,
        };
        scaled.round() as u32
    }

    /// What the encoder aims at when neither `vb` nor `crf` is given: about what x264 makes of 23.
    pub(crate) fn usual_quality(self) -> u32 {
        match self {
            Self::X264 => 23,
            Self::X265 => 28,
            Self::Vpx8 => 20,
            Self::Vpx9 | Self::AomAv1 | Self::Vvenc => 32,
            Self::SvtAv1 => 35,
            Self::Theora | Self::Xvid | Self::Mpeg4 | Self::Mpeg2 | Self::Mpeg1 | Self::Gif => {
                Crf::new(23).map_or(0, |crf| self.quality(crf))
            }
        }
    }

    /// True of encoders at least as sparing as those of most sources: more bits than the source has would be wasted.
    pub(crate) fn is_sparing(self) -> bool {
        !matches!(
            self,
            Self::Theora | Self::Xvid | Self::Mpeg4 | Self::Mpeg2 | Self::Mpeg1 | Self::Gif
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crf_means_about_the_same_to_every_encoder() {
        use VideoEncoderKind::{Mpeg2, SvtAv1, Theora, Vpx9, X265};
        for (kind, crf, expected) in [
            (X265, 23, 23),
            (Vpx9, 0, 0),
            (Vpx9, 51, 63),
            (SvtAv1, 0, 1),
            (SvtAv1, 23, 28),
            (Theora, 0, 1180),
            (Theora, 51, 0),
            (Mpeg2, 23, 357),
            (Mpeg2, 0, 118),
            (Mpeg2, 51, 31 * 118),
        ] {
            let crf = Crf::new(crf).unwrap_or(Crf(0));
            assert_eq!(kind.quality(crf), expected, "{kind:?} {crf:?}");
        }
    }
}
