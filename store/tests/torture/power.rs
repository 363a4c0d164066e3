//! Power loss: the work of a child is recorded by fault.c, and cut at any moment of it, opening and closing included.
//! Opening what is left is the start after the cut; one of the cuts of each child is where the next one goes on.

use std::fs;
use std::path::{Path, PathBuf};

use opmill_store::{Options, Store};

use crate::child;
use crate::client::Ack;
use crate::common::directory;
use crate::cut::Cut;
use crate::dice::{Dice, seed, size};
use crate::disk::Disk;
use crate::fault::{self, Life, Run};
use crate::figures::Figures;
use crate::history::History;
use crate::record::Event;

/// Cuts of the work of one child.
const CUTS_EACH: usize = 4;
/// Children whose work is built upon each other.
const LINE: usize = 6;

#[test]
fn what_was_acknowledged_survives_a_power_cut() {
    let Some(library) = fault::library() else {
        return;
    };
    let cuts = size("cuts", 24, 360);
    let enough = size("acks", 200, 1_200);
    let mut figures = Figures::new("power cuts");
    let mut dice = Dice::new(seed());
    for line in 0..cuts.div_ceil(CUTS_EACH * LINE) {
        let folder = directory();
        let folder = fs::canonicalize(folder.path()).unwrap();
        let mut history = History::default();
        let mut dir = folder.join(format!("line-{line}"));
        fs::create_dir(&dir).unwrap();
        for life in 0..LINE {
            let run = Run {
                test: child::TEST,
                dir: &dir,
                seed: dice.next() >> 1,
                clients: 3,
                enough,
                fails: None,
                room: None,
            };
            let life_of = run.record(library);
            assert_eq!(life_of.code, Some(0), "the child failed");
            let (kept, next) = cut(life_of, &history, &folder, &mut dice, &mut figures);
            history = kept;
            history.goes_on_elsewhere();
            fs::remove_dir_all(&dir).unwrap();
            dir = folder.join(format!("line-{line}-{life}"));
            fs::rename(next, &dir).unwrap();
        }
        figures.ran_again += history.ran_again;
        figures.twice += history.contradictions.len();
    }
    figures.tell();
}

/// A first start, some work and the start after it, cut at every moment.
#[test]
fn a_start_can_be_cut_anywhere() {
    let Some(library) = fault::library() else {
        return;
    };
    let folder = directory();
    let folder = fs::canonicalize(folder.path()).unwrap();
    let dir = folder.join("line");
    fs::create_dir(&dir).unwrap();
    let mut figures = Figures::new("power cuts of starts");
    let mut dice = Dice::new(seed());
    let mut heard = History::default();
    for life in 0..2 {
        let run = Run {
            test: child::TEST,
            dir: &dir,
            // The first ends without a word, so that the second has something to recover.
            seed: life,
            clients: 1,
            enough: 6,
            fails: None,
            room: None,
        };
        let Life {
            before: mut disk,
            events,
            ..
        } = run.record(library);
        let step = events
            .len()
            .div_ceil(size("moments", 40, usize::MAX).min(events.len()));
        for (moment, event) in events.iter().enumerate() {
            if moment % step == 0 {
                for kind in [Cut::Killed, Cut::Certain, Cut::WritingBack(dice.next())] {
                    look(&disk, kind, &heard, &folder, &mut figures, moment);
                }
            }
            disk.apply(event);
            if let Event::Acknowledged(line) = event {
                heard.hear(line.parse::<Ack>().unwrap());
            }
        }
        heard.goes_on_elsewhere();
    }
    figures.acknowledged = heard.heard;
    figures.tell();
}

/// Checks what a cut leaves.
fn look(
    disk: &Disk,
    kind: Cut,
    heard: &History,
    folder: &Path,
    figures: &mut Figures,
    moment: usize,
) {
    let left = folder.join("cut");
    disk.leave(kind, &left);
    figures.killed += usize::from(kind == Cut::Killed);
    figures.check(&format!("{kind:?} at {moment}"), || {
        let store = Store::open(&left.join("store"), options())?;
        heard.missing_in(&store)
    });
    fs::remove_dir_all(&left).unwrap();
}

/// Cuts the work at several moments, checks what is left each time, and says where life goes on: with what history,
/// in which folder.
fn cut(
    life: Life,
    history: &History,
    folder: &Path,
    dice: &mut Dice,
    figures: &mut Figures,
) -> (History, PathBuf) {
    let events = &life.events;
    let mut moments: Vec<usize> = (1..CUTS_EACH)
        // Some are early: opening and recovery are short.
        .map(|n| dice.below(1 + events.len() / if n == 1 { 8 } else { 1 }))
        .collect();
    moments.push(events.len());
    moments.sort_unstable();
    let goes_on = dice.below(CUTS_EACH);
    let (mut disk, mut heard) = (life.before, history.clone());
    let (mut done, mut after) = (0, None);
    for (number, moment) in moments.into_iter().enumerate() {
        for event in &events[done..moment] {
            disk.apply(event);
            if let Event::Acknowledged(line) = event {
                heard.hear(line.parse::<Ack>().unwrap());
            }
        }
        done = moment;
        let kind = match dice.below(3) {
            0 => Cut::Certain,
            1 => Cut::Killed,
            _ => Cut::WritingBack(dice.next()),
        };
        look(&disk, kind, &heard, folder, figures, moment);
        if number == goes_on {
            let next = folder.join("next");
            disk.leave(kind, &next);
            after = Some((heard.clone(), next));
        }
    }
    figures.acknowledged += heard.heard - history.heard;
    after.unwrap()
}

/// What is checked is what is there, not whether it would be there again.
fn options() -> Options {
    Options {
        sync: std::sync::Arc::new(|_, _| Ok(())),
        ..Options::default()
    }
}

/// The test above can fail: on a disk where `sync` does nothing, what was acknowledged is lost.
#[test]
fn a_disk_that_lies_is_found_out() {
    let Some(library) = fault::library() else {
        return;
    };
    let folder = directory();
    let folder = fs::canonicalize(folder.path()).unwrap();
    let dir = folder.join("line");
    fs::create_dir(&dir).unwrap();
    let run = Run {
        test: child::TEST,
        dir: &dir,
        seed: 1,
        clients: 3,
        enough: 60,
        fails: None,
        room: None,
    };
    let Life {
        before: mut disk,
        events,
        ..
    } = run.record(library);
    let mut heard = History::default();
    for event in events {
        match event {
            // The disk says so, and it is not.
            Event::SyncEnded { .. } if heard.heard > 30 => continue,
            Event::Acknowledged(line) => heard.hear(line.parse().unwrap()),
            other => disk.apply(&other),
        }
    }
    let left = folder.join("cut");
    disk.leave(Cut::Certain, &left);
    let store = Store::open(&left.join("store"), options()).unwrap();
    assert!(!heard.missing_in(&store).unwrap().is_empty());
}
