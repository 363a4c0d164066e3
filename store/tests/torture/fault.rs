//! Runs this test program again as a child whose files are on the disk of fault.c.

use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::disk::Disk;
use super::record::{self, Event};

/// The folder the child works in.
pub const DIR: &str = "OPMILL_TORTURE_DIR";
/// The file it writes its acknowledgements to, a line each.
pub const ACKS: &str = "OPMILL_FAULT_ACKS";
/// Where its dice begin.
pub const SEED: &str = "OPMILL_TORTURE_SEED";
/// How many clients it has.
pub const CLIENTS: &str = "OPMILL_TORTURE_CLIENTS";
/// How many acknowledgements are enough.
pub const ENOUGH: &str = "OPMILL_TORTURE_ENOUGH";

const SOURCE: &str = include_str!("fault.c");

/// fault.c, compiled once; `None`, said aloud, where it cannot be.
pub fn library() -> Option<&'static Path> {
    static LIBRARY: OnceLock<Option<PathBuf>> = OnceLock::new();
    LIBRARY.get_or_init(compile).as_deref()
}

fn compile() -> Option<PathBuf> {
    if !cfg!(target_os = "linux") {
        eprintln!("this test needs Linux: it is left out");
        return None;
    }
    let mut hasher = DefaultHasher::new();
    SOURCE.hash(&mut hasher);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let library = folder.join(format!("fault-{:016x}.so", hasher.finish()));
    if library.exists() {
        return Some(library);
    }
    // Another test program may be doing the same.
    let mine = folder.join(format!("fault-{}", std::process::id()));
    let (source, built) = (mine.with_extension("c"), mine.with_extension("so"));
    fs::write(&source, SOURCE).unwrap();
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-pthread", "-o"])
        .args([&built, &source])
        .status();
    fs::remove_file(&source).unwrap();
    match compiled {
        Ok(status) => {
            assert!(status.success(), "fault.c does not compile");
            fs::rename(built, &library).unwrap();
            Some(library)
        }
        Err(error) => {
            eprintln!("there is no C compiler ({error}): this test is left out");
            None
        }
    }
}

/// A child to be: which test it runs, where, and what fails.
pub struct Run<'a> {
    /// The ignored test that is the child's work.
    pub test: &'a str,
    /// The folder that is watched.
    pub dir: &'a Path,
    pub seed: u64,
    pub clients: usize,
    pub enough: usize,
    /// This sync fails, counted from 1.
    pub fails: Option<usize>,
    /// By so many bytes files may grow.
    pub room: Option<usize>,
}

/// What a child did.
pub struct Life {
    /// The disk before it.
    pub before: Disk,
    pub events: Vec<Event>,
    /// Its exit code.
    pub code: Option<i32>,
}

impl Run<'_> {
    /// The child as a command, on the ordinary disk.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env::current_exe().unwrap());
        command
            .args([
                "--exact",
                self.test,
                "--ignored",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(DIR, self.dir)
            .env(SEED, self.seed.to_string())
            .env(CLIENTS, self.clients.to_string())
            .env(ENOUGH, self.enough.to_string())
            .stdin(Stdio::null());
        command
    }

    /// Runs the child to its end on the disk of fault.c.
    pub fn record(&self, library: &Path) -> Life {
        let before = Disk::of(self.dir);
        let beside = |name: &str| self.dir.with_extension(name);
        let trace = beside("trace");
        let _ = fs::remove_file(&trace);
        let mut command = self.command();
        command
            .env("LD_PRELOAD", library)
            .env("OPMILL_FAULT_ROOT", self.dir)
            .env("OPMILL_FAULT_TRACE", &trace)
            .env(ACKS, beside("acks"))
            .stdout(Stdio::null());
        if let Some(number) = self.fails {
            command.env("OPMILL_FAULT_EIO", number.to_string());
        }
        if let Some(bytes) = self.room {
            command.env("OPMILL_FAULT_ROOM", bytes.to_string());
        }
        if self.fails.is_some() || self.room.is_some() {
            // It is meant to complain.
            command.stderr(Stdio::null());
        }
        let code = command.status().unwrap().code();
        let events = record::read(&trace);
        fs::remove_file(&trace).unwrap();
        let mut after = before.clone();
        events.iter().for_each(|event| after.apply(event));
        let unseen = after.differs_from(self.dir);
        assert_eq!(
            unseen, None,
            "this was changed in a way that fault.c does not see"
        );
        Life {
            before,
            events,
            code,
        }
    }
}

/// What the child was told.
pub fn told(name: &str) -> Option<String> {
    env::var(name).ok()
}
