//! A disk that refuses: EIO for each sync of a short life in turn, and a disk that is full after each of its writes.
//! After a failed sync nothing is acknowledged, and the next process has everything that was; a full disk costs nothing
//! that was acknowledged, and when there is room again the store works.

use std::fs;
use std::path::{Path, PathBuf};

use opmill_store::{NewJob, Options, Store, StoreError, WorkerId};

use crate::child::{self, REFUSED};
use crate::client::Ack;
use crate::common::{LEASE, directory};
use crate::cut::Cut;
use crate::dice::{Dice, seed, size};
use crate::fault::{self, Life, Run};
use crate::figures::Figures;
use crate::history::History;
use crate::record::{self, Event};

/// Acknowledgements of the life in which everything is refused once.
const ENOUGH: usize = 40;

/// The life of one client in a folder of its own.
fn live(
    library: &Path,
    folder: &Path,
    fails: Option<usize>,
    room: Option<usize>,
) -> (Life, PathBuf) {
    let dir = folder.join("life");
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir(&dir).unwrap();
    let run = Run {
        test: child::TEST,
        dir: &dir,
        seed: seed(),
        clients: 1,
        enough: ENOUGH,
        fails,
        room,
    };
    (run.record(library), dir)
}

/// What was heard, and what was heard after the disk had failed.
fn heard(life: &Life) -> (History, Vec<Ack>) {
    let (mut history, mut failed, mut after) = (History::default(), false, vec![]);
    for event in &life.events {
        match event {
            Event::SyncFailed { .. } => failed = true,
            Event::Acknowledged(line) => {
                let ack: Ack = line.parse().unwrap();
                history.hear(ack);
                let is_promise = !matches!(ack, Ack::Refused | Ack::Pruning | Ack::Pruned);
                after.extend((failed && is_promise).then_some(ack));
            }
            _ => {}
        }
    }
    (history, after)
}

/// Opens what is there for the next process, and what a power cut would leave instead; each has to have everything and
/// to work.
fn go_on(life: &Life, dir: &Path, which: &str, dice: &mut Dice, figures: &mut Figures) {
    let (history, _) = heard(life);
    figures.acknowledged += history.heard;
    let mut disk = life.before.clone();
    life.events.iter().for_each(|event| disk.apply(event));
    let aside = dir.with_extension("cut");
    for cut in [Cut::Certain, Cut::WritingBack(dice.next())] {
        disk.leave(cut, &aside);
        figures.check(&format!("{which}, {cut:?}"), || work(&aside, &history));
        fs::remove_dir_all(&aside).unwrap();
    }
    figures.check(which, || work(dir, &history));
}

fn work(dir: &Path, history: &History) -> Result<Vec<String>, StoreError> {
    let store = Store::open(&dir.join("store"), Options::default())?;
    let missing = history.missing_in(&store)?;
    let job = store.enqueue(NewJob::default())?.id;
    while let Some((lease, claimed)) = store.claim(&WorkerId::new("next"), LEASE)? {
        let event = opmill_store::Event::Succeeded;
        store.finish(&lease, event, vec![], vec![], None)?;
        if claimed.id == job {
            break;
        }
    }
    store.close()?;
    Ok(missing)
}

#[test]
fn after_a_sync_that_failed_nothing_is_acknowledged() {
    let Some(library) = fault::library() else {
        return;
    };
    let folder = directory();
    let folder = fs::canonicalize(folder.path()).unwrap();
    let mut dice = Dice::new(seed());
    let mut figures = Figures::new("failed syncs");
    let (whole, _) = live(library, &folder, None, None);
    assert_eq!(whole.code, Some(0));
    let syncs = record::syncs(&whole.events);
    assert!(syncs > 20, "{syncs} syncs are not much of a life");
    let step = syncs.div_ceil(size("refusals", 15, usize::MAX).min(syncs));
    for fails in (1..=syncs).step_by(step) {
        let (life, dir) = live(library, &folder, Some(fails), None);
        let which = format!("sync {fails} of {syncs}");
        let (_, after) = heard(&life);
        assert_eq!(after, [], "{which}: acknowledged after it failed");
        // One that nobody waited for, and that came last, may go unnoticed.
        let noticed = matches!(life.code, Some(0 | REFUSED));
        assert!(noticed, "{which}: exit code {:?}", life.code);
        go_on(&life, &dir, &which, &mut dice, &mut figures);
    }
    figures.tell();
}

#[test]
fn a_full_disk_costs_nothing_that_was_acknowledged() {
    let Some(library) = fault::library() else {
        return;
    };
    let folder = directory();
    let folder = fs::canonicalize(folder.path()).unwrap();
    let mut dice = Dice::new(seed());
    let mut figures = Figures::new("full disks");
    let rooms = record::rooms(&live(library, &folder, None, None).0.events);
    assert!(rooms.len() > 20, "{rooms:?} is not much of a life");
    let step = rooms
        .len()
        .div_ceil(size("refusals", 15, usize::MAX).min(rooms.len()));
    for room in rooms.iter().step_by(step) {
        let (life, dir) = live(library, &folder, None, Some(*room));
        let which = format!("room for {room} bytes");
        assert!(
            matches!(life.code, Some(0 | REFUSED)),
            "{which}: exit code {:?}",
            life.code
        );
        go_on(&life, &dir, &which, &mut dice, &mut figures);
    }
    figures.tell();
}
