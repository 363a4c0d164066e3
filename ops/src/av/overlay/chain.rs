//! The filters that lay pictures over a picture, in libav's syntax; numbers and names of ours only.

use std::path::Path;

use super::measure::Dimensions;
use crate::av::geometry::{Picture, Turn};
use crate::av::sys::{self, PictureShape};
use crate::op::Opacity;

/// What lies over pictures of red, green and blue.
const RGB: &str = "rgba";

/// Candela per square metre of white on a picture of high dynamic range.
const WHITE: u32 = 203;

/// A watermark on its way over the picture.
pub(super) struct Layer {
    /// Its source.
    pub(super) name: String,
    pub(super) turn: Turn,
    /// Its size, if it is not its own.
    pub(super) resized: Option<Dimensions>,
    /// Percent.
    pub(super) opacity: u8,
    /// Its upper left corner, as expressions.
    pub(super) corner: (String, String),
}

/// Width and height, at least one.
pub(super) fn dimensions(shape: &PictureShape) -> Dimensions {
    (shape.width.max(1) as u32, shape.height.max(1) as u32)
}

/// How much wider than high a pixel is; nonsense counts as square.
pub(super) fn pixel_aspect(sar: (i32, i32)) -> f64 {
    let (num, den) = Picture::new(1, 1, sar).sar;
    f64::from(num) / f64::from(den)
}

/// Everything between the sources and the sink, for pictures of this shape.
pub(super) fn chain(shape: &PictureShape, burned: Option<&Path>, layers: &[Layer]) -> String {
    let format = sys::pixel_format_name(shape.format).unwrap_or_default();
    let mut parts = Vec::new();
    let mut below = "in".to_owned();
    let (mode, mark_format) = blending(&format);
    match burned.map(|file| format!("ass=filename={}", escaped(file))) {
        // The filter knows nothing of high dynamic range: it writes on a blank, which is laid over the picture as others are.
        Some(ass) if shape.is_pq() || shape.is_hlg() => {
            let blank = "format=pix_fmts=rgba,colorchannelmixer=rr=0:gg=0:bb=0:aa=0";
            let straight = "format=pix_fmts=gbrap,unpremultiply=inplace=1";
            let converted = into_colours(shape, mark_format);
            parts.push(format!("[{below}]split[mute][copy]"));
            parts.push(format!(
                "[copy]{blank},{ass}:alpha=1,{straight},{converted}[words]"
            ));
            parts.push(format!("[mute][words]overlay=format={mode}[spoken]"));
            below = "spoken".to_owned();
        }
        Some(ass) => {
            parts.push(format!("[{below}]{ass}[spoken]"));
            below = "spoken".to_owned();
        }
        None => {}
    }
    for layer in layers {
        let (name, (x, y)) = (&layer.name, &layer.corner);
        let prepared = layer.filters(shape, mark_format);
        parts.push(format!("[{name}]{prepared}[over-{name}]"));
        parts.push(format!(
            "[{below}][over-{name}]overlay=x='{x}':y='{y}':format={mode}[with-{name}]"
        ));
        below = format!("with-{name}");
    }
    parts.push(format!("[{below}]format=pix_fmts={format}[out]"));
    parts.join(";")
}

/// The overlay filter's mode for pictures of a format, and the format of what is laid over them.
fn blending(format: &str) -> (&'static str, &'static str) {
    match format {
        _ if format.starts_with("yuv420p10") => ("yuv420p10", "yuva420p10le"),
        "yuv420p" | "yuvj420p" | "nv12" => ("yuv420", "yuva420p"),
        _ if format.starts_with("yuv422p10") => ("yuv422p10", "yuva422p10le"),
        "yuv422p" | "yuvj422p" => ("yuv422", "yuva422p"),
        "yuv444p" | "yuvj444p" => ("yuv444", "yuva444p"),
        _ => ("rgb", RGB),
    }
}

impl Layer {
    fn filters(&self, shape: &PictureShape, format: &str) -> String {
        let mut filters: Vec<String> = self
            .turn
            .filters()
            .iter()
            .map(ToString::to_string)
            .collect();
        filters.push("format=pix_fmts=gbrap".into());
        if let Some((width, height)) = self.resized {
            // Colours count as much as they are seen: else what hides in transparent pixels would tint the edges.
            filters.push("premultiply=inplace=1".into());
            filters.push(format!("scale={width}:{height}:flags=bicubic"));
            filters.push("unpremultiply=inplace=1".into());
        }
        if self.opacity < Opacity::FULL {
            filters.push(format!(
                "colorchannelmixer=aa={:.2}",
                f64::from(self.opacity) / 100.0
            ));
        }
        filters.push(into_colours(shape, format));
        filters.join(",")
    }
}

/// The filters from red, green and blue to the colours of the picture below.
fn into_colours(shape: &PictureShape, format: &str) -> String {
    let (matrix, range) = colour(shape);
    if shape.is_pq() || shape.is_hlg() {
        // White as the white of a page, not as the brightest light there is (ITU-R BT.2408).
        return format!(
            "zscale=tin=iec61966-2-1:pin=bt709:min=gbr:rin=pc:t={}:p=bt2020:m=bt2020nc:r={range}:npl={WHITE},\
             format=pix_fmts={format}",
            shape.transfer
        );
    }
    match format {
        RGB => format!("format=pix_fmts={format}"),
        _ => format!("scale=out_color_matrix={matrix}:out_range={range},format=pix_fmts={format}"),
    }
}

/// How the picture below turns colours into numbers, as the scale filter calls it. What does not say is read by players by
/// its size.
fn colour(shape: &PictureShape) -> (&'static str, &'static str) {
    let (width, height) = dimensions(shape);
    let matrix = match shape.matrix {
        1 => "bt709",
        4 => "fcc",
        5 | 6 => "bt601",
        7 => "smpte240m",
        9 | 10 => "bt2020",
        _ if width >= 1280 || height > 576 => "bt709",
        _ => "bt601",
    };
    let range = match shape.is_full_range() {
        true => "pc",
        false => "tv",
    };
    (matrix, range)
}

/// A path as the value of an option inside a graph: both readers, of the graph and of the option, take characters with a
/// meaning by a backslash before them.
fn escaped(path: &Path) -> String {
    let option = backslashed(&path.to_string_lossy(), &['\\', '\'', ':']);
    backslashed(&option, &['\\', '\'', '[', ']', ',', ';'])
}

fn backslashed(text: &str, special: &[char]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if special.contains(&c) || c.is_whitespace() {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
