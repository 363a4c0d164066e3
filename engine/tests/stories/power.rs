//! Power loss, and a disk that refuses, under a whole engine: jobs, results, published files and what was sent to the
//! receiver. A child works on the disk of store/tests/torture, its record is cut at any moment, and an engine goes on
//! with what is left.

use std::fs;

use crate::power::child::{REFUSED, TEST};
use crate::power::history::{Ack, History, Notified, wrong_with};

mod child;
#[path = "../../../store/tests/torture/cut.rs"]
#[allow(dead_code)]
mod cut;
#[path = "../../../store/tests/torture/dice.rs"]
#[allow(dead_code)]
mod dice;
#[path = "../../../store/tests/torture/disk.rs"]
#[allow(dead_code)]
mod disk;
#[path = "../../../store/tests/torture/fault.rs"]
#[allow(dead_code)]
mod fault;
#[path = "../../../store/tests/torture/figures.rs"]
#[allow(dead_code)]
mod figures;
mod history;
#[path = "../../../store/tests/torture/record.rs"]
#[allow(dead_code)]
mod record;

use cut::Cut;
use dice::{Dice, seed, size};
use fault::{Life, Run};
use figures::{Figures, note};
use record::Event;

const CUTS_EACH: usize = 4;
/// Children whose work is built upon each other.
const LINE: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_engine_acknowledged_survives_a_power_cut() {
    let Some(library) = fault::library() else {
        return;
    };
    let cuts = size("engine-cuts", 12, 144);
    let jobs = size("engine-jobs", 12, 40);
    let mut figures = Figures::new("power cuts, engine");
    let (mut dice, mut notified) = (Dice::new(seed()), Notified::default());
    let base = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let base = fs::canonicalize(base.path()).unwrap();
    for line in 0..cuts.div_ceil(CUTS_EACH * LINE) {
        let mut dir = base.join(format!("line-{line}"));
        fs::create_dir_all(dir.join("data/buckets/bkt")).unwrap();
        fs::write(dir.join("data/buckets/bkt/v.mp4"), "source").unwrap();
        let mut history = History::default();
        for life in 0..LINE {
            let heard_before = history.heard;
            let run = Run {
                test: TEST,
                dir: &dir,
                seed: dice.next() >> 1,
                clients: 0,
                enough: jobs,
                fails: None,
                room: None,
            };
            let Life {
                before,
                events,
                code,
            } = run.record(library);
            assert_eq!(code, Some(0), "the child failed");
            let mut moments: Vec<usize> = (1..CUTS_EACH)
                .map(|_| dice.below(events.len() + 1))
                .collect();
            moments.push(events.len());
            moments.sort_unstable();
            let goes_on = dice.below(CUTS_EACH);
            let (mut disk, mut heard, mut done) = (before, history.clone(), 0);
            let next = base.join(format!("line-{line}-{life}"));
            for (number, moment) in moments.into_iter().enumerate() {
                for event in &events[done..moment] {
                    disk.apply(event);
                    if let Event::Acknowledged(line) = event {
                        heard.hear(&Ack::read(line));
                    }
                }
                done = moment;
                let kind = match dice.below(3) {
                    0 => Cut::Certain,
                    1 => Cut::Killed,
                    _ => Cut::WritingBack(dice.next()),
                };
                let left = base.join("cut");
                disk.leave(kind, &left);
                figures.killed += usize::from(kind == Cut::Killed);
                let wrong = wrong_with(&left, &heard, &mut notified).await;
                let which = format!("{kind:?} at {moment} of {}", events.len());
                figures.check(&which, || wrong);
                fs::remove_dir_all(&left).unwrap();
                if number == goes_on {
                    disk.leave(kind, &next);
                    history = heard.clone();
                }
            }
            figures.acknowledged += heard.heard - heard_before;
            fs::remove_dir_all(&dir).unwrap();
            dir = next.clone();
        }
        figures.twice += history.twice.len();
    }
    note(&[
        ("notifications", "owed", notified.owed),
        ("notifications", "told", notified.told),
    ]);
    figures.tell();
}

/// Each sync of a short life fails once, and each write meets a full disk once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_refuses_costs_nothing_that_was_acknowledged() {
    let Some(library) = fault::library() else {
        return;
    };
    let mut figures = Figures::new("refusals, engine");
    let (mut dice, mut notified) = (Dice::new(seed()), Notified::default());
    let base = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let base = fs::canonicalize(base.path()).unwrap();
    let live = |fails, room| {
        let dir = base.join("life");
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(dir.join("data/buckets/bkt")).unwrap();
        fs::write(dir.join("data/buckets/bkt/v.mp4"), "source").unwrap();
        let run = Run {
            test: TEST,
            dir: &dir,
            seed: seed(),
            clients: 0,
            enough: 3,
            fails,
            room,
        };
        (run.record(library), dir)
    };
    let (Life { events, code, .. }, _) = live(None, None);
    assert_eq!(code, Some(0));
    let fails = (1..=record::syncs(&events)).map(|sync| (Some(sync), None));
    let rooms = record::rooms(&events)
        .into_iter()
        .map(|room| (None, Some(room)));
    let all: Vec<_> = fails.chain(rooms).collect();
    let step = all
        .len()
        .div_ceil(size("engine-refusals", 12, usize::MAX).min(all.len()));
    for (fails, room) in all.into_iter().step_by(step) {
        let (life, dir) = live(fails, room);
        let Life {
            before: mut disk,
            events,
            code,
        } = life;
        let which = format!("sync {fails:?}, room {room:?}");
        assert!(
            matches!(code, Some(0 | REFUSED)),
            "{which}: exit code {code:?}"
        );
        let mut heard = History::default();
        for event in &events {
            disk.apply(event);
            if let Event::Acknowledged(line) = event {
                heard.hear(&Ack::read(line));
            }
        }
        figures.acknowledged += heard.heard;
        let left = base.join("cut");
        disk.leave(Cut::WritingBack(dice.next()), &left);
        for dir in [&left, &dir] {
            let wrong = wrong_with(dir, &heard, &mut notified).await;
            figures.check(&which, || wrong);
        }
        fs::remove_dir_all(&left).unwrap();
    }
    note(&[
        ("notifications", "owed", notified.owed),
        ("notifications", "told", notified.told),
    ]);
    figures.tell();
}
