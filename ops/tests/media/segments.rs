//! What tests of HLS and DASH share: a run of one command, and readers of what it made.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use opmill_ops::{Cancel, Environment, Limits, Name, OpsError, Output, Task, parse, run};

use crate::bench::{clip, utf8};

/// What came of one command whose target is `v.<suffix>`.
pub struct Segmented {
    pub dir: tempfile::TempDir,
    pub outputs: Vec<Output>,
}

impl Segmented {
    /// Runs a command that must succeed on a clip.
    pub fn of(name: &str, ops: &str) -> Self {
        Self::from(&clip(name), ops)
    }

    pub fn from(source: &Path, ops: &str) -> Self {
        let (dir, outcome) = attempt(source, ops, &Limits::default(), |_| ());
        let outputs = outcome.unwrap_or_else(|error| panic!("{} {ops}: {error}", source.display()));
        Self { dir, outputs }
    }

    /// The first output: the list that names the others.
    pub fn list(&self) -> &Path {
        &self.outputs[0].path
    }

    pub fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.dir.path().join(name)).unwrap()
    }

    /// File names of the outputs, in order.
    pub fn names(&self) -> Vec<String> {
        let names = self
            .outputs
            .iter()
            .map(|output| output.path.file_name().unwrap());
        names
            .map(|name| name.to_str().unwrap().to_owned())
            .collect()
    }

    /// The outputs whose names end so.
    pub fn ending(&self, end: &str) -> Vec<&Output> {
        let ends = |output: &&Output| output.path.to_str().unwrap().ends_with(end);
        self.outputs.iter().filter(ends).collect()
    }

    /// What every command promises of its files: the list is the target, the others stand beside it, all are listed.
    pub fn is_listed_in_full(&self) {
        let names = self.outputs.iter().map(|output| &output.name);
        let beside = vec![&Name::Beside; self.outputs.len() - 1];
        assert_eq!(
            names.collect::<Vec<_>>(),
            [vec![&Name::Target], beside].concat()
        );
        let mut listed = self.names();
        listed.sort();
        let files = std::fs::read_dir(self.dir.path()).unwrap();
        let mut there: Vec<String> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        there.sort();
        assert_eq!(listed, there);
    }
}

/// Runs one command; `prepare` may change its task. What it made is in the folder.
pub fn attempt(
    source: &Path,
    ops: &str,
    limits: &Limits,
    prepare: impl FnOnce(&mut Task),
) -> (tempfile::TempDir, Result<Vec<Output>, OpsError>) {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = parse(ops)
        .unwrap()
        .remove(0)
        .pipeline
        .unwrap_or_else(|error| panic!("{ops}: {error}"));
    let mut task = Task::new(0, pipeline, dir.path().to_owned());
    task.name = format!("v.{}", task.pipeline.suffix());
    prepare(&mut task);
    let env = Environment {
        limits,
        threads: 2,
        cancel: &Cancel::new(),
        progress: &|_| (),
        explain: &|_, _| (),
    };
    let mut outcome = None;
    run(source, vec![task], &env, &mut |_, ended| {
        outcome = Some(ended)
    });
    (dir, outcome.unwrap())
}

/// The segments a list of HLS names, with their lengths.
pub fn entries(list: &str) -> Vec<(f64, String)> {
    let lines: Vec<&str> = list.lines().collect();
    let pairs = lines.windows(2).filter_map(|pair| {
        let length = pair[0].strip_prefix("#EXTINF:")?.strip_suffix(',')?;
        Some((length.parse().unwrap(), pair[1].to_owned()))
    });
    pairs.collect()
}

/// The attributes of a line of HLS, by name.
pub fn attributes(line: &str) -> BTreeMap<String, String> {
    let (mut found, mut rest) = (BTreeMap::new(), line.split_once(':').unwrap().1);
    while let Some((name, value)) = rest.split_once('=') {
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap(),
            None => value.split_at(value.find(',').unwrap_or(value.len())),
        };
        found.insert(name.to_owned(), value.to_owned());
        rest = after.strip_prefix(',').unwrap_or("");
    }
    found
}

/// Plays a list with ffmpeg, which must not say a word, and gives how long each kind of stream lasted in seconds.
pub fn played(list: &Path, options: &[&str]) -> (f64, f64) {
    let (said, table) = play(list, options);
    assert_eq!(said, "", "{}", list.display());
    let end = |kind: char| {
        let streams: Vec<(usize, f64)> = table
            .lines()
            .filter_map(|line| {
                let (number, rest) = line.strip_prefix("#tb ")?.split_once(": ")?;
                let (num, den) = rest.split_once('/')?;
                Some((
                    number.parse().ok()?,
                    num.parse::<f64>().ok()? / den.parse::<f64>().ok()?,
                ))
            })
            .collect();
        let kinds: Vec<usize> = table
            .lines()
            .filter_map(|line| {
                let (number, rest) = line.strip_prefix("#media_type ")?.split_once(": ")?;
                rest.starts_with(kind).then(|| number.parse().ok())?
            })
            .collect();
        let rows = table
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| {
                let cells: Vec<i64> = line
                    .split(',')
                    .take(4)
                    .map(|cell| cell.trim().parse().unwrap())
                    .collect();
                let stream = usize::try_from(cells[0]).ok()?;
                let base = streams.iter().find(|(number, _)| *number == stream)?.1;
                kinds.contains(&stream).then_some((
                    (cells[2] as f64) * base,
                    (cells[2] + cells[3]) as f64 * base,
                ))
            });
        let (first, last) = rows.fold((f64::MAX, f64::MIN), |(a, b), (start, end)| {
            (a.min(start), b.max(end))
        });
        if first > last { 0.0 } else { last - first }
    };
    (end('v'), end('a'))
}

/// What ffmpeg says while it decodes all streams, and the table of what it decoded.
pub fn play(list: &Path, options: &[&str]) -> (String, String) {
    let out = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "warning", "-xerror"])
        .args(options)
        .args([
            "-i",
            utf8(list),
            "-map",
            "0:v?",
            "-map",
            "0:a?",
            "-fps_mode",
            "passthrough",
            "-f",
            "framecrc",
            "-",
        ])
        .output()
        .unwrap();
    (
        String::from_utf8_lossy(&out.stderr).trim().to_owned(),
        String::from_utf8(out.stdout).unwrap(),
    )
}

/// Whether the first picture of a file is a key picture. Fragments are read behind their header.
pub fn starts_with_key(init: Option<&Path>, segment: &Path) -> bool {
    let mut bytes = init
        .map(|init| std::fs::read(init).unwrap())
        .unwrap_or_default();
    bytes.extend(std::fs::read(segment).unwrap());
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    key_times(file.path()).1.first() == Some(&true)
}

/// When each picture of a file is shown, and whether it is a key picture, in the order of the file.
pub fn key_times(path: &Path) -> (Vec<f64>, Vec<bool>) {
    let out = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-select_streams",
            "v",
            "-show_entries",
            "packet=pts_time,flags",
            "-of",
            "csv=p=0",
            utf8(path),
        ])
        .output()
        .unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    let rows = text
        .lines()
        .filter_map(|line| line.trim_end_matches(',').split_once(','));
    rows.map(|(at, flags)| (at.parse::<f64>().unwrap(), flags.starts_with('K')))
        .unzip()
}

pub fn file_of(dir: &tempfile::TempDir, name: &str) -> PathBuf {
    dir.path().join(name)
}
