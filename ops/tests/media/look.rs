//! What a file shows, as ffmpeg and ffprobe read it: pixels, key pictures, fields.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use opmill_ops::Output;
use serde_json::Value;

use crate::bench::{Bench, ffmpeg, seconds, utf8};

/// True if the ffmpeg program has this encoder; says so when not. The program and the library come from one source.
pub fn has_encoder(name: &str) -> bool {
    static LIST: OnceLock<String> = OnceLock::new();
    is_listed(&LIST, "-encoders", name)
}

/// As `has_encoder`, for filters.
pub fn has_filter(name: &str) -> bool {
    static LIST: OnceLock<String> = OnceLock::new();
    is_listed(&LIST, "-filters", name)
}

fn is_listed(list: &OnceLock<String>, what: &str, name: &str) -> bool {
    let list = list.get_or_init(|| {
        let out = Command::new("ffmpeg")
            .args(["-hide_banner", what])
            .output()
            .unwrap();
        String::from_utf8_lossy(&out.stdout).into_owned()
    });
    let names = list.lines().map(|line| line.split_whitespace().nth(1));
    let known = names.into_iter().any(|listed| listed == Some(name));
    if !known {
        eprintln!("left out: ffmpeg {what} does not list {name}");
    }
    known
}

/// A clip made by the ffmpeg program in a folder of its own.
pub struct Clip {
    #[allow(dead_code)] // keeps the folder
    dir: tempfile::TempDir,
    path: PathBuf,
}

impl Clip {
    /// What `ffmpeg <args> <name>` writes.
    pub fn make(name: &str, args: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        let said = ffmpeg(&[args, &[utf8(&path)]].concat());
        assert!(path.exists(), "{name}: {said}");
        Self { dir, path }
    }

    /// Pictures of a lavfi source, without loss.
    pub fn of(source: &str) -> Self {
        let args = ["-f", "lavfi", "-i", source, "-c:v", "ffv1"];
        Self::make("clip.mkv", &args)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs one command that must succeed with one file.
    pub fn run(&self, ops: &str) -> Shown {
        Shown::of(&self.path, ops)
    }
}

/// One file that was made of any source.
pub struct Shown {
    #[allow(dead_code)] // keeps the folder
    bench: Bench,
    pub output: Output,
}

impl Shown {
    pub fn of(source: &Path, ops: &str) -> Self {
        let bench = Bench::run(source, ops);
        let output = match &bench.outcomes[0] {
            Ok(outputs) => outputs[0].clone(),
            Err(error) => panic!("{} {ops}: {error}", source.display()),
        };
        Self { bench, output }
    }

    pub fn path(&self) -> &Path {
        &self.output.path
    }

    /// What ffprobe says of the pictures.
    pub fn video(&self) -> Value {
        video(&self.output.path)
    }

    /// The frame at `at` seconds as ffmpeg shows it, red, green and blue.
    pub fn frame(&self, at: f64) -> Frame {
        Frame::of(&self.output.path, at)
    }
}

/// Decodes the pictures without a word from the decoder; gives their number.
pub fn plays(path: &Path) -> usize {
    let out = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-xerror", "-i", utf8(path)])
        .args([
            "-map",
            "0:v:0",
            "-fps_mode",
            "passthrough",
            "-f",
            "framecrc",
            "-",
        ])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stderr);
    assert_eq!(said.trim(), "", "{}", path.display());
    let table = String::from_utf8_lossy(&out.stdout);
    table.lines().filter(|row| !row.starts_with('#')).count()
}

fn ffprobe(path: &Path, args: &[&str]) -> Value {
    let out = Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", "v:0", "-of", "json"])
        .args(args)
        .arg(path)
        .output()
        .unwrap();
    serde_json::from_slice(&out.stdout).unwrap()
}

/// Seconds, as the container has them.
pub fn duration(path: &Path) -> f64 {
    let probe = ffprobe(path, &["-show_format"]);
    seconds(&probe["format"]["duration"])
}

/// What ffprobe says of the pictures of a file.
pub fn video(path: &Path) -> Value {
    ffprobe(path, &["-show_streams"])["streams"][0].clone()
}

/// Every picture as ffprobe sees it once it is decoded.
pub fn frames(path: &Path) -> Vec<Value> {
    let probe = ffprobe(path, &["-show_frames"]);
    probe["frames"].as_array().unwrap().clone()
}

/// The places of the key pictures among the packets, by their flags.
pub fn key_pictures(path: &Path) -> Vec<usize> {
    let probe = ffprobe(path, &["-show_entries", "packet=flags"]);
    let flags = probe["packets"].as_array().unwrap();
    let keys = flags
        .iter()
        .enumerate()
        .filter(|(_, packet)| packet["flags"].as_str().unwrap().starts_with('K'));
    keys.map(|(at, _)| at).collect()
}

/// One picture, three bytes a pixel.
pub struct Frame {
    pub width: usize,
    pub height: usize,
    pub data: Vec<u8>,
}

impl Frame {
    /// The frame of `path` at `at` seconds.
    pub fn of(path: &Path, at: f64) -> Self {
        Self::through(path, at, "null")
    }

    /// As `of`, through filters.
    pub fn through(path: &Path, at: f64, filters: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let picture = dir.path().join("frame.png");
        let at = format!("{at:.3}");
        let said = ffmpeg(&[
            "-i",
            utf8(path),
            "-ss",
            &at,
            "-vf",
            filters,
            "-frames:v",
            "1",
            "-pix_fmt",
            "rgb24",
            utf8(&picture),
        ]);
        assert!(picture.exists(), "{}: {said}", path.display());
        let picture = image::open(&picture).unwrap().to_rgb8();
        Self {
            width: picture.width() as usize,
            height: picture.height() as usize,
            data: picture.into_raw(),
        }
    }

    pub fn pixel(&self, x: usize, y: usize) -> [u8; 3] {
        let at = (y * self.width + x) * 3;
        [self.data[at], self.data[at + 1], self.data[at + 2]]
    }

    /// True if a pixel is about this colour.
    pub fn shows(&self, x: usize, y: usize, colour: [u8; 3]) -> bool {
        let near = |(found, wanted): (u8, u8)| found.abs_diff(wanted) <= 24;
        self.pixel(x, y).into_iter().zip(colour).all(near)
    }

    /// The mean brightness of the picture, 0 to 255.
    pub fn brightness(&self) -> f64 {
        let weighed = self.data.chunks_exact(3).map(|pixel| {
            0.2126 * f64::from(pixel[0])
                + 0.7152 * f64::from(pixel[1])
                + 0.0722 * f64::from(pixel[2])
        });
        weighed.sum::<f64>() / (self.data.len() / 3) as f64
    }

    /// The mean distance of the samples of two pictures of one size.
    pub fn distance(&self, other: &Self) -> f64 {
        assert_eq!((self.width, self.height), (other.width, other.height));
        let apart = self.data.iter().zip(&other.data);
        let sum: u64 = apart.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        sum as f64 / self.data.len() as f64
    }
}

/// Bytes of every packet of the pictures.
pub fn packet_sizes(path: &Path) -> Vec<usize> {
    let probe = ffprobe(path, &["-show_entries", "packet=size"]);
    let packets = probe["packets"].as_array().unwrap().iter();
    let size = |packet: &Value| packet["size"].as_str().unwrap().parse().unwrap();
    packets.map(size).collect()
}
