//! The video parameters of `avthumb` (wire.md 6.1, "Video").

mod codec;
mod h264;
mod quality;
mod shape;

pub use codec::VideoCodec;
pub use h264::{H264Level, H264Profile};
pub(crate) use quality::nearest_standard;
pub use quality::{Crf, FrameRate, Gop, Preset};
pub use shape::{Flip, Pad, Ratio, Side, Size};

use super::{BitRate, Rotate};

/// What is done to the picture; `None` means the default of the container or of the source.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Video {
    /// `vcodec`.
    pub codec: Option<VideoCodec>,
    /// `vb`: bits per second. Without effect on containers that hold audio alone (wire.md 6.1).
    pub bit_rate: Option<BitRate>,
    /// `maxrate`: bits per second that are not exceeded for long.
    pub max_rate: Option<BitRate>,
    /// `r`: frames per second.
    pub rate: Option<FrameRate>,
    /// `s`: picture size.
    pub size: Option<Size>,
    /// `autoscale`: keep the aspect ratio inside `s`.
    pub autoscale: bool,
    /// `autofill`: keep the aspect ratio inside `s` and fill the rest of it with black.
    pub autofill: bool,
    /// `padW`, `padH`, `padVideoX`, `padVideoY`: the black the picture is laid on.
    pub pad: Pad,
    /// `sar`: the shape of a pixel, width to height.
    pub sar: Option<Ratio>,
    /// `aspect`: the shape of the picture as shown, width to height.
    pub aspect: Option<Ratio>,
    /// `rotate`: clockwise, from upright; the source's display matrix is applied first, and `auto` is that alone (the default).
    pub rotate: Option<Rotate>,
    /// `flip`: mirrors the picture as it is after `rotate`.
    pub flip: Option<Flip>,
    /// `deinterlace`: whole pictures out of fields.
    pub deinterlace: bool,
    /// `preset`: speed preset.
    pub preset: Option<Preset>,
    /// `crf`: constant rate factor.
    pub crf: Option<Crf>,
    /// `GOPInterval`: frames from one key picture to the next.
    pub gop: Option<Gop>,
    /// `h264Profile`.
    pub profile: Option<H264Profile>,
    /// `h264Level`.
    pub level: Option<H264Level>,
}
