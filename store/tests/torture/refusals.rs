//! A disk that refuses: EIO for each sync of a short life in turn, and a disk that is full after each of its writes.
//! After a failed sync nothing is acknowledged, and the next process has everything that was; a full disk costs nothing
//! that was acknowledged, and when there is room again the store works.

use std::fs;
use std::path::{Path, PathBuf};

use opmill_store::{NewJob, Options, Store, StoreError, WorkerId};

use crate::child::{self, REFUSED};
use crate::client::Ack;
use crate::common::{LEASE, directory};
use crate::dice::{Dice, seed, size};
use crate::disk::{Cut, Disk, Event};
use crate::fault::{self, Run};
use crate::figures::Figures;
use crate::history::History;

/// Acknowledgements of the life in which everything is refused once.
const ENOUGH: usize = 40;

/// A life of one client in a folder of its own.
struct Life {
    dir: PathBuf,
    before: Disk,
    events: Vec<Event>,
    code: Option<i32>,
}

fn live(library: &Path, folder: &Path, fails: Option<usize>, room: Option<usize>) -> Life {
    let dir = folder.join("life");
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir(&dir).unwrap();
    let before = Disk::of(&dir);
    let run = Run {
        test: child::TEST,
        dir: &dir,
        seed: seed(),
        clients: 1,
        enough: ENOUGH,
        fails,
        room,
    };
    let (events, code) = run.record(library);
    Life {
        dir,
        before,
        events,
        code,
    }
}

impl Life {
    /// What it heard, and what it heard after the disk had failed.
    fn heard(&self) -> (History, Vec<Ack>) {
        let (mut history, mut failed, mut after) = (History::default(), false, vec![]);
        for event in &self.events {
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

    /// Opens what is there for the next process, and what a power cut would leave instead; each has to have everything
    /// and to work.
    fn go_on(&self, which: &str, dice: &mut Dice, figures: &mut Figures) {
        let (history, _) = self.heard();
        figures.acknowledged += history.heard;
        let mut disk = self.before.clone();
        self.events.iter().for_each(|event| disk.apply(event));
        let aside = self.dir.with_extension("cut");
        for cut in [Cut::Certain, Cut::WritingBack(dice.next())] {
            disk.leave(cut, &aside);
            figures.check(&format!("{which}, {cut:?}"), || work(&aside, &history));
            fs::remove_dir_all(&aside).unwrap();
        }
        figures.check(which, || work(&self.dir, &history));
    }
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
    let whole = live(library, &folder, None, None);
    assert_eq!(whole.code, Some(0));
    let is_sync = |event: &&Event| matches!(event, Event::SyncBegan { .. });
    let syncs = whole.events.iter().filter(is_sync).count();
    assert!(syncs > 20, "{syncs} syncs are not much of a life");
    let step = syncs.div_ceil(size("refusals", 15, usize::MAX).min(syncs));
    for fails in (1..=syncs).step_by(step) {
        let life = live(library, &folder, Some(fails), None);
        let which = format!("sync {fails} of {syncs}");
        let (_, after) = life.heard();
        assert_eq!(after, [], "{which}: acknowledged after it failed");
        // One that nobody waited for, and that came last, may go unnoticed.
        let noticed = matches!(life.code, Some(0 | REFUSED));
        assert!(noticed, "{which}: exit code {:?}", life.code);
        life.go_on(&which, &mut dice, &mut figures);
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
    let rooms = rooms(&live(library, &folder, None, None).events);
    assert!(rooms.len() > 20, "{rooms:?} is not much of a life");
    let step = rooms
        .len()
        .div_ceil(size("refusals", 15, usize::MAX).min(rooms.len()));
    for room in rooms.iter().step_by(step) {
        let life = live(library, &folder, None, Some(*room));
        let which = format!("room for {room} bytes");
        assert!(
            matches!(life.code, Some(0 | REFUSED)),
            "{which}: exit code {:?}",
            life.code
        );
        life.go_on(&which, &mut dice, &mut figures);
    }
    figures.tell();
}

/// By how much files had grown before each write that made one longer, and in the middle of it.
fn rooms(events: &[Event]) -> Vec<usize> {
    let mut lengths = std::collections::HashMap::<u64, usize>::new();
    let (mut rooms, mut grown) = (Vec::new(), 0);
    for event in events {
        match event {
            Event::Create { inode, .. } => drop(lengths.insert(*inode, 0)),
            Event::Truncate { inode, length } => drop(lengths.insert(*inode, *length)),
            Event::Write { inode, at, bytes } => {
                let length = lengths.entry(*inode).or_default();
                let growth = (at + bytes.len()).saturating_sub(*length);
                if growth > 0 {
                    rooms.extend([grown, grown + growth / 2]);
                    grown += growth;
                    *length += growth;
                }
            }
            _ => {}
        }
    }
    rooms.dedup();
    rooms
}
