//! kill -9: children are killed while they open, recover, work and close, and the next one opens what they left. What
//! is there is looked at in a copy, so that recovering is the children's work, and can be killed as well.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use opmill_store::{Options, Store};

use crate::child;
use crate::common::directory;
use crate::dice::{Dice, seed, size};
use crate::fault::Run;
use crate::figures::{Figures, note};
use crate::history::History;

/// Kills of children that work in the same folder.
const LINE: usize = 50;
/// Longer than anything takes that is not stuck.
const PATIENCE: Duration = Duration::from_secs(60);

/// When a child dies: so long after it has said so many lines.
struct Moment {
    after: &'static str,
    lines: usize,
    then: Duration,
}

impl Moment {
    fn any(dice: &mut Dice) -> Moment {
        let micros = |dice: &mut Dice, most: usize| Duration::from_micros(dice.below(most) as u64);
        let (after, lines, then) = match dice.below(4) {
            0 => ("opening", 0, micros(dice, 20_000)),
            1 => ("closing", 0, micros(dice, 4_000)),
            _ => ("opening", 1 + dice.below(160), micros(dice, 2_000)),
        };
        Moment { after, lines, then }
    }
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let kills = size("kills", 20, 1_000);
    let mut figures = Figures::new("kills");
    let mut dice = Dice::new(seed());
    let mut reopening = Vec::new();
    for line in 0..kills.div_ceil(LINE) {
        let (dir, copy) = (directory(), directory());
        let mut history = History::default();
        for kill in 0..LINE.min(kills - line * LINE) {
            kill_one(dir.path(), &mut history, &mut dice);
            let left = copy.path().join(kill.to_string());
            duplicate(&dir.path().join("store"), &left);
            figures.check(&format!("kill {kill} of line {line}"), || {
                let started = Instant::now();
                let store = Store::open(&left, Options::default())?;
                reopening.push(started.elapsed());
                history.missing_in(&store)
            });
            fs::remove_dir_all(&left).unwrap();
        }
        figures.acknowledged += history.heard;
        figures.ran_again += history.ran_again;
        figures.twice += history.contradictions.len();
    }
    reopening.sort();
    let micros = |share: usize| {
        let place = (reopening.len() - 1) * share / 100;
        reopening[place].as_micros() as usize
    };
    note(&[
        ("kills", "reopen_p50_us", micros(50)),
        ("kills", "reopen_p99_us", micros(99)),
    ]);
    assert!(
        figures.acknowledged > kills * 20,
        "too little was put to the test"
    );
    figures.tell();
}

/// Starts a child, kills it, and hears what it had acknowledged by its death.
fn kill_one(dir: &Path, history: &mut History, dice: &mut Dice) {
    let moment = Moment::any(dice);
    let run = Run {
        test: child::TEST,
        dir,
        // An odd seed: it closes the store.
        seed: dice.next() | 1,
        clients: 3,
        enough: if moment.after == "closing" {
            80
        } else {
            usize::MAX
        },
        fails: None,
        room: None,
    };
    let mut child = run.command().stdout(Stdio::piped()).spawn().unwrap();
    let said = lines(child.stdout.take().unwrap());
    let mut lines_after = None;
    while lines_after.is_none_or(|lines| lines < moment.lines) {
        // It ended by itself, or said it all, before its moment came.
        let Ok(line) = said.recv_timeout(PATIENCE) else {
            break;
        };
        lines_after = match lines_after {
            Some(lines) => Some(lines + 1),
            None => line.contains(moment.after).then_some(0),
        };
        line.parse()
            .ok()
            .into_iter()
            .for_each(|ack| history.hear(ack));
    }
    let end = Instant::now() + moment.then;
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        let Ok(line) = said.recv_timeout(left) else {
            continue;
        };
        line.parse()
            .ok()
            .into_iter()
            .for_each(|ack| history.hear(ack));
    }
    child.kill().unwrap();
    // A line that death cut in two was not heard by anyone.
    said.iter()
        .filter_map(|line| line.parse().ok())
        .for_each(|ack| history.hear(ack));
    child.wait().unwrap();
    history.goes_on_elsewhere();
}

/// What the child says, until it is gone.
pub fn lines(output: std::process::ChildStdout) -> Receiver<String> {
    let (say, said) = mpsc::channel();
    thread::spawn(move || {
        let lines = BufReader::new(output).lines().map_while(Result::ok);
        lines.for_each(|line| drop(say.send(line)));
    });
    said
}

/// Copies a folder; of one that a child had no time to make, nothing.
pub fn duplicate(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    let Ok(entries) = fs::read_dir(from) else {
        return;
    };
    for entry in entries {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => duplicate(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}
