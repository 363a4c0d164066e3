//! High dynamic range for screens that do not know it: brighter than white becomes white with its shades kept apart, colours
//! outside of BT.709 the nearest inside. Without this, such pictures look washed out.

use ffmpeg_next as ffmpeg;

use super::colour::Coefficients;
use crate::OpsError;
use crate::av::sys::PictureShape;

/// The curve bends where film does and keeps shadows as they are.
const CURVE: &str = "tonemap=tonemap=hable:desat=0";
/// Candela per square metre that white gets.
const WHITE: u32 = 100;

/// The filters from PQ or HLG to BT.709 with these coefficients, and none for everything else.
pub(super) fn to_standard(
    shape: &PictureShape,
    is_rgb: bool,
    matrix: Coefficients,
) -> Result<Vec<String>, OpsError> {
    if !shape.is_pq() && !shape.is_hlg() {
        return Ok(Vec::new());
    }
    for name in ["zscale", "tonemap"] {
        if ffmpeg::filter::find(name).is_none() {
            return Err(OpsError::FilterMissing { name });
        }
    }
    // What is not written down is what such pictures have (ITU-R BT.2100).
    let or_usual = |value: i32| if value == UNSPECIFIED { BT2020 } else { value };
    let range = if shape.is_full_range() { "pc" } else { "tv" };
    let primaries = or_usual(shape.primaries);
    // zimg takes no odd sizes with colour for two pixels at a time, so every pixel gets its own.
    let (format, own) = match is_rgb {
        true => ("gbrp16le", RGB),
        false => ("yuv444p16le", or_usual(shape.matrix)),
    };
    Ok(vec![
        format!("format={format}"),
        format!(
            "zscale=tin={}:min={own}:pin={primaries}:rin={range}:p={primaries}:t=linear:npl={WHITE}",
            shape.transfer,
        ),
        "format=gbrpf32le".into(),
        "zscale=p=bt709".into(),
        CURVE.into(),
        format!("zscale=t=bt709:m={}:r=tv", matrix.note()),
    ])
}

/// Numbers of ITU-T H.273, which are libav's and zimg's: the colours of BT.2020, and its matrix.
const BT2020: i32 = 9;
const RGB: i32 = 0;
const UNSPECIFIED: i32 = 2;
