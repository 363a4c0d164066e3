//! What a power cut leaves. The record that fault.c wrote is gone through event by event; beside what the program saw,
//! the disk keeps what is certain: a file's bytes when a sync of the file that began after they were written has
//! ended, a name when a sync of its folder has. A cut takes the rest, all of it or, as a disk that was writing back, any
//! part of it: each page in any of the versions it had, the last write torn, names up to some moment.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::dice::Dice;

/// What is written back at once.
const PAGE: usize = 4096;
/// What reaches a disk whole or not at all.
const SECTOR: usize = 512;

/// Something that happened, in the order of the record.
#[derive(Debug, Clone)]
pub enum Event {
    Create {
        inode: u64,
        path: String,
    },
    MakeDir {
        inode: u64,
        path: String,
    },
    Write {
        inode: u64,
        at: usize,
        bytes: Vec<u8>,
    },
    Truncate {
        inode: u64,
        length: usize,
    },
    Rename {
        from: String,
        to: String,
    },
    Link {
        from: String,
        to: String,
    },
    Unlink {
        path: String,
    },
    SyncBegan {
        inode: u64,
        token: u64,
    },
    SyncEnded {
        token: u64,
    },
    SyncFailed {
        inode: u64,
    },
    Acknowledged(String),
    Full,
}

/// The events of a record; one cut short by the death of its writer is left out.
pub fn read(trace: &Path) -> Vec<Event> {
    let record = fs::read(trace).unwrap();
    let mut rest = &record[..];
    let mut events = Vec::new();
    while let Some((head, after)) = rest.split_first_chunk::<24>() {
        let number = |at: usize| u64::from_le_bytes(head[at..at + 8].try_into().unwrap());
        let (kind, length) = (number(0) & 0xffff_ffff, (number(0) >> 32) as usize);
        let (inode, number) = (number(8), number(16));
        let Some((text, after)) = after.split_at_checked(length) else {
            break;
        };
        rest = after;
        let path = || String::from_utf8(text.to_vec()).unwrap();
        let two = || {
            let path = path();
            let (from, to) = path.split_once('\0').unwrap();
            (from.to_owned(), to.to_owned())
        };
        events.push(match kind {
            1 => Event::Create {
                inode,
                path: path(),
            },
            2 => Event::MakeDir {
                inode,
                path: path(),
            },
            3 => Event::Write {
                inode,
                at: number as usize,
                bytes: text.to_vec(),
            },
            4 => Event::Truncate {
                inode,
                length: number as usize,
            },
            5 => {
                let (from, to) = two();
                Event::Rename { from, to }
            }
            6 => Event::Unlink { path: path() },
            7 => Event::SyncBegan {
                inode,
                token: number,
            },
            8 => Event::SyncEnded { token: number },
            9 => Event::SyncFailed { inode },
            10 => Event::Acknowledged(path()),
            11 => Event::Full,
            12 => {
                let (from, to) = two();
                Event::Link { from, to }
            }
            unknown => panic!("the record has an event {unknown}"),
        });
    }
    events
}

/// Syncs that were asked for.
pub fn syncs(events: &[Event]) -> usize {
    let is_sync = |event: &&Event| matches!(event, Event::SyncBegan { .. });
    events.iter().filter(is_sync).count()
}

/// By how much files had grown before each write that made one longer, and in the middle of it.
pub fn rooms(events: &[Event]) -> Vec<usize> {
    let mut lengths = HashMap::<u64, usize>::new();
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

/// A file or a folder, by its place in [`Disk::nodes`].
type Node = usize;

#[derive(Clone)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Truncate(usize),
}

#[derive(Clone, Default)]
struct Content {
    /// As the program sees it.
    memory: Vec<u8>,
    /// On the disk for certain.
    bytes: Vec<u8>,
    /// Not certain, oldest first.
    pending: Vec<Change>,
    /// How many changes came before those in `pending`.
    settled: usize,
    is_dir: bool,
    /// Of a folder: its names as the program sees them, and as they are on the disk.
    seen: BTreeMap<String, Node>,
    names: BTreeMap<String, Node>,
}

/// A name that came or went; a rename is two, with one number.
#[derive(Clone)]
struct Renaming {
    number: usize,
    dir: Node,
    name: String,
    node: Option<Node>,
}

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

#[derive(Clone)]
pub struct Disk {
    nodes: Vec<Content>,
    by_inode: HashMap<u64, Node>,
    renamings: Vec<Renaming>,
    steps: usize,
    /// Syncs under way: of which node, and how many of its changes (or of all renamings) they cover.
    syncing: HashMap<u64, (Node, usize)>,
}

const ROOT: Node = 0;

impl Disk {
    /// A folder all of which is on the disk.
    pub fn of(dir: &Path) -> Disk {
        let mut disk = Disk {
            nodes: vec![],
            by_inode: HashMap::new(),
            renamings: vec![],
            steps: 0,
            syncing: HashMap::new(),
        };
        disk.take(dir);
        disk
    }

    fn take(&mut self, path: &Path) -> Node {
        let status = fs::metadata(path).unwrap();
        let node = self.add(status.ino(), status.is_dir());
        if status.is_dir() {
            for entry in fs::read_dir(path).unwrap() {
                let entry = entry.unwrap();
                let child = self.take(&entry.path());
                let name = entry.file_name().into_string().unwrap();
                self.nodes[node].names.insert(name.clone(), child);
                self.nodes[node].seen.insert(name, child);
            }
        } else {
            self.nodes[node].bytes = fs::read(path).unwrap();
            self.nodes[node].memory = self.nodes[node].bytes.clone();
        }
        node
    }

    fn add(&mut self, inode: u64, is_dir: bool) -> Node {
        self.nodes.push(Content {
            is_dir,
            ..Content::default()
        });
        self.by_inode.insert(inode, self.nodes.len() - 1);
        self.nodes.len() - 1
    }

    /// The folder of a path and the last name in it.
    fn place<'a>(&self, path: &'a str) -> (Node, &'a str) {
        let (dir, name) = path.rsplit_once('/').unwrap_or(("", path));
        let down = |node: Node, name: &str| self.nodes[node].seen[name];
        let names = dir.split('/').filter(|name| !name.is_empty());
        (names.fold(ROOT, down), name)
    }

    fn rename(&mut self, path: &str, node: Option<Node>) {
        let (dir, name) = self.place(path);
        match node {
            Some(node) => drop(self.nodes[dir].seen.insert(name.to_owned(), node)),
            None => drop(self.nodes[dir].seen.remove(name)),
        }
        self.renamings.push(Renaming {
            number: self.steps,
            dir,
            name: name.to_owned(),
            node,
        });
    }

    fn node_at(&self, path: &str) -> Node {
        let (dir, name) = self.place(path);
        self.nodes[dir].seen[name]
    }

    fn change(&mut self, inode: u64, change: Change) {
        let content = &mut self.nodes[self.by_inode[&inode]];
        make(&mut content.memory, &change);
        content.pending.push(change);
    }

    pub fn apply(&mut self, event: &Event) {
        self.steps += 1;
        match event {
            Event::Create { inode, path } => {
                let node = self.add(*inode, false);
                self.rename(path, Some(node));
            }
            Event::MakeDir { inode, path } => {
                let node = self.add(*inode, true);
                self.rename(path, Some(node));
            }
            Event::Write { inode, at, bytes } => {
                let (at, bytes) = (*at, bytes.clone());
                self.change(*inode, Change::Write { at, bytes });
            }
            Event::Truncate { inode, length } => self.change(*inode, Change::Truncate(*length)),
            Event::Rename { from, to } => {
                let node = self.node_at(from);
                self.rename(from, None);
                self.rename(to, Some(node));
            }
            Event::Link { from, to } => {
                let node = self.node_at(from);
                self.rename(to, Some(node));
            }
            Event::Unlink { path } => self.rename(path, None),
            Event::SyncBegan { inode, token } => {
                let node = self.by_inode[inode];
                let content = &self.nodes[node];
                let covered = match content.is_dir {
                    true => self.steps,
                    false => content.settled + content.pending.len(),
                };
                self.syncing.insert(*token, (node, covered));
            }
            Event::SyncEnded { token } => {
                let (node, covered) = self.syncing.remove(token).unwrap();
                self.settle(node, covered);
            }
            // Linux marks the pages as clean: no later sync writes them.
            Event::SyncFailed { inode } => {
                let content = &mut self.nodes[self.by_inode[inode]];
                content.settled += content.pending.len();
                content.pending.clear();
            }
            Event::Acknowledged(_) | Event::Full => {}
        }
    }

    fn settle(&mut self, node: Node, covered: usize) {
        let content = &mut self.nodes[node];
        if content.is_dir {
            let names = &mut content.names;
            self.renamings.retain(|renaming| {
                let is_settled = renaming.dir == node && renaming.number < covered;
                if is_settled {
                    put(names, renaming);
                }
                !is_settled
            });
        } else {
            let count = covered.saturating_sub(content.settled);
            for change in content.pending.drain(..count) {
                make(&mut content.bytes, &change);
            }
            content.settled += count;
        }
    }

    /// Writes what a cut at this moment leaves to an empty folder.
    pub fn leave(&self, cut: Cut, dir: &Path) {
        self.leave_node(ROOT, dir, &mut Left::of(self, cut));
    }

    /// The first path below `dir` that is not as the program left it; `None` when the record has all that it did.
    pub fn differs_from(&self, dir: &Path) -> Option<PathBuf> {
        self.differs_at(ROOT, dir)
    }

    fn differs_at(&self, node: Node, path: &Path) -> Option<PathBuf> {
        let content = &self.nodes[node];
        if !content.is_dir {
            let is_same = fs::read(path).is_ok_and(|bytes| bytes == content.memory);
            return (!is_same).then(|| path.to_owned());
        }
        let names = fs::read_dir(path).map(|names| names.count());
        if !names.is_ok_and(|count| count == content.seen.len()) {
            return Some(path.to_owned());
        }
        let mut children = content.seen.iter();
        children.find_map(|(name, child)| self.differs_at(*child, &path.join(name)))
    }

    fn leave_node(&self, node: Node, path: &Path, left: &mut Left) {
        let content = &self.nodes[node];
        if !content.is_dir {
            return fs::write(path, left.bytes(content)).unwrap();
        }
        fs::create_dir_all(path).unwrap();
        for (name, child) in left.names(node, content) {
            self.leave_node(child, &path.join(name), left);
        }
    }
}

/// What a cut leaves of files and folders.
enum Left {
    InMemory,
    Certain,
    WritingBack {
        dice: Dice,
        /// Folders some of whose changes made it.
        names: HashMap<Node, BTreeMap<String, Node>>,
    },
}

impl Left {
    fn of(disk: &Disk, cut: Cut) -> Left {
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

    fn bytes(&mut self, content: &Content) -> Vec<u8> {
        match self {
            Self::InMemory => content.memory.clone(),
            Self::Certain => content.bytes.clone(),
            Self::WritingBack { dice, .. } => written_back(content, dice),
        }
    }

    fn names(&self, node: Node, content: &Content) -> BTreeMap<String, Node> {
        match self {
            Self::InMemory => content.seen.clone(),
            Self::Certain => content.names.clone(),
            Self::WritingBack { names, .. } => names.get(&node).unwrap_or(&content.names).clone(),
        }
    }
}

fn put(names: &mut BTreeMap<String, Node>, renaming: &Renaming) {
    match renaming.node {
        Some(node) => drop(names.insert(renaming.name.clone(), node)),
        None => drop(names.remove(&renaming.name)),
    }
}

fn make(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write { at, bytes: new } => {
            let end = at + new.len();
            bytes.resize(bytes.len().max(end), 0);
            bytes[*at..end].copy_from_slice(new);
        }
        Change::Truncate(length) => bytes.resize(*length, 0),
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
