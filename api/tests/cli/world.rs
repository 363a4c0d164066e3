//! A folder to work in, and the opmill program run in it as a user would.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use serde_json::Value;

/// A fresh folder; `out` and `.opmill` in it are where results and queue go.
pub struct World {
    folder: tempfile::TempDir,
}

/// What a finished run said.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl World {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A copy of a generated clip under a name of this world.
    pub fn clip(&self, clip: &str, name: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::copy(testdata(clip), &path).unwrap();
        path
    }

    /// The program in this folder, without what the tester's own environment says to it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_opmill"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        for variable in ["OPMILL_ACCESS_KEY", "OPMILL_SECRET_KEY", "OPMILL_LOG"] {
            command.env_remove(variable);
        }
        command
    }

    /// Runs the program to its end.
    pub fn opmill(&self, arguments: &[&str]) -> Said {
        self.command(arguments).output().unwrap().into()
    }

    /// Starts the program; its standard error is read by [`Running`].
    pub fn start(&self, arguments: &[&str]) -> Running {
        let mut child = self
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let err = BufReader::new(child.stderr.take().unwrap());
        Running { child, err }
    }

    /// `opmill jobs list --json`: a value per job, in the order of submission.
    pub fn jobs(&self) -> Vec<Value> {
        let said = self.opmill(&["jobs", "list", "--json"]);
        assert_eq!(said.code, Some(0), "{said:?}");
        said.lines()
    }

    /// Every file below a folder of this world, as paths relative to it, sorted.
    pub fn files(&self, folder: &str) -> Vec<String> {
        let root = self.path(folder);
        let mut found = Vec::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = folder.read_dir() else {
                continue;
            };
            for path in entries.map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push(
                        path.strip_prefix(&root)
                            .unwrap()
                            .to_str()
                            .unwrap()
                            .to_owned(),
                    );
                }
            }
        }
        found.sort();
        found
    }

    /// Nothing half-made is left: no temporary file beside the results, no work folder of an attempt.
    pub fn assert_tidy(&self) {
        let half_made = |name: &String| name.contains(".part") || name.contains(".opmill-");
        assert_eq!(
            self.files("out")
                .into_iter()
                .filter(half_made)
                .collect::<Vec<_>>(),
            [""; 0]
        );
        assert_eq!(self.files(".opmill/work"), [""; 0]);
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self {
            code: output.status.code(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

impl Said {
    /// Standard output as lines of JSON.
    pub fn lines(&self) -> Vec<Value> {
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The run was refused: exit 2, nothing on standard output, and the sentence names what is wrong.
    pub fn assert_refused(&self, expected: &str) {
        assert_eq!(self.code, Some(2), "{self:?}");
        assert_eq!(self.out, "", "{self:?}");
        assert!(
            self.err.contains(expected),
            "{expected:?} is not in {:?}",
            self.err
        );
    }
}

/// A program at work.
pub struct Running {
    child: Child,
    err: BufReader<ChildStderr>,
}

impl Running {
    /// Reads what it says until a line with `text`; fails if it ends before.
    pub fn wait_for(&mut self, text: &str) {
        let mut said = String::new();
        while !said.lines().last().unwrap_or_default().contains(text) {
            assert_ne!(
                self.err.read_line(&mut said).unwrap(),
                0,
                "it ended before it said {text:?}: {said}"
            );
        }
    }

    /// Sends a signal by name, such as INT. The shell's own `kill`, because not every system has the program.
    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        let status = Command::new("sh").args(["-c", &kill]).status();
        assert!(status.unwrap().success());
    }

    /// Waits for its end.
    pub fn end(mut self) -> Said {
        let mut err = String::new();
        self.err.read_to_string(&mut err).unwrap();
        let output = self.child.wait_with_output().unwrap();
        Said {
            err,
            ..output.into()
        }
    }
}

/// A committed clip.
pub fn testdata(clip: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../testdata/media")
        .join(clip)
}

/// The length of a file as ffprobe reads it.
pub fn ffprobe_seconds(file: &Path) -> f64 {
    let arguments = [
        "-v",
        "error",
        "-show_entries",
        "format=duration",
        "-of",
        "csv=p=0",
    ];
    let output = Command::new("ffprobe")
        .args(arguments)
        .arg(file)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.trim()
        .parse()
        .unwrap_or_else(|_| panic!("ffprobe reads no duration from {}", file.display()))
}
