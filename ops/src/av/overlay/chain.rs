//! The filters that lay pictures over a picture, in libav's syntax; numbers and names of ours only.

use std::path::Path;

use super::place::Dimensions;
use crate::av::geometry::{Picture, Turn};
use crate::av::sys::{self, PictureShape};
use crate::op::Opacity;

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
    if let Some(file) = burned {
        parts.push(format!("[{below}]ass=filename={}[spoken]", escaped(file)));
        below = "spoken".to_owned();
    }
    let (mode, mark_format) = blending(&format);
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
        _ => ("rgb", "rgba"),
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
        let (matrix, range) = colour(shape);
        filters.push(format!("scale=out_color_matrix={matrix}:out_range={range}"));
        filters.push(format!("format=pix_fmts={format}"));
        filters.join(",")
    }
}

/// How the picture below turns colours into numbers, as the scale filter calls it. What does not say is read by players by
/// its size.
fn colour(shape: &PictureShape) -> (&'static str, &'static str) {
    /// `AVCOL_RANGE_JPEG`.
    const FULL: i32 = 2;
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
    let full_format =
        sys::pixel_format_name(shape.format).is_some_and(|name| name.starts_with("yuvj"));
    let range = match shape.range == FULL || full_format {
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
