//! What a test saw, for the block that `make torture` prints.

use std::env;
use std::fs::OpenOptions;
use std::io::Write as _;

/// Counts of one test. What went wrong is gathered, so that one loss does not hide the number of them.
#[derive(Debug)]
pub struct Figures {
    name: &'static str,
    pub acknowledged: usize,
    pub cuts: usize,
    /// Those of them that only killed the process.
    pub killed: usize,
    pub opened: usize,
    pub lost: usize,
    pub ran_again: usize,
    /// Results and ends that were acknowledged twice.
    pub twice: usize,
    wrong: Vec<String>,
}

impl Figures {
    pub fn new(name: &'static str) -> Figures {
        Figures {
            name,
            acknowledged: 0,
            cuts: 0,
            killed: 0,
            opened: 0,
            lost: 0,
            ran_again: 0,
            twice: 0,
            wrong: vec![],
        }
    }

    /// Counts a cut, whether the store opens after it, and what it lacks then.
    pub fn check<E: std::fmt::Debug>(
        &mut self,
        which: &str,
        missing: impl FnOnce() -> Result<Vec<String>, E>,
    ) {
        self.cuts += 1;
        match missing() {
            Ok(missing) => {
                self.opened += 1;
                self.lost += missing.len();
                self.wrong.extend(
                    missing
                        .into_iter()
                        .take(3)
                        .map(|what| format!("{which}: {what}")),
                );
            }
            Err(error) => self.wrong.push(format!("{which}: {error:?}")),
        }
    }

    /// Puts the figures where `make torture` finds them, and fails if anything was wrong.
    pub fn tell(self) {
        note(&[
            (self.name, "acknowledged", self.acknowledged),
            (self.name, "cuts", self.cuts),
            (self.name, "killed", self.killed),
            (self.name, "opened", self.opened),
            (self.name, "lost", self.lost),
            (self.name, "ran_again", self.ran_again),
            (self.name, "twice", self.twice),
        ]);
        let count = self.wrong.len();
        let few: Vec<_> = self.wrong.iter().take(10).collect();
        assert!(few.is_empty(), "{count} things went wrong: {few:#?}");
    }
}

/// Lines `<test>\t<what>\t<number>` on the standard output, and at the end of the file that `TORTURE_FIGURES` names.
pub fn note(rows: &[(&str, &str, usize)]) {
    let lines: String = rows
        .iter()
        .map(|(test, what, number)| format!("{test}\t{what}\t{number}\n"))
        .collect();
    print!("{lines}");
    if let Some(path) = env::var_os("TORTURE_FIGURES") {
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .unwrap();
        file.write_all(lines.as_bytes()).unwrap();
    }
}
