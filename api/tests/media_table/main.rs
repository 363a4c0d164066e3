//! The media table: `opmill run` over every file of a folder of real media, every result read back with ffprobe.
//!
//! `MEDIA=folder cargo test -p opmill --test media_table -- --nocapture` (or `make media-table`) prints
//! file × command → ok or the reason it failed, and fails on any violation of `check`. Without MEDIA the table is made
//! of the generated clips, so that the checker itself is always exercised.

mod check;
mod ffprobe;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

const FILM: &str = "avthumb/mp4/vb/500k";
const SOUND: &str = "avthumb/mp3/ab/96k";
const STILL: &str = "vframe/jpg/offset/0.5";

/// Reads nothing but what a user would read: the JSON line of `opmill run`, and the files.
#[test]
fn every_file_gives_a_sound_result_or_a_reason() {
    let sets = match std::env::var_os("MEDIA").map(PathBuf::from) {
        Some(media) => [(media.join("video"), FILM), (media.join("audio"), SOUND)],
        None => [(testdata(""), FILM), (testdata("bad"), FILM)],
    };
    let mut table = Table::default();
    for (folder, transcode) in sets {
        if !folder.is_dir() {
            println!("no media here: {} is not a folder", folder.display());
            continue;
        }
        for file in files(&folder) {
            table.add(&file, &[transcode, STILL]);
        }
    }
    table.finish();
}

/// The checker can say no: results that are wrong in one way each, made by taking a clip for the result of another.
#[test]
fn the_checker_finds_what_is_wrong() {
    for (name, source, result, expected) in [
        (
            "too short",
            "clip.mp4",
            "b-frames.mp4",
            "lasts 3.000 s; the source lasts 20.0",
        ),
        (
            "still on its side",
            "rotated-90.mp4",
            "rotated-90.mp4",
            "turns it by 90 degrees",
        ),
        (
            "turned without being asked",
            "rotated-90.mp4",
            "silent.mp4",
            "is 320x240 with pixels 1.000:1; expected 240x320",
        ),
        (
            "square pixels lost",
            "sar-4-3.mp4",
            "b-frames.mp4",
            "expected 320x240 with pixels 1.333:1",
        ),
        (
            "half a file",
            "silent.mp4",
            "bad/truncated.mp4",
            "does not decode clean",
        ),
    ] {
        let wrong = check::media(&testdata(source), &testdata(result));
        assert!(
            wrong.iter().any(|problem| problem.contains(expected)),
            "{name}: {wrong:?}"
        );
    }
    assert_eq!(
        check::media(&testdata("b-frames.mp4"), &testdata("b-frames.mp4")),
        [""; 0]
    );
}

/// A generated clip, or the folder of them.
fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../testdata/media")
        .join(name)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().expect("the folder can be read");
    let media = |path: &PathBuf| {
        path.is_file()
            && !matches!(
                path.extension().and_then(|suffix| suffix.to_str()),
                Some("md" | "sh") | None
            )
    };
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(media)
        .collect();
    files.sort();
    files
}

#[derive(Default)]
struct Table {
    ok: usize,
    failed: usize,
    violations: Vec<String>,
}

impl Table {
    /// Runs the commands on one file, prints a line for each, and keeps what is wrong.
    fn add(&mut self, file: &Path, commands: &[&str]) {
        let work = tempfile::tempdir().expect("a temporary folder");
        let name = file
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a name in UTF-8");
        let items = match run(file, commands, work.path()) {
            Ok(items) => items,
            Err(problem) => return self.row(name, "(all)", "no result", vec![problem]),
        };
        for (command, item) in commands.iter().zip(&items) {
            let (verdict, wrong) = judge(file, command, item, work.path());
            self.row(name, command, &verdict, wrong);
        }
    }

    fn row(&mut self, file: &str, command: &str, verdict: &str, wrong: Vec<String>) {
        println!("{file:<72} {command:<22} {verdict}");
        if verdict.starts_with("ok") {
            self.ok += 1
        } else {
            self.failed += 1
        }
        for problem in wrong {
            println!("{:<72} {:<22} VIOLATION: {problem}", "", "");
            self.violations
                .push(format!("{file}: {command}: {problem}"));
        }
    }

    fn finish(self) {
        println!(
            "{} ok, {} failed with a reason, {} violations",
            self.ok,
            self.failed,
            self.violations.len()
        );
        assert!(self.ok > 0, "nothing succeeded");
        assert!(
            self.violations.is_empty(),
            "violations:\n{}",
            self.violations.join("\n")
        );
    }
}

/// One `opmill run`; its items in the order of the commands.
fn run(file: &Path, commands: &[&str], work: &Path) -> Result<Vec<Value>, String> {
    let targets = ["result.out", "picture.jpg"];
    let ops: Vec<_> = commands
        .iter()
        .zip(targets)
        .map(|(op, target)| format!("{op}|saveas/t:{target}"))
        .collect();
    let output = Command::new(env!("CARGO_BIN_EXE_opmill"))
        .args(["run", "--json", "--ops", &ops.join(";"), "--out"])
        .arg(work.join("out"))
        .arg("--data")
        .arg(work.join("data"))
        .arg(file)
        .stdin(Stdio::null())
        .output()
        .map_err(|e| e.to_string())?;
    let job: Value = serde_json::from_slice(&output.stdout).map_err(|_| {
        format!(
            "opmill ended with {} and no JSON line: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        )
    })?;
    let items = job["items"].as_array().cloned().unwrap_or_default();
    let failed = items.iter().any(|item| item["code"] != "3");
    if items.len() != commands.len() {
        return Err(format!(
            "{} items for {} commands",
            items.len(),
            commands.len()
        ));
    }
    if output.status.code() != Some(i32::from(failed)) {
        return Err(format!("exit {} does not fit the items", output.status));
    }
    Ok(items)
}

fn judge(file: &Path, command: &str, item: &Value, work: &Path) -> (String, Vec<String>) {
    let target = if command == STILL {
        "picture.jpg"
    } else {
        "result.out"
    };
    let result = work.join("out/t").join(target);
    if item["code"] == "3" {
        let wrong = if command == STILL {
            check::still(file, &result)
        } else {
            check::media(file, &result)
        };
        let resolution = item["resolution"].as_str().unwrap_or_default();
        return (format!("ok {} bytes {resolution}", item["fsize"]), wrong);
    }
    let reason = item["error"].as_str().unwrap_or_default();
    let mut wrong = Vec::new();
    if item["code"] != "2" || !says_why(reason) {
        wrong.push(format!("a failure without a reason: {item}"));
    }
    if result.exists() {
        wrong.push(format!("failed, and left {}", result.display()));
    }
    if ffmpeg_can(file, command, work) {
        wrong.push("ffmpeg can do it".into());
    }
    (format!("failed: {reason}"), wrong)
}

/// A sentence about this input, neither a bare code nor a bug dressed up as a result.
fn says_why(reason: &str) -> bool {
    let reason = reason.to_lowercase();
    reason.split_whitespace().count() >= 3
        && !["panic", "internal error", "unknown error"]
            .iter()
            .any(|bug| reason.contains(bug))
}

/// Would the ffmpeg program have made something of it? Then a failure is ours.
fn ffmpeg_can(file: &Path, command: &str, work: &Path) -> bool {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg
        .args(["-nostdin", "-v", "quiet", "-xerror", "-y", "-i"])
        .arg(file);
    match command {
        STILL if check::picture_seconds(file) <= 0.5 => return false,
        STILL => ffmpeg
            .args(["-map", "0:V:0", "-ss", "0.5", "-frames:v", "1"])
            .arg(work.join("f.jpg")),
        SOUND => ffmpeg
            .args(["-map", "0:a:0", "-t", "5"])
            .arg(work.join("f.mp3")),
        _ => ffmpeg
            .args(["-preset", "ultrafast", "-pix_fmt", "yuv420p", "-t", "5"])
            .arg(work.join("f.mp4")),
    };
    ffmpeg
        .stdin(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
