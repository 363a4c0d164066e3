//! Damage: a bit that flipped, a tail that is missing, a page of zeros, a file that is missing or there twice, anywhere
//! in any file of the store. It opens with all it had, or it says what is wrong; it never says something else, never
//! hangs, and never takes its process with it. One gap is known (see `Tally::add`).

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use opmill_store::{Options, Store, StoreError};

use crate::client::{Ack, Client, object_name};
use crate::common::directory;
use crate::dice::{Dice, seed, size};
use crate::figures::note;
use crate::kill::duplicate;

const PAGE: usize = 4096;
const CLIENTS: u64 = 3;
/// Longer than anything takes that is not stuck.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug, Clone)]
enum Damage {
    Bit { at: usize, bit: u8 },
    Tail { length: usize },
    Zeros { page: usize },
    Missing,
    Twice { called: String },
}

/// Everything that can be read, as text.
type Content = Vec<String>;

fn content(store: &Store) -> Result<Content, StoreError> {
    let mut content = Vec::new();
    for job in store.jobs(None, usize::MAX)? {
        content.push(format!("{:?}", store.items(job.id)?));
        content.push(format!("{:?}", store.deliveries(job.id)?));
        content.push(format!("{job:?}"));
    }
    for client in 0..CLIENTS {
        content.push(format!("{:?}", store.object(&object_name(client))?));
    }
    content.push(format!("{:?} {:?}", store.counts()?, store.paused()?));
    content.push(format!("{:?}", store.due_deliveries(usize::MAX)?));
    Ok(content)
}

/// How the store was left: closed and opened once more, so that its snapshot has everything; closed; or killed.
const LEFT: [&str; 3] = ["settled", "closed", "killed"];

/// Stores that were worked with over two lives, left in each of these ways below `dir`; and what is in them.
fn samples(dir: &Path, jobs: usize) -> Content {
    let [settled, closed, killed] = LEFT.map(|left| dir.join(left));
    for life in 0..2 {
        let store = Store::open(&settled, options()).unwrap();
        for number in 0..CLIENTS {
            let ended = std::cell::Cell::new(0);
            let mut client = Client {
                store: &store,
                number,
                dice: Dice::new(seed() + 10 * life + number),
                version: life * 1000,
                say: |ack| {
                    ended.set(ended.get() + usize::from(matches!(ack, Ack::Delivered(_))));
                    ended.get() < jobs
                },
            };
            client.run().unwrap();
        }
        store.pause(Some("lane-9")).unwrap();
        if life == 1 {
            duplicate(&settled, &killed);
        }
        store.close().unwrap();
    }
    duplicate(&settled, &closed);
    let store = Store::open(&settled, options()).unwrap();
    let content = content(&store).unwrap();
    store.close().unwrap();
    content
}

fn options() -> Options {
    Options {
        sync: std::sync::Arc::new(|_, _| Ok(())),
        ..Options::default()
    }
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

fn damages(path: &Path, each: usize, dice: &mut Dice) -> Vec<Damage> {
    let length = fs::metadata(path).unwrap().len() as usize;
    let name = path.file_name().unwrap().to_str().unwrap();
    let called = match name.strip_prefix("snap.") {
        Some(_) => "snap.00000000FFFFFFFF".to_owned(),
        None => format!("{name}.2"),
    };
    let mut damages = vec![Damage::Missing, Damage::Twice { called }];
    if length == 0 {
        return damages;
    }
    let few = each.min(length);
    for _ in 0..few {
        let at = dice.below(length);
        damages.push(Damage::Bit {
            at,
            bit: dice.below(8) as u8,
        });
    }
    for _ in 0..few / 3 {
        // Some bytes, some pages, anything.
        let most = [64, 8 * PAGE, length][dice.below(3)].min(length);
        damages.push(Damage::Tail {
            length: 1 + dice.below(most),
        });
    }
    for _ in 0..few / 3 {
        damages.push(Damage::Zeros {
            page: dice.below(length.div_ceil(PAGE)),
        });
    }
    damages
}

/// Says whether there was anything to damage.
fn harm(path: &Path, damage: &Damage) -> bool {
    let before = fs::read(path).unwrap();
    let mut bytes = before.clone();
    match damage {
        Damage::Bit { at, bit } => bytes[*at] ^= 1 << bit,
        Damage::Tail { length } => bytes.truncate(bytes.len() - length),
        Damage::Zeros { page } => {
            let end = bytes.len().min((page + 1) * PAGE);
            bytes[page * PAGE..end].fill(0);
        }
        Damage::Missing => return fs::remove_file(path).is_ok(),
        Damage::Twice { called } => return fs::copy(path, path.with_file_name(called)).is_ok(),
    }
    fs::write(path, &bytes).unwrap();
    bytes != before
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Whole,
    Refused,
    Named,
    Silent,
    Panicked,
    Hung,
}

fn open(dir: &Path, expected: &Content) -> (Outcome, String) {
    let (say, said) = mpsc::channel();
    let (dir, expected) = (dir.to_owned(), expected.clone());
    thread::spawn(move || {
        let looked = catch_unwind(AssertUnwindSafe(|| match Store::open(&dir, options()) {
            Err(error) => (Outcome::Refused, format!("{error:?}")),
            Ok(store) => match content(&store) {
                Err(error) => (Outcome::Named, format!("{error:?}")),
                Ok(found) if found == expected => (Outcome::Whole, String::new()),
                Ok(found) => {
                    let what = expected
                        .iter()
                        .zip(&found)
                        .find(|(expected, found)| expected != found);
                    let counts = (expected.len(), found.len());
                    (Outcome::Silent, format!("{counts:?} {what:?}"))
                }
            },
        }));
        let _ = say.send(looked.unwrap_or((Outcome::Panicked, String::new())));
    });
    said.recv_timeout(PATIENCE)
        .unwrap_or((Outcome::Hung, String::new()))
}

/// How often it went how, by what was damaged.
#[derive(Default)]
struct Tally {
    outcomes: BTreeMap<(String, Outcome), usize>,
    wrong: Vec<String>,
}

impl Tally {
    fn add(&mut self, which: &str, damage: &Damage, (outcome, what): (Outcome, String)) {
        let kind = format!("{damage:?}");
        let kind = kind.split_whitespace().next().unwrap();
        let row = (format!("{which} {kind}"), outcome);
        *self.outcomes.entry(row).or_default() += 1;
        // A gap that is known, and counted: sled passes over damage in the middle of a log that its snapshot does not
        // cover yet, and over the pages that are there and nowhere else.
        let is_known =
            outcome == Outcome::Silent && (which.ends_with(" db") && !which.starts_with("settled"));
        if outcome > Outcome::Named && !is_known {
            self.wrong
                .push(format!("{which} {damage:?}: {outcome:?} {what:.300}"));
        }
    }

    fn count(&self, wanted: Outcome) -> usize {
        let rows = self.outcomes.iter();
        let rows = rows.filter(|((_, outcome), _)| *outcome == wanted);
        rows.map(|(_, count)| count).sum()
    }
}

#[test]
fn damage_is_noticed() {
    let each = size("damages", 12, 200);
    let mut dice = Dice::new(seed());
    let (whole, damaged) = (directory(), directory());
    let expected = samples(whole.path(), 25);
    let mut tally = Tally::default();
    for left in LEFT {
        let whole = whole.path().join(left);
        for file in files(&whole) {
            let name = file.strip_prefix(&whole).unwrap();
            for (number, damage) in damages(&file, each, &mut dice).into_iter().enumerate() {
                let dir = damaged.path().join(format!("{left}-{number}"));
                duplicate(&whole, &dir);
                if harm(&dir.join(name), &damage) {
                    let kind = name.to_str().unwrap().split('.').next().unwrap();
                    tally.add(&format!("{left} {kind}"), &damage, open(&dir, &expected));
                }
                fs::remove_dir_all(&dir).unwrap();
            }
        }
    }
    for ((which, outcome), count) in &tally.outcomes {
        println!("{which}: {outcome:?} {count}");
    }
    note(&[
        ("damage", "whole", tally.count(Outcome::Whole)),
        ("damage", "refused", tally.count(Outcome::Refused)),
        ("damage", "named", tally.count(Outcome::Named)),
        ("damage", "silent", tally.count(Outcome::Silent)),
        ("damage", "panicked", tally.count(Outcome::Panicked)),
        ("damage", "hung", tally.count(Outcome::Hung)),
    ]);
    let few: Vec<_> = tally.wrong.iter().take(20).collect();
    assert!(few.is_empty(), "{} of them: {few:#?}", tally.wrong.len());
}
