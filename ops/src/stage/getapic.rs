//! `getapic`: the picture that players show for an audio file.

use image::ImageFormat;

use crate::OpsError;
use crate::av::cover;
use crate::av::open::Source;
use crate::op::{Getapic, StillFormat};
use crate::run::{Environment, Output, Phase, Task};
use crate::still::{decode, encode};

/// Quality of a picture that has to be encoded anew: it was made to be looked at.
const QUALITY: u8 = 90;

pub(crate) fn run(
    source: &mut Source<'_>,
    task: &Task,
    op: Getapic,
    env: &Environment<'_>,
) -> Result<Vec<Output>, OpsError> {
    let bytes = cover::find(source, env)?.ok_or(OpsError::NoCover)?;
    let (format, size) = decode::header(&bytes, env.limits)?;
    env.report(task.index, Phase::Finalising, 0.0, None);
    let path = task.file(&format!("out.{}", op.format.suffix()));
    let is_that = matches!(
        (format, op.format),
        (ImageFormat::Jpeg, StillFormat::Jpg) | (ImageFormat::Png, StillFormat::Png)
    );
    if is_that {
        std::fs::write(&path, &bytes).map_err(|error| OpsError::write_file(&path, &error))?;
        return Ok(vec![Output::still(path, Some(size))]);
    }
    let still = decode::bytes(&bytes, env.limits)?;
    let quality = still.quality.map_or(QUALITY, |own| own.min(QUALITY));
    encode::encode(&still.pixels, op.format, quality, &path)?;
    let size = (still.pixels.width(), still.pixels.height());
    Ok(vec![Output::still(path, Some(size))])
}
