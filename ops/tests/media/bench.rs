//! The workbench of these tests: runs op strings on a clip of `testdata/media` and reads results with programs that know
//! nothing of this crate (`ffprobe`, `ffmpeg`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use opmill_ops::{
    Cancel, Environment, Limits, ObjectRef, OpsError, Output, Pipeline, Progress, Task, parse, run,
};
use serde_json::Value;

pub fn clip(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../testdata/media")
        .join(name)
}

/// A file of the shared media collection, where that is present; tests that want it end early without it.
pub fn shared(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/media");
    let root = std::env::var_os("OPMILL_MEDIA").map_or(beside, PathBuf::from);
    let path = root.join(name);
    if !path.exists() {
        eprintln!("left out: {} is not there", path.display());
        return None;
    }
    Some(path)
}

/// What came of an op string, command by command, with the files still there.
pub struct Bench {
    dir: tempfile::TempDir,
    pub outcomes: Vec<Result<Vec<Output>, OpsError>>,
    pub progress: Vec<Progress>,
    /// What was said about how and why, with the command's index.
    pub explained: Vec<(usize, String)>,
}

impl Bench {
    pub fn run(source: &Path, ops: &str) -> Self {
        Self::run_with(source, ops, &Cancel::new(), |_| ())
    }

    /// Runs commands that read further objects, which lie in these files.
    pub fn run_beside(source: &Path, ops: &str, objects: &[(&str, &Path)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self::run_in(dir, source, ops, objects, &Cancel::new(), |_| ())
    }

    pub fn run_with(
        source: &Path,
        ops: &str,
        cancel: &Cancel,
        hear: impl Fn(Progress) + Sync,
    ) -> Self {
        Self::run_in(tempfile::tempdir().unwrap(), source, ops, &[], cancel, hear)
    }

    pub fn run_in(
        dir: tempfile::TempDir,
        source: &Path,
        ops: &str,
        objects: &[(&str, &Path)],
        cancel: &Cancel,
        hear: impl Fn(Progress) + Sync,
    ) -> Self {
        let objects: BTreeMap<ObjectRef, PathBuf> = objects
            .iter()
            .map(|(name, path)| (ObjectRef::parse(name).unwrap(), path.to_path_buf()))
            .collect();
        let commands = parse(ops).unwrap();
        let tasks = commands.into_iter().enumerate().map(|(index, command)| {
            let folder = dir.path().join(index.to_string());
            std::fs::create_dir(&folder).unwrap();
            let mut task = Task::new(index, command.pipeline.unwrap(), folder);
            task.objects = beside(source, &task.pipeline);
            task.objects.extend(objects.clone());
            task
        });
        let tasks: Vec<_> = tasks.collect();
        let mut outcomes: Vec<_> = tasks.iter().map(|_| None).collect();
        let heard = Mutex::new(Vec::new());
        let explained = Mutex::new(Vec::new());
        let progress = |at: Progress| {
            heard.lock().unwrap().push(at);
            hear(at);
        };
        let env = Environment {
            limits: &Limits::default(),
            threads: 2,
            cancel,
            progress: &progress,
            explain: &|index, text| explained.lock().unwrap().push((index, text.to_owned())),
        };
        run(source, tasks, &env, &mut |index, outcome| {
            assert!(
                outcomes[index].replace(outcome).is_none(),
                "command {index} ended twice"
            );
        });
        let outcomes = outcomes
            .into_iter()
            .map(|outcome| outcome.expect("every command ends"))
            .collect();
        Self {
            dir,
            outcomes,
            progress: heard.into_inner().unwrap(),
            explained: explained.into_inner().unwrap(),
        }
    }

    /// Runs one command that must succeed with one file.
    pub fn one(name: &str, ops: &str) -> Made {
        Self::one_of(&clip(name), ops)
    }

    /// The same with a source that is anywhere.
    pub fn one_of(source: &Path, ops: &str) -> Made {
        let bench = Self::run(source, ops);
        let output = match &bench.outcomes[0] {
            Ok(outputs) => outputs[0].clone(),
            Err(error) => panic!("{} {ops}: {error}", source.display()),
        };
        Made { bench, output }
    }

    /// Runs one command that must fail, and leave nothing behind.
    pub fn error(name: &str, ops: &str) -> OpsError {
        Self::error_of(&clip(name), ops)
    }

    /// The same with a source that is anywhere.
    pub fn error_of(source: &Path, ops: &str) -> OpsError {
        let bench = Self::run(source, ops);
        let name = source.display();
        assert_eq!(
            bench.files_of(0),
            Vec::<PathBuf>::new(),
            "{name} {ops} left a file"
        );
        match bench.outcomes.into_iter().next().unwrap() {
            Err(error) => error,
            Ok(outputs) => panic!("{name} {ops} made {outputs:?}"),
        }
    }

    pub fn files_of(&self, index: usize) -> Vec<PathBuf> {
        let folder = self.dir.path().join(index.to_string());
        std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().path())
            .collect()
    }
}

impl Bench {
    /// Every file below a command's folder.
    pub fn everything_under(&self, index: usize) -> Vec<PathBuf> {
        let mut folders = vec![self.dir.path().join(index.to_string())];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for path in std::fs::read_dir(folder)
                .unwrap()
                .map(|file| file.unwrap().path())
            {
                if path.is_dir() {
                    &mut folders
                } else {
                    &mut files
                }
                .push(path);
            }
        }
        files
    }
}

/// The files that a pipeline names beside a plain source: those that are there, in the folder of the source.
pub fn beside(source: &Path, pipeline: &Pipeline) -> BTreeMap<ObjectRef, PathBuf> {
    let folder = source.parent().unwrap();
    let file = |object: &ObjectRef| match object {
        ObjectRef::Entry(entry) => folder.join(entry.key.as_str()),
        ObjectRef::Key(key) => folder.join(key.as_str()),
        ObjectRef::Path(path) => PathBuf::from(path),
    };
    let named = pipeline.objects().into_iter();
    let files = named.map(|object| (object.clone(), file(object)));
    files.filter(|(_, path)| path.exists()).collect()
}

/// One file that was made.
pub struct Made {
    #[allow(dead_code)] // keeps the folder
    bench: Bench,
    pub output: Output,
}

impl Made {
    pub fn path(&self) -> &Path {
        &self.output.path
    }

    /// ffprobe's words on the file.
    pub fn probe(&self) -> Value {
        ffprobe(self.path())
    }

    pub fn stream(&self, kind: &str) -> Value {
        let probe = self.probe();
        let streams = probe["streams"].as_array().unwrap();
        streams
            .iter()
            .find(|stream| stream["codec_type"] == kind)
            .cloned()
            .unwrap_or(Value::Null)
    }

    pub fn duration(&self) -> f64 {
        seconds(&self.probe()["format"]["duration"])
    }

    /// Which second of the test picture the frame at `at` seconds shows: the white column steps 16 pixels a second.
    pub fn second_shown_at(&self, at: f64) -> u32 {
        second_shown(self.path(), at)
    }

    /// Decoding the file makes no program complain.
    pub fn decodes_clean(&self) {
        let said = ffmpeg(&[
            "-xerror",
            "-i",
            utf8(self.path()),
            "-fps_mode",
            "passthrough",
            "-f",
            "null",
            "-",
        ]);
        assert_eq!(said, "", "{}", self.path().display());
    }
}

pub fn seconds(value: &Value) -> f64 {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no time: {value}"))
        .parse()
        .unwrap()
}

pub fn utf8(path: &Path) -> &str {
    path.to_str().unwrap()
}

pub fn ffprobe(path: &Path) -> Value {
    let out = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-show_streams",
            "-show_format",
            "-of",
            "json",
            utf8(path),
        ])
        .output()
        .expect("ffprobe is installed by scripts/install-deps.sh");
    serde_json::from_slice(&out.stdout).unwrap()
}

/// Runs ffmpeg and gives what it says at level `error`.
pub fn ffmpeg(args: &[&str]) -> String {
    let out = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y"])
        .args(args)
        .output()
        .unwrap();
    String::from_utf8_lossy(&out.stderr).trim().to_owned()
}

/// Hashes of what a stream holds, packet by packet, as ffmpeg reads it.
pub fn packets(path: &Path, stream: &str) -> Vec<String> {
    let out = Command::new("ffmpeg")
        .args([
            "-nostdin",
            "-v",
            "error",
            "-i",
            utf8(path),
            "-map",
            stream,
            "-c",
            "copy",
            "-f",
            "framemd5",
            "-",
        ])
        .output()
        .unwrap();
    let table = String::from_utf8(out.stdout).unwrap();
    let hash = |row: &str| row.split(',').nth(5).unwrap_or_default().trim().to_owned();
    table
        .lines()
        .filter(|row| !row.starts_with('#'))
        .map(hash)
        .collect()
}

/// Which second of the test picture a frame of `path` shows.
pub fn second_shown(path: &Path, at: f64) -> u32 {
    let out = Command::new("ffmpeg")
        .args([
            "-nostdin",
            "-v",
            "error",
            "-i",
            utf8(path),
            "-ss",
            &format!("{at:.3}"),
            "-frames:v",
            "1",
        ])
        .args([
            "-vf",
            "scale=320:240",
            "-f",
            "rawvideo",
            "-pix_fmt",
            "gray",
            "-",
        ])
        .output()
        .unwrap();
    column(&out.stdout, 320)
}

/// Which second a picture file shows.
pub fn second_of_picture(path: &Path) -> u32 {
    let picture = image::open(path)
        .unwrap()
        .resize_exact(320, 240, image::imageops::FilterType::Triangle)
        .to_luma8();
    column(picture.as_raw(), 320)
}

/// The column is the only white from top to bottom, so it shows in the darkest part of the bars, the bottom row.
fn column(gray: &[u8], width: usize) -> u32 {
    let height = gray.len() / width;
    assert!(height > 0, "no picture");
    let mean = |x: usize| -> f64 {
        let rows = height * 70 / 100..height;
        let count = rows.len() as f64;
        rows.map(|y| f64::from(gray[y * width + x])).sum::<f64>() / count
    };
    let brightest = (0..width / 16)
        .max_by(|&a, &b| mean(a * 16 + 8).total_cmp(&mean(b * 16 + 8)))
        .unwrap();
    brightest as u32
}
