//! Draws a clip, so that the examples run without any file at hand: two seconds of a moving gradient, 160x120, as
//! YUV4MPEG2, which is a line of text and then plain pixels.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

const WIDTH: usize = 160;
const HEIGHT: usize = 120;
const FRAMES: usize = 50;

/// Writes the clip to `path` and gives the path back.
pub fn draw(path: &Path) -> io::Result<PathBuf> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "YUV4MPEG2 W{WIDTH} H{HEIGHT} F25:1 Ip A1:1 C420jpeg")?;
    for frame in 0..FRAMES {
        writeln!(file, "FRAME")?;
        let luma = (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (x + y + 4 * frame) as u8));
        file.write_all(&luma.collect::<Vec<u8>>())?;
        file.write_all(&[(2 * frame) as u8; WIDTH * HEIGHT / 4])?;
        file.write_all(&[128; WIDTH * HEIGHT / 4])?;
    }
    file.into_inner()
        .map_err(io::IntoInnerError::into_error)?
        .sync_all()?;
    Ok(path.to_owned())
}
