//! What came of all cases, counted by folder and kind, and printed at the end.

use std::collections::BTreeMap;
use std::time::Duration;

use super::case::{Case, Kind};

/// How many of the slowest files are named.
const SLOWEST: usize = 10;

#[derive(Default)]
struct Cell {
    ok: usize,
    failed: usize,
    violations: usize,
}

/// The matrix as far as it is filled.
#[derive(Default)]
pub struct Table {
    cells: BTreeMap<(String, Kind), Cell>,
    sentences: BTreeMap<String, usize>,
    violations: Vec<String>,
    times: Vec<(Duration, String)>,
}

impl Table {
    /// Counts what came of one file of a folder.
    pub fn add(&mut self, folder: &str, name: &str, cases: Vec<Case>, took: Duration) {
        self.times.push((took, format!("{folder}/{name}")));
        for case in cases {
            let cell = self
                .cells
                .entry((folder.to_owned(), case.kind))
                .or_default();
            let place = format!("{folder}/{name}: {}", case.kind.name());
            if !case.violations.is_empty() {
                cell.violations += 1;
                self.violations.extend(
                    case.violations
                        .iter()
                        .map(|what| format!("{place}: {what}")),
                );
                continue;
            }
            match case.failure {
                None => cell.ok += 1,
                Some(sentence) => {
                    cell.failed += 1;
                    *self
                        .sentences
                        .entry(without_numbers(&sentence))
                        .or_default() += 1;
                }
            }
        }
    }

    /// Prints everything, and fails if there was a violation or nothing at all succeeded.
    pub fn finish(mut self) {
        println!(
            "{:<8} {:<12} {:>6} {:>6} {:>6} {:>10}",
            "folder", "case", "files", "ok", "failed", "violations"
        );
        for ((folder, kind), cell) in &self.cells {
            let files = cell.ok + cell.failed + cell.violations;
            let (ok, failed, wrong) = (cell.ok, cell.failed, cell.violations);
            println!(
                "{folder:<8} {:<12} {files:>6} {ok:>6} {failed:>6} {wrong:>10}",
                kind.name()
            );
        }
        println!("\nwhy cases failed:");
        let mut sentences: Vec<_> = self.sentences.iter().collect();
        sentences.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for (sentence, count) in sentences {
            println!("{count:>6} {sentence}");
        }
        println!("\nslowest files, every case together:");
        self.times.sort_by(|a, b| b.cmp(a));
        for (took, file) in self.times.iter().take(SLOWEST) {
            println!("{:>6.1} s {file}", took.as_secs_f64());
        }
        let ok: usize = self.cells.values().map(|cell| cell.ok).sum();
        println!("\n{} violations", self.violations.len());
        assert!(ok > 0, "nothing succeeded");
        assert!(
            self.violations.is_empty(),
            "violations:\n{}",
            self.violations.join("\n")
        );
    }
}

/// The sentence with `#` for every number, so that those of a kind count as one.
fn without_numbers(sentence: &str) -> String {
    let mut out = String::new();
    for c in sentence.chars() {
        match c {
            '0'..='9' if out.ends_with('#') => {}
            '0'..='9' => out.push('#'),
            c => out.push(c),
        }
    }
    out
}
