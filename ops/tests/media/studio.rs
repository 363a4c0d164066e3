//! Where pictures out of films are taken and compared: runs one command under a name of its own, and decodes films in
//! full with `ffmpeg` to tell which of their frames a picture is.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use opmill_ops::{Cancel, Environment, Limits, OpsError, Output, Progress, Task, parse, run};

use crate::bench::{ffmpeg, utf8};

/// What came of a command, with the files still there.
pub struct Taken {
    #[allow(dead_code)] // keeps the folder
    dir: tempfile::TempDir,
    pub outcome: Result<Vec<Output>, OpsError>,
    pub explained: Vec<String>,
    pub progress: Vec<Progress>,
}

/// Runs one command.
pub fn take(source: &Path, ops: &str) -> Taken {
    take_as(source, ops, "out.jpg", &Limits::default())
}

/// Runs one command whose target is called `name`, with `$(count)` in it or without, within limits.
pub fn take_as(source: &Path, ops: &str, name: &str, limits: &Limits) -> Taken {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = parse(ops).unwrap().remove(0).pipeline.unwrap();
    let mut task = Task::new(0, pipeline, dir.path().to_owned());
    task.name = name.replace("$(count)", "000001");
    task.counted = name.contains("$(count)").then(|| name.to_owned());
    let (explained, heard) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let env = Environment {
        limits,
        threads: 2,
        cancel: &Cancel::new(),
        progress: &|at| heard.lock().unwrap().push(at),
        explain: &|_, text| explained.lock().unwrap().push(text.to_owned()),
    };
    let mut outcome = None;
    run(source, vec![task], &env, &mut |_, result| {
        outcome = Some(result);
    });
    Taken {
        dir,
        outcome: outcome.unwrap(),
        explained: explained.into_inner().unwrap(),
        progress: heard.into_inner().unwrap(),
    }
}

impl Taken {
    /// The outputs of a command that was to succeed.
    pub fn outputs(&self) -> &[Output] {
        match &self.outcome {
            Ok(outputs) => outputs,
            Err(error) => panic!("{error}"),
        }
    }

    pub fn paths(&self) -> Vec<&Path> {
        self.outputs().iter().map(|output| &*output.path).collect()
    }

    /// Why a command that was to fail did so; it left no file.
    pub fn error(&self) -> String {
        let left = std::fs::read_dir(self.dir.path()).unwrap().count();
        match &self.outcome {
            Ok(outputs) => panic!("it made {outputs:?}"),
            Err(error) => {
                assert_eq!(left, 0, "{error}, but files were left");
                error.to_string()
            }
        }
    }
}

/// A film made for a test: pictures that change with every frame, `args` before the name of the file.
pub fn film(dir: &Path, name: &str, args: &[&str]) -> PathBuf {
    let path = dir.join(name);
    let source = "testsrc2=size=160x120:rate=25";
    let mut all = vec!["-f", "lavfi", "-i", source];
    all.extend(args);
    all.push(utf8(&path));
    let said = ffmpeg(&all);
    assert_eq!(said, "", "{name}");
    path
}

/// Every frame of a film, as a full decode shows it.
pub struct Frames {
    size: (usize, usize),
    /// Seconds from the start of the file.
    pub times: Vec<f64>,
    pixels: Vec<u8>,
}

impl Frames {
    pub fn of(film: &Path) -> Self {
        let read = |program: &str, before: &[&str], after: &[&str]| {
            let mut command = Command::new(program);
            command.args(before).arg(film).args(after);
            command.output().unwrap().stdout
        };
        let number = |text: &str| text.trim().trim_end_matches(',').parse::<f64>().ok();
        let entries = |entries: &str| {
            let args = ["-v", "error", "-select_streams", "v:0", "-show_entries"];
            let args = [&args[..], &[entries, "-of", "csv=p=0"]].concat();
            String::from_utf8(read("ffprobe", &args, &[])).unwrap()
        };
        let start = entries("format=start_time");
        let start = start.lines().find_map(number).unwrap_or(0.0);
        let times = entries("frame=best_effort_timestamp_time");
        let times = times
            .lines()
            .filter_map(|line| number(line.split(',').next()?));
        let size = entries("stream=width,height");
        let mut sides = size.lines().next().unwrap().split(',');
        let mut side = || sides.next().unwrap().parse().unwrap();
        let size = (side(), side());
        let before = ["-nostdin", "-v", "error", "-noautorotate", "-i"];
        let after = [
            "-map",
            "0:v:0",
            "-fps_mode",
            "passthrough",
            "-f",
            "rawvideo",
        ];
        let after = [&after[..], &["-pix_fmt", "rgb24", "-"]].concat();
        let pixels = read("ffmpeg", &before, &after);
        let mut times: Vec<f64> = times.map(|time| time - start).collect();
        if times.is_empty() {
            // A film without any times has 25 pictures a second.
            let frames = pixels.len() / (size.0 * size.1 * 3);
            times = (0..frames).map(|frame| frame as f64 / 25.0).collect();
        }
        Self {
            size,
            times,
            pixels,
        }
    }

    /// Number of the frame a player shows at `at`.
    pub fn shown_at(&self, at: f64) -> usize {
        let after = self.times.partition_point(|&time| time <= at + 1e-6);
        after.saturating_sub(1)
    }

    /// Number of the frame that a picture is, and how far it is from that: the mean difference of a pixel.
    pub fn nearest(&self, picture: &Path) -> (usize, f64) {
        let picture = image::open(picture).unwrap().into_rgb8();
        let (width, height) = self.size;
        let seen = (picture.width() as usize, picture.height() as usize);
        assert_eq!(seen, self.size, "compared as they are");
        let frames = || self.pixels.chunks_exact(width * height * 3);
        if let Some(same) = frames().position(|frame| frame == picture.as_raw()) {
            return (same, 0.0);
        }
        // Not every value: a debug build takes its time.
        let distances = frames().map(|frame| {
            let pairs = frame.iter().zip(picture.as_raw()).step_by(11);
            let count = pairs.len() as f64;
            let sum: u64 = pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
            sum as f64 / count
        });
        let nearest = distances.enumerate().min_by(|a, b| a.1.total_cmp(&b.1));
        nearest.expect("a film has frames")
    }

    /// The picture is the frame shown at `at`.
    pub fn is_at(&self, picture: &Path, at: f64, what: &str) {
        let (nearest, distance) = self.nearest(picture);
        let shown = self.shown_at(at);
        assert_eq!(
            nearest, shown,
            "{what}: at {at} s frame {nearest} ({:.3} s) and not {shown}",
            self.times[nearest]
        );
        // Fields are joined on the way, which moves edges.
        let most = if what == "fields" { 8.0 } else { 2.0 };
        assert!(distance < most, "{what}: at {at} s {distance} off");
    }
}
