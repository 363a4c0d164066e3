//! Where in a picture something is to be seen; and a folder to make sources, pictures and texts in.

use std::path::PathBuf;

use crate::bench::{ffmpeg, utf8};
use crate::look::Frame;

/// Columns and rows from the first to the one after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    pub left: usize,
    pub top: usize,
    pub right: usize,
    pub bottom: usize,
}

impl Area {
    /// True if no edge is more than two pixels from that of the other: colour is stored for pairs of pixels.
    pub fn is_near(&self, other: (usize, usize, usize, usize)) -> bool {
        let edges = [
            (self.left, other.0),
            (self.top, other.1),
            (self.right, other.0 + other.2),
            (self.bottom, other.1 + other.3),
        ];
        edges.iter().all(|(one, two)| one.abs_diff(*two) <= 2)
    }
}

impl Frame {
    /// The smallest area around the pixels that are like `wanted`.
    pub fn area(&self, wanted: impl Fn([u8; 3]) -> bool) -> Option<Area> {
        let mut found: Option<Area> = None;
        for y in 0..self.height {
            for x in (0..self.width).filter(|x| wanted(self.pixel(*x, y))) {
                let area = found.get_or_insert(Area {
                    left: x,
                    top: y,
                    right: x + 1,
                    bottom: y + 1,
                });
                area.left = area.left.min(x);
                area.right = area.right.max(x + 1);
                area.bottom = y + 1;
            }
        }
        found
    }

    /// The mean colour of an area.
    pub fn mean(&self, left: usize, top: usize, width: usize, height: usize) -> [f64; 3] {
        let mut sum = [0.0; 3];
        for y in top..top + height {
            for x in left..left + width {
                for (sum, value) in sum.iter_mut().zip(self.pixel(x, y)) {
                    *sum += f64::from(value);
                }
            }
        }
        sum.map(|sum| sum / (width * height) as f64)
    }

    /// The largest difference of two pictures in an area.
    pub fn difference(&self, other: &Self, area: Area) -> u8 {
        let pixels =
            (area.top..area.bottom).flat_map(|y| (area.left..area.right).map(move |x| (x, y)));
        let channels = pixels.flat_map(|(x, y)| {
            let pair = self.pixel(x, y).into_iter().zip(other.pixel(x, y));
            pair.map(|(one, two)| one.abs_diff(two))
        });
        channels.max().unwrap_or(0)
    }

    pub fn whole(&self) -> Area {
        Area {
            left: 0,
            top: 0,
            right: self.width,
            bottom: self.height,
        }
    }
}

/// True of colours no channel of which is far from the other's.
pub fn is_like(colour: [u8; 3], wanted: [u8; 3], tolerance: u8) -> bool {
    colour
        .iter()
        .zip(wanted)
        .all(|(one, two)| one.abs_diff(two) <= tolerance)
}

/// A folder with files made for one test.
pub struct Workshop {
    dir: tempfile::TempDir,
}

impl Workshop {
    pub fn open() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A file that ffmpeg makes.
    pub fn make(&self, name: &str, args: &[&str]) -> PathBuf {
        let path = self.path(name);
        let said = ffmpeg(&[args, &[utf8(&path)]].concat());
        assert_eq!(said, "", "{name}");
        path
    }

    /// A video of nothing but grey, without loss.
    pub fn grey(&self, name: &str, size: &str, seconds: u32) -> PathBuf {
        let source = format!("color=gray:size={size}:rate=25:duration={seconds}");
        let lossless = [
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-qp",
            "0",
            "-pix_fmt",
            "yuv420p",
        ];
        self.make(
            name,
            &[&["-f", "lavfi", "-i", &source], &lossless[..]].concat(),
        )
    }

    /// A picture of one colour.
    pub fn picture(&self, name: &str, width: u32, height: u32, colour: [u8; 4]) -> PathBuf {
        self.drawn(name, width, height, |_, _| colour)
    }

    /// A picture drawn pixel by pixel.
    pub fn drawn(
        &self,
        name: &str,
        width: u32,
        height: u32,
        colour: impl Fn(u32, u32) -> [u8; 4],
    ) -> PathBuf {
        let path = self.path(name);
        let picture = image::RgbaImage::from_fn(width, height, |x, y| image::Rgba(colour(x, y)));
        picture.save(&path).unwrap();
        path
    }

    pub fn text(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}
