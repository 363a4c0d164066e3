//! The kinds of case, and one file put through all of them. Every case runs in the real program, in a process of its own
//! or in one shared with its siblings; what came of it is judged from outside.

use std::path::Path;
use std::process::Command;
use std::sync::RwLock;
use std::time::Duration;

use serde_json::Value;

use super::check::Source;
use super::child::{Ended, deadline, watch};
use super::ffprobe;

/// What is done to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Transcode,
    Remux,
    Screenshot,
    Probe,
}

impl Kind {
    /// The kinds that are commands of one op string.
    const COMMANDS: [Self; 3] = [Self::Transcode, Self::Remux, Self::Screenshot];

    pub fn name(self) -> &'static str {
        match self {
            Self::Transcode => "transcode",
            Self::Remux => "remux",
            Self::Screenshot => "screenshot",
            Self::Probe => "probe",
        }
    }

    /// The op of a command; from a folder of sounds, sound is made.
    fn op(self, sound: bool) -> &'static str {
        match self {
            Self::Transcode if sound => "avthumb/mp3",
            Self::Transcode => "avthumb/mp4/preset/ultrafast",
            Self::Remux => "avthumb/mkv/vcodec/copy/acodec/copy",
            Self::Screenshot => "vframe/jpg",
            Self::Probe => "avinfo",
        }
    }
}

/// What came of one file and one kind.
pub struct Case {
    pub kind: Kind,
    /// The sentence of a failure.
    pub failure: Option<String>,
    /// What must not be; a case with violations counts neither as a success nor as a failure.
    pub violations: Vec<String>,
}

impl Case {
    fn violation(kind: Kind, what: String) -> Self {
        Self {
            kind,
            failure: None,
            violations: vec![what],
        }
    }
}

/// One file through every kind of case, and how long the program took in all. `others` is held for writing by a case that
/// is to have the machine for itself.
pub fn run(file: &Path, sound: bool, others: &RwLock<()>) -> (Vec<Case>, Duration) {
    let source = Source::new(file);
    let together = {
        let _beside = others.read();
        commands(&source, &Kind::COMMANDS, sound)
    };
    let (mut cases, mut took) =
        together.unwrap_or_else(|problem| alone(&source, sound, problem, others));
    let _beside = others.read();
    let (case, time) = probe(&source);
    cases.push(case);
    took += time;
    (cases, took)
}

/// Every command again by itself, with nothing beside it, after all of them in one process met a problem: which of them
/// it was, and whether it was not just the load, this tells.
fn alone(
    source: &Source,
    sound: bool,
    (problem, mut took): (String, Duration),
    others: &RwLock<()>,
) -> (Vec<Case>, Duration) {
    let _nobody_beside = others.write();
    let mut cases = Vec::new();
    for kind in Kind::COMMANDS {
        let (case, time) = match commands(source, &[kind], sound) {
            Ok((mut cases, time)) => (cases.remove(0), time),
            Err((problem, time)) => (Case::violation(kind, problem), time),
        };
        cases.push(case);
        took += time;
    }
    // Three together may take longer than a minute; they may not crash where none of them does.
    let explained =
        problem.starts_with("hung") || cases.iter().any(|case| !case.violations.is_empty());
    if !explained {
        let beside = format!("beside the other commands: {problem}");
        cases[0].violations.push(beside);
    }
    (cases, took)
}

type Cases = Result<(Vec<Case>, Duration), (String, Duration)>;

/// One `opmill run` with a command for each kind; an error is what the process did that no process may.
fn commands(source: &Source, kinds: &[Kind], sound: bool) -> Cases {
    let work = tempfile::tempdir().expect("a temporary folder");
    let ops: Vec<_> = kinds
        .iter()
        .map(|kind| format!("{}|saveas/t:{}", kind.op(sound), kind.name()))
        .collect();
    let mut opmill = Command::new(env!("CARGO_BIN_EXE_opmill"));
    opmill
        .args(["run", "--json", "--ops", &ops.join(";"), "--out"])
        .arg(work.path().join("out"))
        .arg("--data")
        .arg(work.path().join("data"))
        .arg(source.file());
    let ended = watch(&mut opmill, deadline());
    let took = ended.took;
    let items = items(&ended, kinds.len()).map_err(|problem| (problem, took))?;
    let judged = kinds.iter().zip(&items).map(|(&kind, item)| {
        let result = work.path().join("out/t").join(kind.name());
        judge(source, kind, item, &result)
    });
    Ok((judged.collect(), took))
}

/// The items of the one JSON line, if the process ended as it should.
fn items(ended: &Ended, count: usize) -> Result<Vec<Value>, String> {
    if let Some(problem) = ended.misbehaviour() {
        return Err(problem);
    }
    let job: Value = serde_json::from_slice(&ended.out)
        .map_err(|_| format!("no JSON line, but: {}", ended.err.trim()))?;
    let items = job["items"].as_array().cloned().unwrap_or_default();
    if items.len() != count {
        return Err(format!("{} items for {count} commands", items.len()));
    }
    let failed = items.iter().any(|item| item["code"] != "3");
    if ended.code() != Some(i32::from(failed)) {
        return Err(format!(
            "exit code {:?} does not fit the items",
            ended.code()
        ));
    }
    Ok(items)
}

fn judge(source: &Source, kind: Kind, item: &Value, result: &Path) -> Case {
    if item["code"] == "3" {
        let violations = match kind {
            Kind::Screenshot => source.still(result),
            Kind::Remux => source.copy(result),
            _ => source.film(result),
        };
        return Case {
            kind,
            failure: None,
            violations,
        };
    }
    let reason = item["error"].as_str().unwrap_or_default();
    let mut violations = untyped(reason).map_or(Vec::new(), |why| vec![why]);
    if item["code"] != "2" {
        violations.push(format!("neither done nor failed: {item}"));
    }
    if result.exists() {
        violations.push(format!("failed ({reason}), and left a file"));
    }
    if !on_purpose(reason) && ffmpeg_can(source, kind) {
        violations.push(format!("failed ({reason}), but ffmpeg can do it"));
    }
    Case {
        kind,
        failure: Some(reason.to_owned()),
        violations,
    }
}

/// `opmill probe`, compared with ffprobe.
fn probe(source: &Source) -> (Case, Duration) {
    let mut opmill = Command::new(env!("CARGO_BIN_EXE_opmill"));
    let ended = watch(opmill.arg("probe").arg(source.file()), deadline());
    let mut case = Case {
        kind: Kind::Probe,
        failure: None,
        violations: Vec::new(),
    };
    if let Some(problem) = ended.misbehaviour() {
        case.violations.push(problem);
    } else if ended.code() == Some(0) {
        match serde_json::from_slice(&ended.out) {
            Ok(json) => case.violations = source.description(&json),
            Err(error) => case.violations.push(format!("no JSON: {error}")),
        }
    } else {
        let said = ended.err.trim().to_owned();
        let name = format!("opmill: {}: ", source.file().display());
        let reason = said.strip_prefix(&name).unwrap_or_default();
        case.violations.extend(untyped(reason));
        if !on_purpose(reason) && source.opens() {
            case.violations
                .push(format!("failed ({reason}), but ffprobe opens it"));
        }
        case.failure = Some(reason.to_owned());
    }
    (case, ended.took)
}

/// What makes a failure none that a person could act on: no sentence, a bug, or libav's bare words, which say neither what
/// failed nor why.
fn untyped(reason: &str) -> Option<String> {
    const BUGS: [&str; 5] = [
        "panic",
        "bug in opmill",
        "internal error",
        "unknown error",
        "error number",
    ];
    /// Say nothing even behind the name of what failed.
    const EMPTY: [&str; 4] = [
        "invalid argument",
        "generic error in an external library",
        "operation not permitted",
        "internal bug, should not have happened",
    ];
    /// Say something behind the name of what failed, but nothing alone.
    const BARE: [&str; 4] = [
        "invalid data found when processing input",
        "not yet implemented in ffmpeg, patches welcome",
        "end of file",
        "cannot allocate memory",
    ];
    let lower = reason.to_lowercase();
    let is_sentence = lower.split_whitespace().count() >= 4;
    let bug = BUGS.iter().any(|bug| lower.contains(bug));
    let bare = EMPTY.iter().any(|words| lower.ends_with(words)) || BARE.contains(&lower.as_str());
    (!is_sentence || bug || bare).then(|| format!("untyped failure: `{reason}`"))
}

/// Refused whatever the ffmpeg program makes of it.
fn on_purpose(reason: &str) -> bool {
    const REASONS: [&str; 4] = [
        "the source is truncated",
        "is encrypted",
        "is a playlist",
        "which is not taken as a source",
    ];
    REASONS.iter().any(|words| reason.contains(words))
}

/// Would the ffmpeg program have made something of it? Then a failure is ours.
fn ffmpeg_can(source: &Source, kind: Kind) -> bool {
    let work = tempfile::tempdir().expect("a temporary folder");
    let to = work.path().join("made");
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg
        .args(["-nostdin", "-v", "quiet", "-xerror", "-y", "-i"])
        .arg(source.bare())
        .args(["-sn", "-dn"]);
    match kind {
        Kind::Screenshot => ffmpeg.args([
            "-map",
            "0:V:0",
            "-frames:v",
            "1",
            "-c:v",
            "mjpeg",
            "-f",
            "image2",
            "-update",
            "1",
        ]),
        Kind::Remux => ffmpeg.args([
            "-map", "0:V?", "-map", "0:a?", "-c", "copy", "-f", "matroska",
        ]),
        _ => ffmpeg.args([
            "-map",
            "0:V?",
            "-map",
            "0:a?",
            "-preset",
            "ultrafast",
            "-pix_fmt",
            "yuv420p",
            "-t",
            "5",
            "-f",
            "mp4",
        ]),
    };
    let ended = watch(ffmpeg.arg(&to), ffprobe::PATIENCE);
    let made = ffprobe::streams(&to);
    // A copy of what nobody knows is none.
    let known = made.iter().all(|stream| stream.codec != "unknown");
    ended.code() == Some(0) && known && made.iter().any(|stream| stream.span.is_some())
}

#[cfg(test)]
mod tests {
    use super::untyped;

    #[test]
    fn a_failure_has_to_say_what_and_why() {
        for (reason, typed) in [
            ("the source has no video stream", true),
            (
                "stream 0 (png) cannot be decoded: Invalid data found when processing input",
                true,
            ),
            ("", false),
            ("Invalid data found when processing input", false),
            ("the source is not media: Invalid argument", false),
            (
                "the encoder libx264 failed: Generic error in an external library",
                false,
            ),
            (
                "the command hit a bug in opmill or in FFmpeg and was given up",
                false,
            ),
            (
                "cannot read a.mp4: Error number -1094995529 occurred",
                false,
            ),
            ("no video", false),
        ] {
            assert_eq!(untyped(reason).is_none(), typed, "{reason}");
        }
    }
}
