//! A program run and watched from outside: how it ended, what it said, and whether it ended in time.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Longer than this no case may take: a minute, or what `OPMILL_DEADLINE` says in seconds for a machine that is busy.
pub fn deadline() -> Duration {
    let seconds = std::env::var("OPMILL_DEADLINE").ok();
    Duration::from_secs(seconds.map_or(60, |text| {
        text.parse()
            .expect("OPMILL_DEADLINE is a number of seconds")
    }))
}

/// What became of a child.
pub struct Ended {
    /// `None`: it did not end by the deadline and was killed.
    pub status: Option<ExitStatus>,
    pub out: Vec<u8>,
    pub err: String,
    pub took: Duration,
}

impl Ended {
    /// The exit code of a program that was neither killed nor ended by a signal.
    pub fn code(&self) -> Option<i32> {
        self.status.and_then(|status| status.code())
    }

    /// What a program that is not to crash or hang did instead of ending with 0 or 1; nothing if it ended so.
    pub fn misbehaviour(&self) -> Option<String> {
        let last_words = || {
            let mut lines: Vec<_> = self.err.trim().lines().rev().take(3).collect();
            lines.reverse();
            lines.join(" / ")
        };
        match self.status {
            None => Some(format!("hung: not done after {} s", self.took.as_secs())),
            Some(_) if self.err.contains("panicked at") => {
                Some(format!("panicked: {}", last_words()))
            }
            Some(status) if !matches!(status.code(), Some(0 | 1)) => {
                Some(format!("crashed: {status}: {}", last_words()))
            }
            Some(_) => None,
        }
    }
}

/// Runs a command to its end, or kills it at the deadline.
pub fn watch(command: &mut Command, deadline: Duration) -> Ended {
    let began = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
    let (closed, heard) = mpsc::channel();
    let out = read(child.stdout.take(), closed.clone());
    let err = read(child.stderr.take(), closed);
    // A program that ended has closed both; one that hangs has not.
    let in_time = (0..2).all(|_| {
        let left = deadline.saturating_sub(began.elapsed());
        heard.recv_timeout(left).is_ok()
    });
    if !in_time {
        kill(&mut child);
    }
    let status = child.wait().expect("a child can be waited for");
    Ended {
        status: in_time.then_some(status),
        out: out.join().expect("the reader ends"),
        err: String::from_utf8_lossy(&err.join().expect("the reader ends")).into_owned(),
        took: began.elapsed(),
    }
}

fn kill(child: &mut Child) {
    // It may have ended in this very moment.
    let _ = child.kill();
}

fn read(pipe: Option<impl Read + Send + 'static>, closed: Sender<()>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut said = Vec::new();
        // What was read before an error is what was said.
        let _ = pipe.map(|mut pipe| pipe.read_to_end(&mut said));
        let _ = closed.send(());
        said
    })
}
