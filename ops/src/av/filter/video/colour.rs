//! From the colours of the source to those the encoder takes.

use super::{Matrix, VideoChain, tone};
use crate::OpsError;
use crate::av::sys::{self, PictureShape};

/// Lines of pictures whose colours players take for those of standard definition when nothing says so.
const STANDARD_LINES: u32 = 576;

/// The filters for pictures of `height` lines; `is_padded` when black is to be laid around them.
pub(super) fn colours(
    chain: &VideoChain,
    shape: &PictureShape,
    height: u32,
    is_padded: bool,
) -> Result<Vec<String>, OpsError> {
    let source = sys::samples(shape.format);
    let mut filters = Vec::new();
    let flattens = source.has_alpha && !chain.palette;
    if flattens {
        // What shines through is black; without this, whatever lies under transparent pixels would show.
        let format = match source.depth {
            ..=8 => "gbrap",
            _ => "gbrap16le",
        };
        filters.push(format!("format=pix_fmts={format}"));
        filters.push("premultiply=inplace=1".into());
    }
    let is_rgb = source.is_rgb || flattens;
    let wanted = Coefficients::wanted(chain.matrix, height);
    let format = format!("format=pix_fmts={}", chain.pixel_formats);
    let standard = match chain.keep_dynamics {
        true => Vec::new(),
        false => tone::to_standard(shape, is_rgb, wanted.unwrap_or(Coefficients::Bt709))?,
    };
    if !standard.is_empty() {
        filters.extend(standard);
        if chain.gives_rgb() {
            filters.push("format=pix_fmts=yuv444p".into());
        }
        filters.push(format);
        return Ok(filters);
    }
    if chain.gives_rgb() {
        filters.push(format);
        return Ok(filters);
    }
    let own = Coefficients::of(shape);
    // libav would give red, green and blue the matrix of standard definition and leave the note that there is none.
    let matrix = match (is_rgb, wanted) {
        (true, wanted) => Some(wanted.unwrap_or(Coefficients::Bt709)),
        (false, Some(wanted)) => own.filter(|own| *own != wanted).and(Some(wanted)),
        (false, None) => None,
    };
    // What the pad filter takes for black is a dark grey in the full range.
    let keeps_range = chain.full_range && !is_padded;
    let shrinks = is_rgb || (shape.is_full_range() && !keeps_range);
    match (matrix, shrinks) {
        // A format that says by its name that its range is full becomes one that has to be told.
        (None, false) if source.is_full_range && !chain.pixel_formats.contains("yuvj") => {
            filters.push("scale=out_range=pc".into());
            filters.push(format);
            filters.push("setparams=range=pc".into());
        }
        (None, false) => filters.push(format),
        (None, true) => {
            filters.push("scale=out_range=tv".into());
            filters.push(format);
            filters.push("setparams=range=tv".into());
        }
        (Some(matrix), shrinks) => {
            let range = if shrinks { ":out_range=tv" } else { "" };
            filters.push(format!("scale=out_color_matrix={}{range}", matrix.name()));
            filters.push(format);
            let range = if shrinks { ":range=tv" } else { "" };
            filters.push(format!("setparams=colorspace={}{range}", matrix.note()));
        }
    }
    Ok(filters)
}

/// How brightness and colour are made of red, green and blue (ITU-T H.273, "matrix coefficients").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coefficients {
    Bt601,
    Bt709,
    Bt2020,
}

impl Coefficients {
    /// Those of the source, if it says so.
    fn of(shape: &PictureShape) -> Option<Self> {
        match shape.matrix {
            1 => Some(Self::Bt709),
            5 | 6 => Some(Self::Bt601),
            9 | 10 => Some(Self::Bt2020),
            _ => None,
        }
    }

    /// Those that players will take, if it is not what the stream says.
    fn wanted(matrix: Matrix, height: u32) -> Option<Self> {
        match matrix {
            Matrix::Noted => None,
            Matrix::Standard => Some(Self::Bt601),
            Matrix::Guessed if height <= STANDARD_LINES => Some(Self::Bt601),
            Matrix::Guessed => Some(Self::Bt709),
        }
    }

    /// As libav's scaler calls them.
    fn name(self) -> &'static str {
        match self {
            Self::Bt601 => "bt601",
            Self::Bt709 => "bt709",
            Self::Bt2020 => "bt2020",
        }
    }

    /// As libav's notes call them; zimg knows the same name.
    pub(super) fn note(self) -> &'static str {
        match self {
            Self::Bt601 => "smpte170m",
            Self::Bt709 => "bt709",
            Self::Bt2020 => "bt2020nc",
        }
    }
}
