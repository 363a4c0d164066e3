//! `imageView2`: a still picture, sized and cut as its mode says, in the format asked for.

use std::path::Path;

use image::ImageFormat;

use crate::OpsError;
use crate::op::{ImageView2, StillFormat, ViewSide};
use crate::run::{Environment, Output, Phase, Task};
use crate::still::{decode, encode, resize, view};

/// Quality where none is named (wire.md 6.12).
const QUALITY: u8 = 85;

pub(crate) fn run(
    source: &Path,
    task: &Task,
    op: &ImageView2,
    env: &Environment<'_>,
) -> Result<Vec<Output>, OpsError> {
    let still = decode::file(source, env.limits)?;
    check_cancelled(env)?;
    let wanted = op.quality.map_or(QUALITY, |quality| quality.get());
    // A JPEG does not become better by more bytes.
    let quality = still.quality.map_or(wanted, |own| own.min(wanted));
    let format = op.format().unwrap_or_else(|| format_of(still.format));
    let mut pixels = still.pixels;
    if let Some(mode) = op.mode() {
        let (width, height) = (op.width.map(ViewSide::get), op.height.map(ViewSide::get));
        let view = view::view(mode, width, height, (pixels.width(), pixels.height()));
        pixels = resize::apply(pixels, view)?;
    }
    check_cancelled(env)?;
    env.report(task.index, Phase::Finalising, 0.0, None);
    let path = task.file(&format!("out.{}", format.suffix()));
    encode::encode(&pixels, format, quality, &path)?;
    let size = (pixels.width(), pixels.height());
    Ok(vec![Output::still(path, Some(size))])
}

/// The format of the source, or a lossless one where that cannot be written.
fn format_of(source: ImageFormat) -> StillFormat {
    match source {
        ImageFormat::Jpeg => StillFormat::Jpg,
        ImageFormat::Gif => StillFormat::Gif,
        ImageFormat::WebP => StillFormat::Webp,
        _ => StillFormat::Png,
    }
}

fn check_cancelled(env: &Environment<'_>) -> Result<(), OpsError> {
    match env.cancel.is_cancelled() {
        true => Err(OpsError::Cancelled),
        false => Ok(()),
    }
}
