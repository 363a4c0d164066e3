//! What a power cut leaves of a file and of a folder: what is certain, and, as of a disk that was writing back, any part
//! of the rest: each page in any of the versions it had, the last write torn, names up to some moment.

use std::collections::{BTreeMap, HashMap};

use super::dice::Dice;
use super::disk::{Change, Content, Disk, Node, Renaming, make, put};

/// What is written back at once.
const PAGE: usize = 4096;
/// What reaches a disk whole or not at all.
const SECTOR: usize = 512;

/// What the power leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Nothing: the process was killed, and the machine goes on.
    Killed,
    /// What was synced.
    Certain,
    /// That and any part of the rest; which, the dice say.
    WritingBack(u64),
}

/// What a cut leaves of files and folders.
pub enum Left {
    InMemory,
    Certain,
    WritingBack {
        dice: Dice,
        /// Folders some of whose changes made it.
        names: HashMap<Node, BTreeMap<String, Node>>,
    },
}

impl Left {
    pub fn of(disk: &Disk, cut: Cut) -> Left {
        let mut dice = match cut {
            Cut::Killed => return Left::InMemory,
            Cut::Certain => return Left::Certain,
            Cut::WritingBack(seed) => Dice::new(seed),
        };
        let mut names: HashMap<Node, BTreeMap<String, Node>> = HashMap::new();
        if let Some(first) = disk.renamings.first() {
            // File systems write names back in order.
            let until = first.number + dice.below(disk.steps - first.number + 2);
            let made_it = |renaming: &&Renaming| renaming.number < until;
            for renaming in disk.renamings.iter().take_while(made_it) {
                let certain = &disk.nodes[renaming.dir].names;
                let names = names.entry(renaming.dir).or_insert_with(|| certain.clone());
                put(names, renaming);
            }
        }
        Left::WritingBack { dice, names }
    }

    pub fn bytes(&mut self, content: &Content) -> Vec<u8> {
        match self {
            Self::InMemory => content.memory.clone(),
            Self::Certain => content.bytes.clone(),
            Self::WritingBack { dice, .. } => written_back(content, dice),
        }
    }

    pub fn names(&self, node: Node, content: &Content) -> BTreeMap<String, Node> {
        match self {
            Self::InMemory => content.seen.clone(),
            Self::Certain => content.names.clone(),
            Self::WritingBack { names, .. } => names.get(&node).unwrap_or(&content.names).clone(),
        }
    }
}

/// The pages a write touches, and its part of each.
fn pages(at: usize, bytes: &[u8]) -> impl Iterator<Item = (usize, usize, &[u8])> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let from = at + done;
        let length = (PAGE - from % PAGE).min(bytes.len() - done);
        let part = &bytes[done..done + length];
        done += length;
        (length > 0).then_some((from / PAGE, from, part))
    })
}

/// Each page in one of the versions it had since the last sync, and the last write in single sectors.
fn written_back(content: &Content, dice: &mut Dice) -> Vec<u8> {
    let mut versions: HashMap<usize, usize> = HashMap::new();
    for change in &content.pending {
        if let Change::Write { at, bytes } = change {
            pages(*at, bytes).for_each(|(page, ..)| *versions.entry(page).or_default() += 1);
        }
    }
    // Much of it made it, or little.
    let odds = dice.below(11);
    let mut pages_in_order: Vec<_> = versions.iter_mut().collect();
    pages_in_order.sort();
    for (_, kept) in pages_in_order {
        *kept = match dice.below(10) < odds {
            true => dice.below(*kept + 1),
            false => 0,
        };
    }
    // A truncation is like a name: it is there up to some moment.
    let truncations_until = dice.below(content.pending.len() + 1);
    let mut bytes = content.bytes.clone();
    for (number, change) in content.pending.iter().enumerate() {
        let Change::Write { at, bytes: new } = change else {
            if number < truncations_until {
                make(&mut bytes, change);
            }
            continue;
        };
        for (page, from, part) in pages(*at, new) {
            let left = versions.get_mut(&page).unwrap();
            if *left > 0 {
                *left -= 1;
                keep(&mut bytes, from, part);
            }
        }
    }
    tear_last(content, &mut bytes, dice);
    bytes
}

/// Some sectors of the last write, as they were in memory, with what earlier writes had put there.
fn tear_last(content: &Content, bytes: &mut Vec<u8>, dice: &mut Dice) {
    let Some(Change::Write { at, bytes: last }) = content.pending.last() else {
        return;
    };
    let memory = &content.memory;
    for sector in at / SECTOR..=(at + last.len() - 1) / SECTOR {
        let from = sector * SECTOR;
        if dice.below(2) == 0 {
            keep(bytes, from, &memory[from..memory.len().min(from + SECTOR)]);
        }
    }
}

fn keep(bytes: &mut Vec<u8>, at: usize, part: &[u8]) {
    let change = Change::Write {
        at,
        bytes: part.to_vec(),
    };
    make(bytes, &change);
}
